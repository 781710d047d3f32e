//! Servers: what they are made of, whose they are, what a change of them means.

use l4d2_contract::{
    ActualState, DesiredState, DisplayState, HostInfo, HostSupervisor, Job, Overlay, Page, Server, ServerUsage,
};
use l4d2_host::InstanceName;
use l4d2_host::supervisor::fake::{FakeCall, FakeStep};
use serde_json::{Value, json};

use crate::support::{Client, PATIENCE, TestApp};

async fn look(client: &Client, server: &Server) -> Server {
    client.get(&format!("/servers/{}", server.id)).await.expect_status(200).json()
}

#[tokio::test]
async fn a_new_server_is_stopped_and_has_nothing_of_its_own() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let blueprint = alice.blueprint("comp").await;
    let body = json!({"name": "alpha", "port": 27015, "blueprint_id": blueprint.id});
    let answer = alice.post("/servers", body.clone()).await.expect_status(201);
    let made: Server = answer.json();
    assert_eq!(answer.headers["location"], format!("/api/v1/servers/{}", made.id));
    assert_eq!((made.desired_state, made.actual_state), (DesiredState::Stopped, ActualState::Stopped));
    assert_eq!((made.display_state, made.drift, made.active_job), (DisplayState::Stopped, false, None));
    assert_eq!(made.user_id, alice.opened.user.id);
    let mut fields: Vec<String> =
        answer.json::<serde_json::Map<String, Value>>().into_iter().map(|(name, _)| name).collect();
    fields.sort();
    let expected = [
        "active_job",
        "actual_state",
        "actual_state_since",
        "actual_state_updated_at",
        "blueprint_id",
        "created_at",
        "desired_state",
        "display_state",
        "drift",
        "id",
        "last_error",
        "name",
        "pending_changes",
        "port",
        "updated_at",
        "user_id",
    ];
    assert_eq!(fields, expected);
    let path = format!("/servers/{}", made.id);
    for field in ["overlays", "overlay_ids", "arguments", "config"] {
        let mut own = json!({"name": "bravo", "port": 27016, "blueprint_id": blueprint.id});
        own[field] = json!([]);
        let problem = alice.post("/servers", own).await.problem(400, "invalid_input");
        assert_eq!(problem.errors[0].field, field);
        alice.patch(&path, json!({field: []})).await.problem(400, "invalid_input");
    }
}

#[tokio::test]
async fn wrong_names_ports_and_blueprints_are_told() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let (own, foreign) = (alice.blueprint("comp").await.id, bob.blueprint("comp").await.id);
    for name in ["", "Alpha", "-a", "_a", "a b", "a/b", "a.b", "\u{e4}", &"a".repeat(64)] {
        let body = json!({"name": name, "port": 27015, "blueprint_id": own});
        assert_eq!(alice.post("/servers", body).await.problem(400, "invalid_input").errors[0].field, "name");
    }
    for port in [json!(0), json!(1023), json!(65536), json!(-1), json!("27015"), json!(27015.5), json!(null)] {
        let body = json!({"name": "alpha", "port": port, "blueprint_id": own});
        assert_eq!(alice.post("/servers", body).await.problem(400, "invalid_input").errors[0].field, "port", "{port}");
    }
    let body = json!({"name": "Alpha", "port": 80, "blueprint_id": 999});
    let problem = alice.post("/servers", body).await.problem(400, "invalid_input");
    assert_eq!(
        problem.errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(),
        ["name", "port", "blueprint_id"]
    );
    alice
        .post("/servers", json!({"name": "alpha", "port": 27015, "blueprint_id": foreign}))
        .await
        .problem(403, "forbidden");
    for port in [1024, 65535] {
        let body = json!({"name": format!("s{port}"), "port": port, "blueprint_id": own});
        alice.post("/servers", body).await.expect_status(201);
    }
}

#[tokio::test]
async fn of_fifty_parallel_requests_for_one_name_or_port_one_wins() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let blueprint = alice.blueprint("comp").await.id;
    let make = |name: String, port: u16| {
        alice.post("/servers", json!({"name": name, "port": port, "blueprint_id": blueprint}))
    };
    let same_name = (0..50).map(|n| make("alpha".to_owned(), 20_000 + n)).collect::<Vec<_>>();
    let same_port = (0..50).map(|n| make(format!("server{n}"), 30_000)).collect::<Vec<_>>();
    for (requests, code, field) in [(same_name, "name_taken", "name"), (same_port, "port_taken", "port")] {
        let answers = futures::future::join_all(requests).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{code}");
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            assert_eq!(answer.problem(409, code).errors[0].field, field);
        }
    }
    assert_eq!(alice.get("/servers").await.json::<Page<Server>>().items.len(), 2);
}

