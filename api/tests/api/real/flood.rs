//! A job that prints as fast as it can.

use l4d2_contract::{Job, JobState};
use serde_json::json;

use super::panel::Machine;

const LINES: usize = 200_000;
/// What the panel's memory may grow by, in KiB.
const GROWTH_KIB: u64 = 32 * 1024;

#[tokio::test]
async fn two_hundred_thousand_lines_are_stored_whole_in_flat_memory() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    alice.install().await;
    let (before, _) = panel.memory_kib();
    machine.steamcmd_mode(&format!("flood:{LINES}"));
    let began = std::time::Instant::now();
    let job: Job = alice.post("/jobs", json!({"operation": "install"})).await;
    let seen =
        alice.stream_until(&format!("/jobs/{}/stream?last_seq=0", job.id), None, |event| event.name == "end").await;
    let took = began.elapsed();
    let (_, most) = panel.memory_kib();
    println!("{LINES} lines in {took:?}; memory {before} KiB before, {most} KiB at most");
    assert!(most.saturating_sub(before) < GROWTH_KIB, "memory grew from {before} to {most} KiB");

    let now: Job = alice.get(&format!("/jobs/{}", job.id)).await;
    assert_eq!(now.state, JobState::Succeeded, "{now:?}");
    let ids: Vec<i64> = seen
        .iter()
        .filter(|event| !event.id.is_empty() && event.name != "state" && event.name != "end")
        .map(|event| event.id.parse().expect("a seq"))
        .collect();
    assert!(ids.len() > LINES);
    assert!(ids.iter().zip(1..).all(|(seq, expected)| *seq == expected), "no gap, no duplicate");
    let last = *ids.last().expect("lines");
    for behind in [1, 2, 1999, 2000, 2001, 123_456, last - 1] {
        let path = format!("/jobs/{}/stream?last_seq={behind}", job.id);
        let first = alice.stream_until(&path, None, |event| !event.id.is_empty() && event.name != "state").await;
        assert_eq!(first.last().map(|event| event.id.clone()), Some((behind + 1).to_string()));
    }
}

#[tokio::test]
async fn strange_bytes_are_stored_by_the_rules() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    for (mode, expected) in [("longline:1000000", "xxxx"), ("binary", "\u{FFFD}")] {
        machine.steamcmd_mode(mode);
        let job: Job = alice.post("/jobs", json!({"operation": "install"})).await;
        let job = alice.ended(job.id).await;
        assert_eq!(job.state, JobState::Succeeded, "{job:?}");
        let lines = alice.log(job.id).await;
        assert!(lines.iter().any(|line| line.line.contains(expected)), "{mode}: {lines:?}");
        assert!(lines.iter().all(|line| line.line.chars().count() < 4200), "lines are cut");
    }
}
