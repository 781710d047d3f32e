//! The settings as a person writes them: each one a flag, an environment variable and a key of the config file.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

/// The settings as written by a person. Every one is a flag, an environment variable and a key of the config file.
#[derive(Clone, Default, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: SQLite in DATA_DIR]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// The panel's own data: database, signing key, SteamCMD's home [default: ./data]
    #[arg(long, env = "DATA_DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "BIND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// Address of its own for /metrics; unset: on BIND, open to whoever reaches it
    #[arg(long, env = "METRICS_BIND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_bind: Option<String>,
    /// Installation, overlays and instances [default: /opt/l4d2]
    #[arg(long, env = "L4D2_ROOT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l4d2_root: Option<PathBuf>,
    /// Where overlays lie [default: L4D2_ROOT/overlays]
    #[arg(long, env = "OVERLAY_ROOT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay_root: Option<PathBuf>,
    /// What keeps servers running: auto, systemd or embedded [default: auto]
    #[arg(long, env = "SUPERVISOR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<String>,
    /// The l4d2ctl program [default: the one beside this program]
    #[arg(long, env = "L4D2CTL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l4d2ctl: Option<PathBuf>,
    /// Path of the SteamCMD program [default: fetched into DATA_DIR]
    #[arg(long, env = "STEAMCMD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steamcmd: Option<PathBuf>,
    /// How the game is installed: two-runs or one-run [default: two-runs]
    #[arg(long, env = "STEAMCMD_RECIPE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steamcmd_recipe: Option<String>,
    /// How often a known transient error of SteamCMD is tried again, 1 to 10 [default: 4]
    #[arg(long, env = "STEAMCMD_ATTEMPTS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steamcmd_attempts: Option<u32>,
    /// Steam account that installs the game [default: anonymous]
    #[arg(long, env = "STEAM_ACCOUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steam_account: Option<String>,
    /// File that holds the Steam account's password
    #[arg(long, env = "STEAM_PASSWORD_FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steam_password_file: Option<PathBuf>,
    /// Seconds between looks at every server, 1 to 3600 [default: 8]
    #[arg(long, env = "STATUS_REFRESH_SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_refresh_seconds: Option<u64>,
    /// Jobs at work at once, 1 to 64 [default: 4]
    #[arg(long, env = "JOB_WORKER_THREADS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_worker_threads: Option<usize>,
    /// Lines replayed at the start of a job's stream, 1 to 100000 [default: 2000]
    #[arg(long, env = "JOB_LOG_REPLAY_LIMIT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_log_replay_limit: Option<u64>,
    /// Longer log lines are cut at so many characters, 80 to 65536 [default: 4096]
    #[arg(long, env = "JOB_LOG_LINE_MAX_CHARS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_log_line_max_chars: Option<usize>,
    /// Days that the logs of finished jobs are kept, 1 to 3650 [default: 30]
    #[arg(long, env = "JOB_LOG_KEEP_DAYS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_log_keep_days: Option<u64>,
    /// Megabytes of finished jobs' logs that are kept, 1 to 1000000 [default: 1024]
    #[arg(long, env = "JOB_LOG_KEEP_MEGABYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_log_keep_megabytes: Option<u64>,
    /// Seconds an install may take, 60 to 604800 [default: 14400]
    #[arg(long, env = "INSTALL_LIMIT_SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_limit_seconds: Option<u64>,
    /// Seconds a game may take until it has bound its port, 1 to 3600 [default: 120]
    #[arg(long, env = "START_LIMIT_SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_limit_seconds: Option<u64>,
    /// Seconds a game may take after quit, and again after SIGTERM (with systemd 20 at most), 1 to 600 [default: 10]
    #[arg(long, env = "STOP_LIMIT_SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_limit_seconds: Option<u64>,
    /// Memory that a game may use, such as 2G; with systemd only [default: as its unit has it]
    #[arg(long, env = "GAME_MEMORY_MAX")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game_memory_max: Option<String>,
    /// A game's share of the processor, 1 to 10000, where others have 100; with systemd only [default: as its unit has it]
    #[arg(long, env = "GAME_CPU_WEIGHT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game_cpu_weight: Option<u64>,
    /// Processes and threads that a game may have, 16 to 4000000; with systemd only [default: as its unit has it]
    #[arg(long, env = "GAME_TASKS_MAX")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game_tasks_max: Option<u64>,
    /// Seconds that running jobs are given at shutdown, 0 to 600 [default: 20]
    #[arg(long, env = "SHUTDOWN_GRACE_SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_grace_seconds: Option<u64>,
    /// Directory of the SPA's files [default: those built in]
    #[arg(long, env = "FRONTEND_DIST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontend_dist: Option<PathBuf>,
    /// Send the session cookie over plain HTTP too: true or false [default: false]
    #[arg(long, env = "INSECURE_COOKIES", num_args = 0..=1, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_cookies: Option<bool>,
    /// Days until a session ends, 1 to 365 [default: 30]
    #[arg(long, env = "SESSION_DAYS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_days: Option<u64>,
    /// Proxies whose X-Forwarded-For is believed: addresses or networks, separated by commas [default: none]
    #[arg(long, env = "TRUSTED_PROXIES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<String>,
    /// Origins that may call the API from a browser, separated by commas [default: none]
    #[arg(long, env = "CORS_ORIGINS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors_origins: Option<String>,
    /// Whether strangers may sign up: true or false [default: true]
    #[arg(long, env = "SIGNUP_ENABLED", num_args = 0..=1, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signup_enabled: Option<bool>,
    /// Servers that a user may have, up to 100000, admins any number; 0: everybody any number [default: 0]
    #[arg(long, env = "SERVERS_PER_USER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers_per_user: Option<u64>,
    /// Requests a second and address, 1 to 100000 [default: 100]
    #[arg(long, env = "API_RATE_PER_SECOND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_rate_per_second: Option<u32>,
    /// Requests at once and address, 1 to 100000 [default: 400]
    #[arg(long, env = "API_RATE_BURST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_rate_burst: Option<u32>,
    /// Sign-ins, sign-ups and password changes in quick succession and address, 1 to 100000 [default: 20]
    #[arg(long, env = "LOGIN_RATE_BURST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_rate_burst: Option<u32>,
    /// Open streams a user, 1 to 10000 [default: 32]
    #[arg(long, env = "STREAMS_PER_USER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams_per_user: Option<usize>,
    /// Open streams in total, 1 to 100000 [default: 1024]
    #[arg(long, env = "STREAMS_TOTAL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams_total: Option<usize>,
    /// Open connections in total, 8 to 100000; half of them from one address that is no trusted proxy's [default: 4096]
    #[arg(long, env = "CONNECTIONS_TOTAL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_total: Option<usize>,
    /// How the log is written: text or json [default: text]
    #[arg(long, env = "LOG_FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<String>,
    /// What is logged, as tracing's filter [default: info]
    #[arg(long, env = "LOG_FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_filter: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The database's URL may hold a password.
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}
