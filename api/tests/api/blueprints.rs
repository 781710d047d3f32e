//! Blueprints.

use l4d2_contract::{Blueprint, BlueprintPreview, Overlay, Page, Server};
use serde_json::{Value, json};

use crate::support::{SignedIn, TestApp};

async fn overlays(root: &SignedIn, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for n in 0..count {
        let body = json!({"name": format!("overlay {n}"), "path": format!("o{n}")});
        ids.push(root.post("/overlays", body).await.expect_status(201).json::<Overlay>().id.0);
    }
    ids
}

#[tokio::test]
async fn a_blueprint_keeps_the_order_of_everything() {
    let app = TestApp::start().await;
    let (root, alice) = (app.admin("root").await, app.user("alice").await);
    let ids = overlays(&root, 3).await;
    let body = json!({
        "name": "comp", "arguments": ["+map c5m1_waterfront", "-tickrate 60"],
        "config": ["hostname \"b\"", "// a", "", "sv_cheats 0"], "overlay_ids": [ids[2], ids[0], ids[1]],
    });
    let answer = alice.post("/blueprints", body.clone()).await.expect_status(201);
    let made: Value = answer.json();
    for field in ["name", "arguments", "config", "overlay_ids"] {
        assert_eq!(made[field], body[field], "{field}");
    }
    assert_eq!(answer.headers["location"], format!("/api/v1/blueprints/{}", made["id"]));
    let path = format!("/blueprints/{}", made["id"]);
    assert_eq!(alice.get(&path).await.expect_status(200).json::<Value>(), made);
    let list: Page<Value> = alice.get("/blueprints").await.expect_status(200).json();
    assert_eq!(list.items, [made]);
}

#[tokio::test]
async fn a_change_replaces_what_is_sent_and_keeps_the_rest() {
    let app = TestApp::start().await;
    let (root, alice) = (app.admin("root").await, app.user("alice").await);
    let ids = overlays(&root, 2).await;
    let body = json!({"name": "comp", "arguments": ["-tickrate 60"], "config": ["a 1"], "overlay_ids": ids});
    let made: Blueprint = alice.post("/blueprints", body).await.expect_status(201).json();
    let path = format!("/blueprints/{}", made.id);
    let same: Blueprint = alice.patch(&path, json!({})).await.expect_status(200).json();
    assert_eq!(Blueprint { updated_at: made.updated_at.clone(), ..same }, made);
    let changed: Blueprint = alice
        .patch(&path, json!({"name": "new", "config": [], "overlay_ids": [ids[1]]}))
        .await
        .expect_status(200)
        .json();
    assert_eq!((changed.name.as_str(), changed.arguments.len(), changed.config.len()), ("new", 1, 0));
    assert_eq!(changed.overlay_ids.iter().map(|id| id.0).collect::<Vec<_>>(), [ids[1]]);
    for field in ["name", "arguments", "config", "overlay_ids"] {
        let problem = alice.patch(&path, json!({field: null})).await.problem(400, "invalid_input");
        assert_eq!(problem.errors[0].field, field, "null is no way to leave {field} out");
    }
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let body = json!({
        "name": " ", "arguments": ["+map c1m1_hotel", "-PORT 1", "'open"],
        "config": ["sv_cheats 0", "two\nlines", "hostname \"\u{e4}\""], "overlay_ids": [99, 99],
    });
    let fields =
        |problem: l4d2_contract::Problem| problem.errors.into_iter().map(|error| error.field).collect::<Vec<_>>();
    let wrong = ["name", "arguments[1]", "arguments[2]", "config[1]", "config[2]", "overlay_ids[0]", "overlay_ids[1]"];
    assert_eq!(fields(alice.post("/blueprints", body.clone()).await.problem(400, "invalid_input")), wrong);
    let made = alice.blueprint("fine").await;
    let path = format!("/blueprints/{}", made.id);
    assert_eq!(fields(alice.patch(&path, body).await.problem(400, "invalid_input")), wrong);
    let unknown = json!({"name": "x", "plugins": []});
    assert_eq!(fields(alice.post("/blueprints", unknown).await.problem(400, "invalid_input")), ["plugins"]);
    assert_eq!(fields(alice.post("/blueprints", json!({})).await.problem(400, "invalid_input")), ["name"]);
}

