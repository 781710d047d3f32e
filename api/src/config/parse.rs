//! Reads single settings. Every error names the setting and says what it may be.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use axum::http::HeaderValue;
use axum::http::uri::Authority;
use ipnet::IpNet;
use l4d2_host::SupervisorChoice;
use l4d2_host::limits::{self, GameLimits};
use sea_orm::sqlx::postgres::PgConnectOptions;

use super::LogFormat;

const DAY: Duration = Duration::from_hours(24);

pub(super) fn database_url(given: Option<String>, data_dir: &Path) -> Result<String> {
    let Some(url) = given else {
        let path = data_dir.join("panel.db");
        let path = path.to_str().context("DATA_DIR must be valid UTF-8 to hold the database")?;
        // The characters that would end the path in a URL.
        let path = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        return Ok(format!("sqlite://{path}"));
    };
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    ensure!(known, "DATABASE_URL must begin with sqlite: or postgres://");
    // Each connection would have an empty one of its own.
    ensure!(
        !url.starts_with("sqlite:") || !(url.contains(":memory:") || url.contains("mode=memory")),
        "DATABASE_URL must name a file: a database in memory is gone with the panel"
    );
    // The parser's own words may hold a part of the password, as those of whoever opens the database do.
    ensure!(
        url.starts_with("sqlite:") || PgConnectOptions::from_str(&url).is_ok(),
        "DATABASE_URL is no URL: percent-encode what is special in its password, such as / # ? @ : %"
    );
    Ok(url)
}

pub(super) fn address(setting: &str, text: &str) -> Result<SocketAddr> {
    text.parse().with_context(|| format!("{setting}: {text:?} is no ADDRESS:PORT, such as 127.0.0.1:8080"))
}

pub(super) fn supervisor(text: &str) -> Result<SupervisorChoice> {
    match text {
        "auto" => Ok(SupervisorChoice::Auto),
        "systemd" => Ok(SupervisorChoice::Systemd),
        "embedded" => Ok(SupervisorChoice::Embedded),
        other => bail!("SUPERVISOR: {other:?} is none of auto, systemd, embedded"),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => bail!("LOG_FORMAT: {other:?} is neither text nor json"),
    }
}

pub(super) fn game_limits(memory: Option<&str>, weight: Option<u64>, tasks: Option<u64>) -> Result<GameLimits> {
    let memory = memory.map(limits::game_memory).transpose();
    let in_range = |setting, given: Option<u64>, range: RangeInclusive<u64>| {
        given.map(|value| within(setting, Some(value), value, *range.start(), *range.end())).transpose()
    };
    Ok(GameLimits {
        memory_max: memory.map_err(|error| anyhow!("GAME_MEMORY_MAX: {error}"))?,
        cpu_weight: in_range("GAME_CPU_WEIGHT", weight, GameLimits::CPU_WEIGHT)?,
        tasks_max: in_range("GAME_TASKS_MAX", tasks, GameLimits::TASKS_MAX)?,
    })
}

pub(super) fn within<T: PartialOrd + fmt::Display + Copy>(
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

pub(super) fn seconds(setting: &str, given: Option<u64>, default: u64, least: u64, most: u64) -> Result<Duration> {
    within(setting, given, default, least, most).map(Duration::from_secs)
}

pub(super) fn days(setting: &str, given: Option<u64>, default: u64, most: u64) -> Result<Duration> {
    let days = within(setting, given, default, 1, most)?;
    Ok(DAY * u32::try_from(days).unwrap_or(u32::MAX))
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>> {
    parts(text)
        .map(|part| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
                .with_context(|| format!("TRUSTED_PROXIES: {part:?} is neither an address nor a network"))
        })
        .collect()
}

/// A browser names its origin as scheme, host and, unless it is the usual one, port; anything more would match none.
pub(super) fn origins(text: &str) -> Result<Vec<HeaderValue>> {
    parts(text)
        .map(|part| {
            let rest = part.strip_prefix("http://").or_else(|| part.strip_prefix("https://"));
            let is_origin = rest.is_some_and(|rest| {
                rest.parse::<Authority>().is_ok_and(|authority| !authority.as_str().contains('@'))
                    && !rest.contains(char::is_uppercase)
            });
            ensure!(
                is_origin,
                "CORS_ORIGINS: {part:?} is no origin: it has a scheme, a host in small letters, a port if need be, and \
                 nothing behind that, such as https://panel.example"
            );
            HeaderValue::from_str(part).with_context(|| format!("CORS_ORIGINS: {part:?} is no origin"))
        })
        .collect()
}

pub(super) fn beside_this_program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe().context("can't tell where this program lies: set L4D2CTL")?;
    Ok(program.with_file_name(name))
}
