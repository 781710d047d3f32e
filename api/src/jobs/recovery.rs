//! What is done once at start: jobs that a killed panel left running are ended as failed, servers are looked at, and
//! after a boot of the machine those that should run are started.

use l4d2_contract::{JobId, JobState, ServerId};

use super::{boot, end};
use crate::app::AppState;
use crate::db::jobs::{self as queries, JobEnd};
use crate::db::server_state;
use crate::domain::publish;
use crate::error::{ApiResult, chain};
use crate::status;

/// What an interrupted job's last line and error say.
pub const INTERRUPTED: &str = "the panel was interrupted while this job ran";

/// Brings the database in line with the machine. Runs before the scheduler and the listener start.
pub async fn run(state: &AppState) -> ApiResult<()> {
    if let Err(error) = state.host.recover().await {
        // The host page's checks will say more; the panel is of use even so.
        tracing::error!(error = %chain(&error), "could not end what an earlier run left behind");
    }
    let rows = queries::active(state.db.read()).await?;
    for row in rows.iter().filter(|row| queries::state(row) == JobState::Running) {
        interrupt(state, row.id, row.server_id).await?;
    }
    status::refresh_all(state).await?;
    boot::start_what_should_run(state).await
}

async fn interrupt(state: &AppState, id: i64, server: Option<i64>) -> ApiResult<()> {
    let id = JobId(id);
    let end = JobEnd { state: JobState::Failed, exit_code: None, error: INTERRUPTED.to_owned() };
    let tx = state.db.begin().await?;
    let line = end::with_last_line(&tx, &state.job_logs, id, JobState::Running, &end).await?;
    if let Some(server) = server {
        server_state::set_last_error(&tx, ServerId(server), INTERRUPTED).await?;
    }
    tx.commit().await?;
    if let Some(line) = line {
        line.tell();
    }
    tracing::warn!(job = id.0, "a job was interrupted by the end of an earlier run");
    publish::job(state, id).await
}
