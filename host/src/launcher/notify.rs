//! Tells the supervisor how the launch goes, by the protocol of `sd_notify`: one datagram of `KEY=value` lines to the
//! socket that `NOTIFY_SOCKET` names. Both supervisors listen for it.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::failure::{Failure, FailureKind};
use crate::socket;

/// The variable that names the socket.
pub const VARIABLE: &str = "NOTIFY_SOCKET";

/// The game has bound its port.
const READY: &str = "READY=1";
/// A sentence for a person.
const STATUS: &str = "STATUS=";
/// Ours: the kind of a failure. Supervisors ignore what begins with `X_` and is not theirs.
const FAILURE: &str = "X_L4D2_FAILURE=";
/// The game's own exit status. systemd takes it for an error number of the service, which is the one number that it hands
/// on as it is.
const EXIT_STATUS: &str = "ERRNO=";

/// What a supervisor is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// The game has bound its port.
    Ready,
    /// The launch failed.
    Failed(Failure),
}

/// Sends notifications; silent when nobody asked for them.
#[derive(Debug)]
pub(crate) struct Notifier(Option<OwnedFd>);

impl Notifier {
    /// Connects to the socket of the environment, if there is one.
    pub(crate) fn from_environment() -> io::Result<Self> {
        std::env::var_os(VARIABLE).map(|address| connect(&address)).transpose().map(Self)
    }

    /// Sends a notification. A supervisor that is gone can't be told, and need not be.
    pub(crate) fn send(&self, notification: &Notification) {
        if let Some(socket) = &self.0 {
            let _ = socket::send(socket, notification.encode().as_bytes());
        }
    }
}

fn connect(address: &OsStr) -> io::Result<OwnedFd> {
    match address.as_bytes().strip_prefix(b"@") {
        Some(name) => {
            let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
            rustix::net::connect(&socket, &SocketAddrUnix::new_abstract_name(name)?)?;
            Ok(socket)
        }
        None => socket::connect_datagram(Path::new(address)),
    }
}

impl Notification {
    fn encode(&self) -> String {
        match self {
            Self::Ready => format!("{READY}\n{STATUS}the game has bound its port"),
            Self::Failed(failure) => {
                let kind = serde_json::to_value(failure.kind).unwrap_or_default();
                let kind = kind.as_str().unwrap_or_default();
                let code = failure.exit_status.map(|code| format!("\n{EXIT_STATUS}{code}")).unwrap_or_default();
                format!("{STATUS}{}\n{FAILURE}{kind}{code}", failure.message.replace('\n', " "))
            }
        }
    }

    /// Reads a datagram; none when it holds nothing of interest.
    pub fn decode(datagram: &str) -> Option<Self> {
        let value = |key: &str| datagram.lines().find_map(|line| line.strip_prefix(key));
        if let Some(kind) = value(FAILURE) {
            let kind = serde_json::from_value(kind.into()).unwrap_or(FailureKind::System);
            let exit_status = value(EXIT_STATUS).and_then(|code| code.parse().ok());
            let message = value(STATUS).unwrap_or_default().to_owned();
            return Some(Self::Failed(Failure { kind, message, exit_status }));
        }
        datagram.lines().any(|line| line == READY).then_some(Self::Ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_survive_the_wire() {
        for notification in [
            Notification::Ready,
            Notification::Failed(Failure::new(FailureKind::PortTaken, "port 27015 is taken")),
            Notification::Failed(Failure::new(FailureKind::NoPort, "not bound")),
            Notification::Failed(Failure::ended(3)),
            Notification::Failed(Failure::ended(139)),
        ] {
            assert_eq!(Notification::decode(&notification.encode()), Some(notification));
        }
        assert_eq!(Notification::decode("STATUS=warming up"), None);
        assert_eq!(Notification::decode("READY=0"), None);
    }

    #[test]
    fn a_message_of_several_lines_can_not_forge_a_field() {
        let failure = Failure::new(FailureKind::Overlay, "bad overlay\nREADY=1\nX_L4D2_FAILURE=no_port");
        let decoded = Notification::decode(&Notification::Failed(failure).encode());
        assert!(matches!(decoded, Some(Notification::Failed(Failure { kind: FailureKind::Overlay, .. }))));
    }
}
