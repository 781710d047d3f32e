//! The machine the servers run on.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The host as the panel sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostInfo {
    /// What keeps the servers running.
    pub supervisor: HostSupervisor,
    /// The game's installation.
    pub installation: InstallationInfo,
    /// Size of the file system that holds `L4D2_ROOT`, in bytes.
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub disk_total_bytes: u64,
    /// What is free on it for the panel, in bytes.
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub disk_free_bytes: u64,
    /// The doctor's checks.
    pub checks: Vec<DoctorCheck>,
}

/// What keeps the servers running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HostSupervisor {
    /// systemd units.
    Systemd,
    /// The supervisor built in.
    Embedded,
}

/// The game's installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstallationInfo {
    /// Whether a whole installation is there.
    pub present: bool,
    /// The game's version, where it can be told.
    #[cfg_attr(feature = "openapi", schema(example = "2.2.4.3"))]
    pub version: Option<String>,
    /// Steam's build id, where it can be told.
    #[cfg_attr(feature = "openapi", schema(example = "16912345"))]
    pub build_id: Option<String>,
    /// Its size in bytes, as Steam says it.
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub size_bytes: Option<u64>,
    /// When it was last updated.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub updated_at: Option<Timestamp>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DoctorStatus {
    /// As it should be.
    Ok,
    /// Works, but something is worth knowing.
    Warning,
    /// Servers won't run until it is mended.
    Failed,
}

/// One of the doctor's checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DoctorCheck {
    /// A stable name.
    #[cfg_attr(feature = "openapi", schema(example = "overlayfs"))]
    pub id: String,
    /// How it went.
    pub status: DoctorStatus,
    /// What was found.
    #[cfg_attr(feature = "openapi", schema(example = "overlayfs can be mounted without privileges"))]
    pub message: String,
    /// What to do; empty when nothing is to do.
    #[cfg_attr(feature = "openapi", schema(example = ""))]
    pub remedy: String,
    /// Whether the remedy is a command, ready to be copied and run; else it is said in words.
    pub remedy_is_command: bool,
}
