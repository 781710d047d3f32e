//! The launcher's loop while the game runs: terminal to standard output, console socket to terminal, signals to the
//! game, the watch for its port, and its end.
//!
//! It holds one bounded piece of output: while that can't be written, the terminal is not read, and the game waits as
//! it would on a slow terminal. Signals and the console go on meanwhile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal};

use super::console::Console;
use super::failure::{Failure, FailureKind};
use super::notify::{Notification, Notifier};
use super::past::Past;
use super::printed::Printed;
use super::readiness::{Finding, Watch};
use super::{KILL_SIGNAL, init, port_taken};
use crate::sys::{self, SignalFd};

/// A pipe that polls as writable takes this much without blocking (`PIPE_BUF`).
const WRITE_BYTES: usize = 4096;
/// More than a terminal gives at once.
const READ_BYTES: usize = 16 * 1024;
/// How long the journal may take to read the game's last words, and how often that is looked at.
const READ_LIMIT: Duration = Duration::from_secs(1);
const READ_PAUSE: Duration = Duration::from_millis(1);

/// Everything the loop looks at.
#[derive(Debug)]
pub(crate) struct Relay {
    init: Pid,
    init_fd: OwnedFd,
    terminal: OwnedFd,
    console: Console,
    signals: SignalFd,
    /// What the first process says before the game runs; none once it has closed it.
    report: Option<File>,
    /// None once the game is ready or has failed.
    watch: Option<Watch>,
    next_look: Instant,
    printed: Printed,
    /// Output that is read but not written: the bytes and how many of them are out.
    output: Vec<u8>,
    written: usize,
    /// The reason why the game is being ended, when it is the launcher's.
    failure: Option<Failure>,
}

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Signal,
    /// A console's client sent something or left; from the last to the first, for serving one may remove it.
    Client(usize),
    NewClient,
    /// The terminal takes what was typed.
    Typable,
    /// The game printed something.
    Printed,
    /// Standard output takes more.
    Writable,
    Report,
    /// The first process has ended, and the game with it.
    Ended,
}

impl Relay {
    pub(crate) fn new(
        init: Pid,
        terminal: OwnedFd,
        console: Console,
        signals: SignalFd,
        report: File,
        watch: Watch,
    ) -> io::Result<Self> {
        Ok(Self {
            init,
            init_fd: pidfd_open(init, PidfdFlags::empty())?,
            terminal,
            console,
            signals,
            report: Some(report),
            watch: Some(watch),
            next_look: Instant::now(),
            printed: Printed::default(),
            output: Vec::new(),
            written: 0,
            failure: None,
        })
    }

    /// Runs until the game has ended; gives its exit status, or why the launcher ended it.
    pub(crate) fn run(mut self, notifier: &Notifier, past: &Past) -> Result<u8, Failure> {
        loop {
            let events = self.wait().map_err(|error| {
                self.kill();
                Failure::because(FailureKind::System, "can't watch the game", error)
            })?;
            for event in events {
                match event {
                    Event::Signal => self.pass_signal_on(),
                    Event::Client(index) => {
                        self.console.serve(index);
                        self.console.type_pending(&self.terminal);
                    }
                    Event::NewClient => self.console.accept(),
                    Event::Typable => self.console.type_pending(&self.terminal),
                    Event::Printed => drop(self.read_terminal()),
                    Event::Writable => self.write_output(),
                    Event::Report => self.read_report(),
                    Event::Ended => return self.finish(),
                }
            }
            self.look_for_port(notifier, past);
        }
    }

