//! Why a game could not be brought up, told apart so that whoever started it can say what to do.

use serde::{Deserialize, Serialize};

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The specification can't be read.
    Specification,
    /// A layer is missing, lies elsewhere or can't be mounted.
    Overlay,
    /// The machine does not let the game be fenced in.
    Sandbox,
    /// The game's program can't be executed.
    Program,
    /// The port belongs to another program.
    PortTaken,
    /// The game did not bind its port in time.
    NoPort,
    /// The game ended before it had bound its port, and had not been up before.
    Ended,
    /// The game had been up before it ended: starting it again may help. Said where the launcher's exit status would be
    /// taken for something else.
    Crashed,
    /// Anything else of the system.
    System,
}

/// A failed launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// One sentence for a person, with the cause.
    pub message: String,
    /// The game's own exit status, where it had one.
    #[serde(default)]
    pub exit_status: Option<u8>,
}

impl FailureKind {
    /// The launcher's exit status, after `sysexits.h`.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Specification => 65,
            Self::Overlay => 66,
            Self::PortTaken => 69,
            Self::Ended => 70,
            Self::System => 71,
            Self::Program => 72,
            Self::NoPort => 75,
            Self::Crashed => 76,
            Self::Sandbox => 77,
        }
    }
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Specification,
        Self::Overlay,
        Self::Sandbox,
        Self::Program,
        Self::PortTaken,
        Self::NoPort,
        Self::Ended,
        Self::Crashed,
        Self::System,
    ];

    /// Whether starting the game again may help. Nothing else changes by itself from one start to the next.
    pub fn is_crash(self) -> bool {
        self == Self::Crashed
    }

    /// The kind that an exit status of the launcher tells.
    pub fn from_exit_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i32::from(kind.exit_code()) == code)
    }
}

impl Failure {
    /// A failure with its message.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), exit_status: None }
    }

    /// The game ended too early. `code` is its exit status, or 128 and the number of the signal that ended it.
    pub fn ended(code: u8) -> Self {
        let message = format!("the game {} before it had bound its port", end_in_words(code));
        Self { kind: FailureKind::Ended, message, exit_status: (code <= 128).then_some(code) }
    }

    /// The game, having been up, ended with an exit status that is also one of the launcher's words.
    pub(super) fn crashed(code: u8) -> Option<Self> {
        FailureKind::from_exit_code(code.into())?;
        let message = format!("the game {}", end_in_words(code));
        Some(Self { kind: FailureKind::Crashed, message, exit_status: Some(code) })
    }

    /// The same failure for a game that has been up before: its end in a later boot is a crash.
    pub(super) fn behind_a_crash(self) -> Self {
        let kind = if self.kind == FailureKind::Ended { FailureKind::Crashed } else { self.kind };
        Self { kind, ..self }
    }

    /// A failure with what was being done and every cause.
    pub fn because(kind: FailureKind, context: impl std::fmt::Display, cause: impl std::error::Error) -> Self {
        let mut message = format!("{context}: {cause}");
        let mut source = cause.source();
        while let Some(deeper) = source {
            message.push_str(": ");
            message.push_str(&deeper.to_string());
            source = deeper.source();
        }
        Self { kind, message, exit_status: None }
    }
}

/// How a game ended, from the launcher's exit status.
pub fn end_in_words(code: u8) -> String {
    match code.checked_sub(128) {
        // There are no more signals.
        Some(signal @ 1..=64) => format!("was ended by signal {signal}"),
        _ => format!("ended with exit status {code}"),
    }
}
