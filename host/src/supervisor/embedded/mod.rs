//! The supervisor for machines without systemd: a small supervising process for each running instance.
//!
//! The panel's side keeps nothing in memory that matters. It reads the instance's record, checks that the process which
//! wrote it still runs, and asks that process for what is to be done; a panel that was restarted finds everything as
//! the old one left it.

mod control;
mod process;
mod shim;
mod spawn;
mod start;
mod state;
mod stop;
mod watch;

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use rustix::fs::FlockOperation;
use tokio::sync::broadcast;

pub use shim::supervise;

use self::state::{Phase, State};
use self::watch::Watcher;
use super::attempt::Attempt;
use super::log::{self, LogReader};
use super::{
    ActualState, InstanceChanged, InstanceStatus, LogEvent, LogLine, LogStart, Supervisor, console, known_instance,
};
use crate::error::HostError;
use crate::host::HostConfig;
use crate::launcher::LaunchConfig;
use crate::layout::{InstanceLayout, Layout};
use crate::locks::try_lock;
use crate::name::InstanceName;
use crate::private::{create_private_below, make_private};

/// Changes that a slow listener may be behind by, before it has to look at everything.
const CHANGES: usize = 1024;

/// The embedded supervisor.
#[derive(Debug)]
pub struct EmbeddedSupervisor {
    layout: Layout,
    l4d2ctl: PathBuf,
    line_max_chars: usize,
    start_limit: Duration,
    watcher: Watcher,
    changes: broadcast::Sender<InstanceChanged>,
}

impl EmbeddedSupervisor {
    /// Adopts what runs and begins to watch it. Must be called on the async runtime.
    pub fn new(config: &HostConfig) -> Result<Self, HostError> {
        let layout = Layout::new(&config.root, &config.overlay_root);
        make_private(&layout.instances())?;
        let changes = broadcast::Sender::new(CHANGES);
        let watcher = Watcher::begin(layout.clone(), changes.clone())
            .map_err(|source| watch::failed("watch the instances", source))?;
        let (l4d2ctl, start_limit) = (config.l4d2ctl.clone(), config.start_limit);
        Ok(Self { layout, l4d2ctl, line_max_chars: config.line_max_chars, start_limit, watcher, changes })
    }

    fn instance(&self, name: &InstanceName) -> InstanceLayout {
        self.layout.instance(name)
    }

    fn launch_config(&self, name: &InstanceName) -> LaunchConfig {
        LaunchConfig { layout: self.layout.clone(), name: name.clone(), start_limit: self.start_limit }
    }

    /// The record, and the supervising process if it still runs.
    fn look(&self, name: &InstanceName) -> Result<Option<Look>, HostError> {
        let Some(state) = self.read_state(name)? else { return Ok(None) };
        let process = state.shim.open();
        if process.is_some() || state.phase.is_over() {
            return Ok(Some(Look { state, process }));
        }
        // It may have ended properly between the two: then it has left its last word.
        let Some(state) = self.read_state(name)? else { return Ok(None) };
        Ok(Some(Look { process: state.shim.open(), state }))
    }

    /// The record. One that can't be parsed is what a power cut leaves: it says nothing, and the lock says the rest.
    fn read_state(&self, name: &InstanceName) -> Result<Option<State>, HostError> {
        let path = self.instance(name).state();
        match State::read(&path) {
            Err(error) if is_damaged(&error) && self.nobody_supervises(name)? => {
                tracing::warn!(instance = %name, %error, "a damaged record is taken for none");
                Ok(None)
            }
            read => read.map_err(|source| HostError::io(format!("read the record {}", path.display()), source)),
        }
    }

    fn nobody_supervises(&self, name: &InstanceName) -> Result<bool, HostError> {
        try_lock(&self.instance(name).lock(), FlockOperation::NonBlockingLockShared).map(|lock| lock.is_some())
    }

    fn known_instance(&self, name: &InstanceName) -> Result<InstanceLayout, HostError> {
        known_instance(&self.layout, name)
    }

    /// Where an instance's log lies. Made if it is not there, so that there is something to watch before the first start; the
    /// instance is not, which may be deleted at this moment.
    fn log_directory(&self, name: &InstanceName) -> Result<PathBuf, HostError> {
        let directory = self.known_instance(name)?.log();
        match create_private_below(&directory) {
            Ok(()) => Ok(directory),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(HostError::NoInstance(name.to_string())),
            Err(error) => Err(HostError::io(format!("making {}", directory.display()), error)),
        }
    }
}

