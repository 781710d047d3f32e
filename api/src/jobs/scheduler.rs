//! Wakes up when something was filed or ended, asks the rules, and starts what they say.
//!
//! A row that says `running` locks its server. So one that nobody is at work on, because its worker panicked or could not
//! read it, is ended here.

use std::sync::Arc;
use std::time::Duration;

use l4d2_contract::{JobId, JobState};

use super::rules::{self, Picture, Superseded};
use super::{Entered, end, worker};
use crate::app::AppState;
use crate::db::entity::jobs;
use crate::db::jobs as queries;
use crate::domain::publish;
use crate::error::{ApiResult, chain};

/// What the last line and error of a job say whose worker is gone.
const ABANDONED: &str = "the panel failed while this job ran; the panel's own log says why";

/// After a failure of the database; it wakes nobody when it is well again.
const RETRY: Duration = Duration::from_secs(1);

/// Runs until the panel shuts down. Jobs at work then go on by themselves; see [`super::Jobs::idle`].
pub async fn run(state: Arc<AppState>) {
    loop {
        let pause = match schedule(&state).await {
            Ok(()) => None,
            Err(error) => {
                tracing::error!(error = %chain(&error), "could not schedule jobs");
                Some(RETRY)
            }
        };
        tokio::select! {
            // Nothing new is started once the panel shuts down, whatever else is ready.
            biased;
            () = state.shutdown.cancelled() => return,
            () = state.jobs.inner.wake.notified() => {}
            () = wait(pause) => {}
        }
    }
}

async fn wait(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

async fn schedule(state: &Arc<AppState>) -> ApiResult<()> {
    let rows = queries::active(state.db.read()).await?;
    let (queued, running): (Vec<_>, Vec<_>) = rows.iter().partition(|row| queries::state(row) == JobState::Queued);
    let (running, ended) = end_abandoned(state, running).await;
    let picture = Picture {
        queued: queued.into_iter().map(queries::to_active).collect(),
        running: running.into_iter().map(queries::to_active).collect(),
        workers: state.config.job_workers,
    };
    let plan = rules::plan(&picture);
    for superseded in plan.cancel {
        give_up(state, superseded).await?;
    }
    for id in plan.start {
        start(state, id).await?;
    }
    ended
}

/// Ends those running jobs that nobody is at work on; answers the others. A job is entered before its row says that it
/// runs and leaves after the row says how it ended, so one that is found running and not entered is nobody's, or has ended
/// since the row was read. One that can't be ended holds up nothing but its own server, and is tried again.
async fn end_abandoned<'a>(state: &AppState, running: Vec<&'a jobs::Model>) -> (Vec<&'a jobs::Model>, ApiResult<()>) {
    let (mut still, abandoned): (Vec<_>, Vec<_>) =
        running.into_iter().partition(|row| state.jobs.is_at_work(JobId(row.id)));
    let mut result = Ok(());
    for row in abandoned {
        if let Err(error) = end::fail_left_running(state, row, ABANDONED).await {
            still.push(row);
            result = Err(error);
        }
    }
    (still, result)
}

async fn give_up(state: &AppState, superseded: Superseded) -> ApiResult<()> {
    let reason = format!("cancelled because a {} was requested", superseded.by);
    let tx = state.db.begin().await?;
    let Some(line) = end::cancel_waiting(&tx, &state.job_logs, superseded.job, &reason).await? else {
        state.jobs.interrupt(superseded.job, &reason);
        return Ok(());
    };
    tx.commit().await?;
    line.tell();
    publish::job(state, superseded.job).await
}

async fn start(state: &Arc<AppState>, id: JobId) -> ApiResult<()> {
    let at_work = state.jobs.enter(id);
    let entered = Entered { jobs: state.jobs.clone(), id };
    if !queries::claim(state.db.write(), id).await? {
        // It was cancelled a moment ago.
        return Ok(());
    }
    let state = Arc::clone(state);
    tokio::spawn(async move {
        worker::run(&state, id, &at_work).await;
        drop(entered);
    });
    Ok(())
}
