//! The supervising process of one instance: keeps its game running, keeps its log, and stops it when asked.
//!
//! It is a process of its own so that games survive the panel's end, and stays small: one thread, no async runtime,
//! asleep while nothing happens. It holds the instance's lock as long as it lives. If it is killed, its launcher and
//! the game die with it, so nothing runs unsupervised.

mod events;
mod ladder;
mod launched;
mod stop;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::FlockOperation;
use rustix::process::Signal;

use self::events::{Event, Sockets};
use self::ladder::Ladder;
use self::launched::{End, Launched};
use super::process::ProcessIdentity;
use super::state::{FailureRecord, Phase, State};
use crate::launcher::{Failure, FailureKind, LaunchConfig, Notification, Past};
use crate::layout::InstanceLayout;
use crate::lines::LineDecoder;
use crate::locks::try_lock;
use crate::supervisor::StopLadder;
use crate::supervisor::log::{LogWriter, Rotation};
use crate::supervisor::restart::{MOST_RESTARTS, RestartLimit, Verdict, WINDOW};
use crate::sys::{self, SignalFd};

/// What the panel reads once the supervising process stands on its own feet.
pub(super) const STANDING: &str = "standing\n";
/// The pause before a crashed game is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(100);
/// How long the instance's lock may take to become free, and how often it is tried.
const LOCK_LIMIT: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(2);
const SIGNALS: [Signal; 5] = [Signal::CHILD, Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];

