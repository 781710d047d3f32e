//! A supervisor without an operating system, for tests of whatever stands above the port.
//!
//! It keeps the port's promises (idempotence, cursors without gap or duplicate, followers that outlive restarts) in
//! memory. A test scripts how the next starts and stops go, makes a game print or crash, and reads back which calls
//! came and what was typed on the console. Nothing in it sleeps: a held step goes on when the test releases it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::{
    ActualState, InstanceChanged, InstanceStatus, LogCursor, LogEvent, LogLine, LogStart, Outcome, Start, Stop,
    StopLadder, Supervisor,
};
use crate::error::HostError;
use crate::name::InstanceName;
use crate::output::OutputSink;

/// How a start or a stop goes, until the test says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FakeStep {
    /// It succeeds at once.
    #[default]
    Succeed,
    /// It waits for [`FakeSupervisor::release`], then succeeds; cancelling it ends the wait.
    Hold,
    /// It fails as a child process does.
    Fail {
        /// The sentence for a person.
        message: String,
        /// The exit status of the process, if it had one.
        exit_code: Option<i32>,
    },
    /// It runs into its time limit.
    TimeOut,
}

/// One call that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FakeCall {
    /// `start` of an instance.
    Start(InstanceName),
    /// `stop` of an instance.
    Stop(InstanceName),
    /// `forget` of an instance.
    Forget(InstanceName),
}

/// The in-memory supervisor; clones share everything.
#[derive(Debug, Clone)]
pub struct FakeSupervisor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    instances: Mutex<HashMap<InstanceName, Instance>>,
    calls: watch::Sender<Vec<FakeCall>>,
    changes: broadcast::Sender<InstanceChanged>,
}

#[derive(Debug)]
struct Instance {
    state: ActualState,
    on_start: FakeStep,
    on_stop: FakeStep,
    restarts: u32,
    console: Vec<String>,
    reads_console: bool,
    /// Counts the releases, so that one which comes before the wait is not lost on it.
    released: watch::Sender<u64>,
    log: Log,
}

#[derive(Debug)]
struct Log {
    lines: Vec<LogLine>,
    /// How many lines were dropped from the front: the number of the first line in `lines`.
    dropped: usize,
    /// The number of lines ever printed; followers wait on it, and end when it goes away.
    printed: watch::Sender<usize>,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            state: ActualState::Stopped,
            on_start: FakeStep::Succeed,
            on_stop: FakeStep::Succeed,
            restarts: 0,
            console: Vec::new(),
            reads_console: true,
            released: watch::Sender::new(0),
            log: Log { lines: Vec::new(), dropped: 0, printed: watch::Sender::new(0) },
        }
    }
}

