//! What whoever opens connections to a panel can and can't do to it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::panel::{Machine, command, program};
use crate::support::{PASSWORD, PATIENCE};

/// Its limit of open files leaves it 36 streams and 108 connections, 54 from one address.
async fn panel_with_few_files(machine: &Machine) -> super::panel::Panel {
    let mut shell = command("/bin/sh".as_ref());
    shell.args(["-c", "ulimit -n 400; exec \"$0\" \"$@\""]).arg(program("l4d2-web")).stdin(Stdio::null());
    machine.start_as(shell).await
}

/// A client at another address of loopback.
fn client_at(last: u8) -> reqwest::Client {
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
    reqwest::Client::builder().local_address(address).timeout(PATIENCE).build().expect("a client")
}

async fn connect_from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).expect("an address of loopback");
    socket.connect(to).await.expect("the kernel takes it")
}

#[tokio::test]
async fn connections_that_ask_for_nothing_keep_nobody_out() {
    let machine = Machine::new();
    let panel = panel_with_few_files(&machine).await;
    let to: SocketAddr = panel.address.strip_prefix("http://").expect("an address").parse().expect("an address");
    let mut idle = join_all((0..200).map(|_| connect_from(2, to))).await;
    // Those beyond the address's share are closed at once.
    let (mut closed, mut byte) = (0, [0]);
    for connection in &mut idle {
        let read =
            tokio::time::timeout(Duration::from_millis(if closed == 0 { 20 } else { 500 }), connection.read(&mut byte));
        if matches!(read.await, Ok(Ok(0) | Err(_))) {
            closed += 1;
        }
    }
    assert_eq!(closed, 200 - 54);
    let answer = client_at(3).get(format!("{}/health", panel.address)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn streams_are_refused_before_anything_runs_out() {
    let machine = Machine::new();
    let panel = panel_with_few_files(&machine).await;
    let mut open = Vec::new();
    let mut refused = None;
    for (last, name) in [(4, "alice"), (5, "bob")] {
        let http = client_at(last);
        let body = serde_json::json!({"username": name, "password": PASSWORD});
        let opened = http.post(format!("{}/api/v1/auth/signup", panel.address)).json(&body).send().await;
        let opened: l4d2_contract::SessionOpened = opened.expect("an answer").json().await.expect("a session");
        for _ in 0..32 {
            let stream = http.get(format!("{}/api/v1/events", panel.address)).bearer_auth(&opened.token).send().await;
            let stream = stream.expect("an answer");
            match stream.status().as_u16() {
                200 => open.push(stream),
                other => refused = Some(other),
            }
        }
    }
    assert_eq!((open.len(), refused), (36, Some(429)));
    let answer = client_at(6).get(format!("{}/health", panel.address)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "the database answers too");
}

#[tokio::test]
async fn who_sends_far_too_much_is_told_so() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let to = panel.address.strip_prefix("http://").expect("an address");
    for length in [600_000, 3_000_000] {
        let mut connection = TcpStream::connect(to).await.expect("connected");
        let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: panel\r\nContent-Type: application/json\r\n";
        connection.write_all(format!("{head}Content-Length: {length}\r\n\r\n").as_bytes()).await.expect("sent");
        // As plain clients do: all of it, and only then a look at the answer.
        connection.write_all(&vec![b' '; length]).await.expect("the panel takes it all");
        let mut answer = vec![0; 512];
        let read = connection.read(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}
