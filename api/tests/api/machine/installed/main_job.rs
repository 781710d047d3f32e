//! From a blueprint to delete over HTTP, the game's log out of the journal.

use l4d2_contract::{ActualState, Server};
use reqwest::StatusCode;

use crate::machine::panel::{delete, main_pid, sign_up, succeed, unit_of};

#[tokio::test]
async fn the_main_job_with_the_log_from_the_journal() {
    let alice = sign_up("main-job").await;
    let alpha = alice.server("main-job", &[]).await;
    alice.succeed(&alpha, "start").await;
    let path = format!("/servers/{}", alpha.id);
    assert_eq!(alice.get::<Server>(&path).await.actual_state, ActualState::Running);
    let first = main_pid(&unit_of("main-job")).await;

    let stream = format!("{path}/logs/stream?lines=200");
    alice.console(&alpha, "echo before the restart").await;
    let seen = alice.stream_until(&stream, None, |event| event.data == "before the restart").await;
    let cursor = seen.last().expect("an event").id.clone();
    let journal = succeed(&["journalctl", "--unit", &unit_of("main-job"), "--output", "cat", "--no-pager"]).await;
    assert!(journal.lines().any(|line| line.trim_end() == "before the restart"), "{journal}");

    alice.succeed(&alpha, "restart").await;
    assert_ne!(main_pid(&unit_of("main-job")).await, first);
    alice.console(&alpha, "echo after the restart").await;
    let stream = format!("{path}/logs/stream");
    let seen = alice.stream_until(&stream, Some(&cursor), |event| event.data == "after the restart").await;
    assert!(seen.iter().any(|event| event.data == "Server is quitting."), "the restart stopped it by its console");

    alice.succeed(&alpha, "stop").await;
    assert_eq!(alice.get::<Server>(&path).await.actual_state, ActualState::Stopped);
    delete(&alice, &alpha).await;
    assert_eq!(alice.status_of(&path).await, StatusCode::NOT_FOUND);
}
