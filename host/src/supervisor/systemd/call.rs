//! What comes of a call to systemd, apart from its answer.

use crate::error::HostError;

/// How the bus says that nobody will answer, or that nobody is there to ask. So it is for a moment when systemd executes itself
/// anew (`systemctl daemon-reexec`, which an update of its package does).
const UNANSWERED: [&str; 4] = [
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.Disconnected",
];
/// How the bus says that it could not start it, which it tries while systemd is away.
const NOT_STARTED: &str = "org.freedesktop.DBus.Error.Spawn.";

/// A call that came to nothing.
#[derive(Debug, thiserror::Error)]
#[error("can't {what}: {source}")]
pub(super) struct CallError {
    what: String,
    source: zbus::Error,
}

impl CallError {
    /// `what` was to be done.
    pub(super) fn new(what: impl Into<String>, source: zbus::Error) -> Self {
        Self { what: what.into(), source }
    }

    /// Whether systemd may have done it all the same, or would do it if it were asked again: there was no answer, good or bad.
    pub(super) fn is_lost(&self) -> bool {
        match &self.source {
            zbus::Error::MethodError(name, ..) => {
                UNANSWERED.contains(&name.as_str()) || name.as_str().starts_with(NOT_STARTED)
            }
            // One that is there and takes its time has the limit of a call.
            zbus::Error::InputOutput(error) => error.kind() != std::io::ErrorKind::TimedOut,
            // The signal that was waited for did not come before the connection's end.
            zbus::Error::Failure(_) => true,
            _ => false,
        }
    }
}

impl From<CallError> for HostError {
    fn from(error: CallError) -> Self {
        Self::Supervisor(error.to_string())
    }
}
