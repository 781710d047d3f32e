//! When streams end, how many there may be, and what those that are not read cost.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use l4d2_contract::{JobId, Server};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::follow::{Stream, request};
use crate::job_log::{idle_job, write};
use crate::standstill::Standstill;
use crate::support::{PASSWORD, SignedIn, TestApp};

/// By then a stream whose right is gone must have ended.
const LIMIT: Duration = Duration::from_secs(5);

/// One of each kind, read up to what comes at the beginning.
async fn one_of_each(app: &TestApp, user: &SignedIn, server: &Server, job: JobId) -> Vec<Stream> {
    let paths = [format!("/jobs/{job}/stream"), format!("/servers/{}/logs/stream", server.id), "/events".to_owned()];
    let mut streams = Vec::new();
    for path in paths {
        let mut stream = Stream::open(app, user, &path).await;
        assert!(!stream.bytes().await.expect("something at once").is_empty());
        streams.push(stream);
    }
    streams
}

async fn world() -> (TestApp, SignedIn, Server, JobId) {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let server = alice.server("alpha", 27015).await;
    let job = idle_job(&app.state.db, alice.opened.user.id).await;
    (app, alice, server, job)
}

async fn assert_all_end(streams: &mut [Stream], reason: &str) {
    let (began, standstill) = (Instant::now(), Standstill::watch());
    for stream in streams {
        let end = stream.named("end").await;
        assert_eq!(end.data, format!("{{\"reason\":\"{reason}\"}}"));
        assert_eq!(stream.next().await, None, "nothing comes behind the end");
    }
    assert!(standstill.without(began.elapsed()) < LIMIT, "it took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_logout_ends_the_sessions_streams_and_no_other() {
    let (app, alice, server, job) = world().await;
    let other = app.login("alice").await;
    let mut streams = one_of_each(&app, &alice, &server, job).await;
    let mut others = Stream::open(&app, &other, &format!("/jobs/{job}/stream")).await;
    alice.post("/auth/logout", json!({})).await.expect_status(204);
    // A reader that comes back late gets nothing more either.
    write(&app, job, ["secret".to_owned()]).await;
    let mut late = Vec::new();
    for stream in &mut streams {
        late.push(stream.next().await.expect("the end").name);
    }
    assert_eq!(late, ["end", "end", "end"]);
    assert_eq!(others.lines(1).await[0].data, "secret");
}

#[tokio::test]
async fn a_changed_password_ends_the_streams_of_the_other_sessions() {
    let (app, alice, server, job) = world().await;
    let other = app.login("alice").await;
    let mut streams = one_of_each(&app, &other, &server, job).await;
    let body = json!({"current_password": PASSWORD, "new_password": "another password"});
    alice.post("/auth/password", body).await.expect_status(204);
    assert_all_end(&mut streams, "access_revoked").await;
}

#[tokio::test]
async fn a_disabled_user_loses_the_streams() {
    let (app, alice, server, job) = world().await;
    let root = app.admin("root").await;
    let mut streams = one_of_each(&app, &alice, &server, job).await;
    root.patch(&format!("/users/{}", alice.opened.user.id), json!({"disabled": true})).await.expect_status(200);
    assert_all_end(&mut streams, "access_revoked").await;
}

#[tokio::test]
async fn an_admin_demoted_on_the_command_line_loses_other_peoples_streams_and_keeps_the_own() {
    let (app, _alice, server, job) = world().await;
    let root = app.admin("root").await;
    app.admin("second").await;
    let mut streams = one_of_each(&app, &root, &server, job).await;
    let mut events = streams.pop().expect("the stream of events");
    // Straight in the database, as the command line does: nobody in this process hears of it.
    l4d2_api::admin::set_admin(&app.state.db, "root", false).await.expect("demoted");
    assert_all_end(&mut streams, "access_revoked").await;
    assert_eq!(events.named("resync").await.data, "{}");
    app.user("bob").await.server("bobs", 27020).await;
    let own = root.server("own", 27021).await;
    let seen = events.named("server").await;
    assert_eq!(serde_json::from_str::<Server>(&seen.data).expect("a server").id, own.id, "bob's is not shown");
}

#[tokio::test]
async fn a_deleted_server_ends_its_stream() {
    let (app, alice, server, _) = world().await;
    let mut streams = vec![Stream::open(&app, &alice, &format!("/servers/{}/logs/stream", server.id)).await];
    let mut root = Stream::open(&app, &app.admin("root").await.0, &format!("/servers/{}/logs/stream", server.id)).await;
    // The job of this test's world stands in the way of nothing here, but it is an install.
    sea_orm::ConnectionTrait::execute_unprepared(app.state.db.write(), "UPDATE jobs SET state = 'failed'")
        .await
        .expect("ended");
    let job: l4d2_contract::Job = alice.delete(&format!("/servers/{}", server.id)).await.expect_status(202).json();
    alice.ended(&app, job.id).await;
    assert_all_end(&mut streams, "deleted").await;
    assert_eq!(root.named("end").await.data, r#"{"reason":"deleted"}"#);
}

#[tokio::test]
async fn a_shutdown_ends_all_streams_at_once() {
    let (app, alice, server, job) = world().await;
    let mut streams = one_of_each(&app, &alice, &server, job).await;
    app.state.shutdown.cancel();
    let began = Instant::now();
    assert_all_end(&mut streams, "shutdown").await;
    assert!(began.elapsed() < Duration::from_secs(1), "at once, not at the next look");
}

#[tokio::test]
async fn streams_are_bounded_by_user_and_in_total_and_give_their_place_back() {
    let app = TestApp::start_with(|settings| {
        settings.streams_per_user = Some(2);
        settings.streams_total = Some(3);
    })
    .await;
    let (alice, bob, carol) = (app.user("alice").await, app.user("bob").await, app.user("carol").await);
    let first = Stream::open(&app, &alice, "/events").await;
    let _second = Stream::open(&app, &alice, "/events").await;
    let refused = request(&app, &alice, "/events", None).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "5");
    alice.get("/events").await.problem(429, "too_many_streams");
    // A place comes first: who has none makes no work, not even for what isn't there.
    alice.get("/servers/999/logs/stream").await.problem(429, "too_many_streams");
    let third = Stream::open(&app, &bob, "/events").await;
    carol.get("/events").await.problem(429, "too_many_streams");
    drop(first);
    let _fourth = Stream::open(&app, &carol, "/events").await;
    drop(third);
    assert_eq!(app.state.streams.count(), 2);
}

/// Opens a stream over a socket and never reads.
async fn deaf_reader(address: &str, token: &str, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    // Little room in the kernel, so that the panel's own side is what fills.
    socket.set_recv_buffer_size(4096).expect("set");
    let mut stream = socket.connect(address.parse().expect("an address")).await.expect("connected");
    let head = format!("GET /api/v1{path} HTTP/1.1\r\nHost: panel\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the resident size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_deaf_readers_cost_bounded_memory_and_hold_nobody_up() {
    const READERS: usize = 200;
    let app = TestApp::start_with(|settings| settings.streams_per_user = Some(READERS + 1)).await;
    let alice = app.user("alice").await;
    let job = idle_job(&app.state.db, alice.opened.user.id).await;
    let url = app.listen().await;
    let address = url.strip_prefix("http://").expect("a URL");
    let path = format!("/jobs/{job}/stream?last_seq=0");
    let mut deaf = Vec::new();
    for _ in 0..READERS {
        deaf.push(deaf_reader(address, &alice.opened.token, &path).await);
    }
    let mut reading = Stream::open(&app, &alice, &path).await;
    while app.state.streams.count() < READERS + 1 {
        tokio::task::yield_now().await;
    }
    let before = resident_kib();
    // Twenty megabytes: far more than what may be held for each.
    let line = "x".repeat(400);
    let lines = std::iter::repeat_n(line, 50_000);
    let (seen, ()) = tokio::join!(reading.lines(50_000), write(&app, job, lines));
    assert_eq!(seen.len(), 50_000);
    let grown = resident_kib().saturating_sub(before);
    println!("grown by {grown} KiB");
    assert!(grown < 96 * 1024, "memory grew by {grown} KiB");
    drop(deaf);
}
