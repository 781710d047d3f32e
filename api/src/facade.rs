//! From blueprint and server to the host: makes the specification and calls the host with it.

use std::future::Future;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use l4d2_host::spec::Specification;
use l4d2_host::supervisor::{ActualState, InstanceStatus, Outcome};
use l4d2_host::{Host, HostError, InstanceName, OutputSink};
use tokio_util::sync::CancellationToken;

use crate::db::specification::SpecificationSource;

/// The specification that a server would be given now.
pub fn specification(source: &SpecificationSource) -> Result<Specification> {
    Ok(Specification {
        version: Specification::VERSION,
        name: InstanceName::parse(&source.server.name)?,
        port: u16::try_from(source.server.port).context("the port is out of range")?,
        overlays: source.overlays.iter().map(|overlay| overlay.path.clone()).collect(),
        arguments: serde_json::from_str(&source.blueprint.arguments)
            .context("the blueprint's arguments are no list")?,
        config: serde_json::from_str(&source.blueprint.config).context("the blueprint's config is no list")?,
    })
}

/// The digest that tells whether a server has pending changes.
pub fn digest(source: &SpecificationSource) -> Result<String> {
    Ok(specification(source)?.digest()?)
}

/// The host knows an overlay by its place in the specification; people know it by its name.
pub fn name_overlay(error: HostError, source: &SpecificationSource) -> HostError {
    let HostError::UnusableOverlay { index, fault } = error else {
        return error;
    };
    let Some(overlay) = source.overlays.get(index) else {
        return error;
    };
    HostError::Overlay(format!("the overlay \"{}\" {fault}", overlay.name))
}

/// Looks at an instance: in vain when that takes too long.
pub async fn look(host: &Host, name: &InstanceName) -> Result<InstanceStatus, HostError> {
    within(LOOK_LIMIT, "look", host.status(name)).await
}

async fn within<T>(
    limit: Duration,
    step: &'static str,
    work: impl Future<Output = Result<T, HostError>>,
) -> Result<T, HostError> {
    let timed_out = HostError::TimedOut { step, limit_seconds: limit.as_secs() };
    tokio::time::timeout(limit, work).await.unwrap_or(Err(timed_out))
}

/// Runs the steps of one job on the host.
#[derive(Debug)]
pub struct Runner<'a> {
    host: &'a Host,
    output: &'a OutputSink,
    cancel: &'a CancellationToken,
}

/// A look is one question to the supervisor, which may be slow while the machine is busy.
const LOOK_LIMIT: Duration = Duration::from_secs(15);
/// Generating an instance is writing some small files.
const INITIALIZE_LIMIT: Duration = Duration::from_mins(2);
/// Removing an instance is bounded by what its game wrote.
const REMOVE_LIMIT: Duration = Duration::from_mins(10);
/// How long a step that was told to give up may take to clean up after itself.
const WIND_UP: Duration = Duration::from_secs(30);

impl<'a> Runner<'a> {
    /// A runner that writes to `output` and gives up when `cancel` says so.
    pub fn new(host: &'a Host, output: &'a OutputSink, cancel: &'a CancellationToken) -> Self {
        Self { host, output, cancel }
    }

    /// Installs or updates the game; answers SteamCMD's exit status.
    pub async fn install(&self) -> Result<Option<i32>, HostError> {
        // The host keeps its own limit over all runs of SteamCMD; this one catches a host that does not.
        let limit = self.host.config().steamcmd.time_limit + WIND_UP;
        self.limited("install", limit, |cancel| async move { self.host.install(self.output, &cancel).await }).await
    }

    /// Generates the instance; answers the digest of what was applied.
    pub async fn initialize(&self, specification: &Specification) -> Result<String, HostError> {
        let digest = specification.digest()?;
        // Private by construction: 0600 in a place of its own, and gone when it is dropped.
        let mut file = tempfile::Builder::new()
            .prefix("l4d2-spec-")
            .suffix(".yaml")
            .tempfile()
            .map_err(|error| HostError::io("make a temporary specification", error))?;
        file.write_all(specification.to_yaml()?.as_bytes())
            .map_err(|error| HostError::io("write a temporary specification", error))?;
        let path = file.path();
        self.limited("initialize", INITIALIZE_LIMIT, |cancel| async move {
            self.host.initialize(path, self.output, &cancel).await
        })
        .await?;
        Ok(digest)
    }

    /// Starts the game and waits until it has its port.
    pub async fn start(&self, name: &InstanceName) -> Result<Outcome, HostError> {
        let limit = self.host.config().start_limit + WIND_UP;
        self.limited("start", limit, |cancel| async move { self.host.start(name, self.output, &cancel).await }).await
    }

    /// Stops the game.
    pub async fn stop(&self, name: &InstanceName) -> Result<Outcome, HostError> {
        self.limited(
            "stop",
            self.stop_limit(),
            |cancel| async move { self.host.stop(name, self.output, &cancel).await },
        )
        .await
    }

    /// Stops the game and removes the instance.
    pub async fn delete(&self, name: &InstanceName) -> Result<Outcome, HostError> {
        self.limited("delete", self.stop_limit() + REMOVE_LIMIT, |cancel| async move {
            self.host.delete(name, self.output, &cancel).await
        })
        .await
    }

    /// Whether the game runs, by looking.
    pub async fn runs(&self, name: &InstanceName) -> Result<bool, HostError> {
        Ok(self.unless_cancelled(look(self.host, name)).await?.state == ActualState::Running)
    }

    /// Waits for what has a limit of its own, but no longer than the job goes on.
    pub async fn unless_cancelled<T>(&self, work: impl Future<Output = Result<T, HostError>>) -> Result<T, HostError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(HostError::Cancelled),
            result = work => result,
        }
    }

    fn stop_limit(&self) -> Duration {
        let ladder = self.host.config().stop_ladder;
        ladder.console + ladder.terminate + ladder.kill + WIND_UP
    }

    /// Bounds a step: past its limit it is told to give up, and dropped when it does not.
    async fn limited<F, Fut, T>(&self, step: &'static str, limit: Duration, call: F) -> Result<T, HostError>
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = Result<T, HostError>>,
    {
        let cancel = self.cancel.child_token();
        let call = call(cancel.clone());
        tokio::pin!(call);
        tokio::select! {
            result = &mut call => return result,
            () = tokio::time::sleep(limit) => cancel.cancel(),
        }
        let timed_out = HostError::TimedOut { step, limit_seconds: limit.as_secs() };
        match tokio::time::timeout(WIND_UP, call).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(HostError::Cancelled)) | Err(_) => Err(timed_out),
            Ok(Err(other)) => Err(other),
        }
    }
}
