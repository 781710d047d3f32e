//! Streams: replay what is stored, then follow what comes, as server-sent events.
//!
//! Each kind has a source that only knows what comes next; `live` is what all have in common: back-pressure, the end
//! when rights are lost or the panel shuts down, comments, and the place among the bounded number of streams.

mod changes;
pub mod frame;
mod job_log;
mod job_text;
mod live;
mod permit;
mod server_log;

use axum::body::Body;
use l4d2_contract::{JobId, ServerId};
use l4d2_host::supervisor::LogStart;

use crate::app::AppState;
use crate::auth::Caller;
use crate::error::ApiResult;
use live::{Format, Live};

pub use job_log::JobLogStart;
pub use live::RECHECK;
pub use permit::{StreamKind, StreamPermit, Streams};

/// A job's lines, states and end.
pub async fn job_log(state: &AppState, caller: Caller, job: JobId, start: JobLogStart) -> ApiResult<Body> {
    let source = job_log::JobLogSource::open(state, &caller, job, start).await?;
    open(state, caller, StreamKind::JobLog, Format::Events, source)
}

/// A job's lines as text.
pub async fn job_text(state: &AppState, caller: Caller, job: JobId) -> ApiResult<Body> {
    let source = job_text::JobTextSource::open(state, &caller, job).await?;
    open(state, caller, StreamKind::JobLog, Format::File, source)
}

/// A game's output.
pub async fn server_log(state: &AppState, caller: Caller, server: ServerId, start: LogStart) -> ApiResult<Body> {
    let source = server_log::ServerLogSource::open(state, &caller, server, start).await?;
    open(state, caller, StreamKind::ServerLog, Format::Events, source)
}

/// Changes of everything the caller may see.
pub fn changes(state: &AppState, caller: Caller) -> ApiResult<Body> {
    let source = changes::ChangesSource::open(state, &caller);
    open(state, caller, StreamKind::Events, Format::Events, source)
}

fn open<S: live::Source>(
    state: &AppState,
    caller: Caller,
    kind: StreamKind,
    format: Format,
    source: S,
) -> ApiResult<Body> {
    let permit = state.streams.open(kind, caller.user_id)?;
    Ok(Live::new(state, caller, permit, format, source).into_body())
}
