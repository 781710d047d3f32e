//! Settings: flags over environment over an optional file over defaults, parsed once and checked before anything starts.

mod parse;
mod settings;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::http::HeaderValue;
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use ipnet::IpNet;
use l4d2_host::SupervisorChoice;
use l4d2_host::limits::GameLimits;
use l4d2_host::steamcmd::Recipe;

use parse::{
    address, beside_this_program, database_url, days, game_limits, log_format, networks, origins, seconds, supervisor,
    within,
};
pub use settings::Settings;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A value that Debug doesn't show: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// The settings as the program uses them: complete, in range.
#[derive(Debug, Clone)]
pub struct Config {
    pub database_url: Secret,
    pub data_dir: PathBuf,
    pub bind: SocketAddr,
    pub metrics_bind: Option<SocketAddr>,
    pub l4d2_root: PathBuf,
    pub overlay_root: PathBuf,
    pub supervisor: SupervisorChoice,
    pub l4d2ctl: PathBuf,
    pub steamcmd: Option<PathBuf>,
    pub steamcmd_recipe: Recipe,
    pub steamcmd_attempts: u32,
    pub steam_account: Option<String>,
    pub steam_password_file: Option<PathBuf>,
    pub status_refresh: Duration,
    pub job_workers: usize,
    pub job_log_replay_limit: u64,
    pub job_log_line_max_chars: usize,
    pub job_log_keep: Duration,
    pub job_log_keep_bytes: u64,
    pub install_limit: Duration,
    pub start_limit: Duration,
    pub stop_limit: Duration,
    pub game_limits: GameLimits,
    pub shutdown_grace: Duration,
    pub frontend_dist: Option<PathBuf>,
    pub insecure_cookies: bool,
    pub session_lifetime: Duration,
    pub trusted_proxies: Vec<IpNet>,
    pub cors_origins: Vec<HeaderValue>,
    pub signup_enabled: bool,
    /// 0: any number.
    pub servers_per_user: u64,
    pub api_rate_per_second: u32,
    pub api_rate_burst: u32,
    pub login_rate_burst: u32,
    pub streams_per_user: usize,
    pub streams_total: usize,
    pub connections_total: usize,
    pub log_format: LogFormat,
    pub log_filter: String,
}

impl Config {
    /// Lays flags and environment (already merged by clap) over the file, and checks the result.
    pub fn load(settings: &Settings, file: Option<&Path>) -> Result<Self> {
        let mut figment = Figment::new();
        if let Some(file) = file {
            ensure!(file.is_file(), "the config file {} does not exist", file.display());
            figment = figment.merge(Toml::file_exact(file));
        }
        let merged: Settings =
            figment.merge(Serialized::defaults(settings)).extract().context("the config file is wrong")?;
        Self::resolve(merged)
    }

