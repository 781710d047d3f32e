//! Filing and cancelling jobs.
//!
//! One transaction holds the server's row while it decides, so that of parallel requests each sees the one before.

use l4d2_contract::{DesiredState, Job, JobId, JobState, Operation, ServerId, UserId};
use sea_orm::DatabaseTransaction;

use super::end;
use super::log::LineWithin;
use super::rules::supersedes;
use crate::app::AppState;
use crate::auth::Caller;
use crate::db::entity::{jobs, servers};
use crate::db::jobs::NewJob;
use crate::db::{is_unique_violation, jobs as queries, server_state};
use crate::domain::publish;
use crate::error::{ApiError, ApiResult};

/// What filing a job led to, to be told once the transaction is through.
#[derive(Debug)]
struct Filed {
    job: jobs::Model,
    given_up: GivenUp,
}

/// The jobs that a request made pointless.
#[derive(Debug, Default)]
struct GivenUp {
    /// Queued jobs that were cancelled, each with the line that says why.
    cancelled: Vec<(JobId, LineWithin)>,
    /// Jobs at work that must give up.
    interrupted: Vec<JobId>,
}

/// Files a job for a server that the caller may operate; answers the one that waits already, if there is one.
pub async fn server_job(state: &AppState, caller: &Caller, server: ServerId, operation: Operation) -> ApiResult<Job> {
    let tx = state.db.begin().await?;
    let Some(row) = server_state::find_locked(&tx, server).await? else {
        return Err(ApiError::not_found("server", server));
    };
    if row.user_id != caller.user_id.0 && !caller.admin {
        return Err(ApiError::forbidden("this server belongs to somebody else"));
    }
    let filed = file(state, &tx, caller, &row, operation).await?;
    tx.commit().await?;
    let job = queries::to_contract(&filed.job);
    announce(state, server, operation, filed).await?;
    Ok(job)
}

async fn file(
    state: &AppState,
    tx: &DatabaseTransaction,
    caller: &Caller,
    server: &servers::Model,
    operation: Operation,
) -> ApiResult<Filed> {
    let id = ServerId(server.id);
    let active = queries::active_of_server(tx, id).await?;
    if let Some(deleting) = active.iter().find(|job| queries::operation(job) == Operation::Delete) {
        if operation == Operation::Delete {
            return Ok(Filed { job: deleting.clone(), given_up: GivenUp::default() });
        }
        return Err(ApiError::conflict("server_deleting", format!("{} is being deleted", server.name)));
    }
    let given_up = give_up(state, tx, &active, operation).await?;
    if let Some(desired) = desired_after(operation) {
        server_state::set_desired_state(tx, id, desired).await?;
    }
    let waiting =
        active.into_iter().find(|job| queries::operation(job) == operation && queries::state(job) == JobState::Queued);
    if let Some(job) = waiting {
        return Ok(Filed { job, given_up });
    }
    let new = NewJob {
        user: caller.user_id,
        owner: UserId(server.user_id),
        server: Some((id, server.name.clone())),
        operation,
    };
    let job = queries::insert(tx, new).await?;
    Ok(Filed { job, given_up })
}

/// Cancels what the operation makes pointless: waiting jobs at once, those at work are asked to.
async fn give_up(
    state: &AppState,
    tx: &DatabaseTransaction,
    active: &[jobs::Model],
    operation: Operation,
) -> ApiResult<GivenUp> {
    let reason = reason(operation);
    let mut given_up = GivenUp::default();
    for job in active.iter().filter(|job| supersedes(operation, queries::operation(job))) {
        let id = JobId(job.id);
        match end::cancel_waiting(tx, &state.job_logs, id, &reason).await? {
            Some(line) => given_up.cancelled.push((id, line)),
            None => given_up.interrupted.push(id),
        }
    }
    Ok(given_up)
}

fn reason(operation: Operation) -> String {
    format!("cancelled because a {operation} was requested")
}

