//! Records of running commands, so that what a killed panel left behind can be ended.
//!
//! A record is a file that its owner keeps locked: the kernel lets go of the lock when the owner dies, however it dies.
//! The processes of a command carry the record's id in their environment. That tells them apart from whoever got
//! their process ids later, across reboots too, and finds those that left the process group.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tempfile::NamedTempFile;

use crate::error::HostError;

/// The environment variable that holds the record's id.
pub(super) const MARKER: &str = "L4D2_STEP";
/// How often a sweep looks again for processes that were started, or in the middle of an exec, while it looked.
const SWEEPS: usize = 20;
const SWEEP_PAUSE: Duration = Duration::from_millis(2);

/// The record of one running command; removed when dropped.
pub(super) struct Record {
    file: NamedTempFile,
    id: String,
}

impl Record {
    /// Writes a locked record.
    pub(super) fn create(steps: &Path, step: &str) -> Result<Self, HostError> {
        let failed = |source| HostError::io(format!("recording a step in {}", steps.display()), source);
        fs::create_dir_all(steps).map_err(failed)?;
        loop {
            // By its id the processes of a step are killed, so no other step of the machine may have the same, in whatever
            // directory. The names that `tempfile` makes follow from the clock: programs started together have them
            // alike.
            let mut file = tempfile::Builder::new()
                .prefix(&format!("{step}-{:032x}", rand::random::<u128>()))
                .rand_bytes(0)
                .tempfile_in(steps)
                .map_err(failed)?;
            // A recovery may have come between and taken the file for one left behind: it is about to remove it, or has.
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if file.path().exists() => {}
                Ok(()) | Err(Errno::WOULDBLOCK) => continue,
                Err(error) => return Err(failed(error.into())),
            }
            writeln!(file, "of process {}", std::process::id()).map_err(failed)?;
            let name = file.path().file_name().unwrap_or_default();
            let id = String::from_utf8_lossy(name.as_bytes()).into_owned();
            return Ok(Self { file, id });
        }
    }

    /// What the command's processes carry.
    pub(super) fn id(&self) -> &str {
        debug_assert!(self.file.path().ends_with(&self.id));
        &self.id
    }
}

/// Ends the processes of all records whose owner is dead, and removes those; says how many processes that were.
pub(super) fn recover(steps: &Path) -> Result<usize, HostError> {
    let failed = |source| HostError::io(format!("reading {}", steps.display()), source);
    let entries = match fs::read_dir(steps) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    let mut ended = 0;
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let Ok(file) = File::open(&path) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            continue;
        }
        let id = String::from_utf8_lossy(path.file_name().unwrap_or_default().as_bytes()).into_owned();
        ended += sweep(&id);
        match fs::remove_file(&path) {
            // Its owner ended properly just when this one looked.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(ended)
}

/// Kills every process that carries the id; says how many. Takes some milliseconds.
pub(super) fn sweep(id: &str) -> usize {
    let wanted = format!("{MARKER}={id}");
    let mut ended = HashSet::new();
    for _ in 0..SWEEPS {
        let swept = kill_carriers(wanted.as_bytes());
        let before = ended.len();
        ended.extend(swept.killed);
        if ended.len() == before && !swept.unsure {
            break;
        }
        thread::sleep(SWEEP_PAUSE);
    }
    ended.len()
}

/// What came of one look at all processes.
#[derive(Default)]
struct Swept {
    killed: Vec<Pid>,
    /// Some process showed no environment, as in the middle of an exec.
    unsure: bool,
}

fn kill_carriers(wanted: &[u8]) -> Swept {
    let mut swept = Swept::default();
    let Ok(entries) = fs::read_dir("/proc") else { return swept };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    for pid in pids.filter_map(Pid::from_raw) {
        // Pinned first and looked at then: the number may change hands at any time.
        let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        match carries(pid, wanted) {
            Some(true) if pidfd_send_signal(&pidfd, Signal::KILL).is_ok() => swept.killed.push(pid),
            Some(_) => {}
            // Kernel threads and the dead have no program.
            None => swept.unsure |= fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).is_ok(),
        }
    }
    swept
}

/// Whether a process carries the mark; none when it shows no environment.
fn carries(pid: Pid, wanted: &[u8]) -> Option<bool> {
    // Another user's can't be opened, and is none of ours.
    let Ok(file) = File::open(format!("/proc/{}/environ", pid.as_raw_nonzero())) else { return Some(false) };
    let mut environment = Vec::new();
    let complete = (&file).read_to_end(&mut environment).is_ok()
        && !environment.is_empty()
        // The file shows the program that ran when it was opened, and breaks off where that gave way to another.
        && file.read_at(&mut [0], 0).is_ok_and(|length| length == 1);
    complete.then(|| environment.split(|byte| *byte == 0).any(|entry| entry == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_begin_in_the_same_moment_have_ids_of_their_own() {
        let id = || {
            // What programs have in common that were started together.
            fastrand::seed(4711);
            let steps = tempfile::tempdir().expect("a directory");
            Record::create(steps.path(), "trial").expect("a record").id().to_owned()
        };
        assert_ne!(id(), id());
    }
}
