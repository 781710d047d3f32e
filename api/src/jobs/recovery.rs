//! What is done once at start: jobs that a killed panel left running are ended as failed, servers are looked at, and
//! after a boot of the machine those that should run are started. Instances that no server is for are told.

use l4d2_contract::JobState;

use super::{boot, end};
use crate::app::AppState;
use crate::db::jobs as queries;
use crate::domain::strangers;
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
        end::fail_left_running(state, row, INTERRUPTED).await?;
    }
    status::refresh_all(state).await?;
    strangers::tell(state).await;
    boot::start_what_should_run(state).await
}