/// The state that a server should have once the operation is accepted. A delete says so when it begins: cancelled while it
/// waits, it has changed nothing.
fn desired_after(operation: Operation) -> Option<DesiredState> {
    match operation {
        Operation::Start | Operation::Restart => Some(DesiredState::Running),
        Operation::Stop => Some(DesiredState::Stopped),
        Operation::Install | Operation::Initialize | Operation::Delete => None,
    }
}

async fn announce(state: &AppState, server: ServerId, operation: Operation, filed: Filed) -> ApiResult<()> {
    let reason = reason(operation);
    for id in filed.given_up.interrupted {
        state.jobs.interrupt(id, &reason);
    }
    // Before anything that can fail or be given up: a filed job must not wait for somebody else to wake the scheduler.
    state.jobs.wake();
    for (id, line) in filed.given_up.cancelled {
        line.tell();
        publish::job(state, id).await?;
    }
    publish::job(state, JobId(filed.job.id)).await?;
    publish::server(state, server).await
}

/// Files an install; answers the one that waits already, if there is one. Refused while servers run.
pub async fn install(state: &AppState, caller: &Caller) -> ApiResult<Job> {
    let job = match file_install(state, caller).await {
        // Two requests came this far at once and the index let the other one through: it is there now.
        Err(ApiError::Database(error)) if is_unique_violation(&error) => file_install(state, caller).await?,
        other => other?,
    };
    state.jobs.wake();
    publish::job(state, JobId(job.id)).await?;
    Ok(queries::to_contract(&job))
}

async fn file_install(state: &AppState, caller: &Caller) -> ApiResult<jobs::Model> {
    let tx = state.db.begin().await?;
    let waiting = queries::active(&tx)
        .await?
        .into_iter()
        .find(|job| queries::operation(job) == Operation::Install && queries::state(job) == JobState::Queued);
    if let Some(waiting) = waiting {
        return Ok(waiting);
    }
    refuse_while_running(&server_state::names_running(&tx).await?)?;
    let new = NewJob { user: caller.user_id, owner: caller.user_id, server: None, operation: Operation::Install };
    let job = queries::insert(&tx, new).await?;
    tx.commit().await?;
    Ok(job)
}

/// 409 that names the servers, if there are any.
pub fn refuse_while_running(names: &[String]) -> ApiResult<()> {
    if names.is_empty() {
        return Ok(());
    }
    let detail = format!("stop these servers first, they run from the files an install rewrites: {}", names.join(", "));
    Err(ApiError::conflict("servers_running", detail))
}

/// Cancels a queued job, or asks one at work to give up. A job that has ended is a conflict.
pub async fn cancel(state: &AppState, caller: &Caller, id: JobId) -> ApiResult<Job> {
    let row = crate::domain::access::visible_job(state.db.read(), caller, id).await?;
    let reason = format!("cancelled by {}", caller.username);
    let tx = state.db.begin().await?;
    if let Some(line) = end::cancel_waiting(&tx, &state.job_logs, id, &reason).await? {
        tx.commit().await?;
        line.tell();
    } else {
        // Its row says whether it has ended: for a moment more it is at work, to leave everything in order. One that runs
        // and that nobody is at work on is ended by the scheduler, woken below.
        let row = queries::find(&tx, id).await?.ok_or_else(|| ApiError::not_found("job", id))?;
        tx.rollback().await?;
        if queries::state(&row).is_final() {
            return Err(ApiError::conflict("job_finished", format!("job {id} has ended already")));
        }
        state.jobs.interrupt(id, &reason);
    }
    publish::job(state, id).await?;
    if let Some(server) = row.server_id {
        publish::server(state, ServerId(server)).await?;
    }
    state.jobs.wake();
    let row = queries::find(state.db.read(), id).await?.ok_or_else(|| ApiError::not_found("job", id))?;
    Ok(queries::to_contract(&row))
}
