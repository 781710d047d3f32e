//! Starting an instance: one job of systemd, which is done once the launcher has said that the port is bound.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;

use super::{SystemdSupervisor, properties};
use crate::error::HostError;
use crate::name::InstanceName;
use crate::output::{OutputSink, OutputStream};
use crate::supervisor::failure::{explain, too_late};
use crate::supervisor::{LogEvent, LogStart, Outcome, Start, Stop, StopLadder, known_instance};

/// The launcher watches the time itself and can say more; this is for one that does not.
const MARGIN: Duration = Duration::from_secs(2);
/// How long the rest of the game's output may take to be handed on.
const REST_LIMIT: Duration = Duration::from_secs(2);

type Log = BoxStream<'static, Result<LogEvent, HostError>>;

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
        let heard = CancellationToken::new();
        let mut log = self.log_from_now(name, &heard).await?;
        let said = if found.is_active() { "is being started already" } else { "is being started" };
        output.system(format!("{name} {said}")).await;
        let result = tokio::select! {
            result = self.bring_up(name, found.is_active()) => result,
            () = relay(&mut log, output, true) => Err(HostError::Supervisor("the journal ended".to_owned())),
            () = cancel.cancelled() => Err(HostError::Cancelled),
            () = tokio::time::sleep(self.start_limit + MARGIN) => Err(too_late(self.start_limit)),
        };
        if matches!(result, Err(HostError::Cancelled | HostError::Supervisor(_))) {
            self.end_at_once(name).await?;
        }
        heard.cancel();
        // A reader that does not read must not keep the step from its end.
        if tokio::time::timeout(REST_LIMIT, relay(&mut log, output, false)).await.is_err() {
            tracing::warn!(%name, "the game's first output was not taken in time");
        }
        result.map(|()| Outcome::Done)
    }
}

impl SystemdSupervisor {
    /// The game's output from here on, until it was `heard` and all that came until then is read.
    async fn log_from_now(&self, name: &InstanceName, heard: &CancellationToken) -> Result<Log, HostError> {
        self.journal(name)?.follow(&self.feeds, LogStart::Last(0), heard.clone()).await
    }

    async fn bring_up(&self, name: &InstanceName, begun: bool) -> Result<(), HostError> {
        let (bus, unit_name) = (self.bus().await?, self.unit_name(name));
        let result = if begun {
            let unit = self.until(name, |unit| !unit.is_starting()).await?;
            if unit.is_up() { "done" } else { "failed" }.to_owned()
        } else {
            let drop_ins = bus.look(&unit_name).await?.drop_ins;
            let limits = properties::of_limits(&self.game_limits, &drop_ins);
            if !limits.is_empty() {
                bus.set(&unit_name, &limits).await?;
            }
            // An earlier failure, and the starts that are counted until then, are none of this one's business.
            bus.reset(&unit_name).await?;
            bus.start(&unit_name).await?
        };
        if result == "done" {
            return Ok(());
        }
        let unit = bus.look(&unit_name).await?;
        match result.as_str() {
            "timeout" => Err(too_late(self.start_limit)),
            // Such as the package's view of the files, which the kernel or the file system may not offer.
            "dependency" => Err(HostError::Supervisor(format!(
                "a unit that {name} needs did not start: see `systemctl list-dependencies --all {unit_name}`"
            ))),
            _ if unit.has_failed() => {
                Err(explain(unit.failure_kind(), unit.reason(), unit.exit_code(), self.start_limit))
            }
            _ => {
                let message = format!("{name} was stopped while it was being started");
                Err(HostError::Step { message, exit_code: None })
            }
        }
    }

    /// Ends a start that is not wanted any more: nothing is left running.
    async fn end_at_once(&self, name: &InstanceName) -> Result<(), HostError> {
        let ladder = StopLadder { console: Duration::ZERO, terminate: Duration::ZERO, ..StopLadder::default() };
        let (unheard, _) = OutputSink::channel(1);
        self.stop(name, ladder, &unheard, &CancellationToken::new()).await.map(drop)
    }
}

/// Hands the game's first output on to the step's; `forever` unless the log is to end.
async fn relay(log: &mut Log, output: &OutputSink, forever: bool) {
    while let Some(event) = log.next().await {
        match event {
            Ok(LogEvent::Line(line)) => output.line(OutputStream::Stdout, line.text).await,
            Ok(LogEvent::Skipped { .. }) => {}
            Err(error) => tracing::warn!(%error, "the game's first output can't be read"),
        }
    }
    if forever {
        std::future::pending::<()>().await;
    }
}
