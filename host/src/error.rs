//! What can go wrong on the host, each kind told apart by what a person can do about it.

use std::io;

/// A failed host call. Its text is for a person; the cause is in `source`.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The specification breaks a rule.
    #[error("the specification is invalid: {0}")]
    InvalidSpec(String),
    /// A console line that is more than one line, or no text.
    #[error("a console line is one line of at most 4000 bytes without control characters")]
    InvalidConsoleLine,
    /// An overlay of the specification can't be used. Whoever reads this need not be an admin, so not by its path.
    #[error("overlay {} of the specification {fault}", index + 1)]
    UnusableOverlay {
        /// Which one of the specification's list, from 0.
        index: usize,
        /// What is wrong and what mends it.
        fault: &'static str,
    },
    /// The layers could not be opened or mounted.
    #[error("{0}")]
    Overlay(String),
    /// The game is not installed.
    #[error("the game is not installed: run an install first")]
    NotInstalled,
    /// There is no such instance.
    #[error("there is no instance named {0}")]
    NoInstance(String),
    /// The game does not run, so nobody reads its console.
    #[error("the server does not run")]
    NotRunning,
    /// The game runs and reads nothing of what was typed on its console.
    #[error("the game does not read its console: restart the server")]
    ConsoleStuck,
    /// Something runs that stands in the way; the text names it.
    #[error("{0}")]
    Busy(String),
    /// A child process ended in failure.
    #[error("{message}")]
    Step {
        /// What failed and what to do, for a person.
        message: String,
        /// The exit status of the process; none when it was ended by a signal.
        exit_code: Option<i32>,
    },
    /// A step took longer than its limit.
    #[error("{step} took longer than {limit_seconds} s and was ended")]
    TimedOut {
        /// The step's name.
        step: &'static str,
        /// Its limit.
        limit_seconds: u64,
    },
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The disk is full.
    #[error("the disk is full ({path}): free some space and try again")]
    DiskFull {
        /// What was being done, and to which path.
        path: String,
    },
    /// The supervisor refused or could not be reached.
    #[error("{0}")]
    Supervisor(String),
    /// An operation of the system failed.
    #[error("{context}")]
    Io {
        /// What was being done, and to which path.
        context: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl HostError {
    /// Wraps an I/O error with what was being done; a full disk keeps its own kind.
    pub fn io(context: impl Into<String>, source: io::Error) -> Self {
        let context = context.into();
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::DiskFull { path: context };
        }
        Self::Io { context, source }
    }

    /// With all its causes on one line.
    pub(crate) fn in_full(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }

    /// The exit status of the process that ended the step, where one ran and exited.
    pub fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Step { exit_code, .. } => *exit_code,
            _ => None,
        }
    }
}