#[tokio::test]
async fn a_server_is_linked_to_blueprints_of_its_owner_alone() {
    let app = TestApp::start().await;
    let (root, alice, bob) = (app.admin("root").await, app.user("alice").await, app.user("bob").await);
    let alpha = alice.server("alpha", 27015).await;
    let other = alice.blueprint("other").await.id;
    let path = format!("/servers/{}", alpha.id);
    let linked: Server = root.patch(&path, json!({"blueprint_id": other})).await.expect_status(200).json();
    assert_eq!((linked.blueprint_id, linked.user_id), (other, alpha.user_id));
    let bobs = bob.blueprint("bob's").await.id;
    let roots = root.blueprint("root's").await.id;
    alice.patch(&path, json!({"blueprint_id": bobs})).await.problem(403, "forbidden");
    root.patch(&path, json!({"blueprint_id": bobs})).await.problem(403, "forbidden");
    let problem = root.patch(&path, json!({"blueprint_id": roots})).await.problem(400, "invalid_input");
    assert_eq!(problem.errors[0].field, "blueprint_id");
    let problem = alice.patch(&path, json!({"blueprint_id": 999})).await.problem(400, "invalid_input");
    assert_eq!(problem.errors[0].field, "blueprint_id");
    bob.patch(&path, json!({"port": 27016})).await.problem(403, "forbidden");
    assert_eq!(look(&alice, &alpha).await.blueprint_id, other);
}

#[tokio::test]
async fn changes_are_pending_until_they_are_applied() {
    // A look at the servers notes its time in their rows.
    let app = TestApp::start_with(|settings| settings.status_refresh_seconds = Some(3600)).await;
    let (root, alice) = (app.admin("root").await, app.user("alice").await);
    let overlay: Overlay = root.post("/overlays", json!({"name": "o", "path": "one"})).await.expect_status(201).json();
    for directory in ["one", "two"] {
        std::fs::create_dir_all(app.directory.path().join("l4d2/overlays").join(directory)).expect("made");
    }
    let alpha = alice.server("alpha", 27015).await;
    let blueprint = format!("/blueprints/{}", alpha.blueprint_id);
    alice.patch(&blueprint, json!({"overlay_ids": [overlay.id]})).await.expect_status(200);
    alice.operate_to_the_end(&app, &alpha, "initialize").await;
    assert!(!look(&alice, &alpha).await.pending_changes);

    alice.patch(&blueprint, json!({"name": "another name"})).await.expect_status(200);
    assert!(!look(&alice, &alpha).await.pending_changes, "a name changes nothing of the server");
    root.patch(&format!("/overlays/{}", overlay.id), json!({"path": "two"})).await.expect_status(200);
    assert!(look(&alice, &alpha).await.pending_changes, "the overlay lies elsewhere");
    root.patch(&format!("/overlays/{}", overlay.id), json!({"path": "one"})).await.expect_status(200);
    assert!(!look(&alice, &alpha).await.pending_changes, "all is as it was");

    let path = format!("/servers/{}", alpha.id);
    let changed: Server = alice.patch(&path, json!({"port": 27020})).await.expect_status(200).json();
    assert!(changed.pending_changes && changed.port == 27020);
    let back: Server = alice.patch(&path, json!({"port": 27015})).await.expect_status(200).json();
    assert!(!back.pending_changes);
    let other = alice.blueprint("other").await.id;
    let linked: Server = alice.patch(&path, json!({"blueprint_id": other})).await.expect_status(200).json();
    assert!(linked.pending_changes);
    let page: Page<Server> = alice.get("/servers").await.json();
    assert_eq!(page.items, [linked]);
}

#[tokio::test]
async fn ports_stay_unique_when_they_change() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    alice.server("bravo", 27016).await;
    let path = format!("/servers/{}", alpha.id);
    assert_eq!(alice.patch(&path, json!({"port": 27016})).await.problem(409, "port_taken").errors[0].field, "port");
    assert_eq!(alice.patch(&path, json!({"port": 80})).await.problem(400, "invalid_input").errors[0].field, "port");
    alice.patch(&path, json!({"port": 27015})).await.expect_status(200);
}

