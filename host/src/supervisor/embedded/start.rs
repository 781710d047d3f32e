//! Starting an instance, as the panel sees it: make sure that a supervising process is at it, and wait until the game
//! is ready, the time is over, or the caller has enough.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::state::Phase;
use super::{EmbeddedSupervisor, Look, process_end_within, spawn, watch as watching};
use crate::error::HostError;
use crate::name::InstanceName;
use crate::output::{OutputSink, OutputStream};
use crate::supervisor::attempt::{Attempt, give_up, hand_on_the_rest};
use crate::supervisor::failure::{MARGIN, explain, too_late};
use crate::supervisor::log::LogReader;
use crate::supervisor::{LogEvent, LogLine, Outcome, Start};

/// How long a stop may go on that was begun before. It goes on without whoever asked for it, with the time that they gave it.
const STOP_LIMIT: Duration = Duration::from_mins(1);

#[async_trait]
impl Start for EmbeddedSupervisor {
    async fn start(
        &self,
        name: &InstanceName,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let instance = self.known_instance(name)?;
        if !instance.spec().is_file() {
            return Err(HostError::Supervisor(format!("{name} was never initialized")));
        }
        if cancel.is_cancelled() {
            return Err(HostError::Cancelled);
        }
        let attempt = Attempt::of(&instance);
        let mut relay = Relay::begin(self, name)?;
        let ticks = self.watcher.state_ticks(name);
        let settled = tokio::select! {
            settled = self.settle(name) => settled?,
            () = cancel.cancelled() => return Err(HostError::Cancelled),
        };
        match settled {
            Some(Phase::Starting) => output.system(format!("{name} is being started already")).await,
            Some(_) => {
                output.system(format!("{name} runs already")).await;
                return Ok(Outcome::Already);
            }
            None => {
                output.system(format!("starting {name}")).await;
                attempt.forget().map_err(|source| HostError::io(format!("forget the last start of {name}"), source))?;
                spawn::supervisor(&self.launch_config(name), &self.l4d2ctl, self.line_max_chars)
                    .await
                    .map_err(|source| HostError::io(format!("start the supervisor of {name}"), source))
                    .inspect_err(|error| attempt.give_up(error))?;
            }
        }
        let limit = self.start_limit;
        let mut result = tokio::select! {
            // Done counts before late, however late it is that anybody comes to look.
            biased;
            result = self.readiness(name, ticks) => result,
            result = relay.forever(output) => result,
            () = cancel.cancelled() => Err(HostError::Cancelled),
            () = tokio::time::sleep(limit + MARGIN) => Err(too_late(limit)),
        };
        let unwanted = match &result {
            Err(HostError::Cancelled | HostError::Io { .. }) => true,
            // One that has failed meanwhile keeps its reason.
            Err(HostError::TimedOut { .. }) => {
                let active = self.look(name)?.filter(Look::is_active);
                if active.as_ref().is_some_and(|look| look.state.phase == Phase::Running) {
                    result = Ok(());
                }
                active.is_some() && result.is_err()
            }
            _ => false,
        };
        if let Some(error) = result.as_ref().err().filter(|_| unwanted) {
            give_up(self, &instance, name, error).await?;
        }
        hand_on_the_rest(name, relay.rest(output)).await;
        result.map(|()| Outcome::Done)
    }
}

impl EmbeddedSupervisor {
    /// Waits out a supervising process that is about to end. Gives what a living one is at.
    async fn settle(&self, name: &InstanceName) -> Result<Option<Phase>, HostError> {
        match self.look(name)? {
            Some(look) if look.is_active() && look.state.phase != Phase::Stopping => Ok(Some(look.state.phase)),
            Some(look) => {
                if let Some(process) = look.process {
                    process_end_within(process, STOP_LIMIT).await?;
                }
                Ok(None)
            }
            None => Ok(None),
        }
    }

    async fn readiness(&self, name: &InstanceName, mut ticks: watch::Receiver<u64>) -> Result<(), HostError> {
        loop {
            ticks.borrow_and_update();
            let Some(look) = self.look(name)? else { return Err(HostError::NoInstance(name.to_string())) };
            match (look.state.phase, &look.state.failure) {
                (Phase::Failed, Some(failure)) => {
                    let (message, code) = (failure.message.clone(), failure.exit_code);
                    return Err(explain(failure.kind, message, code));
                }
                (Phase::Stopping | Phase::Stopped, _) => {
                    let message = format!("{name} was stopped while it was being started");
                    return Err(HostError::Step { message, exit_code: None });
                }
                _ if look.process.is_none() => {
                    return Err(HostError::Supervisor(format!("the supervisor of {name} was killed")));
                }
                (Phase::Running | Phase::Restarting, _) => return Ok(()),
                (Phase::Starting | Phase::Failed, _) => {}
            }
            if ticks.changed().await.is_err() {
                return Err(HostError::NoInstance(name.to_string()));
            }
        }
    }
}

/// Hands the game's first output on to the step's. What was taken from the log and not yet handed on stays in it, so it
/// may be dropped between any two lines.
struct Relay {
    reader: LogReader,
    pending: VecDeque<LogLine>,
    ticks: watch::Receiver<u64>,
}

impl Relay {
    /// Begins where the log ends now.
    fn begin(supervisor: &EmbeddedSupervisor, name: &InstanceName) -> Result<Self, HostError> {
        let directory = supervisor.log_directory(name)?;
        let ticks =
            supervisor.watcher.log_ticks(name).map_err(|source| watching::failed("watch the game's log", source))?;
        let reader = LogReader::last(&directory, 0).map_err(|source| HostError::io("read the game's log", source))?;
        Ok(Self { reader, pending: VecDeque::new(), ticks })
    }

    async fn forever(&mut self, output: &OutputSink) -> Result<(), HostError> {
        loop {
            self.ticks.borrow_and_update();
            self.rest(output).await?;
            if self.ticks.changed().await.is_err() {
                // The instance is gone, which the other side of the wait tells.
                std::future::pending::<()>().await;
            }
        }
    }

    async fn rest(&mut self, output: &OutputSink) -> Result<(), HostError> {
        loop {
            while let Some(line) = self.pending.front() {
                output.line(OutputStream::Stdout, line.text.clone()).await;
                self.pending.pop_front();
            }
            // Read in place: what was just written lies in memory, and the wait for it stays free to be given up.
            let batch = self.reader.read().map_err(|source| HostError::io("read the game's log", source))?;
            if batch.events.is_empty() {
                return Ok(());
            }
            self.pending.extend(batch.events.into_iter().filter_map(|event| match event {
                LogEvent::Line(line) => Some(line),
                LogEvent::Skipped { .. } => None,
            }));
        }
    }
}
