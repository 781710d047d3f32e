//! A game that crashes: five restarts, then `failed`, each told by an event at once.

use std::time::{Duration, Instant};

use l4d2_contract::{ActualState, Server};
use tokio::sync::mpsc;

use crate::machine::panel::{delete, sign_up};
use crate::sse::Event;
use crate::standstill::Standstill;
use crate::support::PATIENCE;

/// From the crash to the event.
const LIMIT: Duration = Duration::from_millis(500);

#[tokio::test]
async fn five_crashes_are_restarts_and_the_sixth_is_the_end_each_told_within_half_a_second() {
    let alice = sign_up("crashes").await;
    let server = alice.server("crashes", &[]).await;
    alice.succeed(&server, "start").await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let listener = alice.clone();
    let listening = tokio::spawn(async move {
        listener.read_stream("/events", None, |event: Event| tell.send((Instant::now(), event)).is_err()).await;
    });
    let log = format!("/servers/{}/logs/stream", server.id);
    let up = |event: &Event| event.data.contains("VAC secure mode");
    let mut seen = alice.stream_until(&log, None, up).await;
    for crash in 1..=6 {
        let standstill = Standstill::watch();
        let crashed = Instant::now();
        alice.console(&server, "standin_crash").await;
        let words = if crash < 6 { format!("({crash} in the last minute)") } else { "crashed 6 times".to_owned() };
        let wait = async {
            loop {
                let (at, event) = told.recv().await.expect("the stream goes on");
                if event.name == "server" && event.data.contains(&words) {
                    return (at, event);
                }
            }
        };
        let (at, event) = tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("no event: {words}"));
        let took = at - crashed;
        let now: Server = serde_json::from_str(&event.data).expect("a server");
        println!("crash {crash}: told after {took:?}: {:?}, {:?}", now.actual_state, now.last_error);
        assert!(standstill.without(took) < LIMIT, "{took:?}");
        assert_eq!(now.actual_state, if crash < 6 { ActualState::Running } else { ActualState::Failed });
        if crash < 6 {
            // The same game, up again.
            let cursor = seen.last().expect("an event").id.clone();
            seen = alice.stream_until(&log, Some(&cursor), up).await;
        }
    }
    listening.abort();
    // What failed is started by a person as any other.
    alice.succeed(&server, "start").await;
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}
