//! The launcher as the supervising process's child.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process};

use crate::launcher::{Failure, LaunchConfig, NOTIFY_VARIABLE, end_in_words};
use crate::layout::InstanceLayout;
use crate::supervisor::embedded::spawn::add_arguments;
use crate::sys;

const READ_BYTES: usize = 64 * 1024;

/// A running launcher.
#[derive(Debug)]
pub(super) struct Launched {
    pid: Pid,
    /// What it and the game print; none at its end.
    pub(super) output: Option<File>,
    /// Why the launch failed, when it said so.
    pub(super) failure: Option<Failure>,
    status: Option<WaitStatus>,
    buffer: Vec<u8>,
}

/// How a run of the game ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The launcher's exit status; 128 and the signal's number for a game that was ended by one.
    code: i32,
}

impl Launched {
    /// Starts the launcher. It dies with this process, and the game with it.
    pub(super) fn spawn(launch: &LaunchConfig, l4d2ctl: &Path, instance: &InstanceLayout) -> io::Result<Self> {
        let (output, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        #[expect(clippy::disallowed_methods, reason = "a child that this process's own loop reads and reaps")]
        let mut command = Command::new(l4d2ctl);
        add_arguments(&mut command, "launch", launch);
        command.env(NOTIFY_VARIABLE, instance.notify_socket());
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
        let parent = rustix::process::getpid();
        let prepare = move || {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // Between the fork and this call the parent may have died already.
            if rustix::process::getppid() != Some(parent) {
                return Err(Errno::SRCH.into());
            }
            sys::unblock_signals()
        };
        // SAFETY: the closure makes system calls only.
        unsafe { command.pre_exec(prepare) };
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the kernel gave a process no number"))?;
        Ok(Self { pid, output: Some(File::from(output)), failure: None, status: None, buffer: vec![0; READ_BYTES] })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Sends a signal to the launcher, unless it has ended.
    pub(super) fn signal(&self, signal: Signal) {
        if self.status.is_none() {
            // It is this process's child and not reaped yet, so the number is still its own.
            let _ = kill_process(self.pid, signal);
        }
    }

    /// Reads what there is; nothing at the end.
    pub(super) fn read(&mut self) -> io::Result<&[u8]> {
        let Some(output) = &mut self.output else { return Ok(&[]) };
        let length = output.read(&mut self.buffer)?;
        Ok(&self.buffer[..length])
    }

    /// Reaps what has ended. Gives the launcher's end once nothing of it is left, neither processes nor output.
    pub(super) fn reap(&mut self) -> Option<End> {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.pid => self.status = Some(status),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return None,
                // No child is left.
                Err(_) => break,
            }
        }
        let status = self.status?;
        if self.output.is_some() {
            return None;
        }
        let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
        Some(End { code: code.unwrap_or(-1) })
    }
}

impl End {
    /// The game's exit status; none when it was ended by a signal.
    pub(super) fn exit_code(self) -> Option<i32> {
        (0..=128).contains(&self.code).then_some(self.code)
    }

    /// Whether the game ended of its own will.
    pub(super) fn is_clean(self) -> bool {
        self.code == 0
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u8::try_from(self.code) {
            Ok(code) => f.write_str(&end_in_words(code)),
            Err(_) => f.write_str("ended in a way that can't be told"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_as_status_or_signal() {
        assert_eq!(End { code: 3 }.to_string(), "ended with exit status 3");
        assert_eq!(End { code: 3 }.exit_code(), Some(3));
        assert_eq!(End { code: 139 }.to_string(), "was ended by signal 11");
        assert_eq!(End { code: 139 }.exit_code(), None);
        assert_eq!(End { code: 226 }.to_string(), "ended with exit status 226");
        assert!(End { code: 0 }.is_clean() && !End { code: 143 }.is_clean());
    }
}
