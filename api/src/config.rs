//! Settings: flags over environment over an optional file over defaults, parsed once and checked before anything starts.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::http::HeaderValue;
use clap::Args;
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use ipnet::IpNet;
use l4d2_host::SupervisorChoice;
use l4d2_host::steamcmd::Recipe;
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
    /// Seconds a game may take after quit, and again after SIGTERM, 1 to 600 [default: 10]
    #[arg(long, env = "STOP_LIMIT_SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_limit_seconds: Option<u64>,
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
    /// Requests a second and address, 1 to 100000 [default: 100]
    #[arg(long, env = "API_RATE_PER_SECOND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_rate_per_second: Option<u32>,
    /// Requests at once and address, 1 to 100000 [default: 400]
    #[arg(long, env = "API_RATE_BURST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_rate_burst: Option<u32>,
    /// Sign-ins and sign-ups in quick succession and address, 1 to 100000 [default: 20]
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
    pub shutdown_grace: Duration,
    pub frontend_dist: Option<PathBuf>,
    pub insecure_cookies: bool,
    pub session_lifetime: Duration,
    pub trusted_proxies: Vec<IpNet>,
    pub cors_origins: Vec<HeaderValue>,
    pub signup_enabled: bool,
    pub api_rate_per_second: u32,
    pub api_rate_burst: u32,
    pub login_rate_burst: u32,
    pub streams_per_user: usize,
    pub streams_total: usize,
    pub log_format: LogFormat,
    pub log_filter: String,
}

const DAY: Duration = Duration::from_hours(24);

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
            shutdown_grace: seconds("SHUTDOWN_GRACE_SECONDS", s.shutdown_grace_seconds, 20, 0, 600)?,
            frontend_dist: s.frontend_dist,
            insecure_cookies: s.insecure_cookies.unwrap_or(false),
            session_lifetime: days("SESSION_DAYS", s.session_days, 30, 365)?,
            trusted_proxies: networks(s.trusted_proxies.as_deref().unwrap_or(""))?,
            cors_origins: origins(s.cors_origins.as_deref().unwrap_or(""))?,
            signup_enabled: s.signup_enabled.unwrap_or(true),
            api_rate_per_second: within("API_RATE_PER_SECOND", s.api_rate_per_second, 100, 1, 100_000)?,
            api_rate_burst: within("API_RATE_BURST", s.api_rate_burst, 400, 1, 100_000)?,
            login_rate_burst: within("LOGIN_RATE_BURST", s.login_rate_burst, 20, 1, 100_000)?,
            streams_per_user: within("STREAMS_PER_USER", s.streams_per_user, 32, 1, 10_000)?,
            streams_total: within("STREAMS_TOTAL", s.streams_total, 1024, 1, 100_000)?,
            log_format: log_format(s.log_format.as_deref().unwrap_or("text"))?,
            log_filter: s.log_filter.unwrap_or_else(|| "info".to_owned()),
            data_dir,
        })
    }
}

fn database_url(given: Option<String>, data_dir: &Path) -> Result<String> {
    let Some(url) = given else {
        let path = data_dir.join("panel.db");
        let path = path.to_str().context("DATA_DIR must be valid UTF-8 to hold the database")?;
        // The characters that would end the path in a URL.
        let path = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        return Ok(format!("sqlite://{path}"));
    };
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    ensure!(known, "DATABASE_URL must begin with sqlite: or postgres://");
    Ok(url)
}

fn address(setting: &str, text: &str) -> Result<SocketAddr> {
    text.parse().with_context(|| format!("{setting}: {text:?} is no ADDRESS:PORT, such as 127.0.0.1:8080"))
}

fn supervisor(text: &str) -> Result<SupervisorChoice> {
    match text {
        "auto" => Ok(SupervisorChoice::Auto),
        "systemd" => Ok(SupervisorChoice::Systemd),
        "embedded" => Ok(SupervisorChoice::Embedded),
        other => bail!("SUPERVISOR: {other:?} is none of auto, systemd, embedded"),
    }
}

fn log_format(text: &str) -> Result<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => bail!("LOG_FORMAT: {other:?} is neither text nor json"),
    }
}

fn within<T: PartialOrd + fmt::Display + Copy>(
    setting: &str,
    given: Option<T>,
    default: T,
    least: T,
    most: T,
) -> Result<T> {
    let value = given.unwrap_or(default);
    ensure!(value >= least && value <= most, "{setting} must be between {least} and {most}, not {value}");
    Ok(value)
}

fn seconds(setting: &str, given: Option<u64>, default: u64, least: u64, most: u64) -> Result<Duration> {
    within(setting, given, default, least, most).map(Duration::from_secs)
}

fn days(setting: &str, given: Option<u64>, default: u64, most: u64) -> Result<Duration> {
    let days = within(setting, given, default, 1, most)?;
    Ok(DAY * u32::try_from(days).unwrap_or(u32::MAX))
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn networks(text: &str) -> Result<Vec<IpNet>> {
    parts(text)
        .map(|part| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
                .with_context(|| format!("TRUSTED_PROXIES: {part:?} is neither an address nor a network"))
        })
        .collect()
}

fn origins(text: &str) -> Result<Vec<HeaderValue>> {
    parts(text)
        .map(|part| {
            ensure!(
                part.starts_with("http://") || part.starts_with("https://"),
                "CORS_ORIGINS: {part:?} is no origin, such as https://panel.example"
            );
            HeaderValue::from_str(part).with_context(|| format!("CORS_ORIGINS: {part:?} is no origin"))
        })
        .collect()
}

fn beside_this_program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe().context("can't tell where this program lies: set L4D2CTL")?;
    Ok(program.with_file_name(name))
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
        let wrong: [(Settings, &str); 6] = [
            (Settings { bind: Some("here".into()), ..Settings::default() }, "BIND"),
            (Settings { job_worker_threads: Some(0), ..Settings::default() }, "JOB_WORKER_THREADS"),
            (Settings { supervisor: Some("docker".into()), ..Settings::default() }, "SUPERVISOR"),
            (Settings { trusted_proxies: Some("10.0.0.0/8, nobody".into()), ..Settings::default() }, "TRUSTED_PROXIES"),
            (Settings { database_url: Some("mysql://x".into()), ..Settings::default() }, "DATABASE_URL"),
            (Settings { steam_account: Some("me".into()), ..Settings::default() }, "STEAM_PASSWORD_FILE"),
        ];
        for (settings, name) in wrong {
            let error = load(&settings).expect_err("the value is wrong");
            assert!(format!("{error:#}").contains(name), "{error:#} should name {name}");
        }
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
