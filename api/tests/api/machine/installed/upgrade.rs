//! An upgrade changes the panel under games that go on, and refuses no connection meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use l4d2_contract::{ActualState, Server};

use crate::machine::panel::{ADDRESS, delete, main_pid, sign_up, succeed, unit_of};

#[tokio::test]
async fn an_upgrade_keeps_games_up_and_refuses_no_connection() {
    let alice = sign_up("upgrade").await;
    let server = alice.server("upgrade", &[]).await;
    alice.succeed(&server, "start").await;
    alice.console(&server, "echo before the upgrade").await;
    let log = format!("/servers/{}/logs/stream", server.id);
    let seen = alice.stream_until(&log, None, |event| event.data == "before the upgrade").await;
    let cursor = seen.last().expect("an event").id.clone();
    let (game, panel) = (main_pid(&unit_of("upgrade")).await, main_pid("l4d2-web.service").await);

    let (upgraded, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let knocking = tokio::spawn({
        let (upgraded, answered) = (Arc::clone(&upgraded), Arc::clone(&answered));
        async move {
            while !upgraded.load(Ordering::Relaxed) {
                // A connection of its own each time. One that waits in the socket is answered by the next panel.
                let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
                match client.get(format!("{ADDRESS}/health")).send().await {
                    Ok(answer) => assert!(answer.status().is_success(), "{}", answer.status()),
                    Err(error) => assert!(!error.is_connect(), "refused: {error:?}"),
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let next = std::env::var("L4D2_NEXT_PACKAGE").expect("scripts/test-booted names it");
    let printed = succeed(&["apt-get", "install", "--yes", &next]).await;
    assert!(!printed.contains("promote-admin"), "that was the first time: {printed}");
    upgraded.store(true, Ordering::Relaxed);
    knocking.await.expect("no connection was refused");
    let count = answered.load(Ordering::Relaxed);
    println!("{count} connections during the upgrade, none refused");
    assert!(count > 10, "{count}");

    let version = succeed(&["dpkg-query", "--show", "--showformat", "${Version}", "l4d2-web"]).await;
    assert!(version.ends_with("+next"), "{version}");
    assert_ne!(main_pid("l4d2-web.service").await, panel, "the panel is the new one");
    assert_eq!(main_pid(&unit_of("upgrade")).await, game, "the game was not touched");
    let now: Server = alice.get(&format!("/servers/{}", server.id)).await;
    assert_eq!((now.actual_state, now.drift), (ActualState::Running, false), "{now:?}");
    alice.console(&server, "echo after the upgrade").await;
    let seen = alice.stream_until(&log, Some(&cursor), |event| event.data == "after the upgrade").await;
    assert!(!seen.iter().any(|event| event.name == "skipped"), "{seen:?}");
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}
