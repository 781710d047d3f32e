//! Reading jobs.

use l4d2_contract::{Job, JobId, JobState, Operation, Page, ServerId};

use super::access;
use crate::app::AppState;
use crate::auth::Caller;
use crate::db::jobs::{self as queries, JobFilter};
use crate::domain::validate;
use crate::error::{ApiError, ApiResult};

/// What a list is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only jobs of this server.
    pub server: Option<ServerId>,
    /// Only jobs in this state.
    pub state: Option<JobState>,
    /// Only jobs that do this.
    pub operation: Option<Operation>,
    /// Only jobs older than this one.
    pub before: Option<JobId>,
}

/// A page of the jobs the caller may see, newest first.
pub async fn list(state: &AppState, caller: &Caller, filter: Filter, limit: Option<u64>) -> ApiResult<Page<Job>> {
    let limit = validate::page_limit(limit)?;
    if filter.before.is_some_and(|before| before.0 < 1) {
        return Err(ApiError::field("before", "must be 1 or more: the `next` of the last page"));
    }
    if let Some(server) = filter.server {
        access::visible_server(state.db.read(), caller, server).await?;
    }
    // A server's jobs are all its owner's. Asked for both, a database may go through all jobs of the owner.
    let of_anybody = caller.admin || filter.server.is_some();
    let filter = JobFilter {
        owner: (!of_anybody).then_some(caller.user_id),
        server: filter.server,
        state: filter.state,
        operation: filter.operation,
        before: filter.before,
    };
    let mut rows = queries::list(state.db.read(), &filter, limit + 1).await?;
    let more = rows.len() as u64 > limit;
    if more {
        rows.pop();
    }
    let next = if more { rows.last().map(|job| job.id.to_string()) } else { None };
    Ok(Page { items: rows.iter().map(queries::to_contract).collect(), next })
}

/// One job.
pub async fn get(state: &AppState, caller: &Caller, id: JobId) -> ApiResult<Job> {
    access::visible_job(state.db.read(), caller, id).await.map(|row| queries::to_contract(&row))
}
