//! The steps that change what lies on the disk: install, initialize, delete, and mending what a crash left.
//!
//! Whether something runs is asked again when a step begins to act, and held off by locks meanwhile, since a second
//! program (`l4d2ctl` beside the panel) may act at the same time.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use tokio_util::sync::CancellationToken;

use super::{Host, OverlayCheck};
use crate::command::Runner;
use crate::error::HostError;
use crate::instance;
use crate::layout::{InstanceLayout, Layout};
use crate::locks::lock;
use crate::name::InstanceName;
use crate::output::OutputSink;
use crate::private::make_private;
use crate::remove::remove_tree;
use crate::spec::Specification;
use crate::steamcmd;
use crate::supervisor::{ActualState, Outcome};

/// The largest specification file that is read, in bytes: the limits of its parts allow less.
const MAX_SPEC_BYTES: u64 = 16 * 1024 * 1024;

impl Host {
    pub(super) async fn install_game(
        &self,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Option<i32>, HostError> {
        let _lock = self
            .lock_installation(FlockOperation::NonBlockingLockExclusive)
            .await?
            .ok_or_else(|| HostError::Busy("another install, or a start, goes on: try again later".to_owned()))?;
        let running = self.running_instances().await?;
        if !running.is_empty() {
            let (names, verb) = (running.join(", "), if running.len() == 1 { "runs" } else { "run" });
            return Err(HostError::Busy(format!(
                "{names} {verb}: an install rewrites the files that servers run from"
            )));
        }
        let runner = self.runner();
        // What an interrupted install left must not go on beside this one.
        self.end_leftovers(&runner).await?;
        let installer = steamcmd::Installer {
            config: &self.config().steamcmd,
            directory: self.layout().installation(),
            runner: &runner,
        };
        let exit_code = installer.install(output, cancel).await?;
        output.system("the game is installed").await;
        Ok(exit_code)
    }

    /// Everything that runs, or of which it can't be told.
    async fn running_instances(&self) -> Result<Vec<String>, HostError> {
        let mut running = Vec::new();
        for name in instance::names(self.layout())? {
            match self.status(&name).await?.state {
                ActualState::Stopped | ActualState::Failed { .. } => {}
                ActualState::Running | ActualState::Unknown { .. } => running.push(name.to_string()),
            }
        }
        Ok(running)
    }

    pub(super) async fn initialize_instance(
        &self,
        spec_file: &Path,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let specification = read_specification(spec_file)?;
        let plan = instance::generate(&specification)?;
        let yaml = specification.to_yaml()?;
        let name = specification.name.clone();
        self.check_overlays(&specification)?;
        if cancel.is_cancelled() {
            return Err(HostError::Cancelled);
        }
        let held = self.lock_stopped(&name).await?;
        let overlays = match specification.overlays.as_slice() {
            [] => "no overlays".to_owned(),
            [_] => "1 overlay".to_owned(),
            // Not their paths: whoever reads this need not be an admin.
            paths => format!("{} overlays", paths.len()),
        };
        output.system(format!("writing {name}: port {}, {overlays}", specification.port)).await;
        let (instance, start_limit) = (self.layout().instance(&name), self.config().start_limit);
        let written = tokio::task::spawn_blocking(move || {
            let _held = held;
            instance::write(&instance, &plan, &yaml, start_limit)
        });
        written.await.map_err(|error| HostError::Supervisor(format!("writing {name} failed: {error}")))??;
        Ok(Outcome::Done)
    }

    fn check_overlays(&self, specification: &Specification) -> Result<(), HostError> {
        for (index, path) in specification.overlays.iter().enumerate() {
            let fault = match self.check_overlay(path) {
                OverlayCheck::Present => continue,
                OverlayCheck::Missing => "is not on disk: put its directory there, or take it out of the blueprint",
                OverlayCheck::NotADirectory => {
                    "is not a directory: replace what is there, or take it out of the blueprint"
                }
                OverlayCheck::Escapes => {
                    "leads out of the overlay root: mend its symbolic link, or take it out of the blueprint"
                }
            };
            tracing::warn!(path, fault, "an overlay can't be used");
            return Err(HostError::UnusableOverlay { index, fault });
        }
        Ok(())
    }

    /// Makes the instance's directory and takes its lock; refused while it runs.
    async fn lock_stopped(&self, name: &InstanceName) -> Result<File, HostError> {
        let runs = || HostError::Busy(format!("{name} runs: stop it first"));
        match self.status(name).await?.state {
            ActualState::Stopped | ActualState::Failed { .. } => {}
            ActualState::Running => return Err(runs()),
            ActualState::Unknown { reason } => {
                return Err(HostError::Busy(format!("it can't be told whether {name} runs: {reason}")));
            }
        }
        let instance = self.layout().instance(name);
        make_private(instance.dir())?;
        lock(&instance.lock(), FlockOperation::NonBlockingLockExclusive).await?.ok_or_else(runs)
    }

    pub(super) async fn delete_instance(
        &self,
        name: &InstanceName,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let instance = self.layout().instance(name);
        let trash = self.layout().deleted().join(name.as_str());
        if !instance.dir().exists() && !trash.exists() {
            return Ok(Outcome::Already);
        }
        if instance.dir().exists() {
            self.stop(name, output, cancel).await?;
            if cancel.is_cancelled() {
                return Err(HostError::Cancelled);
            }
            let _lock = self.lock_stopped(name).await?;
            self.supervisor.forget(name).await?;
            move_away(&instance, &trash, &self.layout().deleted())?;
        }
        output.system(format!("removing the files of {name}")).await;
        remove_off_the_async_threads(trash).await?;
        Ok(Outcome::Done)
    }

    pub(super) async fn mend(&self) -> Result<(), HostError> {
        // Who holds the lock is at work and mends what concerns it.
        if let Some(_lock) = self.lock_installation(FlockOperation::NonBlockingLockExclusive).await? {
            steamcmd::remove_leftovers(&self.config().steamcmd.data_dir);
        }
        self.end_leftovers(&self.runner()).await?;
        let deleted = self.layout().deleted();
        remove_off_the_async_threads(deleted.clone()).await?;
        // There beforehand, since on a full disk no directory can be made, and a deletion is what makes room.
        make_private(&deleted)
    }

    async fn end_leftovers(&self, runner: &Runner) -> Result<(), HostError> {
        let ended = runner.recover().await?;
        if ended > 0 {
            tracing::warn!(ended, "ended processes that an interrupted step had left");
        }
        Ok(())
    }

    /// Refuses a start while the files to run from are missing or being rewritten. What it returns is held meanwhile.
    pub(super) async fn lock_for_start(&self, name: &InstanceName) -> Result<File, HostError> {
        if !self.layout().instance(name).spec().exists() {
            return Err(HostError::NoInstance(name.to_string()));
        }
        let lock = self
            .lock_installation(FlockOperation::NonBlockingLockShared)
            .await?
            .ok_or_else(|| HostError::Busy("the game is being installed: start when that is done".to_owned()))?;
        if !self.layout().installation().join("srcds_run").is_file() {
            return Err(HostError::NotInstalled);
        }
        Ok(lock)
    }

    async fn lock_installation(&self, operation: FlockOperation) -> Result<Option<File>, HostError> {
        make_private(self.layout().root())?;
        lock(&self.layout().install_lock(), operation).await
    }
}

/// Makes the directories that are there from the beginning.
pub(super) fn make_directories(layout: &Layout) -> Result<(), HostError> {
    let (instances, deleted) = (layout.instances(), layout.deleted());
    for directory in
        [layout.root(), layout.overlay_root(), &layout.installation(), &instances, &deleted, &layout.steps()]
    {
        make_private(directory)?;
    }
    Ok(())
}

fn read_specification(path: &Path) -> Result<Specification, HostError> {
    let failed = |source| HostError::io(format!("reading the specification {}", path.display()), source);
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_SPEC_BYTES).read_to_string(&mut text).map_err(failed)?;
    Ok(Specification::from_yaml(&text)?)
}

/// Takes the instance out of sight in one step, so that a crash leaves either all of it or rubbish.
fn move_away(instance: &InstanceLayout, trash: &Path, parent: &Path) -> Result<(), HostError> {
    make_private(parent)?;
    let moved = remove_tree(trash).and_then(|()| fs::rename(instance.dir(), trash));
    moved.map_err(|source| HostError::io(format!("removing {}", instance.dir().display()), source))
}

async fn remove_off_the_async_threads(path: PathBuf) -> Result<(), HostError> {
    let context = format!("removing {}", path.display());
    let removed = tokio::task::spawn_blocking(move || remove_tree(&path)).await;
    removed.map_err(io::Error::other).and_then(|result| result).map_err(|source| HostError::io(context, source))
}
