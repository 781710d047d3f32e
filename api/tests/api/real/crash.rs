//! `kill -9` of the panel at the worst moments.

use l4d2_api::jobs::recovery::INTERRUPTED;
use l4d2_contract::{ActualState, Job, JobState, Server};
use serde_json::json;

use super::panel::{Machine, Script, eventually, runs_with};

async fn assert_interrupted(alice: &Script, job: &Job) {
    let now: Job = alice.get(&format!("/jobs/{}", job.id)).await;
    assert_eq!((now.state, now.error.as_str()), (JobState::Failed, INTERRUPTED));
    let lines = alice.log(job.id).await;
    assert_eq!(lines.last().map(|line| line.line.as_str()), Some(INTERRUPTED));
    let seqs: Vec<i64> = lines.iter().map(|line| line.seq).collect();
    assert_eq!(seqs, (1..=i64::try_from(lines.len()).expect("small")).collect::<Vec<_>>(), "no gap, no duplicate");
}

#[tokio::test]
async fn a_kill_in_the_middle_of_an_install() {
    let machine = Machine::new();
    machine.steamcmd_mode("child");
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    let install: Job = alice.post("/jobs", json!({"operation": "install"})).await;
    let stream = format!("/jobs/{}/stream", install.id);
    alice.stream_until(&stream, None, |event| event.data.contains("Loading Steam API")).await;
    let directory = machine.path().join("l4d2/installation").display().to_string();
    eventually("SteamCMD runs", || runs_with(&directory)).await;
    panel.kill().await;

    machine.steamcmd_mode("fine");
    let panel = machine.start().await;
    let alice = panel.sign_in("alice").await;
    assert_interrupted(&alice, &install).await;
    eventually("what SteamCMD left behind is ended", || !runs_with(&directory)).await;
    alice.install().await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_start() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    alice.install().await;
    let alpha = alice.server("alpha", &["+standin_bind_after 6000"]).await;
    let start = alice.operate(&alpha, "start").await;
    let log = format!("/servers/{}/logs/stream?lines=200", alpha.id);
    alice.stream_until(&log, None, |event| !event.data.is_empty()).await;
    panel.kill().await;

    let panel = machine.start().await;
    let alice = panel.sign_in("alice").await;
    assert_interrupted(&alice, &start).await;
    // Whatever the start had come to: a stop leaves nothing, and the next start works.
    alice.succeed(&alpha, "stop").await;
    alice.succeed(&alpha, "start").await;
    alice.succeed(&alpha, "stop").await;
}

#[tokio::test]
async fn a_kill_with_three_servers_up() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    alice.install().await;
    let mut servers: Vec<(Server, i32, String)> = Vec::new();
    for name in ["alpha", "bravo", "charlie"] {
        let server = alice.server(name, &[]).await;
        alice.succeed(&server, "start").await;
        alice.console(&server, "echo before the kill").await;
        let log = format!("/servers/{}/logs/stream?lines=200", server.id);
        let seen = alice.stream_until(&log, None, |event| event.data == "before the kill").await;
        let cursor = seen.last().expect("an event").id.clone();
        // Printed while nobody reads, and while the panel dies.
        alice.console(&server, "standin_flood 3000").await;
        servers.push((server, panel.launcher_pid(name), cursor));
    }
    panel.kill().await;

    let panel = machine.start().await;
    let alice = panel.sign_in("alice").await;
    for (server, pid, cursor) in &servers {
        assert_eq!(panel.launcher_pid(&server.name), *pid, "adopted, not started twice");
        let now: Server = alice.get(&format!("/servers/{}", server.id)).await;
        assert_eq!((now.actual_state, now.drift), (ActualState::Running, false));
        alice.console(server, "echo after the kill").await;
        let log = format!("/servers/{}/logs/stream", server.id);
        let seen = alice.stream_until(&log, Some(cursor), |event| event.data == "after the kill").await;
        let flood: Vec<&str> =
            seen.iter().map(|event| event.data.as_str()).filter(|line| line.starts_with("flood line")).collect();
        let expected: Vec<String> = (1..=3000).map(|number| format!("flood line {number} of 3000")).collect();
        assert_eq!(flood, expected, "no line lost, none twice");

        let cursor = seen.last().expect("an event").id.clone();
        alice.succeed(server, "stop").await;
        let log = format!("/servers/{}/logs/stream", server.id);
        alice.stream_until(&log, Some(&cursor), |event| event.data == "Server is quitting.").await;
    }
}
