//! Checks of the machine, each with what it found and what to do about it.

mod commands;
mod files;
mod kernel;
mod supervisor;

use serde::Serialize;

use crate::command::Runner;
use crate::host::HostConfig;
use crate::layout::Layout;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// As it should be.
    Ok,
    /// Works, but something is worth knowing.
    Warning,
    /// Servers won't run until it is mended.
    Failed,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A stable name, such as `overlayfs`.
    pub id: &'static str,
    /// How it went.
    pub status: CheckStatus,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do; empty when nothing is to do.
    pub remedy: String,
    /// Whether the remedy is a command, ready to be run as it is.
    pub remedy_is_command: bool,
}

impl Check {
    fn ok(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, CheckStatus::Ok, message.into(), String::new())
    }

    fn warning(id: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(id, CheckStatus::Warning, message.into(), remedy.into())
    }

    fn failed(id: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(id, CheckStatus::Failed, message.into(), remedy.into())
    }

    fn new(id: &'static str, status: CheckStatus, message: String, remedy: String) -> Self {
        Self { id, status, message, remedy, remedy_is_command: false }
    }

    /// Says that the remedy is a command.
    fn by_command(self) -> Self {
        Self { remedy_is_command: true, ..self }
    }
}

/// Makes all checks, the most basic first.
pub(crate) async fn examine(config: &HostConfig, layout: &Layout, supervisor: &'static str) -> Vec<Check> {
    let runner = Runner { steps: layout.steps(), line_max_chars: config.line_max_chars };
    let [overlayfs, landlock] = kernel::tried(config, layout, &runner).await;
    let (supervisor, view) = supervisor::tried(config, supervisor).await;
    let (config, layout) = (config.clone(), layout.clone());
    let others = tokio::task::spawn_blocking(move || {
        let checks = [
            kernel::version(),
            overlayfs,
            landlock,
            kernel::pty(),
            kernel::user(),
            files::root(&layout),
            files::overlay_root(&layout),
            files::disk(&layout),
            files::launcher(&config),
            supervisor,
            files::loader(),
            files::libraries(),
            files::steamcmd(&config.steamcmd),
            files::installation(&config, &layout),
            files::client_library(&config, &layout),
        ];
        checks.into_iter().chain(view).collect()
    });
    others.await.unwrap_or_default()
}
