//! The composition root: everything is built once, here, without logic of its own.

use std::sync::Arc;

use anyhow::{Context, Result};
use l4d2_host::supervisor::StopLadder;
use l4d2_host::{Host, HostConfig, SteamcmdConfig};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Auth, AuthChanged};
use crate::config::Config;
use crate::db::Db;
use crate::domain::digests::Digests;
use crate::domain::host::Doctor;
use crate::domain::usage::Usages;
use crate::events::Events;
use crate::jobs::log::LogHub;
use crate::jobs::{Jobs, prune, recovery, scheduler};
use crate::status;
use crate::stream::Streams;

/// What handlers and workers share; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// The machine.
    pub host: Host,
    /// Who hears of changes.
    pub events: Events,
    /// Keys, hashing and limits of signing in.
    pub auth: Auth,
    /// Tells open streams that somebody's rights may have changed.
    pub auth_changed: AuthChanged,
    /// How to reach the jobs at work.
    pub jobs: Jobs,
    /// The logs of jobs.
    pub job_logs: LogHub,
    /// The open streams, counted.
    pub streams: Streams,
    /// The digests that tell which servers have pending changes.
    pub digests: Digests,
    /// The last look at the machine.
    pub doctor: Doctor,
    /// What instances were found to take of the disk.
    pub usages: Usages,
    /// Cancelled when the panel shuts down: streams end, workers wind up.
    pub shutdown: CancellationToken,
}

impl AppState {
    /// Puts the parts together.
    pub fn new(config: Config, db: Db, host: Host, auth: Auth) -> Self {
        let job_logs = LogHub::new(db.clone(), config.job_log_line_max_chars);
        let streams = Streams::new(config.streams_per_user, config.streams_total);
        Self {
            config: Arc::new(config),
            db,
            host,
            events: Events::default(),
            auth,
            auth_changed: AuthChanged::default(),
            jobs: Jobs::default(),
            job_logs,
            streams,
            digests: Digests::default(),
            doctor: Doctor::default(),
            usages: Usages::default(),
            shutdown: CancellationToken::new(),
        }
    }

    /// Ends what an earlier run left behind, then starts everything that runs beside the requests.
    pub async fn start_background(&self) -> Result<TaskTracker> {
        recovery::run(self).await.context("could not bring the database in line with the machine")?;
        let tasks = TaskTracker::new();
        let state = Arc::new(self.clone());
        tasks.spawn(scheduler::run(Arc::clone(&state)));
        tasks.spawn(status::run(Arc::clone(&state)));
        tasks.spawn(prune::run(Arc::clone(&state)));
        tasks.spawn(crate::metrics::keep_small(state.shutdown.clone()));
        tasks.spawn(crate::auth::housekeeping::run(state));
        tasks.close();
        Ok(tasks)
    }
}

/// What the host crate needs of the settings.
pub fn host_config(config: &Config) -> HostConfig {
    HostConfig {
        root: config.l4d2_root.clone(),
        overlay_root: config.overlay_root.clone(),
        supervisor: config.supervisor,
        l4d2ctl: config.l4d2ctl.clone(),
        steamcmd: SteamcmdConfig {
            program: config.steamcmd.clone(),
            data_dir: config.data_dir.join("steamcmd"),
            recipe: config.steamcmd_recipe,
            account: config.steam_account.clone(),
            password_file: config.steam_password_file.clone(),
            attempts: config.steamcmd_attempts,
            time_limit: config.install_limit,
        },
        line_max_chars: config.job_log_line_max_chars,
        start_limit: config.start_limit,
        stop_ladder: StopLadder { console: config.stop_limit, terminate: config.stop_limit, ..StopLadder::default() },
        game_limits: config.game_limits,
    }
}
