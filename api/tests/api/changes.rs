//! What `/events` tells, when many change the same things at once.

use l4d2_contract::{Blueprint, ResourceKind, Server};
use serde_json::{Value, json};

use crate::support::TestApp;

const ROUNDS: usize = 5;
const PARALLEL: u16 = 24;

/// Nobody polls: whoever was told something old last would show it for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_told_last_is_how_things_are() {
    // A look at the servers notes its time in their rows and tells nobody.
    let app = TestApp::start_with(|settings| settings.status_refresh_seconds = Some(3600)).await;
    let alice = app.user("alice").await;
    let root = app.admin("root").await;
    let server: Server = alice.server("alpha", 27015).await;
    let overlay: Value =
        root.post("/overlays", json!({"name": "maps", "path": "maps"})).await.expect_status(201).json();
    let paths = [
        (ResourceKind::Blueprint, server.blueprint_id.0, format!("/blueprints/{}", server.blueprint_id)),
        (ResourceKind::Server, server.id.0, format!("/servers/{}", server.id)),
        (ResourceKind::Overlay, overlay["id"].as_i64().expect("an id"), format!("/overlays/{}", overlay["id"])),
    ];
    for round in 0..ROUNDS {
        let mut events = app.state.events.subscribe();
        let changes = (0..PARALLEL).map(|n| {
            let (alice, root, paths) = (alice.client.clone(), root.client.clone(), paths.clone());
            tokio::spawn(async move {
                let [blueprint, server, overlay] = &paths;
                let text = format!("{round} {n}");
                alice.patch(&blueprint.2, json!({"config": [format!("hostname \"{text}\"")]})).await.expect_status(200);
                alice.patch(&server.2, json!({"port": 30000 + n})).await.expect_status(200);
                root.patch(&overlay.2, json!({"name": text})).await.expect_status(200);
            })
        });
        for change in futures::future::join_all(changes).await {
            change.expect("a change goes through");
        }
        let mut told = Vec::new();
        while let Ok(event) = events.try_recv() {
            told.push(event);
        }
        for (kind, id, path) in &paths {
            let last = told
                .iter()
                .rfind(|event| event.about == (*kind, *id) && event.audience.includes(server.user_id, false));
            let last: Value = serde_json::from_str(&last.expect("it was told").data).expect("JSON");
            let now: Value = alice.get(path).await.expect_status(200).json();
            assert_eq!(last, now, "{path} in round {round}");
        }
    }
}

/// A change that is told while something is removed doesn't bring it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_gone_is_not_told_again() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    for round in 0..ROUNDS {
        let blueprint: Blueprint = alice.blueprint(&format!("comp {round}")).await;
        let path = format!("/blueprints/{}", blueprint.id);
        let mut events = app.state.events.subscribe();
        let calls = (0..PARALLEL).map(|n| {
            let (alice, path) = (alice.client.clone(), path.clone());
            tokio::spawn(async move {
                if n == PARALLEL / 2 {
                    alice.delete(&path).await.expect_status(204);
                } else {
                    // 404 once it is gone.
                    alice.patch(&path, json!({"arguments": []})).await;
                }
            })
        });
        for call in futures::future::join_all(calls).await {
            call.expect("a call goes through");
        }
        let mut last = None;
        while let Ok(event) = events.try_recv() {
            last = Some(event.name);
        }
        assert_eq!(last, Some("deleted"), "round {round}");
    }
}