/// Supervises one instance until it is stopped or has failed. Run in a session of its own, with a process of one thread.
pub fn supervise(launch: LaunchConfig, l4d2ctl: &Path, line_max_chars: usize) -> ExitCode {
    match Shim::begin(launch, l4d2ctl, line_max_chars) {
        Ok(mut shim) => {
            shim.run();
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Where the panel waits for the other word; nobody else reads it.
            let _ = writeln!(io::stdout(), "{error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug)]
struct Shim<'a> {
    launch: LaunchConfig,
    l4d2ctl: &'a Path,
    instance: InstanceLayout,
    signals: SignalFd,
    sockets: Sockets,
    log: LogWriter,
    decoder: LineDecoder,
    line_max_chars: usize,
    state: State,
    launched: Option<Launched>,
    restarts: RestartLimit,
    /// When the game is started again.
    next_start: Option<Instant>,
    /// The stop that is under way.
    ladder: Option<Ladder>,
    /// Whether the game has ever been ready: before that an end is a failed start, not a crash.
    was_ready: bool,
    /// Held for its lock.
    _lock: File,
}

impl<'a> Shim<'a> {
    fn begin(launch: LaunchConfig, l4d2ctl: &'a Path, line_max_chars: usize) -> io::Result<Self> {
        sys::reset_signal_dispositions();
        sys::close_on_exec_from(3)?;
        let signals = SignalFd::block(&SIGNALS)?;
        // What a launcher leaves behind when it is killed comes here to be reaped.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        let instance = launch.layout.instance(&launch.name);
        let lock = take_over(&instance)?.ok_or_else(|| io::Error::other(format!("{} is in use", launch.name)))?;
        // Whoever deleted it held the lock until a moment ago; what was locked now is what they moved away.
        if !instance.spec().is_file() {
            return Err(io::Error::other(format!("{} is gone", launch.name)));
        }
        Past::of(&instance).forget()?;
        let log = LogWriter::open(&instance.log(), Rotation::default())?;
        let sockets = Sockets::open(&instance)?;
        let state = State::starting(ProcessIdentity::of(std::process::id())?);
        state.write(&instance.state())?;
        detach_output()?;
        Ok(Self {
            launch,
            l4d2ctl,
            instance,
            signals,
            sockets,
            log,
            decoder: LineDecoder::new(line_max_chars),
            line_max_chars,
            state,
            launched: None,
            restarts: RestartLimit::default(),
            next_start: Some(Instant::now()),
            ladder: None,
            was_ready: false,
            _lock: lock,
        })
    }

    fn run(&mut self) {
        loop {
            self.act_on_time();
            if self.state.phase.is_over() {
                break;
            }
            match self.wait() {
                Ok(events) => events.into_iter().for_each(|event| self.handle(event)),
                Err(error) => self.fail(None, format!("the supervisor can't watch the game: {error}"), None),
            }
        }
        self.sockets.answer_all(&self.last_answer());
        Sockets::remove(&self.instance);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Signal => match self.signals.read() {
                Ok(Some(Signal::CHILD) | None) | Err(_) => {}
                Ok(Some(_)) => self.begin_stop(StopLadder::default()),
            },
            Event::Notification => {
                if let Some(notification) = self.sockets.notification() {
                    self.notified(notification);
                }
            }
            Event::Client(index) => {
                if let Some(request) = self.sockets.request(index) {
                    self.begin_stop(request.into());
                }
            }
            Event::NewClient => self.sockets.accept(),
            Event::Output => self.read_output(),
        }
        self.look_for_end();
    }

    fn act_on_time(&mut self) {
        let now = Instant::now();
        if self.next_start.is_some_and(|at| at <= now) {
            self.next_start = None;
            self.start();
        }
        while let Some(step) = self.ladder.as_mut().and_then(|ladder| ladder.due(now)) {
            self.take_step(step);
        }
    }

    /// When something is to be done, though nothing may happen until then.
    fn deadline(&self) -> Option<Instant> {
        let ladder = self.ladder.as_ref().and_then(Ladder::deadline);
        [ladder, self.next_start].into_iter().flatten().min()
    }

    fn start(&mut self) {
        match Launched::spawn(&self.launch, self.l4d2ctl, &self.instance) {
            Ok(launched) => {
                self.state.launcher = ProcessIdentity::of(launched.pid()).ok();
                self.state.since_unix_ms = Some(unix_millis());
                self.launched = Some(launched);
                self.write_state();
            }
            Err(error) => self.fail(None, format!("can't run the launcher: {error}"), None),
        }
    }

    fn notified(&mut self, notification: Notification) {
        match (notification, &mut self.launched) {
            (Notification::Ready, Some(_)) if self.ladder.is_none() => {
                self.was_ready = true;
                self.state.phase = Phase::Running;
                self.write_state();
            }
            (Notification::Failed(failure), Some(launched)) => launched.failure = Some(failure),
            _ => {}
        }
    }

    fn read_output(&mut self) {
        let Some(launched) = &mut self.launched else { return };
        let mut lines = Vec::new();
        match launched.read() {
            Ok(bytes) if !bytes.is_empty() => self.decoder.push(bytes, &mut lines),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => {
                launched.output = None;
                let mut decoder = std::mem::replace(&mut self.decoder, LineDecoder::new(self.line_max_chars));
                lines.extend(decoder.finish());
            }
        }
        self.log.append(SystemTime::now(), lines.iter().map(String::as_str));
    }

    /// Acts when the launcher, everything that came of it, and its output have ended.
    fn look_for_end(&mut self) {
        let Some(end) = self.launched.as_mut().and_then(Launched::reap) else { return };
        // A notification sent with the last breath may still lie in the socket.
        let unread = self.sockets.last_failure();
        let failure = self.launched.take().and_then(|launched| launched.failure).or(unread);
        self.state.launcher = None;
        self.ended(end, failure);
    }

    fn ended(&mut self, end: End, failure: Option<Failure>) {
        let kind = failure.as_ref().map(|failure| failure.kind);
        let exit_code = match &failure {
            Some(failure) if is_end(failure.kind) => failure.exit_status.map(i32::from),
            _ => end.exit_code(),
        };
        let what = failure.map_or_else(|| format!("the game {end}"), |failure| failure.message);
        if self.ladder.is_some() {
            self.say("stopped");
            self.finish(Phase::Stopped, None);
        } else if !self.was_ready {
            let what = if kind.is_some() { what } else { format!("{what} before it had bound its port") };
            self.fail(kind, what, exit_code);
        } else if end.is_clean() && kind.is_none() {
            self.say("the game ended by itself");
            self.finish(Phase::Stopped, None);
        } else if kind.is_none_or(is_end) {
            self.crashed(&what, exit_code);
        } else {
            // What the launcher can't do now it can't do a moment later either.
            self.fail(kind, what, exit_code);
        }
    }

    fn crashed(&mut self, what: &str, exit_code: Option<i32>) {
        match self.restarts.crashed(Instant::now()) {
            Verdict::Again(count) => {
                self.say(&format!("{what}; it is started again ({count} of {MOST_RESTARTS})"));
                self.state.phase = Phase::Restarting;
                self.state.restarts = count;
                self.next_start = Some(Instant::now() + RESTART_PAUSE);
                self.write_state();
            }
            Verdict::GiveUp => {
                let (times, window) = (MOST_RESTARTS + 1, WINDOW.as_secs());
                let message = format!("the game crashed {times} times within {window} s; the last time {what}");
                self.fail(None, message, exit_code);
            }
        }
    }

    fn fail(&mut self, kind: Option<FailureKind>, message: String, exit_code: Option<i32>) {
        if let Some(launched) = &self.launched {
            launched.signal(Signal::KILL);
        }
        self.say(&message);
        self.finish(Phase::Failed, Some(FailureRecord { kind, message, exit_code }));
    }

    fn finish(&mut self, phase: Phase, failure: Option<FailureRecord>) {
        self.state.phase = phase;
        self.state.failure = failure;
        self.state.since_unix_ms = None;
        self.state.restarts = 0;
        // On a full disk the old record would tell a lie for good. Removing needs no room, and none means stopped.
        if !self.write_state() && phase == Phase::Stopped {
            let _ = std::fs::remove_file(self.instance.state());
        }
    }

    /// A word of the supervisor's own in the game's log.
    fn say(&mut self, words: &str) {
        let line = format!("[supervisor] {words}");
        self.log.append(SystemTime::now(), [line.as_str()]);
    }

    /// False when it could not be: a full disk must not end the game, and the next change tries again.
    fn write_state(&mut self) -> bool {
        let written = self.state.write(&self.instance.state());
        if let Err(error) = &written {
            self.say(&format!("can't write the state: {error}"));
        }
        written.is_ok()
    }
}

/// Whether it was the game that ended, rather than the launcher that gave up. A launcher that could not note that the game
/// was up takes a later end for the first one.
fn is_end(kind: FailureKind) -> bool {
    kind.is_crash() || kind == FailureKind::Ended
}

/// Takes the instance's lock. Whoever wrote the instance's files a moment ago has let go of it, but a process that was
/// forked meanwhile holds it until it executes its program.
fn take_over(instance: &InstanceLayout) -> io::Result<Option<File>> {
    let deadline = Instant::now() + LOCK_LIMIT;
    loop {
        let lock = try_lock(&instance.lock(), FlockOperation::NonBlockingLockExclusive).map_err(io::Error::other)?;
        if lock.is_some() || Instant::now() >= deadline {
            return Ok(lock);
        }
        std::thread::sleep(LOCK_PAUSE);
    }
}

/// Tells the panel that all is well so far, and lets go of its pipes.
fn detach_output() -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(STANDING.as_bytes())?;
    stdout.flush()?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok(rustix::stdio::dup2_stderr(&null)?)
}

fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