#[tokio::test]
async fn what_is_taken_is_told_with_whose_it_is_and_all_of_it() {
    let app = TestApp::start().await;
    let (alice, bob, root) = (app.user("alice").await, app.user("bob").await, app.admin("root").await);
    alice.server("alpha", 27015).await;
    alice.server("bravo", 27016).await;

    let own = alice.blueprint("more").await.id;
    let own = alice.post("/servers", json!({"name": "charlie", "port": 27016, "blueprint_id": own})).await;
    assert_eq!(own.problem(409, "port_taken").detail, "port 27016 is used by bravo");
    let blueprint = root.blueprint("comp").await.id;
    let seen = root.post("/servers", json!({"name": "delta", "port": 27016, "blueprint_id": blueprint})).await;
    assert_eq!(seen.problem(409, "port_taken").detail, "port 27016 is used by bravo");
    let blueprint = bob.blueprint("comp").await.id;
    let foreign = bob.post("/servers", json!({"name": "echo", "port": 27016, "blueprint_id": blueprint})).await;
    assert_eq!(foreign.problem(409, "port_taken").detail, "port 27016 is used by another server");

    let both = bob.post("/servers", json!({"name": "alpha", "port": 27016, "blueprint_id": blueprint})).await;
    let both = both.problem(409, "name_taken").errors;
    assert_eq!(both.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["name", "port"]);
    let foxtrot = bob.server("foxtrot", 27017).await;
    let moved = bob.patch(&format!("/servers/{}", foxtrot.id), json!({"port": 27015})).await;
    assert_eq!(moved.problem(409, "port_taken").errors[0].message, "port 27015 is used by another server");
}

#[tokio::test]
async fn a_server_that_is_being_deleted_is_not_changed_any_more() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    let name = InstanceName::parse("alpha").expect("a name");
    alice.operate_to_the_end(&app, &alpha, "start").await;
    app.supervisor.on_stop(&name, FakeStep::Hold);
    let path = format!("/servers/{}", alpha.id);
    let answer = alice.delete(&path).await.expect_status(202);
    tokio::time::timeout(PATIENCE, app.supervisor.called(&FakeCall::Stop(name.clone()))).await.expect("it is stopped");
    assert_eq!(look(&alice, &alpha).await.display_state, DisplayState::Deleting);
    alice.patch(&path, json!({"port": 27016})).await.problem(409, "server_deleting");
    app.supervisor.on_stop(&name, FakeStep::Succeed);
    app.supervisor.release(&name);
    alice.ended(&app, answer.json::<l4d2_contract::Job>().id).await;
    alice.patch(&path, json!({"port": 27016})).await.problem(404, "not_found");
}

#[tokio::test]
async fn everybodys_servers_are_for_admins_who_ask() {
    let app = TestApp::start().await;
    let (root, alice) = (app.admin("root").await, app.user("alice").await);
    let (alpha, bravo) = (alice.server("alpha", 27015).await, root.server("bravo", 27016).await);
    let ids = async |client: &Client, path: &str| {
        let page: Page<Server> = client.get(path).await.expect_status(200).json();
        page.items.into_iter().map(|server| server.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&alice, "/servers").await, [alpha.id]);
    assert_eq!(ids(&root, "/servers").await, [bravo.id]);
    assert_eq!(ids(&root, "/servers?all=true").await, [alpha.id, bravo.id]);
    assert_eq!(ids(&alice, "/servers?all=false").await, [alpha.id]);
    assert_eq!(ids(&root, "/servers?all=true&limit=1").await, [alpha.id]);
    alice.get("/servers?all=true").await.problem(403, "admin_required");
    alice.get("/servers?all=perhaps").await.problem(400, "invalid_input");
}

