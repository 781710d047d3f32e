//! Prints what the host says.

use std::io::{self, Write};

use anyhow::Result;
use l4d2_host::doctor::{Check, CheckStatus};
use l4d2_host::supervisor::{ActualState, InstanceStatus};
use l4d2_host::{InstanceName, Output, OutputStream};
use tokio::sync::mpsc::Receiver;

/// Prints a step's lines until the step is done: the child's where it wrote them, the host's own words on standard
/// error. A reader that went away stops the printing, not the step.
pub(crate) async fn print_step(mut output: Receiver<Output>) {
    while let Some(item) = output.recv().await {
        let _ = match item {
            Output::Line { stream: OutputStream::Stdout, text } => writeln!(io::stdout(), "{text}"),
            Output::Line { stream: OutputStream::Stderr, text } => writeln!(io::stderr(), "{text}"),
            Output::Line { stream: OutputStream::System, text } => writeln!(io::stderr(), "l4d2ctl: {text}"),
            // SteamCMD's own lines tell it already.
            Output::Progress(_) => Ok(()),
        };
    }
}

/// Prints one line of output that was asked for.
pub(crate) fn print(text: impl AsRef<str>) -> Result<()> {
    Ok(writeln!(io::stdout(), "{}", text.as_ref())?)
}

/// One line that says what an instance does.
pub(crate) fn describe(name: &InstanceName, status: &InstanceStatus) -> String {
    let text = match &status.state {
        ActualState::Running => format!("{name}: running"),
        ActualState::Stopped => format!("{name}: stopped"),
        ActualState::Failed { reason } => format!("{name}: failed: {reason}"),
        ActualState::Unknown { reason } => format!("{name}: unknown: {reason}"),
    };
    let pid = status.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    let restarts = match status.recent_restarts {
        0 => String::new(),
        count => format!(", started again {count} times of late"),
    };
    text + &pid + &restarts
}

/// Prints the checks; says whether none failed.
pub(crate) fn print_checks(checks: &[Check]) -> Result<bool> {
    for check in checks {
        let mark = match check.status {
            CheckStatus::Ok => "ok      ",
            CheckStatus::Warning => "warning ",
            CheckStatus::Failed => "FAILED  ",
        };
        print(format!("{mark}{:<14}{}", check.id, check.message))?;
        if !check.remedy.is_empty() {
            print(format!("{:22}-> {}", "", check.remedy))?;
        }
    }
    Ok(checks.iter().all(|check| check.status != CheckStatus::Failed))
}
