//! Servers.

use serde::{Deserialize, Serialize};

use crate::text::text_enum;
use crate::{BlueprintId, JobId, ServerId, Timestamp, UserId};

text_enum!(DesiredState { Running => "running", Stopped => "stopped" });
text_enum!(ActualState { Running => "running", Stopped => "stopped", Failed => "failed", Unknown => "unknown" });
text_enum!(DisplayState { Deleting => "deleting", Starting => "starting", Stopping => "stopping", Restarting => "restarting", Initializing => "initializing", Running => "running", Stopped => "stopped", Failed => "failed", Unknown => "unknown" });

/// The state a server should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DesiredState {
    /// It should run.
    Running,
    /// It should not.
    Stopped,
}

/// The state a server was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActualState {
    /// It runs.
    Running,
    /// It does not.
    Stopped,
    /// It ended by itself and is not started again.
    Failed,
    /// It could not be told.
    Unknown,
}

/// What to show: the active job first, else the actual state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DisplayState {
    /// A delete job is active.
    Deleting,
    /// A start job is active.
    Starting,
    /// A stop job is active.
    Stopping,
    /// A restart job is active.
    Restarting,
    /// An initialize job is active.
    Initializing,
    /// As `actual_state`.
    Running,
    /// As `actual_state`.
    Stopped,
    /// As `actual_state`.
    Failed,
    /// As `actual_state`.
    Unknown,
}

/// A server: a name, a port and a link to a blueprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Server {
    /// Its id.
    pub id: ServerId,
    /// Whose it is.
    pub user_id: UserId,
    /// Its name, unique in the panel.
    #[cfg_attr(feature = "openapi", schema(example = "alpha"))]
    pub name: String,
    /// Its UDP and TCP port.
    #[cfg_attr(feature = "openapi", schema(example = 27015, minimum = 1024, maximum = 65535))]
    pub port: u16,
    /// The blueprint it runs from.
    pub blueprint_id: BlueprintId,
    /// The state it should have.
    pub desired_state: DesiredState,
    /// The state it was last found in.
    pub actual_state: ActualState,
    /// When that was; null before the first look.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub actual_state_updated_at: Option<Timestamp>,
    /// Since when it is in that state: while it runs, when the game was started; null when that isn't known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-11-24T03:01:02.000Z", format = "date-time"))]
    pub actual_state_since: Option<Timestamp>,
    /// What to show.
    pub display_state: DisplayState,
    /// No job is active and the desired state differs from the actual one.
    pub drift: bool,
    /// What was last applied differs from what would be applied now.
    pub pending_changes: bool,
    /// The error of the last failed job or crash; empty after a success.
    #[cfg_attr(feature = "openapi", schema(example = ""))]
    pub last_error: String,
    /// The job that is running, or else the next in line.
    pub active_job: Option<JobId>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub updated_at: Timestamp,
}

/// Makes a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"name": "alpha", "port": 27015, "blueprint_id": 1})))]
#[serde(deny_unknown_fields)]
pub struct CreateServer {
    /// `[a-z0-9][a-z0-9_-]{0,62}`, unique in the panel.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"))]
    pub name: String,
    /// 1024 to 65535, unique in the panel.
    #[cfg_attr(feature = "openapi", schema(minimum = 1024, maximum = 65535))]
    #[serde(deserialize_with = "crate::number::port")]
    pub port: u16,
    /// One of the caller's own blueprints.
    pub blueprint_id: BlueprintId,
}

/// Changes a server, running or not; what is left out stays. It takes effect at the next initialize, start or restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"blueprint_id": 2})))]
#[serde(deny_unknown_fields)]
pub struct UpdateServer {
    /// Another blueprint of the server's owner.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub blueprint_id: Option<BlueprintId>,
    /// 1024 to 65535, unique in the panel.
    #[serde(default, deserialize_with = "crate::number::sent_port", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, minimum = 1024, maximum = 65535))]
    pub port: Option<u16>,
}

/// What a server takes up on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerUsage {
    /// Bytes of disk that the server's own files take, without the installation and the overlays, which are shared; null
    /// while the host keeps nothing for it.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, example = 73_400_320))]
    pub instance_bytes: Option<u64>,
    /// Whether everything was counted. If not, it is that much or more: counting ends after some time.
    pub complete: bool,
}

/// One line for the game's console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"command": "status"})))]
#[serde(deny_unknown_fields)]
pub struct ConsoleCommand {
    /// 1 to 1,024 characters, at most 4,000 bytes of UTF-8, no line break.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1024))]
    pub command: String,
}

/// The last lines of a game's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerLogs {
    /// The lines, oldest first.
    pub items: Vec<ServerLogLine>,
}

/// One line of a game's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerLogLine {
    /// Give it as `Last-Event-ID` to the stream to go on behind this line.
    #[cfg_attr(feature = "openapi", schema(example = "9f2c-1024"))]
    pub cursor: String,
    /// When it was read from the game.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub time: Timestamp,
    /// The text.
    #[cfg_attr(feature = "openapi", schema(example = "Connection to Steam servers successful."))]
    pub line: String,
}
