//! Stopping an instance by the ladder: `quit` on the console, a stop job (SIGTERM), SIGKILL to the whole unit.

use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::SystemdSupervisor;
use super::job::DONE;
use super::unit::Unit;
use crate::error::HostError;
use crate::name::InstanceName;
use crate::output::OutputSink;
use crate::supervisor::attempt::Attempt;
use crate::supervisor::{Outcome, Stop, StopLadder, console};

#[async_trait]
impl Stop for SystemdSupervisor {
    async fn stop(
        &self,
        name: &InstanceName,
        ladder: StopLadder,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let forgotten = Attempt::of(&self.layout.instance(name)).forget();
        forgotten.map_err(|source| HostError::io(format!("forget the last start of {name}"), source))?;
        let unit = self.look(name).await?;
        if !unit.is_active() {
            // A stopped instance has no failure any more.
            self.reset(name).await?;
            output.system(format!("{name} does not run")).await;
            return Ok(Outcome::Already);
        }
        output.system(format!("stopping {name}")).await;
        let stopped = cancel.run_until_cancelled(self.climb(name, &unit, ladder, output)).await;
        stopped.unwrap_or(Err(HostError::Cancelled))?;
        output.system(format!("{name} is stopped")).await;
        Ok(Outcome::Done)
    }
}

impl SystemdSupervisor {
    async fn climb(
        &self,
        name: &InstanceName,
        unit: &Unit,
        ladder: StopLadder,
        output: &OutputSink,
    ) -> Result<(), HostError> {
        // Only a game that is up reads its console.
        let quits = unit.is_up() && !ladder.console.is_zero() && self.quits(name, ladder.console, output).await?;
        // Also behind a game that quit: nothing is left to be ended then, and no restart can come between.
        if !quits {
            output.system("sending SIGTERM").await;
        }
        let mut stop = Box::pin(self.end(name));
        let ended = tokio::time::timeout(ladder.terminate, stop.as_mut()).await;
        let ended = if let Ok(result) = ended {
            Some(result?)
        } else {
            output.system("sending SIGKILL to all its processes").await;
            let unit_name = &self.unit_name(name);
            self.ask(|bus| async move { bus.kill(unit_name).await }).await?;
            tokio::time::timeout(ladder.kill, stop).await.ok().transpose()?
        };
        match ended.as_deref() {
            // A killed game counts as failed, which is not what a stop is to leave.
            Some(DONE) => self.reset(name).await,
            Some(word) => Err(not_stopped(name, word)),
            None => Err(not_stopped(name, "its processes hang in the kernel")),
        }
    }

    /// Types `quit` and waits so long for the end; says whether it came.
    async fn quits(&self, name: &InstanceName, patience: Duration, output: &OutputSink) -> Result<bool, HostError> {
        output.system("typing quit on the console").await;
        let socket = self.layout.instance(name).console_socket();
        if let Err(error) = console::type_line(socket, "quit").await {
            output.system(format!("the console can't be reached: {error}")).await;
            return Ok(false);
        }
        let ended = self.until(name, |unit| !unit.is_up() && !unit.is_ending());
        match tokio::time::timeout(patience, ended).await {
            Ok(unit) => unit.map(|unit| !unit.is_active()),
            Err(_) => Ok(false),
        }
    }
}

fn not_stopped(name: &InstanceName, why: &str) -> HostError {
    HostError::Step { message: format!("{name} could not be stopped: {why}"), exit_code: None }
}
