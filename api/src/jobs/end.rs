//! Ending jobs that nobody is at work on: those that still wait, and those that a killed panel left running.
//!
//! How a job ended and the line of its log that says so are one transaction, so a reader that sees the end has the line,
//! and a crash leaves neither or both.

use l4d2_contract::{JobId, JobState};
use sea_orm::DatabaseTransaction;

use super::log::{LastLine, LogHub};
use crate::db::jobs::{self as queries, JobEnd};
use crate::error::ApiResult;

/// Ends a job that is in state `from`; its error is also its log's last line. None when it was in another state.
pub(super) async fn with_last_line(
    tx: &DatabaseTransaction,
    logs: &LogHub,
    id: JobId,
    from: JobState,
    end: &JobEnd,
) -> ApiResult<Option<LastLine>> {
    if !queries::finish(tx, id, from, end).await? {
        return Ok(None);
    }
    logs.append_last(tx, id, &end.error).await.map(Some)
}

/// Ends a job that waits as cancelled.
pub(super) async fn cancel_waiting(
    tx: &DatabaseTransaction,
    logs: &LogHub,
    id: JobId,
    reason: &str,
) -> ApiResult<Option<LastLine>> {
    let end = JobEnd { state: JobState::Cancelled, exit_code: None, error: reason.to_owned() };
    with_last_line(tx, logs, id, JobState::Queued, &end).await
}