fn is_damaged(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// What a look at an instance found.
#[derive(Debug)]
struct Look {
    state: State,
    process: Option<OwnedFd>,
}

impl Look {
    /// Whether the game runs, or is about to, or is being ended.
    fn is_active(&self) -> bool {
        self.process.is_some() && !self.state.phase.is_over()
    }

    fn status(&self, name: &InstanceName) -> InstanceStatus {
        let state = &self.state;
        if self.is_active() {
            return InstanceStatus {
                state: ActualState::Running,
                pid: state.launcher.as_ref().map(|launcher| launcher.pid),
                since: state.since(),
                recent_restarts: state.recent_restarts(),
            };
        }
        let found = match (state.phase, &state.failure) {
            (Phase::Stopped, _) => ActualState::Stopped,
            (Phase::Failed, Some(failure)) => ActualState::Failed { reason: failure.message.clone() },
            // With the machine everything ended, which nobody could write down.
            _ if state.shim.is_of_another_boot() => ActualState::Stopped,
            _ => ActualState::Failed { reason: format!("the supervisor of {name} was killed, and the game with it") },
        };
        not_running(found)
    }
}

fn not_running(state: ActualState) -> InstanceStatus {
    InstanceStatus { state, pid: None, since: None, recent_restarts: 0 }
}

/// How long a process that is about to end may take.
const END_LIMIT: Duration = Duration::from_secs(10);

/// Waits until a process has ended.
async fn process_end(process: OwnedFd) -> Result<(), HostError> {
    process::end(process).await.map_err(|source| HostError::io("wait for the end of a supervisor", source))
}

/// The same with a limit: one that is stopped, or hangs in the kernel, must hold up nobody for ever.
async fn process_end_in_time(process: OwnedFd) -> Result<(), HostError> {
    process_end_within(process, END_LIMIT).await
}

async fn process_end_within(process: OwnedFd, limit: Duration) -> Result<(), HostError> {
    let late = HostError::TimedOut { step: "waiting for the end of a supervisor", limit_seconds: limit.as_secs() };
    tokio::time::timeout(limit, process_end(process)).await.unwrap_or(Err(late))
}

/// Does something that blocks for a moment off the async threads.
async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, HostError> {
    tokio::task::spawn_blocking(act).await.map_err(|error| HostError::Supervisor(format!("a step broke off: {error}")))
}

#[async_trait]
impl Supervisor for EmbeddedSupervisor {
    fn kind(&self) -> &'static str {
        "embedded"
    }

    async fn status(&self, name: &InstanceName) -> Result<InstanceStatus, HostError> {
        let found = match self.look(name) {
            Ok(None) => not_running(ActualState::Stopped),
            Ok(Some(look)) => look.status(name),
            Err(error) => not_running(ActualState::Unknown { reason: error.to_string() }),
        };
        Ok(Attempt::of(&self.instance(name)).add_to(found))
    }

    async fn console(&self, name: &InstanceName, line: &str) -> Result<(), HostError> {
        console::type_line(self.known_instance(name)?.console_socket(), line).await
    }

    async fn logs(&self, name: &InstanceName, lines: usize) -> Result<Vec<LogLine>, HostError> {
        let directory = self.known_instance(name)?.log();
        let read = move || {
            let mut read = LogReader::last(&directory, lines)?.read_to_end()?;
            // More may have come since the place was found where the last lines begin.
            Ok(read.split_off(read.len().saturating_sub(lines)))
        };
        blocking(read).await?.map_err(|source: io::Error| HostError::io("read the game's log", source))
    }

    async fn follow(
        &self,
        name: &InstanceName,
        start: LogStart,
    ) -> Result<BoxStream<'static, Result<LogEvent, HostError>>, HostError> {
        let directory = self.log_directory(name)?;
        let ticks = self.watcher.log_ticks(name).map_err(|source| watch::failed("watch the game's log", source))?;
        Ok(log::follow(directory, start, ticks).await)
    }

    fn changes(&self) -> broadcast::Receiver<InstanceChanged> {
        self.changes.subscribe()
    }

    async fn forget(&self, name: &InstanceName) -> Result<(), HostError> {
        if self.look(name)?.is_some_and(|look| look.is_active()) {
            return Err(HostError::Busy(format!("{name} still runs")));
        }
        self.watcher.forget(name);
        Ok(())
    }
}
