//! What the panel tells systemd, and the socket that it takes over from it. The test stands for systemd.

use std::net::TcpListener;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixDatagram};

use super::panel::Machine;
use crate::support::PATIENCE;

async fn told(socket: &UnixDatagram, expected: &str) {
    let read = async {
        let mut buffer = [0; 1024];
        loop {
            let length = socket.recv(&mut buffer).await.expect("a datagram");
            let text = String::from_utf8_lossy(&buffer[..length]);
            if text.lines().any(|line| line == expected) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("{expected} was not told"));
}

#[tokio::test]
async fn it_is_told_when_the_panel_is_ready_alive_and_stopping() {
    let machine = Machine::new();
    let path = machine.path().join("notify");
    let notified = UnixDatagram::bind(&path).expect("a socket");
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let variables = [("NOTIFY_SOCKET", path.to_str().expect("plain")), ("WATCHDOG_USEC", "200000")];
    let mut panel = machine.start_activated(socket, &variables).await;
    told(&notified, "READY=1").await;
    told(&notified, "WATCHDOG=1").await;
    told(&notified, "WATCHDOG=1").await;
    let pid = panel.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).expect("it runs");
    kill_process(pid, Signal::TERM).expect("signalled");
    // 5 s for connections, 20 s of SHUTDOWN_GRACE_SECONDS, 20 s for what is ended then, 10 s to spare.
    told(&notified, "EXTEND_TIMEOUT_USEC=55000000").await;
    let status = tokio::time::timeout(PATIENCE, panel.child.wait()).await.expect("it ends").expect("a status");
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn no_connection_is_refused_while_one_panel_goes_and_the_next_comes() {
    let machine = Machine::new();
    // Held open as systemd holds it, over the panels that come and go.
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("an address");
    for round in 0..2 {
        // Before there is a panel: the connection waits in the socket.
        let mut early = TcpStream::connect(address).await.expect("not refused");
        early.write_all(b"GET /health HTTP/1.1\r\nHost: panel\r\nConnection: close\r\n\r\n").await.expect("sent");
        let panel = machine.start_activated(socket.try_clone().expect("cloned"), &[]).await;
        assert_eq!(panel.address, format!("http://{address}"), "BIND does not count");
        let mut answer = String::new();
        let read = tokio::time::timeout(Duration::from_secs(20), early.read_to_string(&mut answer)).await;
        read.expect("an answer").expect("readable");
        assert!(answer.starts_with("HTTP/1.1 200"), "round {round}: {answer}");
        panel.kill().await;
    }
}
