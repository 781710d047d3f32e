//! From sign-up to delete with both logs streaming, as a script does it.

use l4d2_contract::{ActualState, Job, JobState, Overlay, Server, ServerLogs};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::panel::{Machine, Script, free_port};
use crate::sse::Event;

#[tokio::test]
async fn the_main_job_with_both_logs() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    let layer = machine.path().join("l4d2/overlays/maps/left4dead2/addons");
    std::fs::create_dir_all(&layer).expect("made");
    std::fs::write(layer.join("map.vpk"), "a map").expect("written");
    let overlay: Overlay = alice.post("/overlays", json!({"name": "Maps", "path": "maps"})).await;
    assert!(overlay.present);

    let install = alice.install().await;
    assert_eq!((install.progress, install.exit_code), (Some(1.0), Some(0)));
    let lines = alice.log(install.id).await;
    assert!(lines.iter().any(|line| line.line.contains("Success! App '222860' fully installed.")));

    let body = json!({"name": "coop", "arguments": ["+map c1m1_hotel"], "config": ["hostname \"First\""], "overlay_ids": [overlay.id]});
    let blueprint: l4d2_contract::Blueprint = alice.post("/blueprints", body).await;
    let body = json!({"name": "alpha", "port": free_port(), "blueprint_id": blueprint.id});
    let alpha: Server = alice.post("/servers", body).await;
    alice.succeed(&alpha, "start").await;
    let path = format!("/servers/{}", alpha.id);
    let now: Server = alice.get(&path).await;
    assert_eq!(now.actual_state, ActualState::Running, "{now:?}");

    let stream = format!("{path}/logs/stream?lines=200");
    alice.console(&alpha, "status").await;
    let seen = alice.stream_until(&stream, None, |event| event.data.starts_with("hostname: ")).await;
    assert_eq!(seen.last().map(|event| event.data.as_str()), Some("hostname: First"));
    let cursor = seen.last().expect("an event").id.clone();

    let change = json!({"config": ["hostname \"Second\""]});
    let _: l4d2_contract::Blueprint =
        alice.call(Method::PATCH, &format!("/blueprints/{}", blueprint.id), Some(change)).await;
    assert!(alice.get::<Server>(&path).await.pending_changes);
    alice.succeed(&alpha, "restart").await;
    alice.console(&alpha, "status").await;
    let seen = alice
        .stream_until(&format!("{path}/logs/stream"), Some(&cursor), |event| event.data.starts_with("hostname: "))
        .await;
    assert_eq!(seen.last().map(|event| event.data.as_str()), Some("hostname: Second"));
    assert!(seen.iter().any(|event| event.data == "Server is quitting."), "the restart stopped it by its console");

    alice.succeed(&alpha, "stop").await;
    assert_eq!(alice.get::<Server>(&path).await.actual_state, ActualState::Stopped);
    let delete: Job = alice.call(Method::DELETE, &path, None).await;
    assert_eq!(alice.ended(delete.id).await.state, JobState::Succeeded);
    assert_eq!(alice.status_of(&path).await, StatusCode::NOT_FOUND);
    assert!(!machine.path().join("l4d2/instances/alpha").exists());
}

#[tokio::test]
async fn who_waits_for_a_servers_first_start_sees_its_first_line() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    alice.install().await;
    let alpha = alice.server("alpha", &[]).await;
    let stream = format!("/servers/{}/logs/stream?lines=0", alpha.id);
    let stream = alice.open_stream(&stream, None).await;
    alice.succeed(&alpha, "start").await;
    // Something to see even for who missed all the rest.
    alice.console(&alpha, "status").await;
    let mut seen = String::new();
    let take = |event: Event| {
        seen = event.id;
        !seen.is_empty()
    };
    Script::read_opened(stream, take).await;
    let log: ServerLogs = alice.get(&format!("/servers/{}/logs?lines=2000", alpha.id)).await;
    assert_eq!(seen, log.items[0].cursor);
}
