//! Wire types of the panel's HTTP API, shared by the API and the SPA.
//!
//! Only serde here, and the pure rules for what people type: no rule that needs a database, no clock. With the feature `openapi` every type also has a schema.
//! Requests refuse unknown fields, answers never carry a secret other than one just made for its reader.

mod auth;
mod blueprint;
mod event;
mod host;
mod id;
mod job;
mod number;
mod overlay;
mod page;
mod patch;
mod problem;
pub mod rules;
mod server;
mod text;
mod user;

pub use auth::{
    ApiToken, ChangePassword, CreateApiToken, CreatedApiToken, Credentials, Me, Session, SessionOpened, TokenType,
};
pub use blueprint::{Blueprint, BlueprintPreview, CreateBlueprint, PreviewBlueprint, UpdateBlueprint};
pub use event::{Deleted, ResourceKind, StreamEnd, StreamEndReason, StreamSkipped};
pub use host::{DoctorCheck, DoctorStatus, HostInfo, HostSupervisor, InstallationInfo};
pub use id::{ApiTokenId, BlueprintId, JobId, OverlayId, ServerId, SessionId, UserId};
pub use job::{
    CreateHostJob, CreateServerJob, HostOperation, Job, JobLogLine, JobState, LogStream, Operation, ServerOperation,
};
pub use overlay::{CreateOverlay, Overlay, UpdateOverlay};
pub use page::Page;
pub use problem::{FieldError, Problem};
pub use server::{
    ActualState, ConsoleCommand, CreateServer, DesiredState, DisplayState, Server, ServerLogLine, ServerLogs,
    ServerUsage, UpdateServer,
};
pub use user::{UpdateUser, User};

/// A moment in UTC as RFC 3339 with milliseconds, such as `2026-11-24T03:01:04.250Z`.
pub type Timestamp = String;
