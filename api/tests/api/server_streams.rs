//! Game output and changes as streams.

use l4d2_contract::{ResourceKind, Server, ServerLogs};
use l4d2_host::InstanceName;
use serde_json::{Value, json};

use crate::follow::{Stream, request};
use crate::support::{SignedIn, TestApp};

fn alpha() -> InstanceName {
    InstanceName::parse("alpha").expect("a name")
}

async fn world() -> (TestApp, SignedIn, Server) {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let server = alice.server("alpha", 27015).await;
    (app, alice, server)
}

fn print(app: &TestApp, lines: std::ops::RangeInclusive<u32>) {
    for number in lines {
        app.supervisor.print(&alpha(), &format!("line {number}"));
    }
}

#[tokio::test]
async fn a_game_log_is_replayed_followed_and_gone_on_with() {
    let (app, alice, server) = world().await;
    print(&app, 1..=10);
    let path = format!("/servers/{}/logs/stream", server.id);
    let mut stream = Stream::open(&app, &alice, &format!("{path}?lines=2")).await;
    let last = stream.lines(2).await;
    assert_eq!(last.iter().map(|line| line.data.as_str()).collect::<Vec<_>>(), ["line 9", "line 10"]);
    assert!(last.iter().all(|line| line.name == "stdout"));
    print(&app, 11..=12);
    let live = stream.lines(2).await;
    assert_eq!(live[1].data, "line 12");
    drop(stream);

    print(&app, 13..=14);
    let mut again = Stream::open_behind(&app, &alice, &path, Some(&live[0].id)).await;
    let lines = again.lines(3).await;
    assert_eq!(lines.iter().map(|line| line.data.as_str()).collect::<Vec<_>>(), ["line 12", "line 13", "line 14"]);
    drop(again);

    // A new connection of a browser can't send the header; the query wins over it.
    let by_query = format!("{path}?cursor={}", live[1].id);
    let mut once_more = Stream::open_behind(&app, &alice, &by_query, Some(&live[0].id)).await;
    assert_eq!(once_more.lines(1).await[0].data, "line 13");
    drop(once_more);

    app.supervisor.rotate(&alpha(), 1);
    let mut gone = Stream::open_behind(&app, &alice, &path, Some("no such cursor")).await;
    let skipped = gone.named("skipped").await;
    assert_eq!(serde_json::from_str::<Value>(&skipped.data).expect("JSON"), json!({"lines": null}));
    assert_eq!(gone.lines(1).await[0].data, "line 14");

    let mut none = Stream::open(&app, &alice, &format!("{path}?lines=0")).await;
    none.bytes().await.expect("something at once");
    print(&app, 15..=15);
    assert_eq!(none.lines(1).await[0].data, "line 15");
}

#[tokio::test]
async fn the_last_lines_are_a_list_too() {
    let (app, alice, server) = world().await;
    let path = format!("/servers/{}/logs", server.id);
    let none: ServerLogs = alice.get(&path).await.expect_status(200).json();
    assert!(none.items.is_empty());
    print(&app, 1..=300);
    let some: ServerLogs = alice.get(&path).await.expect_status(200).json();
    assert_eq!((some.items.len(), some.items[199].line.as_str()), (200, "line 300"));
    let two: ServerLogs = alice.get(&format!("{path}?lines=2")).await.expect_status(200).json();
    assert_eq!(two.items[0].line, "line 299");
    for wrong in ["lines=2001", "lines=-1", "lines=x", "since=1"] {
        for path in [format!("{path}?{wrong}"), format!("{path}/stream?{wrong}")] {
            alice.get(&path).await.expect_status(400);
        }
    }
    assert_eq!(request(&app, &alice, &format!("{path}/stream"), Some("")).await.status(), 400);
    assert_eq!(request(&app, &alice, &format!("{path}/stream?cursor="), None).await.status(), 400);
}

#[tokio::test]
async fn changes_reach_those_who_may_see_them() {
    let (app, alice, server) = world().await;
    let (bob, root) = (app.user("bob").await, app.admin("root").await);
    let mut of_alice = Stream::open(&app, &alice, "/events").await;
    let mut of_bob = Stream::open(&app, &bob, "/events").await;
    let mut of_root = Stream::open(&app, &root, "/events").await;
    for stream in [&mut of_alice, &mut of_bob, &mut of_root] {
        assert_eq!(stream.next().await.expect("the beginning").name, "ready");
    }
    let job = alice.operate_to_the_end(&app, &server, "start").await;
    for stream in [&mut of_alice, &mut of_root] {
        let seen: Value = serde_json::from_str(&stream.named("job").await.data).expect("JSON");
        assert_eq!(seen["id"], json!(job.id));
        let seen: Value = serde_json::from_str(&stream.named("server").await.data).expect("JSON");
        assert_eq!(seen["id"], json!(server.id));
    }
    alice.blueprint("alice's own").await;
    assert_eq!(of_alice.named("blueprint").await.id, "");
    root.post("/overlays", json!({"name": "maps", "path": "maps"})).await.expect_status(201);
    let public: Value = serde_json::from_str(&of_bob.next().await.expect("an event").data).expect("JSON");
    assert_eq!((&public["name"], public.get("path").unwrap_or(&Value::Null)), (&json!("maps"), &Value::Null));
    let full: Value = serde_json::from_str(&of_root.named("overlay").await.data).expect("JSON");
    assert_eq!(full["path"], "maps");
}

#[tokio::test]
async fn a_reader_of_changes_that_fell_behind_is_told_so() {
    let (app, alice, _) = world().await;
    let mut stream = Stream::open(&app, &alice, "/events").await;
    stream.named("ready").await;
    let blueprint = alice.blueprint("mine").await;
    for _ in 0..5000 {
        app.state.events.turn(ResourceKind::Blueprint).await.blueprint(&blueprint);
    }
    assert_eq!(stream.next().await.expect("an event").name, "resync");
    assert_eq!(stream.next().await.expect("it goes on").name, "blueprint");
}
