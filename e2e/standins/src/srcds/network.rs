//! The port: bound like the engine binds it, and answering `A2S_INFO`.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use l4d2_standins::Output;

/// How far the engine walks up from a port that is taken.
const PORTS_TO_TRY: u16 = 32;
/// `A2S_INFO` without a challenge.
const INFO_REQUEST: &[u8] = b"\xFF\xFF\xFF\xFFTSource Engine Query\0";
/// What a client must repeat; the same for all, since nothing is at stake.
const CHALLENGE: [u8; 4] = *b"l4d2";

/// What the game tells about itself.
#[derive(Debug, Clone)]
pub(crate) struct Game(Arc<Mutex<Facts>>);

#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) hostname: String,
    pub(crate) map: String,
    pub(crate) port: u16,
}

impl Game {
    pub(crate) fn new(map: &str) -> Self {
        Self(Arc::new(Mutex::new(Facts { hostname: "Left 4 Dead 2".to_owned(), map: map.to_owned(), port: 0 })))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn facts(&self) -> Facts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Binds the wanted port, or the next free one, on UDP and TCP, and answers from threads of its own.
pub(crate) fn bind(output: &Output, game: &Game, wanted: u16) -> io::Result<()> {
    let mut error = io::Error::from(io::ErrorKind::AddrInUse);
    for port in wanted..=wanted.saturating_add(PORTS_TO_TRY) {
        let sockets = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))
            .and_then(|udp| Ok((udp, TcpListener::bind((Ipv4Addr::LOCALHOST, port))?)));
        match sockets {
            Ok((udp, tcp)) => {
                if port != wanted {
                    output.line(format!("WARNING: Port {wanted} was unavailable - bound to port {port} instead"));
                }
                output.line(format!("Network: IP 127.0.0.1, mode MP, dedicated Yes, ports {port} SV / 27005 CL"));
                game.change(|facts| facts.port = port);
                let game = game.clone();
                thread::spawn(move || answer_queries(&udp, &game));
                thread::spawn(move || tcp.incoming().for_each(drop));
                return Ok(());
            }
            Err(next) => error = next,
        }
    }
    Err(error)
}

fn answer_queries(socket: &UdpSocket, game: &Game) {
    let mut packet = [0; 1400];
    while let Ok((length, peer)) = socket.recv_from(&mut packet) {
        let Some(rest) = packet[..length].strip_prefix(INFO_REQUEST) else { continue };
        let answer =
            if rest == CHALLENGE { info(&game.facts()) } else { [b"\xFF\xFF\xFF\xFFA", &CHALLENGE[..]].concat() };
        let _ = socket.send_to(&answer, peer);
    }
}

/// The answer to `A2S_INFO`, by Valve's "Server queries".
fn info(facts: &Facts) -> Vec<u8> {
    let mut answer = b"\xFF\xFF\xFF\xFFI\x11".to_vec();
    for text in [facts.hostname.as_str(), &facts.map, "left4dead2", "Left 4 Dead 2 (stand-in)"] {
        answer.extend_from_slice(text.as_bytes());
        answer.push(0);
    }
    answer.extend_from_slice(&550_u16.to_le_bytes());
    // Players, their limit, bots, dedicated, Linux, no password, VAC.
    answer.extend_from_slice(b"\x00\x08\x00dl\x00\x01");
    answer.extend_from_slice(b"2.2.4.3\0\x80");
    answer.extend_from_slice(&facts.port.to_le_bytes());
    answer
}
