//! Reading logs page by page.

use l4d2_contract::{JobId, JobLogLine, Page, ServerId, ServerLogLine, ServerLogs};
use l4d2_host::{HostError, InstanceName};

use super::access;
use super::paging::PageRequest;
use crate::app::AppState;
use crate::auth::Caller;
use crate::clock;
use crate::db::job_logs;
use crate::error::{ApiError, ApiResult};

/// A page of a job's lines, oldest first; the cursor is a seq.
pub async fn job_lines(
    state: &AppState,
    caller: &Caller,
    job: JobId,
    request: PageRequest,
) -> ApiResult<Page<JobLogLine>> {
    access::visible_job(state.db.read(), caller, job).await?;
    let after = request.after.unwrap_or(0);
    let mut rows = job_logs::page(state.db.read(), job, after, request.rows()).await?;
    let next = request.cut(&mut rows, |row| row.seq);
    Ok(Page { items: rows.into_iter().map(job_logs::to_contract).collect(), next })
}

/// The last lines of a game's output, oldest first. A server that was never initialized has none.
pub async fn server_lines(state: &AppState, caller: &Caller, server: ServerId, lines: usize) -> ApiResult<ServerLogs> {
    let row = access::visible_server(state.db.read(), caller, server).await?;
    let name = InstanceName::parse(&row.name).map_err(ApiError::internal)?;
    let lines = match state.host.logs(&name, lines).await {
        Ok(lines) => lines,
        Err(HostError::NoInstance(_)) => Vec::new(),
        Err(error) => return Err(ApiError::internal(error)),
    };
    let items = lines.into_iter().map(|line| ServerLogLine {
        cursor: line.cursor.0,
        time: clock::timestamp(clock::millis(line.time)),
        line: line.text,
    });
    Ok(ServerLogs { items: items.collect() })
}
