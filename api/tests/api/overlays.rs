//! The catalog.

use l4d2_contract::{Overlay, Page};
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn admins_write_the_catalog_and_everybody_reads_it_without_paths() {
    let app = TestApp::start().await;
    let (root, alice) = (app.admin("root").await, app.user("alice").await);
    let answer = root.post("/overlays", json!({"name": "Comp", "path": "comp"})).await.expect_status(201);
    let made: Overlay = answer.json();
    assert_eq!(answer.headers["location"], format!("/api/v1/overlays/{}", made.id));
    assert_eq!((made.present, made.path.as_deref()), (false, Some("comp")));
    std::fs::create_dir_all(app.directory.path().join("l4d2/overlays/comp")).expect("made");
    let seen: Overlay = alice.get(&format!("/overlays/{}", made.id)).await.expect_status(200).json();
    assert_eq!((seen.name.as_str(), seen.present, seen.path), ("Comp", true, None));
    let list = alice.get("/overlays").await.expect_status(200);
    assert!(!list.text().contains("path"), "{}", list.text());
    assert_eq!(list.json::<Page<Overlay>>().items.len(), 1);

    alice.post("/overlays", json!({"name": "Mine", "path": "mine"})).await.problem(403, "admin_required");
    let path = format!("/overlays/{}", made.id);
    alice.patch(&path, json!({"name": "Mine"})).await.problem(403, "admin_required");
    alice.delete(&path).await.problem(403, "admin_required");

    let changed: Overlay = root.patch(&path, json!({"name": "Rework"})).await.expect_status(200).json();
    assert_eq!((changed.name.as_str(), changed.path.as_deref()), ("Rework", Some("comp")));
    root.delete(&path).await.expect_status(204);
    root.get(&path).await.problem(404, "not_found");
    root.patch(&path, json!({"name": "Again"})).await.problem(404, "not_found");
    root.delete(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn paths_stay_below_the_overlay_root() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let overlays = app.directory.path().join("l4d2/overlays");
    std::fs::create_dir_all(overlays.join("real")).expect("made");
    std::os::unix::fs::symlink("/etc", overlays.join("out")).expect("linked");
    std::os::unix::fs::symlink("real", overlays.join("within")).expect("linked");
    std::fs::write(overlays.join("file"), "").expect("written");
    for path in ["..", "../x", "real/../../x", "/etc", "out", "out/passwd", "file", "", "a\u{0}b", &"a".repeat(513)] {
        let problem = root.post("/overlays", json!({"name": "x", "path": path})).await.problem(400, "invalid_input");
        assert_eq!(problem.errors[0].field, "path", "{path:?}");
    }
    for (name, path) in [("a", "real"), ("b", "within"), ("c", "not/there/yet"), ("d", "real/../real")] {
        let overlay: Overlay =
            root.post("/overlays", json!({"name": name, "path": path})).await.expect_status(201).json();
        assert_eq!(overlay.present, name != "c", "{path}");
        let path = format!("/overlays/{}", overlay.id);
        root.patch(&path, json!({"path": "out"})).await.problem(400, "invalid_input");
    }
}

#[tokio::test]
async fn an_overlay_in_use_stays_and_does_not_tell_whose_blueprint_it_is() {
    let app = TestApp::start().await;
    let (root, alice) = (app.admin("root").await, app.user("alice").await);
    let overlay: Overlay =
        root.post("/overlays", json!({"name": "Comp", "path": "comp"})).await.expect_status(201).json();
    let body = json!({"name": "hidden plans", "overlay_ids": [overlay.id]});
    alice.post("/blueprints", body).await.expect_status(201);
    let problem = root.delete(&format!("/overlays/{}", overlay.id)).await.problem(409, "overlay_in_use");
    assert!(problem.detail.contains("1 blueprint") && !problem.detail.contains("hidden"), "{}", problem.detail);
}

#[tokio::test]
async fn of_fifty_parallel_requests_for_one_name_one_wins() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let requests = (0..50).map(|n| root.post("/overlays", json!({"name": "Comp", "path": format!("comp{n}")})));
    let mut won = 0;
    for answer in futures::future::join_all(requests).await {
        if answer.status == 201 {
            won += 1;
        } else {
            assert_eq!(answer.problem(409, "name_taken").errors[0].field, "name");
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    for n in 0..5 {
        let body = json!({"name": format!("o{n}"), "path": format!("o{n}")});
        root.post("/overlays", body).await.expect_status(201);
    }
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page: Page<Overlay> = root.get(&format!("/overlays?limit=2{after}")).await.expect_status(200).json();
        assert!(page.items.len() <= 2);
        names.extend(page.items.into_iter().map(|overlay| overlay.name));
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    assert_eq!(names, ["o0", "o1", "o2", "o3", "o4"]);
    for query in ["limit=0", "limit=201", "limit=x", "after=x", "page=2"] {
        let answer = root.get(&format!("/overlays?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
}
