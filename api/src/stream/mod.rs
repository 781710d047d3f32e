//! Streams: replay what is stored, then follow what comes, as server-sent events.
//!
//! Each kind has a source that only knows what comes next; `live` is what all have in common: back-pressure, the end
//! when rights are lost or the panel shuts down, comments, and the place among the bounded number of streams. That place is
//! taken first, so that a refused stream costs nothing: opening a source may run a program.

mod changes;
pub mod frame;
mod job_log;
mod job_text;
mod live;
mod permit;
mod server_log;
mod times;

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
pub use times::LineTimes;

/// A job's lines, states and end.
pub async fn job_log(
    state: &AppState,
    caller: Caller,
    job: JobId,
    start: JobLogStart,
    times: LineTimes,
) -> ApiResult<Body> {
    let permit = state.streams.open(StreamKind::JobLog, caller.user_id)?;
    let source = job_log::JobLogSource::open(state, &caller, job, start, times).await?;
    Ok(Live::new(state, caller, permit, Format::Events, source).into_body())
}

/// A job's lines as text.
pub async fn job_text(state: &AppState, caller: Caller, job: JobId) -> ApiResult<Body> {
    let permit = state.streams.open(StreamKind::JobLog, caller.user_id)?;
    let source = job_text::JobTextSource::open(state, &caller, job).await?;
    Ok(Live::new(state, caller, permit, Format::File, source).into_body())
}

/// A game's output.
pub async fn server_log(
    state: &AppState,
    caller: Caller,
    server: ServerId,
    start: LogStart,
    times: LineTimes,
) -> ApiResult<Body> {
    let permit = state.streams.open(StreamKind::ServerLog, caller.user_id)?;
    let source = server_log::ServerLogSource::open(state, &caller, server, start, times).await?;
    Ok(Live::new(state, caller, permit, Format::Events, source).into_body())
}

/// Changes of everything the caller may see.
pub fn changes(state: &AppState, caller: Caller) -> ApiResult<Body> {
    let permit = state.streams.open(StreamKind::Events, caller.user_id)?;
    let source = changes::ChangesSource::open(state, &caller);
    Ok(Live::new(state, caller, permit, Format::Events, source).into_body())
}
