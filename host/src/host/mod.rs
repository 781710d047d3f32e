//! The facade over everything the host does.

mod catalog;
mod config;
mod lifecycle;
mod space;

use std::path::Path;
use std::sync::Arc;

use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub use catalog::OverlayCheck;
pub use config::{HostConfig, SteamcmdConfig, SupervisorChoice};
pub use space::DiskSpace;
pub(crate) use space::disk_space;

use crate::command::Runner;
use crate::doctor::{self, Check};
use crate::error::HostError;
use crate::installation::{self, Installation};
use crate::launcher;
use crate::layout::Layout;
use crate::name::InstanceName;
use crate::output::OutputSink;
use crate::supervisor::embedded::EmbeddedSupervisor;
use crate::supervisor::systemd::{self, Obstacle, SystemdSupervisor};
use crate::supervisor::{InstanceChanged, InstanceStatus, LogEvent, LogLine, LogStart, Outcome, Supervisor};
use crate::usage::{self, InstanceUsage};

/// The host: one per process, cheap to clone.
#[derive(Debug, Clone)]
pub struct Host {
    config: Arc<HostConfig>,
    layout: Layout,
    supervisor: Arc<dyn Supervisor>,
}

impl Host {
    /// Chooses the supervisor and makes the directories. Relative paths count from the present directory.
    pub async fn new(config: HostConfig) -> Result<Self, HostError> {
        let config = config.absolute().map_err(|source| HostError::io("finding the present directory", source))?;
        refuse_if_seen(&config)?;
        lifecycle::make_directories(&Layout::new(&config.root, &config.overlay_root))?;
        let supervisor = choose_supervisor(&config).await?;
        Ok(Self::with_supervisor(config, supervisor))
    }

    /// A host on a given supervisor.
    pub fn with_supervisor(config: HostConfig, supervisor: Arc<dyn Supervisor>) -> Self {
        let layout = Layout::new(config.root.clone(), config.overlay_root.clone());
        Self { config: Arc::new(config), layout, supervisor }
    }

    /// What it was made with.
    pub fn config(&self) -> &HostConfig {
        &self.config
    }

