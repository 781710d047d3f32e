//! Processes that are told apart from later ones with the same number.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};
use tokio::io::unix::AsyncFd;

/// One process: its number alone may be used again, its start time within a boot is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessIdentity {
    /// The process id.
    pub(crate) pid: u32,
    /// When it started, in clock ticks since the machine did.
    start_time: u64,
    /// Which run of the machine.
    boot: String,
}

impl ProcessIdentity {
    /// The identity of a running process.
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        Ok(Self { pid, start_time: start_time(pid)?, boot: boot_id()? })
    }

    /// Opens the process if it still runs. The descriptor becomes readable when it ends.
    pub(crate) fn open(&self) -> Option<OwnedFd> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw)?;
        // Opened first, compared then: a number that is used again in between is seen as another process.
        let fd = pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
        (Self::of(self.pid).ok()? == *self).then_some(fd)
    }

    /// Whether it belongs to an earlier run of the machine.
    pub(crate) fn is_of_another_boot(&self) -> bool {
        boot_id().is_ok_and(|boot| boot != self.boot)
    }
}

/// Waits until the process behind a descriptor of [`ProcessIdentity::open`] has ended.
pub(crate) async fn end(process: OwnedFd) -> io::Result<()> {
    // SAFETY: the descriptor is owned by what it is registered with, and never taken out of it.
    let process = unsafe { AsyncFd::register(process) }.map_err(io::Error::from)?;
    process.readable().await.map(drop)
}

fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

fn start_time(pid: u32) -> io::Result<u64> {
    parse_start_time(&fs::read_to_string(format!("/proc/{pid}/stat"))?)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the process has ended"))
}

/// The 22nd field. The second is the program's name, which may hold blanks and brackets. A zombie has ended.
fn parse_start_time(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_brackets_and_zombies_are_read_right() {
        let stat = |name: &str, state: &str| {
            format!("7 ({name}) {state} 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1 1")
        };
        assert_eq!(parse_start_time(&stat("sh", "S")), Some(4711));
        assert_eq!(parse_start_time(&stat("a) S 1 (b", "R")), Some(4711));
        assert_eq!(parse_start_time(&stat("sh", "Z")), None);
        assert_eq!(parse_start_time("garbage"), None);
    }

    #[test]
    fn another_process_with_the_same_number_is_another() {
        let own = ProcessIdentity::of(std::process::id()).expect("this process");
        assert!(own.open().is_some());
        let earlier = ProcessIdentity { start_time: own.start_time - 1, ..own.clone() };
        assert!(earlier.open().is_none());
        let before_a_reboot = ProcessIdentity { boot: "another".to_owned(), ..own };
        assert!(before_a_reboot.open().is_none() && before_a_reboot.is_of_another_boot());
    }
}
