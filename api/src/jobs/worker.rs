//! Runs one job: calls the host, keeps its log, records how it ended.

use std::time::{Duration, Instant};

use l4d2_contract::{BlueprintId, DesiredState, JobId, JobState, LogStream, Operation, ServerId};
use l4d2_host::supervisor::Outcome;
use l4d2_host::{HostError, InstanceName, Output, OutputSink, OutputStream};
use tokio::sync::mpsc;

use super::AtWork;
use super::log::LogWriter;
use super::submit::refuse_while_running;
use crate::app::AppState;
use crate::db::entity::{jobs, servers};
use crate::db::jobs::JobEnd;
use crate::db::{jobs as queries, server_state, specification};
use crate::domain::publish;
use crate::error::{ApiResult, chain};
use crate::facade::{self, Runner};
use crate::{metrics, status};

/// Output that waits for the log; a child that prints faster is slowed down.
const OUTPUT_BACKLOG: usize = 256;
/// Progress is written no more often than this.
const PROGRESS_PAUSE: Duration = Duration::from_millis(500);
/// Until it is tried again to record how a job ended, for instance while the disk is full.
const RECORD_PAUSE: Duration = Duration::from_secs(1);

/// Runs a claimed job to its end. Never fails: what goes wrong is the job's error. When not even that can be told, the
/// scheduler ends the job.
pub(super) async fn run(state: &AppState, id: JobId, at_work: &AtWork) {
    let began = Instant::now();
    let row = match queries::find(state.db.read(), id).await {
        Ok(Some(row)) => row,
        Ok(None) => return,
        Err(error) => {
            tracing::error!(job = id.0, error = %chain(&error), "could not read a job");
            return;
        }
    };
    announce(state, &row).await;
    let end = perform(state, &row, at_work).await;
    metrics::job_finished(queries::operation(&row), end.state, began.elapsed());
    while let Err(error) = record(state, &row, &end).await {
        tracing::error!(job = id.0, error = %chain(&error), "could not record how a job ended");
        if state.shutdown.is_cancelled() && at_work.cancel.is_cancelled() {
            // A shutdown that waits no longer: the next start of the panel finds the row.
            return;
        }
        tokio::time::sleep(RECORD_PAUSE).await;
    }
    if let Some(name) = row.server_name.as_deref().and_then(|name| InstanceName::parse(name).ok())
        && let Err(error) = status::refresh_one(state, &name).await
    {
        tracing::warn!(job = id.0, error = %chain(&error), "could not refresh a server after its job");
    }
}

async fn announce(state: &AppState, row: &jobs::Model) {
    let told = async {
        publish::job(state, JobId(row.id)).await?;
        if let Some(server) = row.server_id {
            publish::server(state, ServerId(server)).await?;
        }
        ApiResult::Ok(())
    };
    if let Err(error) = told.await {
        tracing::warn!(job = row.id, error = %chain(&error), "could not announce a job");
    }
}

