//! Ending jobs that nobody is at work on: those that still wait, and those that were left running, by a killed panel or
//! by a worker that could not record their end.
//!
//! How a job ended and the line of its log that says so are one transaction, so a reader that sees the end has the line,
//! and a crash leaves neither or both.

use l4d2_contract::{JobId, JobState, ServerId};
use sea_orm::DatabaseTransaction;

use super::log::{LineWithin, LogHub};
use crate::app::AppState;
use crate::db::entity::jobs;
use crate::db::jobs::{self as queries, JobEnd};
use crate::db::server_state;
use crate::domain::publish;
use crate::error::ApiResult;

/// Ends a job that is in state `from`; its error is also its log's last line. None when it was in another state.
pub(super) async fn with_last_line(
    tx: &DatabaseTransaction,
    logs: &LogHub,
    id: JobId,
    from: JobState,
    end: &JobEnd,
) -> ApiResult<Option<LineWithin>> {
    if !queries::finish(tx, id, from, end).await? {
        return Ok(None);
    }
    logs.append_within(tx, id, &end.error).await.map(Some)
}

/// Ends a job that waits as cancelled.
pub(super) async fn cancel_waiting(
    tx: &DatabaseTransaction,
    logs: &LogHub,
    id: JobId,
    reason: &str,
) -> ApiResult<Option<LineWithin>> {
    let end = JobEnd { state: JobState::Cancelled, exit_code: None, error: reason.to_owned() };
    with_last_line(tx, logs, id, JobState::Queued, &end).await
}

/// Ends a job that was left running as failed, and tells everyone. Does nothing when it has ended meanwhile.
pub(super) async fn fail_left_running(state: &AppState, row: &jobs::Model, reason: &str) -> ApiResult<()> {
    let id = JobId(row.id);
    let server = row.server_id.map(ServerId);
    let end = JobEnd { state: JobState::Failed, exit_code: None, error: reason.to_owned() };
    let tx = state.db.begin().await?;
    let Some(line) = with_last_line(&tx, &state.job_logs, id, JobState::Running, &end).await? else {
        return Ok(());
    };
    if let Some(server) = server {
        server_state::set_last_error(&tx, server, reason).await?;
    }
    tx.commit().await?;
    line.tell();
    tracing::warn!(job = id.0, reason, "ended a job that was left running");
    publish::job(state, id).await?;
    match server {
        Some(server) => publish::server(state, server).await,
        None => Ok(()),
    }
}
