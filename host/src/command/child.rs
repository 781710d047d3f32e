//! One child process: started, listened to, signalled with its whole group, and reaped.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use futures::stream::{self, BoxStream, StreamExt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, setsid};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::record::{MARKER, Record};
use super::{Command, Streams};
use crate::error::HostError;
use crate::lines::LineDecoder;
use crate::output::OutputStream;
use crate::pty::Pty;

/// What one read takes at most, in bytes.
const READ_BYTES: usize = 16 * 1024;

/// The child's lines from all its streams, those of one read together.
pub(super) type Lines = BoxStream<'static, (OutputStream, Vec<String>)>;

/// A running child. Dropping it kills its group.
pub(super) struct Child {
    process: std::process::Child,
    group: Pid,
    /// Readable once the leader has exited, before it is reaped.
    exit: AsyncFd<OwnedFd>,
    record: Record,
    /// The child's end of its terminal, open here too until the group has ended. The kernel may tell the reader that the
    /// last user is gone while it still carries that user's last words over; closed by whoever reads, it can't.
    terminal: Option<OwnedFd>,
    reaped: bool,
}

/// Starts a command; its record is on disk before it runs.
#[expect(clippy::disallowed_methods, reason = "this is the one place that starts programs")]
pub(super) fn spawn(command: &Command, steps: &Path, line_max_chars: usize) -> Result<(Child, Lines), HostError> {
    let record = Record::create(steps, command.step)?;
    let failed = |source| start_error(command, source);
    let mut process = std::process::Command::new(&command.program);
    process.args(&command.arguments).current_dir(&command.directory).env_clear();
    process.envs(command.environment.iter().map(|(name, value)| (name, value)));
    process.env(MARKER, record.id());
    let pty = connect(&mut process, command.streams).map_err(failed)?;
    let (controller, terminal) = pty.map(|pty| (pty.master, pty.slave)).unzip();
    // The terminal controls no session: it would hang up when the leader exits, and there is nobody at it to be asked.
    // SAFETY: between fork and exec only a system call is made: no allocation, no lock.
    unsafe {
        process.pre_exec(|| {
            setsid()?;
            Ok(())
        });
    }
    let mut process_child = process.spawn().map_err(failed)?;
    // Its copies of the terminal would keep the output open for ever.
    drop(process);
    let streams = match controller {
        Some(controller) => vec![(controller, OutputStream::Stdout)],
        None => pipes(&mut process_child),
    };
    let group = Pid::from_child(&process_child);
    let child = pidfd_open(group, PidfdFlags::empty()).map_err(io::Error::from).and_then(watch);
    let exit = match child {
        Ok(exit) => exit,
        Err(source) => {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = process_child.wait();
            return Err(failed(source));
        }
    };
    let child = Child { process: process_child, group, exit, record, terminal, reaped: false };
    let mut lines = Vec::new();
    for (fd, name) in streams {
        lines.push(read_lines(fd, name, line_max_chars).map_err(failed)?);
    }
    Ok((child, stream::select_all(lines).boxed()))
}

impl Child {
    /// Waits until the leader has exited, leaving it to be reaped.
    pub(super) async fn exited(&self) -> Result<(), HostError> {
        let ready = self.exit.readable().await;
        ready.map(drop).map_err(|source| HostError::io("waiting for a child process", source))
    }

    /// Asks the whole group to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills the whole group.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Kills the group once its leader has ended, and whatever left the group, and lets the output end.
    pub(super) async fn end_rest(&mut self, step: &'static str) {
        // The leader is not reaped yet, so the group's number can't belong to anybody else.
        self.kill();
        let id = self.record.id().to_owned();
        let swept = tokio::task::spawn_blocking(move || super::record::sweep(&id)).await;
        if let Ok(count @ 1..) = swept {
            tracing::debug!(count, step, "ended processes that outlived their leader");
        }
        self.terminal = None;
    }

    fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process_group(self.group, signal)
            && error != Errno::SRCH
        {
            tracing::warn!(%error, group = %self.group, "a child's process group could not be signalled");
        }
    }

    /// Takes the exit status of a leader that has ended.
    pub(super) fn reap(mut self, step: &'static str) -> Result<ExitStatus, HostError> {
        let ended = self.process.try_wait().map_err(|source| HostError::io(format!("waiting for {step}"), source))?;
        let Some(status) = ended else {
            let message = format!("{step} can't be killed: it hangs in the kernel");
            return Err(HostError::Step { message, exit_code: None });
        };
        self.reaped = true;
        Ok(status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        self.kill();
        super::record::sweep(self.record.id());
        // Killed a moment ago, so this takes no time unless it hangs in the kernel.
        let limit = Timespec { tv_sec: 1, tv_nsec: 0 };
        let _ = poll(&mut [PollFd::new(self.exit.get_ref(), PollFlags::IN)], Some(&limit));
        let _ = self.process.try_wait();
    }
}

fn start_error(command: &Command, source: io::Error) -> HostError {
    HostError::io(format!("{} can't be started from {}", command.step, command.program.display()), source)
}

/// Connects the standard streams; gives the terminal if there is one.
fn connect(process: &mut std::process::Command, streams: Streams) -> io::Result<Option<Pty>> {
    // Nobody would answer a prompt: it finds the end of its input instead of waiting.
    process.stdin(Stdio::null());
    match streams {
        Streams::Terminal => {
            let pty = Pty::open()?;
            process.stdout(pty.slave.try_clone()?).stderr(pty.slave.try_clone()?);
            Ok(Some(pty))
        }
        Streams::Pipes => {
            process.stdout(Stdio::piped()).stderr(Stdio::piped());
            Ok(None)
        }
    }
}

fn pipes(process: &mut std::process::Child) -> Vec<(OwnedFd, OutputStream)> {
    let stdout = process.stdout.take().map(|pipe| (OwnedFd::from(pipe), OutputStream::Stdout));
    let stderr = process.stderr.take().map(|pipe| (OwnedFd::from(pipe), OutputStream::Stderr));
    stdout.into_iter().chain(stderr).collect()
}

/// What reading one stream keeps between reads.
struct Source {
    fd: AsyncFd<OwnedFd>,
    decoder: LineDecoder,
    buffer: Vec<u8>,
    open: bool,
}

fn read_lines(fd: OwnedFd, name: OutputStream, line_max_chars: usize) -> io::Result<Lines> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    rustix::fs::fcntl_setfl(&fd, flags | OFlags::NONBLOCK)?;
    let source =
        Source { fd: watch(fd)?, decoder: LineDecoder::new(line_max_chars), buffer: vec![0; READ_BYTES], open: true };
    let batches = stream::unfold(source, move |mut source| async move {
        if !source.open {
            return None;
        }
        let mut lines = Vec::new();
        if let Ok(length @ 1..) = read(&source.fd, &mut source.buffer).await {
            source.decoder.push(&source.buffer[..length], &mut lines);
        } else {
            // The end of a pipe, or the EIO of a terminal whose last user is gone.
            source.open = false;
            lines.extend(source.decoder.finish());
        }
        Some(((name, lines), source))
    });
    Ok(batches.boxed())
}

/// Watches a descriptor for something to read.
fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is one open descriptor of the same number until it is dropped, and the `AsyncFd` owns it.
    let watched = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    Ok(watched?)
}

async fn read(fd: &AsyncFd<OwnedFd>, buffer: &mut [u8]) -> io::Result<usize> {
    fd.async_io(Interest::READABLE, |fd| {
        let fd: BorrowedFd<'_> = fd.as_fd();
        loop {
            match rustix::io::read(fd, &mut *buffer) {
                Err(Errno::INTR) => {}
                result => return Ok(result?),
            }
        }
    })
    .await
}
