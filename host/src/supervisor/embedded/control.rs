//! What the panel asks of a supervising process, over `control.sock`: one request, then answers until `Done`.
//!
//! The supervising process does the work, so that a stop goes on to its end when the panel dies in the middle.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::socket;
use crate::supervisor::StopLadder;

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Stop the game by the ladder.
    Stop {
        /// Time after `quit`; none goes without.
        console_ms: u64,
        /// Time after SIGTERM; none goes without.
        terminate_ms: u64,
        /// Time after SIGKILL.
        kill_ms: u64,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// What is being done, for a person.
    Said(String),
    /// Nothing runs any more.
    Done,
    /// It could not be done.
    Failed(String),
}

impl From<StopLadder> for Request {
    fn from(ladder: StopLadder) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self::Stop {
            console_ms: millis(ladder.console),
            terminate_ms: millis(ladder.terminate),
            kill_ms: millis(ladder.kill),
        }
    }
}

impl From<Request> for StopLadder {
    fn from(request: Request) -> Self {
        let Request::Stop { console_ms, terminate_ms, kill_ms } = request;
        Self {
            console: Duration::from_millis(console_ms),
            terminate: Duration::from_millis(terminate_ms),
            kill: Duration::from_millis(kill_ms),
        }
    }
}

/// Sends a request and hands out the answers until the connection ends or `each` has heard enough. Blocks; no answer
/// within `patience` is an error.
pub(crate) fn ask(
    path: &Path,
    request: Request,
    patience: Duration,
    mut each: impl FnMut(Answer) -> bool,
) -> io::Result<()> {
    let connection = socket::connect(path)?;
    socket::set_time_limit(&connection, patience)?;
    socket::send(&connection, &serde_json::to_vec(&request)?)?;
    while let Some(packet) = socket::receive(&connection)? {
        if !each(serde_json::from_slice(&packet)?) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_survives_the_wire() {
        let ladder = StopLadder { console: Duration::from_millis(1500), ..StopLadder::default() };
        let json = serde_json::to_string(&Request::from(ladder)).expect("JSON");
        let request: Request = serde_json::from_str(&json).expect("a request");
        assert_eq!(StopLadder::from(request), ladder);
    }
}
