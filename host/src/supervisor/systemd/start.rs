//! Starting an instance: one job of systemd, which is done once the launcher has said that the port is bound.

use std::pin::Pin;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{BoxStream, Peekable};
use rustix::fs::FlockOperation;
use tokio_util::sync::CancellationToken;

use super::job::{DONE, FAILED};
use super::{SystemdSupervisor, properties};
use crate::error::HostError;
use crate::launcher::Past;
use crate::locks::lock;
use crate::name::InstanceName;
use crate::output::{OutputSink, OutputStream};
use crate::supervisor::attempt::{Attempt, give_up, hand_on_the_rest};
use crate::supervisor::failure::{MARGIN, explain, too_late};
use crate::supervisor::{LogEvent, LogStart, Outcome, Start, known_instance};

type Log = Peekable<BoxStream<'static, Result<LogEvent, HostError>>>;

#[async_trait]
impl Start for SystemdSupervisor {
    async fn start(
        &self,
        name: &InstanceName,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let instance = known_instance(&self.layout, name)?;
        if !instance.spec().is_file() {
            return Err(HostError::Supervisor(format!("{name} was never initialized")));
        }
        if cancel.is_cancelled() {
            return Err(HostError::Cancelled);
        }
        let found = tokio::select! {
            found = self.until(name, |unit| !unit.is_ending()) => found?,
            () = cancel.cancelled() => return Err(HostError::Cancelled),
        };
        if found.is_active() && !found.is_starting() {
            output.system(format!("{name} runs already")).await;
            return Ok(Outcome::Already);
        }
        // A program beside this one that deletes or initializes the instance must not have its files meanwhile. Other starts
        // may, and this one's job is theirs too.
        let Some(_held) = lock(&instance.lock(), FlockOperation::NonBlockingLockShared).await? else {
            return Err(HostError::Busy(format!("the files of {name} are being changed: start it when that is done")));
        };
        if !instance.spec().is_file() {
            return Err(HostError::NoInstance(name.to_string()));
        }
        let heard = CancellationToken::new();
        let mut log = self.log_from_now(name, &heard).await?;
        let said = if found.is_active() { "is being started already" } else { "is being started" };
        output.system(format!("{name} {said}")).await;
        let mut result = tokio::select! {
            // Done counts before late, however late it is that anybody comes to look.
            biased;
            result = self.bring_up(name, found.is_active()) => result,
            () = relay(&mut log, output, true) => Err(HostError::Supervisor("the journal ended".to_owned())),
            () = cancel.cancelled() => Err(HostError::Cancelled),
            () = tokio::time::sleep(self.start_limit + MARGIN) => Err(too_late(self.start_limit)),
        };
        let unwanted = match &result {
            Err(HostError::Cancelled | HostError::Supervisor(_)) => true,
            // Where the launcher gave up, the game has ended and its failure is to be seen; where this side did, it has not.
            Err(HostError::TimedOut { .. }) => {
                let unit = self.look(name).await?;
                if unit.is_up() {
                    result = Ok(());
                }
                unit.is_active() && !unit.is_up()
            }
            _ => false,
        };
        if let Some(error) = result.as_ref().err().filter(|_| unwanted) {
            give_up(self, &instance, name, error).await?;
        }
        heard.cancel();
        hand_on_the_rest(name, relay(&mut log, output, false)).await;
        result.map(|()| Outcome::Done)
    }
}

impl SystemdSupervisor {
    /// The game's output from here on, until it was `heard` and all that came until then is read.
    async fn log_from_now(&self, name: &InstanceName, heard: &CancellationToken) -> Result<Log, HostError> {
        Ok(self.journal(name)?.follow(&self.feeds, LogStart::Last(0), heard.clone()).await?.peekable())
    }

    async fn bring_up(&self, name: &InstanceName, begun: bool) -> Result<(), HostError> {
        let unit_name = &self.unit_name(name);
        let result = if begun {
            let unit = self.until(name, |unit| !unit.is_starting() && !unit.is_ending()).await?;
            if unit.is_up() { DONE } else { FAILED }.to_owned()
        } else {
            let drop_ins = self.look(name).await?.drop_ins;
            let limits = &properties::of_limits(&self.game_limits, &drop_ins);
            if !limits.is_empty() {
                self.ask(|bus| async move { bus.set(unit_name, limits).await }).await?;
            }
            // An earlier failure, and the starts that are counted until then, are none of this one's business.
            self.reset(name).await?;
            let instance = self.layout.instance(name);
            let forgotten = Past::of(&instance).forget().and_then(|()| Attempt::of(&instance).forget());
            forgotten.map_err(|source| HostError::io(format!("forget the last run of {name}"), source))?;
            self.begin(name).await?
        };
        if result == DONE {
            return Ok(());
        }
        let unit = self.look(name).await?;
        match result.as_str() {
            "timeout" => Err(too_late(self.start_limit)),
            // Such as the package's view of the files, which the kernel or the file system may not offer.
            "dependency" => Err(HostError::Supervisor(format!(
                "a unit that {name} needs did not start: see `systemctl list-dependencies --all {unit_name}`"
            ))),
            _ if unit.has_failed() => Err(explain(unit.failure_kind(), unit.reason(), unit.exit_code())),
            // Where neither the launcher nor the game said that it can't work, systemd goes on trying.
            FAILED if unit.is_active() && !unit.is_ending() => {
                let error = explain(unit.failure_kind(), unit.reason(), unit.exit_code());
                give_up(self, &self.layout.instance(name), name, &error).await?;
                Err(error)
            }
            _ => {
                let message = format!("{name} was stopped while it was being started");
                Err(HostError::Step { message, exit_code: None })
            }
        }
    }
}

/// Hands the game's first output on to the step's; `forever` unless the log is to end. A line stays in the log until it is
/// handed on, so this may be dropped at any time.
async fn relay(log: &mut Log, output: &OutputSink, forever: bool) {
    while let Some(event) = Pin::new(&mut *log).peek().await {
        match event {
            Ok(LogEvent::Line(line)) => output.line(OutputStream::Stdout, line.text.clone()).await,
            Ok(LogEvent::Skipped { .. }) => {}
            Err(error) => tracing::warn!(%error, "the game's first output can't be read"),
        }
        log.next().await;
    }
    if forever {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::output::Output;
    use crate::supervisor::{LogCursor, LogLine};

    #[tokio::test]
    async fn a_line_that_could_not_be_handed_on_yet_comes_later() {
        let line = |text: &str| {
            Ok(LogEvent::Line(LogLine {
                text: text.to_owned(),
                time: SystemTime::UNIX_EPOCH,
                cursor: LogCursor(text.to_owned()),
            }))
        };
        let mut log = futures::stream::iter(["one", "two", "three"].map(line)).boxed().peekable();
        let (output, mut receiver) = OutputSink::channel(1);
        // It has handed on the first and waits for room, as its turn ends.
        assert!(futures::poll!(Box::pin(relay(&mut log, &output, true))).is_pending());
        let rest = async {
            relay(&mut log, &output, false).await;
            drop(output);
        };
        let taken = async {
            let mut texts = Vec::new();
            while let Some(Output::Line { text, .. }) = receiver.recv().await {
                texts.push(text);
            }
            texts
        };
        assert_eq!(tokio::join!(rest, taken).1, ["one", "two", "three"]);
    }
}
