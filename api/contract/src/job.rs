//! Jobs and their logs.

use serde::{Deserialize, Serialize};

use crate::text::{read_from_text, text_enum};
use crate::{JobId, ServerId, Timestamp, UserId};

text_enum!(Operation { Install => "install", Initialize => "initialize", Start => "start", Stop => "stop", Restart => "restart", Delete => "delete" });
text_enum!(ServerOperation { Initialize => "initialize", Start => "start", Stop => "stop", Restart => "restart", Delete => "delete" });
text_enum!(HostOperation { Install => "install" });
read_from_text!(HostOperation, ServerOperation);
text_enum!(JobState { Queued => "queued", Running => "running", Succeeded => "succeeded", Failed => "failed", Cancelled => "cancelled" });
text_enum!(LogStream { Stdout => "stdout", Stderr => "stderr", System => "system" });

/// Everything a job can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Installs or updates the game on the host.
    Install,
    /// Generates the instance from its blueprint.
    Initialize,
    /// Generates the instance and starts it.
    Start,
    /// Stops it.
    Stop,
    /// Stops it, generates it afresh and starts it.
    Restart,
    /// Stops it and removes it from the host and the panel.
    Delete,
}

/// What can be asked of a server. Deleting is `DELETE /servers/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ServerOperation {
    /// Generates the instance from its blueprint.
    Initialize,
    /// Generates the instance and starts it.
    Start,
    /// Stops it.
    Stop,
    /// Stops it, generates it afresh and starts it.
    Restart,
    /// Stops it and removes it, as `DELETE /servers/{id}` does.
    Delete,
}

impl From<ServerOperation> for Operation {
    fn from(operation: ServerOperation) -> Self {
        match operation {
            ServerOperation::Initialize => Self::Initialize,
            ServerOperation::Start => Self::Start,
            ServerOperation::Stop => Self::Stop,
            ServerOperation::Restart => Self::Restart,
            ServerOperation::Delete => Self::Delete,
        }
    }
}

/// What can be asked of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HostOperation {
    /// Installs or updates the game.
    Install,
}

/// Where a job is. The last three are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its turn.
    Queued,
    /// Is at work.
    Running,
    /// Did it.
    Succeeded,
    /// Could not; see `error`.
    Failed,
    /// Was cancelled.
    Cancelled,
}

impl JobState {
    /// Whether it will never change again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// One run of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Job {
    /// Its id; later jobs have greater ones.
    pub id: JobId,
    /// Who asked for it.
    pub user_id: UserId,
    /// Its server; null for `install` and once the server is deleted.
    pub server_id: Option<ServerId>,
    /// Its server's name, kept when the server is deleted; null for `install`.
    #[cfg_attr(feature = "openapi", schema(example = "alpha"))]
    pub server_name: Option<String>,
    /// What it does.
    pub operation: Operation,
    /// Where it is.
    pub state: JobState,
    /// How far it is, 0 to 1, while that is known.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1, example = 0.42))]
    pub progress: Option<f64>,
    /// The exit status of the process that ended it; null where none did.
    pub exit_code: Option<i32>,
    /// Why it failed or was cancelled, in one sentence for a person; empty otherwise.
    #[cfg_attr(feature = "openapi", schema(example = ""))]
    pub error: String,
    /// When it was filed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub created_at: Timestamp,
    /// When it was started; null while it waits.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-11-24T03:01:04.300Z", format = "date-time"))]
    pub started_at: Option<Timestamp>,
    /// When it ended; null until then.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub finished_at: Option<Timestamp>,
}

/// Files a job for a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"operation": "start"})))]
#[serde(deny_unknown_fields)]
pub struct CreateServerJob {
    /// What to do.
    pub operation: ServerOperation,
}

/// Files a job for the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"operation": "install"})))]
#[serde(deny_unknown_fields)]
pub struct CreateHostJob {
    /// What to do.
    pub operation: HostOperation,
}

/// Where a line of a job's log came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// The program's standard output.
    Stdout,
    /// The program's standard error.
    Stderr,
    /// The panel's own words.
    System,
}

/// One line of a job's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobLogLine {
    /// 1 for the first line, then one more each, without a gap.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, example = 1))]
    pub seq: i64,
    /// Where it came from.
    pub stream: LogStream,
    /// The text, without line end.
    #[cfg_attr(feature = "openapi", schema(example = "Update state (0x61) downloading, progress: 42.17"))]
    pub line: String,
    /// When it was read.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub created_at: Timestamp,
}