    /// Its paths.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// `systemd` or `embedded`.
    pub fn supervisor_kind(&self) -> &'static str {
        self.supervisor.kind()
    }

    /// Ends what a killed panel left behind and begins to watch the instances there are.
    pub async fn recover(&self) -> Result<(), HostError> {
        self.mend().await
    }

    /// Installs or updates the game; answers SteamCMD's exit status.
    pub async fn install(&self, output: &OutputSink, cancel: &CancellationToken) -> Result<Option<i32>, HostError> {
        self.install_game(output, cancel).await
    }

    /// Generates the instance afresh from a specification file. Refused while it runs.
    pub async fn initialize(
        &self,
        spec_file: &Path,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        self.initialize_instance(spec_file, output, cancel).await
    }

    /// Starts an initialized instance and waits until it has bound its port.
    pub async fn start(
        &self,
        name: &InstanceName,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let _lock = self.lock_for_start(name).await?;
        self.supervisor.start(name, output, cancel).await
    }

    /// Stops an instance.
    pub async fn stop(
        &self,
        name: &InstanceName,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        self.supervisor.stop(name, self.config.stop_ladder, output, cancel).await
    }

    /// Stops an instance, checks that nothing of it runs, and removes everything the host keeps for it.
    pub async fn delete(
        &self,
        name: &InstanceName,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        self.delete_instance(name, output, cancel).await
    }

    /// The instances there are, in order of their names.
    pub fn instances(&self) -> Result<Vec<InstanceName>, HostError> {
        crate::instance::names(&self.layout)
    }

    /// Looks at one instance.
    pub async fn status(&self, name: &InstanceName) -> Result<InstanceStatus, HostError> {
        self.supervisor.status(name).await
    }

    /// Sends one line to the running game's console.
    pub async fn console(&self, name: &InstanceName, line: &str) -> Result<(), HostError> {
        // A line break would make two commands of one.
        launcher::check_line(line).map_err(|_| HostError::InvalidConsoleLine)?;
        self.supervisor.console(name, line).await
    }

    /// The last lines of the game's output.
    pub async fn logs(&self, name: &InstanceName, lines: usize) -> Result<Vec<LogLine>, HostError> {
        self.supervisor.logs(name, lines).await
    }

    /// Follows the game's output.
    pub async fn follow(
        &self,
        name: &InstanceName,
        start: LogStart,
    ) -> Result<BoxStream<'static, Result<LogEvent, HostError>>, HostError> {
        self.supervisor.follow(name, start).await
    }

    /// Told whenever an instance may have changed.
    pub fn changes(&self) -> broadcast::Receiver<InstanceChanged> {
        self.supervisor.changes()
    }

    /// What is installed; none when nothing whole is.
    pub async fn installation(&self) -> Option<Installation> {
        let directory = self.layout.installation();
        tokio::task::spawn_blocking(move || installation::read(&directory)).await.ok().flatten()
    }

    /// Space on the root's file system.
    pub fn disk(&self) -> Result<DiskSpace, HostError> {
        space::disk_space(self.layout.root())
    }

    /// What an instance takes of the disk; none when there is no such instance.
    pub async fn usage(&self, name: &InstanceName) -> Result<Option<InstanceUsage>, HostError> {
        let instance = self.layout.instance(name);
        let directory = instance.dir().to_owned();
        let failed = |source| HostError::io(format!("counting what is in {}", directory.display()), source);
        match tokio::task::spawn_blocking(move || usage::measure(&instance)).await {
            Ok(counted) => counted.map_err(failed),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// Checks the machine.
    pub async fn doctor(&self) -> Vec<Check> {
        doctor::examine(&self.config, &self.layout, self.supervisor.kind()).await
    }

    /// What an overlay path leads to at this moment.
    pub fn check_overlay(&self, relative: &str) -> OverlayCheck {
        catalog::check_overlay(self.layout.overlay_root(), relative)
    }

    fn runner(&self) -> Runner {
        Runner { steps: self.layout.steps(), line_max_chars: self.config.line_max_chars }
    }
}

/// Each game would see the others' files, with what stands in their configuration.
fn refuse_if_seen(config: &HostConfig) -> Result<(), HostError> {
    let Some(seen) = launcher::seen_by_games(&config.root) else { return Ok(()) };
    let (root, seen) = (config.root.display(), seen.display());
    Err(HostError::Supervisor(format!(
        "L4D2_ROOT is {root}, but games see all of {seen}: choose another, such as /opt/l4d2"
    )))
}

async fn choose_supervisor(config: &HostConfig) -> Result<Arc<dyn Supervisor>, HostError> {
    let embedded = || -> Result<Arc<dyn Supervisor>, HostError> {
        if config.game_limits.any() {
            tracing::warn!("GAME_MEMORY_MAX, GAME_CPU_WEIGHT and GAME_TASKS_MAX have no effect without systemd");
        }
        Ok(Arc::new(EmbeddedSupervisor::new(config)?))
    };
    if config.supervisor == SupervisorChoice::Embedded {
        return embedded();
    }
    let systemd = SystemdSupervisor::new(config, systemd::TEMPLATE);
    match systemd.obstacle().await {
        None => Ok(Arc::new(systemd)),
        Some(obstacle) if config.supervisor == SupervisorChoice::Systemd => {
            let (reason, remedy) = (obstacle.reason(), obstacle.remedy());
            Err(HostError::Supervisor(format!("SUPERVISOR is systemd, but {reason}: {remedy}")))
        }
        Some(Obstacle::NotBooted) => embedded(),
        Some(obstacle) => {
            tracing::warn!(reason = obstacle.reason(), remedy = obstacle.remedy(), "the embedded supervisor is used");
            embedded()
        }
    }
}