    /// Waits for something to do; gives it in the order of doing.
    fn wait(&self) -> io::Result<Vec<Event>> {
        let wants_output = self.written < self.output.len();
        let mut terminal_events = PollFlags::empty();
        terminal_events.set(PollFlags::IN, !wants_output);
        terminal_events.set(PollFlags::OUT, self.console.has_pending());
        let mut kinds = vec![Event::Signal, Event::NewClient, Event::Ended];
        let mut fds = vec![
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(&self.console.listener, PollFlags::IN),
            PollFd::new(&self.init_fd, PollFlags::IN),
        ];
        for (index, client) in self.console.clients.iter().enumerate().rev() {
            kinds.push(Event::Client(index));
            fds.push(PollFd::new(client, PollFlags::IN));
        }
        if let Some(report) = &self.report {
            kinds.push(Event::Report);
            fds.push(PollFd::new(report, PollFlags::IN));
        }
        // Only while there is something to write, for a reader that is gone would be reported all the time.
        if wants_output {
            kinds.push(Event::Writable);
            fds.push(PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::OUT));
        }
        fds.push(PollFd::new(&self.terminal, terminal_events));
        match poll(&mut fds, self.timeout().as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Vec::new()),
            Err(errno) => return Err(errno.into()),
        }
        let happened = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let mut events: Vec<Event> =
            kinds.iter().zip(&fds).filter(|(_, fd)| happened(fd)).map(|(kind, _)| *kind).collect();
        let terminal = fds.last().map_or(PollFlags::empty(), PollFd::revents);
        if terminal.contains(PollFlags::OUT) {
            events.push(Event::Typable);
        }
        if terminal.contains(PollFlags::IN) && !wants_output {
            events.push(Event::Printed);
        }
        // A new client after the old ones are served, for it may take the place of one; the end last of all.
        events.sort_by_key(|event| match event {
            Event::NewClient => 1,
            Event::Ended => 2,
            _ => 0,
        });
        Ok(events)
    }

    /// Only the watch for the port needs the clock; afterwards an idle game costs nothing.
    fn timeout(&self) -> Option<Timespec> {
        self.watch.as_ref()?;
        // A short wait too much is better than a look too early.
        let left = self.next_look.saturating_duration_since(Instant::now()) + Duration::from_micros(50);
        Timespec::try_from(left).ok()
    }

    fn pass_signal_on(&mut self) {
        match self.signals.read() {
            Ok(Some(KILL_SIGNAL)) => self.kill(),
            // The first process reaps; this end is seen through its descriptor.
            Ok(Some(Signal::CHILD) | None) | Err(_) => {}
            Ok(Some(signal)) => drop(pidfd_send_signal(&self.init_fd, signal)),
        }
    }

    fn kill(&self) {
        // With its first process the kernel ends the whole namespace. It may be gone already, which is as well.
        let _ = pidfd_send_signal(&self.init_fd, Signal::KILL);
    }

    /// Says whether there was anything.
    fn read_terminal(&mut self) -> bool {
        let mut bytes = [0; READ_BYTES];
        let length = rustix::io::read(&self.terminal, &mut bytes).unwrap_or(0);
        self.output = self.printed.push(&bytes[..length]);
        self.written = 0;
        length > 0
    }

    fn write_output(&mut self) {
        let end = self.output.len().min(self.written + WRITE_BYTES);
        match rustix::io::write(rustix::stdio::stdout(), &self.output[self.written..end]) {
            Ok(length) => self.written += length,
            Err(Errno::INTR | Errno::AGAIN) => {}
            // Nobody reads the output any more: the game goes on unheard.
            Err(_) => self.written = self.output.len(),
        }
    }

    fn read_report(&mut self) {
        let Some(mut report) = self.report.take() else { return };
        let mut text = Vec::new();
        if report.read_to_end(&mut text).is_ok() && !text.is_empty() {
            let unreadable = |error| Failure::because(FailureKind::System, "the launch failed", error);
            self.failure = Some(serde_json::from_slice(&text).unwrap_or_else(unreadable));
        }
    }

    fn look_for_port(&mut self, notifier: &Notifier, past: &Past) {
        let now = Instant::now();
        if now < self.next_look {
            return;
        }
        let Some(watch) = &mut self.watch else { return };
        let (port, limit) = (watch.port(), watch.limit());
        let failure = match watch.look() {
            Finding::NotYet(pause) => {
                self.next_look = now + pause;
                return;
            }
            Finding::Bound => {
                // No reason to end the game: all that is lost is a further try behind a crash and a boot that fails.
                if let Err(error) = past.remember() {
                    eprintln!("l4d2ctl: can't note that the game is up: {error}");
                }
                notifier.send(&Notification::Ready);
                None
            }
            Finding::Taken => Some(port_taken(port, "UDP")),
            Finding::TooLate(others) => Some(not_bound(port, limit, &others)),
        };
        self.watch = None;
        if failure.is_some() {
            self.failure = failure;
            self.kill();
        }
    }

    /// Writes what is left in the terminal, and tells how the game ended.
    fn finish(mut self) -> Result<u8, Failure> {
        if self.report.is_some() {
            self.read_report();
        }
        let status = loop {
            match rustix::process::waitpid(Some(self.init), WaitOptions::empty()) {
                Err(Errno::INTR) => {}
                other => break other,
            }
        };
        let mut stdout = io::stdout().lock();
        loop {
            // Nobody to read it is no reason to stay.
            if stdout.write_all(&self.output[self.written..]).is_err() || !self.read_terminal() {
                break;
            }
        }
        let _ = stdout.flush();
        wait_until_read(&stdout);
        match (self.failure, status) {
            (Some(failure), _) => Err(failure),
            // So that a supervisor does not start again what never came up.
            (None, Ok(Some((_, status)))) if self.watch.is_some() => Err(Failure::ended(init::exit_code(status))),
            (None, Ok(Some((_, status)))) => Ok(init::exit_code(status)),
            (None, _) => Err(Failure::new(FailureKind::System, "the end of the game could not be watched")),
        }
    }
}

/// Waits until the journal has read the game's last words, so that who learns of the end finds them there. A pipe's reader
/// sees its end behind them anyway.
fn wait_until_read(stdout: impl AsFd) {
    let deadline = Instant::now() + READ_LIMIT;
    while sys::unread_by_peer(stdout.as_fd()).is_ok_and(|bytes| bytes > 0) && Instant::now() < deadline {
        std::thread::sleep(READ_PAUSE);
    }
}

fn not_bound(port: u16, limit: Duration, others: &[u16]) -> Failure {
    let mut message = format!("the game did not bind port {port} within {} s", limit.as_secs());
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(u16::to_string).collect();
        message = format!("{message}: it went to {}", others.join(", "));
    }
    Failure::new(FailureKind::NoPort, message)
}
