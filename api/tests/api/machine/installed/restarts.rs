//! The panel restarts and is killed; games, players' sockets, logs and jobs are as if nothing had happened.

use std::fs;
use std::time::Duration;

use futures::future::join_all;
use l4d2_api::jobs::recovery::INTERRUPTED;
use l4d2_contract::{JobState, Server};

use crate::machine::panel::{delete, main_pid, processes, sign_up, succeed, unit_of};
use crate::real::panel::Script;
use crate::sse::Event;
use crate::support::PATIENCE;

const SERVERS: [&str; 3] = ["holds-one", "holds-two", "holds-three"];
const LINES: usize = 16_000;
const LINES_PER_SECOND: usize = 2_000;

/// What of a game must not change: its processes, and the sockets that players' packets go to.
async fn standing(server: &Server) -> (Vec<u32>, Vec<String>) {
    let mut processes = processes(&unit_of(&server.name)).await;
    processes.sort_unstable();
    let port = format!(":{:04X}", server.port);
    let sockets = fs::read_to_string("/proc/net/udp").expect("readable");
    let sockets = sockets.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1)?.ends_with(&port).then(|| fields.get(9).copied().unwrap_or_default().to_owned())
    });
    let sockets: Vec<String> = sockets.collect();
    assert_eq!(sockets.len(), 1, "{} is bound once", server.port);
    (processes, sockets)
}

/// Reads a server's log on until a line of the flood came; gives how far it is. No line before it may lack.
async fn read_flood(
    script: &Script,
    server: &Server,
    from: (usize, Option<String>),
    until: usize,
) -> (usize, Option<String>) {
    let (mut number, mut cursor) = from;
    let after = cursor.clone();
    let path = format!("/servers/{}/logs/stream", server.id);
    let read = script.read_stream(&path, after.as_deref(), |event: Event| {
        assert_ne!(event.name, "skipped", "{}", server.name);
        if let Some(rest) = event.data.strip_prefix("flood line ") {
            number += 1;
            assert_eq!(rest, format!("{number} of {LINES}"), "{}", server.name);
        }
        if !event.id.is_empty() {
            cursor = Some(event.id);
        }
        number == until
    });
    read.await;
    (number, cursor)
}

async fn restarted_panel(restart: &[&str]) {
    let before = main_pid("l4d2-web.service").await;
    succeed(restart).await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let now = crate::machine::panel::property("l4d2-web.service", "MainPID").await;
        let state = crate::machine::panel::property("l4d2-web.service", "ActiveState").await;
        if state == "active" && now != before.to_string() {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "the panel comes back: {state}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn three_games_their_sockets_and_logs_outlive_a_restart_and_a_kill_of_the_panel() {
    let alice = sign_up("holds").await;
    let mut servers = Vec::new();
    for name in SERVERS {
        let server = alice.server(name, &[]).await;
        alice.succeed(&server, "start").await;
        servers.push(server);
    }
    // Long enough at work for the panel to go meanwhile.
    let idle = alice.server("holds-idle", &["+standin_bind_after", "6000"]).await;
    for (restart, end) in [
        // A panel that is asked to go lets the job end; one that is killed can't.
        (&["systemctl", "restart", "l4d2-web.service"][..], JobState::Succeeded),
        (&["systemctl", "kill", "--kill-whom=main", "--signal=KILL", "l4d2-web.service"], JobState::Failed),
    ] {
        let before = join_all(servers.iter().map(standing)).await;
        let seen = join_all(servers.iter().map(|server| async {
            let marker = format!("before {}", restart[1]);
            alice.console(server, &format!("echo {marker}")).await;
            let path = format!("/servers/{}/logs/stream", server.id);
            let seen = alice.stream_until(&path, None, |event| event.data == marker).await;
            let cursor = seen.last().map(|event| event.id.clone());
            alice.console(server, &format!("standin_flood {LINES} {LINES_PER_SECOND}")).await;
            read_flood(&alice, server, (0, cursor), LINES / 4).await
        }))
        .await;
        // A job that is at work when it happens.
        let interrupted = alice.operate(&idle, "restart").await;
        let stream = format!("/jobs/{}/stream?last_seq=0", interrupted.id);
        alice.stream_until(&stream, None, |event| event.data.contains("Console initialized")).await;
        restarted_panel(restart).await;
        let ends =
            join_all(servers.iter().zip(seen).map(|(server, from)| read_flood(&alice, server, from, LINES))).await;
        for ((server, before), (lines, _)) in servers.iter().zip(&before).zip(&ends) {
            assert_eq!(standing(server).await, *before, "{}", server.name);
            println!(
                "{restart:?}: {}: pids {:?} and socket {:?} as before, {lines} lines of {LINES}",
                server.name, before.0, before.1
            );
            let now: Server = alice.get(&format!("/servers/{}", server.id)).await;
            assert!(!now.drift && now.last_error.is_empty(), "{now:?}");
        }
        let ended = alice.ended(interrupted.id).await;
        println!("{restart:?}: the job at work meanwhile: {:?} {:?}", ended.state, ended.error);
        assert_eq!(ended.state, end, "{ended:?}");
        assert_eq!(ended.error == INTERRUPTED, end == JobState::Failed, "{ended:?}");
        for server in servers.iter().chain([&idle]) {
            let jobs = alice.jobs_of(server).await;
            assert!(jobs.iter().all(|job| job.finished_at.is_some()), "none is stuck: {jobs:?}");
        }
        alice.succeed(&idle, "stop").await;
    }
    for server in servers.iter().chain([&idle]) {
        alice.succeed(server, "stop").await;
        delete(&alice, server).await;
    }
}