/// Runs the job with its log attached; the log is whole when this returns.
async fn perform(state: &AppState, row: &jobs::Model, at_work: &AtWork) -> JobEnd {
    let id = JobId(row.id);
    let mut writer = match state.job_logs.open(id).await {
        Ok(writer) => writer,
        Err(error) => return failed(format!("the job's log could not be opened: {}", chain(&error)), None),
    };
    let (output, lines) = OutputSink::channel(OUTPUT_BACKLOG);
    let (result, logged) = tokio::join!(
        async {
            // Owned here, so that the log ends when the job does.
            let output = output;
            execute(state, row, &output, at_work).await
        },
        keep_log(state, id, lines, &mut writer, at_work),
    );
    let mut end = match (logged, result) {
        (Err(error), _) => failed(format!("the job's log could not be written: {error}"), None),
        (Ok(()), Ok(exit_code)) => JobEnd { state: JobState::Succeeded, exit_code, error: String::new() },
        (Ok(()), Err(error)) => ended_by(&error, at_work),
    };
    let last = match end.state {
        JobState::Succeeded => format!("{} succeeded", queries::operation(row)),
        _ => end.error.clone(),
    };
    let finished = match writer.append(LogStream::System, &last).await {
        Ok(()) => writer.finish().await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = finished {
        // A job whose last lines are lost has not succeeded as far as anybody can tell.
        tracing::error!(job = id.0, error = %chain(&error), "could not write the end of a job's log");
        end = failed(format!("the job's log could not be written: {}", chain(&error)), None);
    }
    end
}

fn failed(error: String, exit_code: Option<i32>) -> JobEnd {
    JobEnd { state: JobState::Failed, exit_code, error }
}

fn ended_by(error: &HostError, at_work: &AtWork) -> JobEnd {
    if at_work.cancel.is_cancelled() && matches!(error, HostError::Cancelled) {
        let reason = at_work.reason.get().cloned().unwrap_or_else(|| "cancelled".to_owned());
        return JobEnd { state: JobState::Cancelled, exit_code: None, error: reason };
    }
    failed(chain(error), error.exit_code())
}

/// Writes lines as they come. When the log can't be written, the job is told to give up and its output is drained.
async fn keep_log(
    state: &AppState,
    id: JobId,
    mut lines: mpsc::Receiver<Output>,
    writer: &mut LogWriter,
    at_work: &AtWork,
) -> Result<(), String> {
    let mut result = Ok(());
    let mut progress = Progress::default();
    while let Some(output) = lines.recv().await {
        match output {
            Output::Progress(fraction) => progress.report(state, id, fraction).await,
            Output::Line { .. } if result.is_err() => {}
            Output::Line { stream, text } => {
                if let Err(error) = writer.append(stream_of(stream), &text).await {
                    at_work.cancel.cancel();
                    result = Err(chain(&error));
                }
            }
        }
    }
    result
}

/// Writes progress now and then: SteamCMD reports far more often than a person can see.
#[derive(Debug, Default)]
struct Progress {
    written: Option<Instant>,
}

impl Progress {
    async fn report(&mut self, state: &AppState, id: JobId, fraction: f64) {
        let due = self.written.is_none_or(|written| written.elapsed() >= PROGRESS_PAUSE);
        if !due && fraction < 1.0 {
            return;
        }
        self.written = Some(Instant::now());
        let written = async {
            queries::set_progress(state.db.write(), id, fraction).await?;
            publish::job(state, id).await
        };
        if let Err(error) = written.await {
            tracing::warn!(job = id.0, error = %chain(&error), "could not write a job's progress");
        }
    }
}

fn stream_of(stream: OutputStream) -> LogStream {
    match stream {
        OutputStream::Stdout => LogStream::Stdout,
        OutputStream::Stderr => LogStream::Stderr,
        OutputStream::System => LogStream::System,
    }
}

/// Answers the exit status of the process that the last step was, where it was one.
async fn execute(
    state: &AppState,
    row: &jobs::Model,
    output: &OutputSink,
    at_work: &AtWork,
) -> Result<Option<i32>, HostError> {
    let runner = Runner::new(&state.host, output, &at_work.cancel);
    let operation = queries::operation(row);
    let Some(server) = row.server_id.map(ServerId) else {
        return install(state, &runner).await;
    };
    let name = InstanceName::parse(row.server_name.as_deref().unwrap_or_default())
        .map_err(|error| HostError::InvalidSpec(error.to_string()))?;
    match operation {
        Operation::Install => return install(state, &runner).await,
        Operation::Initialize => initialize(state, &runner, server).await?,
        Operation::Start => start(state, &runner, server, &name, output).await?,
        Operation::Stop => drop(runner.stop(&name).await?),
        Operation::Restart => {
            runner.stop(&name).await?;
            start(state, &runner, server, &name, output).await?;
        }
        Operation::Delete => {
            // From here on the game goes down, whatever becomes of the rest.
            let desired = server_state::set_desired_state(state.db.write(), server, DesiredState::Stopped);
            desired.await.map_err(panel_failed)?;
            announce(state, row).await;
            runner.delete(&name).await?;
        }
    }
    Ok(None)
}

/// Looks again at the moment of use: a server may have been started by hand since the install was filed.
async fn install(state: &AppState, runner: &Runner<'_>) -> Result<Option<i32>, HostError> {
    let look = async { status::refresh_all(state).await.map_err(panel_failed) };
    runner.unless_cancelled(look).await?;
    let running = server_state::names_running(state.db.read()).await.map_err(panel_failed)?;
    refuse_while_running(&running).map_err(panel_failed)?;
    runner.install().await
}

async fn start(
    state: &AppState,
    runner: &Runner<'_>,
    server: ServerId,
    name: &InstanceName,
    output: &OutputSink,
) -> Result<(), HostError> {
    if runner.runs(name).await? {
        output.system(format!("{name} runs already; a restart would apply changes")).await;
        return Ok(());
    }
    initialize(state, runner, server).await?;
    if runner.start(name).await? == Outcome::Already {
        output.system(format!("{name} runs already")).await;
    }
    Ok(())
}

/// Generates from the blueprint as it is at this moment.
async fn initialize(state: &AppState, runner: &Runner<'_>, server: ServerId) -> Result<(), HostError> {
    let source = async {
        use sea_orm::EntityTrait;

        match servers::Entity::find_by_id(server.0).one(state.db.read()).await? {
            Some(row) => specification::load_source(state.db.read(), row).await,
            None => Ok(None),
        }
    };
    let source = source
        .await
        .map_err(panel_failed)?
        .ok_or_else(|| HostError::InvalidSpec("the server or its blueprint is gone".to_owned()))?;
    let specification = facade::specification(&source).map_err(|error| HostError::InvalidSpec(format!("{error:#}")))?;
    let initialized = runner.initialize(&specification).await;
    let digest = initialized.map_err(|error| facade::name_overlay(error, &source))?;
    server_state::set_applied_digest(state.db.write(), server, &digest).await.map_err(panel_failed)
}

fn panel_failed(error: impl std::error::Error) -> HostError {
    HostError::Step { message: chain(&error), exit_code: None }
}

/// Writes how the job ended and what its server is now, in one transaction, and tells everyone.
async fn record(state: &AppState, row: &jobs::Model, end: &JobEnd) -> ApiResult<()> {
    let id = JobId(row.id);
    let deleted = queries::operation(row) == Operation::Delete && end.state == JobState::Succeeded;
    let look = match (&row.server_name, deleted) {
        (Some(name), false) => Some(status::look(state, name).await),
        _ => None,
    };
    // Nothing changes the instance any more, and nobody sees yet that the job has ended.
    if let Some(server) = row.server_id {
        state.usages.forget(ServerId(server));
    }
    let tx = state.db.begin().await?;
    queries::finish(&tx, id, JobState::Running, end).await?;
    let mut blueprint = None;
    if let Some(server) = row.server_id.map(ServerId) {
        if deleted {
            let server_row = server_state::find_locked(&tx, server).await?;
            blueprint = server_row.map(|server| BlueprintId(server.blueprint_id));
            server_state::delete(&tx, server).await?;
        } else if let Some(look) = &look {
            // The row is this transaction's until it ends, so nobody changes the state in between.
            let was =
                server_state::find_locked(&tx, server).await?.map(|server| server.actual_state).unwrap_or_default();
            server_state::set_after_job(&tx, server, &was, look, last_error(end).as_deref()).await?;
        }
    }
    tx.commit().await?;
    tell(state, row, deleted).await?;
    match blueprint {
        // It has a server less.
        Some(blueprint) => publish::blueprint(state, blueprint).await,
        None => Ok(()),
    }
}

/// The server's last error after a job: a failure's own, none after a success, the old one after a cancellation.
fn last_error(end: &JobEnd) -> Option<String> {
    match end.state {
        JobState::Failed => Some(end.error.clone()),
        JobState::Succeeded => Some(String::new()),
        _ => None,
    }
}

async fn tell(state: &AppState, row: &jobs::Model, deleted: bool) -> ApiResult<()> {
    publish::job(state, JobId(row.id)).await?;
    let Some(server) = row.server_id.map(ServerId) else {
        return Ok(());
    };
    if deleted {
        publish::server_deleted(state, server, row.owner_id).await;
        return Ok(());
    }
    publish::server(state, server).await
}
