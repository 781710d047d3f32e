//! Twenty who look at one server's log, over HTTP, while the game prints as much as it can be asked to.

use std::fs;
use std::time::{Duration, Instant};

use crate::machine::panel::{delete, sign_up, unit_of};
use crate::sse::Event;

const VIEWERS: usize = 20;
const LINES: usize = 50_000;
const LINES_PER_SECOND: usize = 5_000;

/// The programs that follow a unit's journal.
fn followers(unit: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("readable").flatten();
    let commands = processes.filter_map(|process| {
        let command = fs::read(process.path().join("cmdline")).ok()?;
        Some(format!("{} {}", process.file_name().display(), String::from_utf8_lossy(&command).replace('\0', " ")))
    });
    let follows = |command: &String| ["journalctl", "--follow", unit].iter().all(|word| command.contains(word));
    commands.filter(follows).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_viewers_get_a_flood_whole_from_one_follower() {
    let alice = sign_up("viewers").await;
    let server = alice.server("viewers", &[]).await;
    alice.succeed(&server, "start").await;
    let unit = unit_of("viewers");
    let (joined, mut ready) = tokio::sync::mpsc::unbounded_channel();
    let mut viewers = tokio::task::JoinSet::new();
    for which in 0..VIEWERS {
        let (alice, joined, unit) = (alice.clone(), joined.clone(), unit.clone());
        let path = format!("/servers/{}/logs/stream", server.id);
        viewers.spawn(async move {
            let (mut number, mut seen) = (0, Vec::new());
            let read = alice.read_stream(&path, None, |event: Event| {
                assert_ne!(event.name, "skipped");
                if event.data.contains("VAC secure mode") {
                    joined.send(()).expect("somebody waits");
                }
                if let Some(rest) = event.data.strip_prefix("flood line ") {
                    number += 1;
                    assert_eq!(rest, format!("{number} of {LINES}"));
                    if which == 0 && number % 10_000 == 0 {
                        seen.push(followers(&unit));
                    }
                }
                number == LINES
            });
            read.await;
            seen
        });
    }
    for _ in 0..VIEWERS {
        ready.recv().await.expect("each sees what there is");
    }
    let begin = Instant::now();
    alice.console(&server, &format!("standin_flood {LINES} {LINES_PER_SECOND}")).await;
    let seen = tokio::time::timeout(Duration::from_mins(2), viewers.join_all()).await.expect("all get to the end");
    println!(
        "{VIEWERS} viewers over HTTP, each {LINES} lines at {LINES_PER_SECOND} a second, whole after {:?}",
        begin.elapsed()
    );
    let seen: Vec<Vec<String>> = seen.into_iter().flatten().collect();
    for followers in &seen {
        println!("followers: {followers:?}");
        assert_eq!(followers.len(), 1, "{followers:?}");
    }
    assert_eq!(seen.len(), LINES / 10_000);
    crate::real::panel::eventually("the follower ends with the last viewer", || followers(&unit).is_empty()).await;
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}