#[tokio::test]
async fn names_are_unique_to_their_user_even_under_fifty_parallel_requests() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let requests = (0..50).map(|_| alice.post("/blueprints", json!({"name": "comp"})));
    let answers = futures::future::join_all(requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(409, "name_taken").errors[0].field, "name");
    }
    let bobs: Blueprint = bob.post("/blueprints", json!({"name": "comp"})).await.expect_status(201).json();
    let other = bob.blueprint("other").await;
    bob.patch(&format!("/blueprints/{}", other.id), json!({"name": "comp"})).await.problem(409, "name_taken");
    bob.patch(&format!("/blueprints/{}", bobs.id), json!({"name": "comp"})).await.expect_status(200);
}

#[tokio::test]
async fn a_blueprint_is_closed_to_everybody_else_admins_too() {
    let app = TestApp::start().await;
    let (root, alice) = (app.admin("root").await, app.user("alice").await);
    let path = format!("/blueprints/{}", alice.blueprint("comp").await.id);
    root.get(&path).await.problem(403, "forbidden");
    root.patch(&path, json!({"name": "mine"})).await.problem(403, "forbidden");
    root.delete(&path).await.problem(403, "forbidden");
    assert!(root.get("/blueprints").await.json::<Page<Blueprint>>().items.is_empty());
    for missing in ["/blueprints/999", "/blueprints/0", "/blueprints/-1", "/blueprints/x"] {
        alice.get(missing).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_blueprint_with_servers_stays_and_names_them() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let blueprint = alice.blueprint("comp").await;
    let mut servers = Vec::new();
    for (name, port) in [("alpha", 27015), ("bravo", 27016)] {
        let body = json!({"name": name, "port": port, "blueprint_id": blueprint.id});
        servers.push(alice.post("/servers", body).await.expect_status(201).json::<Server>().id);
    }
    let path = format!("/blueprints/{}", blueprint.id);
    let problem = alice.delete(&path).await.problem(409, "blueprint_in_use");
    assert!(problem.detail.contains("alpha") && problem.detail.contains("bravo"), "{}", problem.detail);
    assert_eq!(alice.get(&path).await.json::<Blueprint>().server_ids, servers);
    let free = alice.blueprint("free").await;
    alice.delete(&format!("/blueprints/{}", free.id)).await.expect_status(204);
}

#[tokio::test]
async fn a_preview_is_what_a_start_generates_and_saves_nothing() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let body = json!({"arguments": ["+map c5m1_waterfront", "-tickrate 60"], "config": ["sv_cheats 0"], "port": 27020,
        "name": "alpha"});
    let preview: BlueprintPreview = alice.post("/blueprints/preview", body).await.expect_status(200).json();
    assert_eq!(preview.command[0], "./srcds_run");
    let port = preview.command.iter().position(|word| word == "-port").expect("a port");
    assert_eq!(preview.command[port + 1], "27020");
    assert!(preview.command.ends_with(&["+map", "c5m1_waterfront", "-tickrate", "60"].map(str::to_owned)));
    assert!(preview.server_cfg.ends_with("sv_cheats 0\n"), "{}", preview.server_cfg);
    assert!(preview.server_cfg.contains(" alpha:"), "{}", preview.server_cfg);
    let body = json!({"arguments": ["-game hl2"], "config": ["a\rb"], "port": 80, "name": "a\nb"});
    let problem = alice.post("/blueprints/preview", body).await.problem(400, "invalid_input");
    assert_eq!(
        problem.errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(),
        ["arguments[0]", "config[0]", "port", "name"]
    );
    assert!(alice.get("/blueprints").await.json::<Page<Blueprint>>().items.is_empty());
}
