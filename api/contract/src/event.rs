//! What the event streams carry besides whole resources.
//!
//! `GET /events` sends `event: ready` once it listens, then `server`, `job`, `overlay` and `blueprint` with the whole
//! object, `deleted` with a [`Deleted`], and `resync` when the reader fell behind and must fetch its lists again.
//!
//! The streams of logs send their lines as they are, and, when asked with `times=true`, between them `event: time` with the
//! [`Timestamp`](crate::Timestamp) of the second in which those that follow were read.

use serde::{Deserialize, Serialize};

/// The kinds of things that come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A server.
    Server,
    /// A job, pruned by age or size.
    Job,
    /// An overlay.
    Overlay,
    /// A blueprint.
    Blueprint,
}

/// Something is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deleted {
    /// What it was.
    pub kind: ResourceKind,
    /// Its id.
    pub id: i64,
}

/// Lines that were left out of a stream (`event: skipped`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamSkipped {
    /// How many, where it can be told.
    pub lines: Option<u64>,
}

/// Why a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamEndReason {
    /// The job is over and its last line was sent.
    JobFinished,
    /// The session or token is no longer good, or the right to the resource is gone.
    AccessRevoked,
    /// The server was deleted.
    Deleted,
    /// The panel is shutting down; connect again soon.
    Shutdown,
}

/// The last event of a stream (`event: end`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamEnd {
    /// Why.
    pub reason: StreamEndReason,
}
