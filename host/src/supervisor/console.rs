//! Typing on a running game's console, the same under both supervisors.

use std::path::PathBuf;

use crate::error::HostError;
use crate::launcher::{self, ConsoleError};

/// Sends one line to the console behind `path`.
pub(super) async fn type_line(path: PathBuf, line: &str) -> Result<(), HostError> {
    let line = line.to_owned();
    // It blocks for a moment.
    let typed = tokio::task::spawn_blocking(move || launcher::send_line(&path, &line)).await;
    let typed = typed.map_err(|error| HostError::Supervisor(format!("a step broke off: {error}")))?;
    typed.map_err(|error| match error {
        ConsoleError::NotRunning => HostError::NotRunning,
        ConsoleError::Stuck => HostError::ConsoleStuck,
        ConsoleError::Io(source) => HostError::io("reach the console", source),
        refused => HostError::Supervisor(refused.to_string()),
    })
}
