//! The port to whatever keeps game servers running: systemd, or the embedded supervisor.
//!
//! Both backends keep the same promises, which `tests/host/supervisor_contract` holds them to: every call is
//! idempotent, state comes from looking at processes and never from remembering, and log cursors resume without gap
//! or duplicate.

mod attempt;
mod console;
pub mod embedded;
mod failure;
pub mod fake;
pub mod log;
pub(crate) mod restart;
pub mod systemd;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::error::HostError;
use crate::layout::{InstanceLayout, Layout};
use crate::name::InstanceName;
use crate::output::OutputSink;

/// What an instance does, as found by looking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActualState {
    /// The game runs (or is being started again after a crash).
    Running,
    /// Nothing runs, and nothing is wrong with that.
    Stopped,
    /// It ended by itself and is not started again; the reason is for a person.
    Failed {
        /// One sentence.
        reason: String,
    },
    /// It can't be told.
    Unknown {
        /// One sentence.
        reason: String,
    },
}

/// The status of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceStatus {
    /// What it does.
    pub state: ActualState,
    /// The launcher's process id while it runs.
    pub pid: Option<u32>,
    /// When the present run of the game began.
    pub since: Option<SystemTime>,
    /// How often it was started again within the restart window.
    pub recent_restarts: u32,
}

/// Whether a call had anything to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Done,
    /// It was so already.
    Already,
}

/// How patiently a game is stopped: `quit` on the console, then SIGTERM, then SIGKILL to all its processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopLadder {
    /// Time after `quit`.
    pub console: Duration,
    /// Time after SIGTERM.
    pub terminate: Duration,
    /// Time after SIGKILL until the stop counts as failed.
    pub kill: Duration,
}

impl Default for StopLadder {
    fn default() -> Self {
        Self { console: Duration::from_secs(10), terminate: Duration::from_secs(10), kill: Duration::from_secs(5) }
    }
}

/// A place in an instance's log. Opaque to everybody but the backend that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogCursor(pub String);

/// One line of a game's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The place behind this line: following from it gives the next one.
    pub cursor: LogCursor,
    /// When it was read from the game.
    pub time: SystemTime,
    /// The text, without line end.
    pub text: String,
}

/// Where to begin following.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogStart {
    /// With the last so many lines.
    Last(usize),
    /// Behind a cursor of an earlier line. A cursor that no longer leads anywhere gives `LogEvent::Skipped` first and
    /// goes on with the oldest line there is.
    After(LogCursor),
}

/// What a follower gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    /// The next line.
    Line(LogLine),
    /// Lines that were asked for are gone (rotated away); their number is told where it is known.
    Skipped {
        /// How many, if known.
        lines: Option<u64>,
    },
}

/// An instance's state may have changed: look again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceChanged {
    /// Which one.
    pub name: InstanceName,
}

/// Starts instances.
#[async_trait]
pub trait Start {
    /// Starts the launcher for an initialized instance and waits until the game has bound its port. On failure or
    /// cancellation nothing is left running. What failed once it was begun is found failed, with the reason, until the
    /// next start or stop; what was cancelled is found stopped.
    async fn start(
        &self,
        name: &InstanceName,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError>;
}

/// Stops instances.
#[async_trait]
pub trait Stop {
    /// Stops the game by the ladder and waits until all its processes are gone. Cancelling it leaves the ladder where it is.
    async fn stop(
        &self,
        name: &InstanceName,
        ladder: StopLadder,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError>;
}

/// What both backends can do. Starting and stopping are traits of their own only so that a backend may have each in a file
/// of its own.
#[async_trait]
pub trait Supervisor: Start + Stop + Send + Sync + std::fmt::Debug {
    /// `systemd` or `embedded`.
    fn kind(&self) -> &'static str;

    /// Looks at one instance.
    async fn status(&self, name: &InstanceName) -> Result<InstanceStatus, HostError>;

    /// Sends one line to the running game's console.
    async fn console(&self, name: &InstanceName, line: &str) -> Result<(), HostError>;

    /// The last `lines` lines.
    async fn logs(&self, name: &InstanceName, lines: usize) -> Result<Vec<LogLine>, HostError>;

    /// Follows the log from `start` on; outlives restarts of the game. Ends when the instance is deleted.
    async fn follow(
        &self,
        name: &InstanceName,
        start: LogStart,
    ) -> Result<BoxStream<'static, Result<LogEvent, HostError>>, HostError>;

    /// Told whenever an instance may have changed. A receiver that lags looks at all of them.
    fn changes(&self) -> broadcast::Receiver<InstanceChanged>;

    /// Forgets a stopped instance, before its directory is removed.
    async fn forget(&self, name: &InstanceName) -> Result<(), HostError>;
}

/// The paths of an instance that was initialized once.
fn known_instance(layout: &Layout, name: &InstanceName) -> Result<InstanceLayout, HostError> {
    let instance = layout.instance(name);
    if instance.dir().is_dir() { Ok(instance) } else { Err(HostError::NoInstance(name.to_string())) }
}