#[tokio::test]
async fn console_lines_reach_the_running_game_alone() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    let path = format!("/servers/{}/console", alpha.id);
    alice.post(&path, json!({"command": "status"})).await.problem(409, "not_running");
    alice.operate_to_the_end(&app, &alpha, "start").await;
    alice.post(&path, json!({"command": "say hello; status"})).await.expect_status(202);
    let name = InstanceName::parse("alpha").expect("a name");
    assert_eq!(app.supervisor.console_lines(&name), ["say hello; status"]);
    for command in ["", "  ", "a\nquit", "a\u{0}", &"a".repeat(1025), &"\u{1f600}".repeat(1001)] {
        let problem = alice.post(&path, json!({"command": command})).await.problem(400, "invalid_input");
        assert_eq!(problem.errors[0].field, "command", "{command:?}");
    }
    app.supervisor.stop_reading_console(&name);
    let problem = alice.post(&path, json!({"command": "status"})).await.problem(409, "console_stuck");
    assert!(problem.detail.contains("restart"), "{}", problem.detail);
}

#[tokio::test]
async fn what_a_server_takes_up_is_counted_once_the_host_keeps_something_for_it() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let (alpha, bravo) = (alice.server("alpha", 27015).await, alice.server("bravo", 27016).await);
    let usage = async |server: &Server| -> ServerUsage {
        alice.get(&format!("/servers/{}/usage", server.id)).await.expect_status(200).json()
    };
    for server in [&alpha, &bravo] {
        assert_eq!(usage(server).await, ServerUsage { instance_bytes: None, complete: true });
    }
    // What was counted before a job is not told after it.
    alice.operate_to_the_end(&app, &alpha, "initialize").await;
    let found = usage(&alpha).await;
    assert!(found.complete && found.instance_bytes.is_some_and(|bytes| bytes > 0), "{found:?}");
}

#[tokio::test]
async fn changes_are_told_to_those_who_may_know() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let mut events = app.state.events.subscribe();
    let alpha = alice.server("alpha", 27015).await;
    alice.patch(&format!("/blueprints/{}", alpha.blueprint_id), json!({"config": []})).await.expect_status(200);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        let public = event.audience.includes(l4d2_contract::UserId(i64::MAX), false);
        assert!(!public, "{} is told to strangers", event.name);
        told.push(event.name);
    }
    // The blueprint, the server that links it, and then the change with the server it is pending for.
    assert_eq!(told, ["blueprint", "server", "blueprint", "blueprint", "server"]);
}

#[tokio::test]
async fn the_host_is_shown_to_admins() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let host: HostInfo = root.get("/host").await.expect_status(200).json();
    assert_eq!(host.supervisor, HostSupervisor::Embedded);
    assert!(host.installation.present);
    assert!(host.disk_total_bytes >= host.disk_free_bytes && host.disk_total_bytes > 0);
    assert!(!host.checks.is_empty());
}

#[tokio::test]
async fn a_user_may_have_so_many_servers_and_an_admin_any_number() {
    let app = TestApp::start_with(|settings| settings.servers_per_user = Some(3)).await;
    let (alice, bob, root) = (app.user("alice").await, app.user("bob").await, app.admin("root").await);
    let blueprint = alice.blueprint("comp").await;
    let create = |number: u16| {
        let body = json!({"name": format!("a{number}"), "port": 2000 + number, "blueprint_id": blueprint.id});
        alice.post("/servers", body)
    };
    let answers = futures::future::join_all((0..50).map(create)).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (3, 47));
    for answer in refused {
        answer.problem(409, "too_many_servers");
    }
    bob.server("bravo", 3000).await;
    for number in 1..=4 {
        root.server(&format!("root{number}"), 3000 + number).await;
    }

    let delete: Job =
        alice.delete(&format!("/servers/{}", made[0].json::<Server>().id)).await.expect_status(202).json();
    alice.ended(&app, delete.id).await;
    create(50).await.expect_status(201);
    let refused = create(51).await.problem(409, "too_many_servers");
    assert_eq!(refused.detail, "you have 3 servers, and that is as many as one user may have: delete one first");
}

#[tokio::test]
async fn a_user_who_may_have_one_server_is_told_of_one() {
    let app = TestApp::start_with(|settings| settings.servers_per_user = Some(1)).await;
    let alice = app.user("alice").await;
    let only = alice.server("alpha", 2001).await;
    let body = json!({"name": "bravo", "port": 2002, "blueprint_id": only.blueprint_id});
    let refused = alice.post("/servers", body).await.problem(409, "too_many_servers");
    assert_eq!(refused.detail, "you have 1 server, and that is as many as one user may have: delete it first");
}
