//! The game's console from outside: `console.sock` takes one line a packet and answers each with `ok` or a refusal.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;

use crate::socket;

/// Longest line, in bytes: what a terminal takes as one line.
pub const MAX_LINE_BYTES: usize = 4000;
/// More than this unread by the game, and it does not read at all.
const MAX_PENDING_BYTES: usize = 64 * 1024;
/// Clients at once; the one that has been here longest makes room for the next.
const MAX_CLIENTS: usize = 16;
/// How long a client waits for its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const OK: &[u8] = b"ok";
const STUCK: &[u8] = b"the game does not read its console";

/// Why a line did not reach the console.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The line itself is refused.
    #[error("a console line has 1 to {MAX_LINE_BYTES} bytes and no control characters")]
    BadLine,
    /// Nobody listens.
    #[error("the server does not run")]
    NotRunning,
    /// The game reads nothing of what was typed before.
    #[error("the game does not read its console")]
    Stuck,
    /// The launcher refused it.
    #[error("{0}")]
    Refused(String),
    /// The socket failed.
    #[error("can't reach the console")]
    Io(#[from] io::Error),
}

/// Whether a line may go to a console: it is one line, and nothing in it acts on the terminal.
pub fn check_line(line: &str) -> Result<(), ConsoleError> {
    let clean = line.chars().all(|character| !character.is_control() || character == '\t');
    if clean && !line.is_empty() && line.len() <= MAX_LINE_BYTES { Ok(()) } else { Err(ConsoleError::BadLine) }
}

/// Sends one line to the console behind `path` and waits until the launcher has taken it. Blocks for a few seconds at
/// most.
pub fn send_line(path: &Path, line: &str) -> Result<(), ConsoleError> {
    check_line(line)?;
    let connection = socket::connect(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ConsoleError::NotRunning,
        _ => ConsoleError::Io(error),
    })?;
    socket::set_time_limit(&connection, ANSWER_LIMIT)?;
    socket::send(&connection, line.as_bytes())?;
    match socket::receive(&connection)? {
        Some(answer) if answer == OK => Ok(()),
        Some(answer) if answer == STUCK => Err(ConsoleError::Stuck),
        Some(answer) => Err(ConsoleError::Refused(String::from_utf8_lossy(&answer).into_owned())),
        None => Err(ConsoleError::NotRunning),
    }
}

/// The launcher's side.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) listener: OwnedFd,
    pub(crate) clients: VecDeque<OwnedFd>,
    /// What the game has still to read.
    pending: VecDeque<u8>,
}

impl Console {
    /// Listens at `path`.
    pub(crate) fn listen(path: &Path) -> io::Result<Self> {
        Ok(Self { listener: socket::listen(path)?, clients: VecDeque::new(), pending: VecDeque::new() })
    }

    /// Takes a new client.
    pub(crate) fn accept(&mut self) {
        if let Ok(client) = socket::accept(&self.listener) {
            if self.clients.len() == MAX_CLIENTS {
                self.clients.pop_front();
            }
            self.clients.push_back(client);
        }
    }

    /// Reads one packet of a client and answers it; a client that is done is dropped.
    pub(crate) fn serve(&mut self, index: usize) {
        let Some(client) = self.clients.get(index) else { return };
        let kept = match socket::receive(client) {
            Ok(Some(packet)) => {
                let answer = take(&packet, &mut self.pending);
                socket::send(client, answer).is_ok()
            }
            Ok(None) => false,
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        if !kept {
            self.clients.remove(index);
        }
    }

    /// Whether something waits to be read by the game.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Types what the terminal takes now.
    pub(crate) fn type_pending(&mut self, terminal: impl AsFd) {
        while !self.pending.is_empty() {
            let (front, _) = self.pending.as_slices();
            match rustix::io::write(&terminal, front) {
                Ok(length) => drop(self.pending.drain(..length)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // The terminal is gone, and with it who would read this.
                Err(_) => return self.pending.clear(),
            }
        }
    }
}

fn take(packet: &[u8], pending: &mut VecDeque<u8>) -> &'static [u8] {
    let Ok(line) = std::str::from_utf8(packet) else { return b"the line is not UTF-8" };
    if check_line(line).is_err() {
        return b"the line is too long or holds control characters";
    }
    if pending.len() + line.len() > MAX_PENDING_BYTES {
        return STUCK;
    }
    pending.extend(packet);
    pending.push_back(b'\n');
    OK
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags};

    use super::*;

    #[test]
    fn only_single_clean_lines_are_taken() {
        for line in ["status", "say hello; quit", "say größer", "a\tb", &"x".repeat(MAX_LINE_BYTES)] {
            check_line(line).expect(line);
        }
        for line in
            ["", "a\nb", "a\r", "a\0b", "\u{3}", "\u{1b}[2J", "\u{7f}", "\u{85}", &"x".repeat(MAX_LINE_BYTES + 1)]
        {
            assert!(matches!(check_line(line), Err(ConsoleError::BadLine)), "{line:?}");
        }
    }

    #[test]
    fn a_packet_that_was_not_checked_by_its_sender_is_checked_here_too() {
        let mut pending = VecDeque::new();
        for packet in [b"a\nquit".as_slice(), b"\xff\xfe", b"", b"a\0"] {
            assert_ne!(take(packet, &mut pending), OK);
        }
        assert!(pending.is_empty());
        assert_eq!(take(b"status", &mut pending), OK);
        assert_eq!(pending.make_contiguous(), b"status\n");
    }

    #[test]
    fn a_game_that_does_not_read_is_said_so_and_costs_bounded_memory() {
        let mut pending = VecDeque::new();
        let line = "x".repeat(MAX_LINE_BYTES);
        let refused = (0..100).find(|_| take(line.as_bytes(), &mut pending) != OK);
        assert!(refused.is_some());
        assert!(pending.len() <= MAX_PENDING_BYTES + 1);
    }

    #[test]
    fn who_types_for_a_game_that_does_not_read_hears_that() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("console.sock");
        let mut console = Console::listen(&path).expect("a console");
        console.pending.extend(std::iter::repeat_n(b'x', MAX_PENDING_BYTES));
        let typed = std::thread::spawn(move || send_line(&path, "status"));
        until_readable(&console.listener);
        console.accept();
        until_readable(&console.clients[0]);
        console.serve(0);
        assert!(matches!(typed.join().expect("an answer"), Err(ConsoleError::Stuck)));
    }

    fn until_readable(socket: &OwnedFd) {
        let mut sockets = [PollFd::new(socket, PollFlags::IN)];
        assert_eq!(rustix::event::poll(&mut sockets, None).expect("something comes"), 1);
    }

    #[test]
    fn nobody_listening_means_not_running() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("console.sock");
        assert!(matches!(send_line(&path, "status"), Err(ConsoleError::NotRunning)));
        drop(Console::listen(&path).expect("a console"));
        assert!(matches!(send_line(&path, "status"), Err(ConsoleError::NotRunning)));
    }
}
