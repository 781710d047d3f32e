//! `state.json`: what the supervising process says about its instance. Written by renaming, so that a reader sees a
//! whole record; believed only as far as the process that wrote it still runs.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::process::ProcessIdentity;
use crate::launcher::FailureKind;
use crate::supervisor::restart;

/// What the supervising process is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// The first start: the game has not bound its port yet.
    Starting,
    /// The game runs.
    Running,
    /// It crashed and is started again.
    Restarting,
    /// It is being stopped.
    Stopping,
    /// It was stopped, or ended by itself without complaint.
    Stopped,
    /// It ended and is not started again.
    Failed,
}

/// Why an instance failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailureRecord {
    /// What kind, when the launcher could tell.
    pub(crate) kind: Option<FailureKind>,
    /// One sentence.
    pub(crate) message: String,
    /// The game's exit status, when it had one.
    pub(crate) exit_code: Option<i32>,
}

/// The whole record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The supervising process.
    pub(crate) shim: ProcessIdentity,
    /// The launcher while there is one.
    pub(crate) launcher: Option<ProcessIdentity>,
    /// What is going on.
    pub(crate) phase: Phase,
    /// When the present run of the game began, in milliseconds of the UNIX clock; for display only.
    pub(crate) since_unix_ms: Option<u64>,
    /// How often it was started again lately, counted when it was last.
    pub(crate) restarts: u32,
    /// Why it failed.
    pub(crate) failure: Option<FailureRecord>,
}

impl Phase {
    /// Whether the supervising process has done its work.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed)
    }
}

impl State {
    /// The record of a supervising process that has just begun.
    pub(crate) fn starting(shim: ProcessIdentity) -> Self {
        Self { shim, launcher: None, phase: Phase::Starting, since_unix_ms: None, restarts: 0, failure: None }
    }

    /// The last record; none when the instance was never started.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Ok(json) => Ok(Some(serde_json::from_slice(&json)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the record.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("json.new");
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        io::Write::write_all(&mut file, &serde_json::to_vec(self)?)?;
        fs::rename(&new, path)
    }

    /// When the present run began.
    pub(crate) fn since(&self) -> Option<SystemTime> {
        self.since_unix_ms.map(|millis| UNIX_EPOCH + Duration::from_millis(millis))
    }

    /// How often it was started again within the window, as far as the wall clock can tell.
    pub(crate) fn recent_restarts(&self) -> u32 {
        let age = self.since().and_then(|since| SystemTime::now().duration_since(since).ok());
        if age.is_some_and(|age| age > restart::WINDOW) { 0 } else { self.restarts }
    }
}
