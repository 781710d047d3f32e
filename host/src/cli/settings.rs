//! The settings that matter to the host, under the names that the panel gives them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use l4d2_host::limits::{self, GameLimits};
use l4d2_host::steamcmd::Recipe;
use l4d2_host::supervisor::StopLadder;
use l4d2_host::{HostConfig, SteamcmdConfig, SupervisorChoice};

/// What the environment or flags say.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// Installation, overlays and instances
    #[arg(long, global = true, env = "L4D2_ROOT", default_value = "/opt/l4d2", value_name = "DIRECTORY")]
    l4d2_root: PathBuf,
    /// Where overlays lie [default: L4D2_ROOT/overlays]
    #[arg(long, global = true, env = "OVERLAY_ROOT", value_name = "DIRECTORY")]
    overlay_root: Option<PathBuf>,
    /// The panel's own data, in which SteamCMD is kept
    #[arg(long, global = true, env = "DATA_DIR", default_value = "./data", value_name = "DIRECTORY")]
    data_dir: PathBuf,
    /// What keeps servers running
    #[arg(long, global = true, env = "SUPERVISOR", value_enum, default_value_t = Supervisor::Auto)]
    supervisor: Supervisor,
    /// Path of the SteamCMD program [default: fetched into DATA_DIR]
    #[arg(long, global = true, env = "STEAMCMD", value_name = "PROGRAM")]
    steamcmd: Option<PathBuf>,
    /// How the game is installed: two-runs or one-run
    #[arg(long, global = true, env = "STEAMCMD_RECIPE", default_value = "two-runs", value_name = "RECIPE")]
    steamcmd_recipe: Recipe,
    /// How often known transient errors are tried, the first time included
    #[arg(long, global = true, env = "STEAMCMD_ATTEMPTS", default_value_t = 4, value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..=10))]
    steamcmd_attempts: u32,
    /// Steam account that owns the game [default: anonymous]
    #[arg(long, global = true, env = "STEAM_ACCOUNT", requires = "steam_password_file", value_name = "NAME")]
    steam_account: Option<String>,
    /// File that holds the account's password
    #[arg(long, global = true, env = "STEAM_PASSWORD_FILE", value_name = "FILE")]
    steam_password_file: Option<PathBuf>,
    /// The longest an install may take, in seconds
    #[arg(long, global = true, env = "INSTALL_LIMIT_SECONDS", default_value_t = 14_400, value_name = "SECONDS")]
    install_limit_seconds: u64,
    /// The longest a game may take to bind its port, in seconds
    #[arg(long, global = true, env = "START_LIMIT_SECONDS", default_value_t = 120, value_name = "SECONDS")]
    start_limit_seconds: u64,
    /// How long a game may take after `quit`, and again after SIGTERM (with systemd 20 at most), in seconds
    #[arg(long, global = true, env = "STOP_LIMIT_SECONDS", default_value_t = 10, value_name = "SECONDS")]
    stop_limit_seconds: u64,
    /// Longer lines are cut after so many characters
    #[arg(long, global = true, env = "JOB_LOG_LINE_MAX_CHARS", default_value_t = 4096, value_name = "COUNT")]
    line_max_chars: usize,
    /// Memory that a game may use, such as 2G (systemd only) [default: as its unit has it]
    #[arg(long, global = true, env = "GAME_MEMORY_MAX", value_name = "BYTES", value_parser = limits::game_memory)]
    game_memory_max: Option<u64>,
    /// A game's share of the processor, 1 to 10000, where others have 100 (systemd only) [default: as its unit has it]
    #[arg(long, global = true, env = "GAME_CPU_WEIGHT", value_name = "WEIGHT",
        value_parser = clap::value_parser!(u64).range(GameLimits::CPU_WEIGHT))]
    game_cpu_weight: Option<u64>,
    /// Processes and threads that a game may have (systemd only) [default: as its unit has it]
    #[arg(long, global = true, env = "GAME_TASKS_MAX", value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(GameLimits::TASKS_MAX))]
    game_tasks_max: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Supervisor {
    Auto,
    Systemd,
    Embedded,
}

impl Settings {
    /// What the host needs.
    pub(crate) fn host_config(self) -> Result<HostConfig> {
        let stop_limit = Duration::from_secs(self.stop_limit_seconds);
        Ok(HostConfig {
            overlay_root: self.overlay_root.unwrap_or_else(|| self.l4d2_root.join("overlays")),
            root: self.l4d2_root,
            supervisor: match self.supervisor {
                Supervisor::Auto => SupervisorChoice::Auto,
                Supervisor::Systemd => SupervisorChoice::Systemd,
                Supervisor::Embedded => SupervisorChoice::Embedded,
            },
            l4d2ctl: std::env::current_exe().context("could not find out the path of this program")?,
            steamcmd: SteamcmdConfig {
                program: self.steamcmd,
                // The panel's own place for it.
                data_dir: self.data_dir.join("steamcmd"),
                recipe: self.steamcmd_recipe,
                account: self.steam_account,
                password_file: self.steam_password_file,
                attempts: self.steamcmd_attempts,
                time_limit: Duration::from_secs(self.install_limit_seconds),
            },
            line_max_chars: self.line_max_chars,
            start_limit: Duration::from_secs(self.start_limit_seconds),
            stop_ladder: StopLadder { console: stop_limit, terminate: stop_limit, ..StopLadder::default() },
            game_limits: GameLimits {
                memory_max: self.game_memory_max,
                cpu_weight: self.game_cpu_weight,
                tasks_max: self.game_tasks_max,
            },
        })
    }
}