    fn resolve(s: Settings) -> Result<Self> {
        let data_dir = s.data_dir.unwrap_or_else(|| PathBuf::from("data"));
        let data_dir = std::path::absolute(&data_dir).context("DATA_DIR is no path")?;
        let l4d2_root = std::path::absolute(s.l4d2_root.unwrap_or_else(|| PathBuf::from("/opt/l4d2")))
            .context("L4D2_ROOT is no path")?;
        let overlay_root = match s.overlay_root {
            Some(path) => std::path::absolute(path).context("OVERLAY_ROOT is no path")?,
            None => l4d2_root.join("overlays"),
        };
        ensure!(
            s.steam_account.is_none() || s.steam_password_file.is_some(),
            "STEAM_ACCOUNT needs STEAM_PASSWORD_FILE: the password is never taken from the command line"
        );
        Ok(Self {
            database_url: Secret(database_url(s.database_url, &data_dir)?),
            bind: address("BIND", s.bind.as_deref().unwrap_or("127.0.0.1:8080"))?,
            metrics_bind: s.metrics_bind.as_deref().map(|text| address("METRICS_BIND", text)).transpose()?,
            l4d2_root,
            overlay_root,
            supervisor: supervisor(s.supervisor.as_deref().unwrap_or("auto"))?,
            l4d2ctl: match s.l4d2ctl {
                Some(path) => path,
                None => beside_this_program("l4d2ctl")?,
            },
            steamcmd: s.steamcmd,
            steamcmd_recipe: s
                .steamcmd_recipe
                .as_deref()
                .unwrap_or("two-runs")
                .parse()
                .map_err(|error: String| anyhow::anyhow!("STEAMCMD_RECIPE: {error}"))?,
            steamcmd_attempts: within("STEAMCMD_ATTEMPTS", s.steamcmd_attempts, 4, 1, 10)?,
            steam_account: s.steam_account,
            steam_password_file: s.steam_password_file,
            status_refresh: seconds("STATUS_REFRESH_SECONDS", s.status_refresh_seconds, 8, 1, 3600)?,
            job_workers: within("JOB_WORKER_THREADS", s.job_worker_threads, 4, 1, 64)?,
            job_log_replay_limit: within("JOB_LOG_REPLAY_LIMIT", s.job_log_replay_limit, 2000, 1, 100_000)?,
            job_log_line_max_chars: within("JOB_LOG_LINE_MAX_CHARS", s.job_log_line_max_chars, 4096, 80, 65_536)?,
            job_log_keep: days("JOB_LOG_KEEP_DAYS", s.job_log_keep_days, 30, 3650)?,
            job_log_keep_bytes: within("JOB_LOG_KEEP_MEGABYTES", s.job_log_keep_megabytes, 1024, 1, 1_000_000)?
                * 1_000_000,
            install_limit: seconds("INSTALL_LIMIT_SECONDS", s.install_limit_seconds, 14_400, 60, 604_800)?,
            start_limit: seconds("START_LIMIT_SECONDS", s.start_limit_seconds, 120, 1, 3600)?,
            stop_limit: seconds("STOP_LIMIT_SECONDS", s.stop_limit_seconds, 10, 1, 600)?,
            game_limits: game_limits(s.game_memory_max.as_deref(), s.game_cpu_weight, s.game_tasks_max)?,
            shutdown_grace: seconds("SHUTDOWN_GRACE_SECONDS", s.shutdown_grace_seconds, 20, 0, 600)?,
            frontend_dist: s.frontend_dist,
            insecure_cookies: s.insecure_cookies.unwrap_or(false),
            session_lifetime: days("SESSION_DAYS", s.session_days, 30, 365)?,
            trusted_proxies: networks(s.trusted_proxies.as_deref().unwrap_or(""))?,
            cors_origins: origins(s.cors_origins.as_deref().unwrap_or(""))?,
            signup_enabled: s.signup_enabled.unwrap_or(true),
            servers_per_user: within("SERVERS_PER_USER", s.servers_per_user, 0, 0, 100_000)?,
            api_rate_per_second: within("API_RATE_PER_SECOND", s.api_rate_per_second, 100, 1, 100_000)?,
            api_rate_burst: within("API_RATE_BURST", s.api_rate_burst, 400, 1, 100_000)?,
            login_rate_burst: within("LOGIN_RATE_BURST", s.login_rate_burst, 20, 1, 100_000)?,
            streams_per_user: within("STREAMS_PER_USER", s.streams_per_user, 32, 1, 10_000)?,
            streams_total: within("STREAMS_TOTAL", s.streams_total, 1024, 1, 100_000)?,
            connections_total: within("CONNECTIONS_TOTAL", s.connections_total, 4096, 8, 100_000)?,
            log_format: log_format(s.log_format.as_deref().unwrap_or("text"))?,
            log_filter: s.log_filter.unwrap_or_else(|| "info".to_owned()),
            data_dir,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(settings: &Settings) -> Result<Config> {
        Config::load(settings, None)
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let config = load(&Settings::default()).expect("the defaults are valid");
        assert_eq!(config.status_refresh, Duration::from_secs(8));
        assert_eq!(config.job_workers, 4);
        assert_eq!(config.job_log_replay_limit, 2000);
        assert_eq!(config.job_log_line_max_chars, 4096);
        assert_eq!(config.overlay_root, Path::new("/opt/l4d2/overlays"));
        assert!(config.signup_enabled && !config.insecure_cookies);
        assert!(config.database_url.0.ends_with("/data/panel.db"));
    }

    #[test]
    fn a_wrong_value_names_its_setting() {
        let wrong: [(Settings, &str); 15] = [
            (Settings { bind: Some("here".into()), ..Settings::default() }, "BIND"),
            (Settings { job_worker_threads: Some(0), ..Settings::default() }, "JOB_WORKER_THREADS"),
            (Settings { supervisor: Some("docker".into()), ..Settings::default() }, "SUPERVISOR"),
            (Settings { trusted_proxies: Some("10.0.0.0/8, nobody".into()), ..Settings::default() }, "TRUSTED_PROXIES"),
            (Settings { database_url: Some("mysql://x".into()), ..Settings::default() }, "DATABASE_URL"),
            (Settings { database_url: Some("sqlite::memory:".into()), ..Settings::default() }, "DATABASE_URL"),
            (Settings { cors_origins: Some("https://panel.example/".into()), ..Settings::default() }, "CORS_ORIGINS"),
            (Settings { cors_origins: Some("https://Panel.example".into()), ..Settings::default() }, "CORS_ORIGINS"),
            (Settings { cors_origins: Some("panel.example".into()), ..Settings::default() }, "CORS_ORIGINS"),
            (Settings { connections_total: Some(1), ..Settings::default() }, "CONNECTIONS_TOTAL"),
            (Settings { game_memory_max: Some("plenty".into()), ..Settings::default() }, "GAME_MEMORY_MAX"),
            (Settings { game_memory_max: Some("1M".into()), ..Settings::default() }, "GAME_MEMORY_MAX"),
            (Settings { game_cpu_weight: Some(10_001), ..Settings::default() }, "GAME_CPU_WEIGHT"),
            (Settings { game_tasks_max: Some(1), ..Settings::default() }, "GAME_TASKS_MAX"),
            (Settings { steam_account: Some("me".into()), ..Settings::default() }, "STEAM_PASSWORD_FILE"),
        ];
        for (settings, name) in wrong {
            let error = load(&settings).expect_err("the value is wrong");
            assert!(format!("{error:#}").contains(name), "{error:#} should name {name}");
        }
    }

    #[test]
    fn origins_are_as_browsers_name_them() {
        let origins = "https://panel.example, http://localhost:8081 , http://[::1]:3000";
        let config = load(&Settings { cors_origins: Some(origins.into()), ..Settings::default() }).expect("valid");
        assert_eq!(config.cors_origins, ["https://panel.example", "http://localhost:8081", "http://[::1]:3000"]);
    }

    #[test]
    fn games_are_limited_only_as_far_as_somebody_says_so() {
        assert!(!load(&Settings::default()).expect("valid").game_limits.any());
        let settings = Settings { game_memory_max: Some("2G".into()), ..Settings::default() };
        let limits = load(&settings).expect("valid").game_limits;
        assert_eq!((limits.memory_max, limits.cpu_weight, limits.tasks_max), (Some(2 << 30), None, None));
    }

    #[test]
    fn flags_win_over_the_file_and_unknown_keys_are_refused() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("config.toml");
        std::fs::write(&file, "job_worker_threads = 2\nsignup_enabled = false\n").expect("written");
        let settings = Settings { job_worker_threads: Some(7), ..Settings::default() };
        let config = Config::load(&settings, Some(&file)).expect("valid");
        assert_eq!((config.job_workers, config.signup_enabled), (7, false));

        std::fs::write(&file, "job_workers = 2\n").expect("written");
        let error = Config::load(&settings, Some(&file)).expect_err("an unknown key");
        assert!(format!("{error:#}").contains("job_workers"), "{error:#}");
    }

    #[test]
    fn secrets_do_not_show() {
        let url = "postgres://panel:hunter2@localhost/panel";
        let config = load(&Settings { database_url: Some(url.into()), ..Settings::default() }).expect("valid");
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