impl Default for FakeSupervisor {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeSupervisor {
    /// A supervisor that knows no instance yet; every name is one that is stopped.
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                instances: Mutex::new(HashMap::new()),
                calls: watch::Sender::new(Vec::new()),
                changes: broadcast::Sender::new(1024),
            }),
        }
    }

    /// Says how starts of `name` go from now on.
    pub fn on_start(&self, name: &InstanceName, step: FakeStep) {
        self.with(name, |instance| instance.on_start = step);
    }

    /// Says how stops of `name` go from now on.
    pub fn on_stop(&self, name: &InstanceName, step: FakeStep) {
        self.with(name, |instance| instance.on_stop = step);
    }

    /// Lets a held step of `name` go on.
    pub fn release(&self, name: &InstanceName) {
        self.with(name, |instance| instance.released.send_modify(|count| *count += 1));
    }

    /// Puts an instance into a state behind the caller's back, as a crash or an administrator would.
    pub fn set_state(&self, name: &InstanceName, state: ActualState) {
        self.with(name, |instance| instance.state = state);
        self.changed(name);
    }

    /// The game ends by itself once too often.
    pub fn crash(&self, name: &InstanceName, reason: &str) {
        self.set_state(name, ActualState::Failed { reason: reason.to_owned() });
    }

    /// Says how often the instance was started again lately.
    pub fn set_recent_restarts(&self, name: &InstanceName, restarts: u32) {
        self.with(name, |instance| instance.restarts = restarts);
        self.changed(name);
    }

    /// The game prints a line.
    pub fn print(&self, name: &InstanceName, text: &str) {
        self.with(name, |instance| instance.log.push(text));
    }

    /// The log forgets all but the last `keep` lines, as rotation does.
    pub fn rotate(&self, name: &InstanceName, keep: usize) {
        self.with(name, |instance| {
            let excess = instance.log.lines.len().saturating_sub(keep);
            instance.log.lines.drain(..excess);
            instance.log.dropped += excess;
        });
    }

    /// What was typed on the game's console.
    pub fn console_lines(&self, name: &InstanceName) -> Vec<String> {
        self.with(name, |instance| instance.console.clone())
    }

    /// From now on the game reads nothing of its console.
    pub fn stop_reading_console(&self, name: &InstanceName) {
        self.with(name, |instance| instance.reads_console = false);
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<FakeCall> {
        self.inner.calls.borrow().clone()
    }

    /// Waits until a call has come. The caller bounds the wait.
    pub async fn called(&self, call: &FakeCall) {
        let mut calls = self.inner.calls.subscribe();
        // The sender lives in `self`, so the wait can't fail.
        let _ = calls.wait_for(|calls| calls.contains(call)).await;
    }

    fn instances(&self) -> MutexGuard<'_, HashMap<InstanceName, Instance>> {
        self.inner.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, name: &InstanceName, act: impl FnOnce(&mut Instance) -> T) -> T {
        act(self.instances().entry(name.clone()).or_default())
    }

    fn changed(&self, name: &InstanceName) {
        // Nobody listening is fine.
        let _ = self.inner.changes.send(InstanceChanged { name: name.clone() });
    }

    fn record(&self, call: FakeCall) {
        self.inner.calls.send_modify(|calls| calls.push(call));
    }

    async fn step(
        &self,
        step: FakeStep,
        label: &'static str,
        mut released: watch::Receiver<u64>,
        cancel: &CancellationToken,
    ) -> Result<(), HostError> {
        if cancel.is_cancelled() {
            return Err(HostError::Cancelled);
        }
        match step {
            FakeStep::Succeed => Ok(()),
            FakeStep::Fail { message, exit_code } => Err(HostError::Step { message, exit_code }),
            FakeStep::TimeOut => Err(HostError::TimedOut { step: label, limit_seconds: 60 }),
            FakeStep::Hold => tokio::select! {
                () = cancel.cancelled() => Err(HostError::Cancelled),
                _ = released.changed() => Ok(()),
            },
        }
    }

    /// The page of events behind line number `next`, and the number to go on from.
    fn page(&self, name: &InstanceName, next: usize) -> (Vec<LogEvent>, usize) {
        self.with(name, |instance| {
            let log = &instance.log;
            let first = next.max(log.dropped);
            let skipped = first - next;
            let mut events = Vec::new();
            if skipped > 0 {
                events.push(LogEvent::Skipped { lines: u64::try_from(skipped).ok() });
            }
            events.extend(log.lines.iter().skip(first - log.dropped).cloned().map(LogEvent::Line));
            (events, log.dropped + log.lines.len())
        })
    }
}

impl Log {
    fn push(&mut self, text: &str) {
        let number = self.dropped + self.lines.len() + 1;
        // A clock of its own: two lines a second, the same in every run.
        let halves = u32::try_from(number).unwrap_or(u32::MAX);
        self.lines.push(LogLine {
            cursor: LogCursor(format!("fake-{number}")),
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(500) * halves,
            text: text.to_owned(),
        });
        self.printed.send_replace(number);
    }

    fn number_of(&self, cursor: &LogCursor) -> Option<usize> {
        let number = cursor.0.strip_prefix("fake-")?.parse().ok()?;
        (number <= self.dropped + self.lines.len()).then_some(number)
    }
}

