//! The specification of an instance: what the panel hands to the host, validated.
//!
//! A specification that was read or checked here is safe to act on: its arguments hold nothing that belongs to the
//! panel, its config lines are one line each, and its numbers are within the product's limits. Overlay paths are only
//! checked for their form; where they lead is checked on the opened directory when they are used.

mod arguments;
mod config;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use arguments::names_a_map;
pub use arguments::{ArgumentError, MAX_ENTRY_CHARS, check_argument, split_arguments};
pub use config::{ConfigLineError, MAX_LINE_CHARS, check_config_line};

use crate::error::HostError;
use crate::name::InstanceName;

/// Most overlays of a specification.
pub const MAX_OVERLAYS: usize = 64;
/// Longest overlay path, in characters.
pub const MAX_OVERLAY_CHARS: usize = 512;
/// Most argument entries.
pub const MAX_ARGUMENTS: usize = 128;
/// Most config lines.
pub const MAX_CONFIG_LINES: usize = 1024;
/// The lowest port; those below need rights that a game server has not.
pub const MIN_PORT: u16 = 1024;

/// Everything that decides what a server runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// The format's version; 1.
    pub version: u32,
    /// The instance.
    pub name: InstanceName,
    /// The game's UDP and TCP port.
    pub port: u16,
    /// Paths below the overlay root; the first lies on top.
    pub overlays: Vec<String>,
    /// Launch arguments, each entry split like a shell word list without expansion.
    pub arguments: Vec<String>,
    /// Lines of server.cfg.
    pub config: Vec<String>,
}

/// Which rule a specification breaks, with the place counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// It is no YAML of this form.
    #[error("{0}")]
    Syntax(String),
    /// A format of another time.
    #[error("version {0} is not known: this program writes and reads version 1")]
    Version(u32),
    /// A port that may not be used.
    #[error("port {0} is below 1024")]
    Port(u16),
    /// More entries than allowed.
    #[error("has {count} {what}, more than {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// An overlay path of the wrong form.
    #[error("overlay {place}: {message}")]
    Overlay {
        /// Its place.
        place: usize,
        /// What is wrong.
        message: &'static str,
    },
    /// A refused argument.
    #[error("argument {place}: {source}")]
    Argument {
        /// Its place.
        place: usize,
        /// Why.
        source: ArgumentError,
    },
    /// A refused config line.
    #[error("config line {place}: {source}")]
    ConfigLine {
        /// Its place.
        place: usize,
        /// Why.
        source: ConfigLineError,
    },
}

impl From<SpecError> for HostError {
    fn from(error: SpecError) -> Self {
        Self::InvalidSpec(error.to_string())
    }
}

impl Specification {
    /// The present format's version.
    pub const VERSION: u32 = 1;

    /// Reads and validates a specification.
    pub fn from_yaml(text: &str) -> Result<Self, SpecError> {
        let specification: Self = serde_yaml::from_str(text).map_err(|error| SpecError::Syntax(error.to_string()))?;
        specification.validate()?;
        Ok(specification)
    }

    /// Checks every rule.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.version != Self::VERSION {
            return Err(SpecError::Version(self.version));
        }
        if self.port < MIN_PORT {
            return Err(SpecError::Port(self.port));
        }
        check_count("overlays", self.overlays.len(), MAX_OVERLAYS)?;
        check_count("arguments", self.arguments.len(), MAX_ARGUMENTS)?;
        check_count("config lines", self.config.len(), MAX_CONFIG_LINES)?;
        for (index, path) in self.overlays.iter().enumerate() {
            let twice = self.overlays[..index].contains(path);
            let message = if twice { Some("is there twice") } else { overlay_path_fault(path) };
            if let Some(message) = message {
                return Err(SpecError::Overlay { place: index + 1, message });
            }
        }
        for (index, entry) in self.arguments.iter().enumerate() {
            check_argument(entry).map_err(|source| SpecError::Argument { place: index + 1, source })?;
        }
        for (index, line) in self.config.iter().enumerate() {
            check_config_line(line).map_err(|source| SpecError::ConfigLine { place: index + 1, source })?;
        }
        Ok(())
    }

    /// The canonical YAML.
    pub fn to_yaml(&self) -> Result<String, HostError> {
        serde_yaml::to_string(self).map_err(|error| HostError::InvalidSpec(error.to_string()))
    }

    /// SHA-256 of the canonical YAML, in hexadecimal.
    pub fn digest(&self) -> Result<String, HostError> {
        let digest = Sha256::digest(self.to_yaml()?.as_bytes());
        let mut hex = String::with_capacity(2 * digest.len());
        for byte in digest {
            for half in [byte >> 4, byte & 0xF] {
                hex.extend(char::from_digit(half.into(), 16));
            }
        }
        Ok(hex)
    }
}

fn check_count(what: &'static str, count: usize, limit: usize) -> Result<(), SpecError> {
    if count > limit { Err(SpecError::TooMany { what, count, limit }) } else { Ok(()) }
}

/// What is wrong with the form of an overlay path, if anything is.
fn overlay_path_fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("is empty")
    } else if path.chars().count() > MAX_OVERLAY_CHARS {
        Some("is longer than 512 characters")
    } else if path.starts_with('/') {
        Some("is absolute: give it below the overlay root")
    } else if path.chars().any(char::is_control) {
        Some("holds a control character")
    } else {
        None
    }
}