#[async_trait]
impl Start for FakeSupervisor {
    async fn start(
        &self,
        name: &InstanceName,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let (running, step, released) = self.with(name, |instance| {
            (instance.state == ActualState::Running, instance.on_start.clone(), instance.released.subscribe())
        });
        self.record(FakeCall::Start(name.clone()));
        if running {
            output.system(format!("{name} runs already")).await;
            return Ok(Outcome::Already);
        }
        output.system(format!("starting {name}")).await;
        self.step(step, "start", released, cancel).await?;
        self.with(name, |instance| instance.restarts = 0);
        self.set_state(name, ActualState::Running);
        Ok(Outcome::Done)
    }
}

#[async_trait]
impl Stop for FakeSupervisor {
    async fn stop(
        &self,
        name: &InstanceName,
        _ladder: StopLadder,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let (running, step, released) = self.with(name, |instance| {
            (instance.state == ActualState::Running, instance.on_stop.clone(), instance.released.subscribe())
        });
        self.record(FakeCall::Stop(name.clone()));
        if !running {
            output.system(format!("{name} does not run")).await;
            self.set_state(name, ActualState::Stopped);
            return Ok(Outcome::Already);
        }
        output.system(format!("stopping {name}")).await;
        self.step(step, "stop", released, cancel).await?;
        self.set_state(name, ActualState::Stopped);
        Ok(Outcome::Done)
    }
}

#[async_trait]
impl Supervisor for FakeSupervisor {
    fn kind(&self) -> &'static str {
        "fake"
    }

    async fn status(&self, name: &InstanceName) -> Result<InstanceStatus, HostError> {
        Ok(self.with(name, |instance| InstanceStatus {
            pid: (instance.state == ActualState::Running).then_some(1),
            since: (instance.state == ActualState::Running).then_some(SystemTime::UNIX_EPOCH),
            recent_restarts: instance.restarts,
            state: instance.state.clone(),
        }))
    }

    async fn console(&self, name: &InstanceName, line: &str) -> Result<(), HostError> {
        self.with(name, |instance| {
            if instance.state != ActualState::Running {
                return Err(HostError::NotRunning);
            }
            if !instance.reads_console {
                return Err(HostError::ConsoleStuck);
            }
            instance.console.push(line.to_owned());
            Ok(())
        })
    }

    async fn logs(&self, name: &InstanceName, lines: usize) -> Result<Vec<LogLine>, HostError> {
        Ok(self.with(name, |instance| {
            let all = &instance.log.lines;
            all.iter().skip(all.len().saturating_sub(lines)).cloned().collect()
        }))
    }

    async fn follow(
        &self,
        name: &InstanceName,
        start: LogStart,
    ) -> Result<BoxStream<'static, Result<LogEvent, HostError>>, HostError> {
        let (next, lost, printed) = self.with(name, |instance| {
            let log = &instance.log;
            let (next, lost) = match &start {
                LogStart::Last(lines) => (log.dropped + log.lines.len().saturating_sub(*lines), false),
                LogStart::After(cursor) => log.number_of(cursor).map_or((log.dropped, true), |number| (number, false)),
            };
            (next, lost, log.printed.subscribe())
        });
        let first = lost.then_some(Ok(LogEvent::Skipped { lines: None }));
        let pages = stream::unfold((self.clone(), name.clone(), next, printed), |(fake, name, next, mut printed)| {
            async move {
                // Lines printed after the page is read are seen by this wait; so are those before the first page.
                printed.wait_for(|number| *number > next).await.ok()?;
                let (events, next) = fake.page(&name, next);
                Some((stream::iter(events.into_iter().map(Ok)), (fake, name, next, printed)))
            }
        });
        Ok(stream::iter(first).chain(pages.flatten()).boxed())
    }

    fn changes(&self) -> broadcast::Receiver<InstanceChanged> {
        self.inner.changes.subscribe()
    }

    async fn forget(&self, name: &InstanceName) -> Result<(), HostError> {
        self.record(FakeCall::Forget(name.clone()));
        // Dropping the log's sender ends its followers.
        self.instances().remove(name);
        self.changed(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
