//! What is measured, by the names that Prometheus sees.

use std::sync::OnceLock;
use std::time::Duration;

use l4d2_contract::{ActualState, JobState, Operation};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::db::Db;
use crate::db::entity::{jobs, servers};

const REQUESTS: &str = "l4d2_http_requests_total";
const REQUEST_SECONDS: &str = "l4d2_http_request_duration_seconds";
const JOBS_FINISHED: &str = "l4d2_jobs_finished_total";
const JOB_SECONDS: &str = "l4d2_job_duration_seconds";
const JOBS: &str = "l4d2_jobs";
const QUEUE_DEPTH: &str = "l4d2_job_queue_depth";
const SERVERS: &str = "l4d2_servers";

const REQUEST_BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
const JOB_BUCKETS: &[f64] = &[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0];

/// How often measured durations are summed up.
const UPKEEP: Duration = Duration::from_secs(5);

/// The process-wide recorder; made at the first call.
pub fn recorder() -> Result<&'static PrometheusHandle, String> {
    static HANDLE: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    HANDLE.get_or_init(|| install().map_err(|error| error.to_string())).as_ref().map_err(Clone::clone)
}

fn install() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), REQUEST_BUCKETS)?
        .set_buckets_for_metric(Matcher::Full(JOB_SECONDS.to_owned()), JOB_BUCKETS)?
        .install_recorder()?;
    metrics::describe_counter!(REQUESTS, "HTTP requests answered, by method, route and status");
    metrics::describe_histogram!(REQUEST_SECONDS, metrics::Unit::Seconds, "Time until a request's answer began");
    metrics::describe_counter!(JOBS_FINISHED, "Jobs ended, by operation and state");
    metrics::describe_histogram!(JOB_SECONDS, metrics::Unit::Seconds, "Time jobs were at work, by operation");
    metrics::describe_gauge!(JOBS, "Jobs in the database that are queued or running");
    metrics::describe_gauge!(QUEUE_DEPTH, "Jobs that wait for their turn");
    metrics::describe_gauge!(SERVERS, "Servers by the state they were last found in");
    Ok(handle)
}

/// Sums up what was measured since the last time, every so often until the panel shuts down. The exporter keeps each single
/// duration until then or until somebody asks for the metrics, which nobody may do.
pub async fn keep_small(shutdown: CancellationToken) {
    let mut tick = tokio::time::interval(UPKEEP);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Ok(handle) = recorder() {
            handle.run_upkeep();
        }
    }
}

/// A request was answered. `route` is the pattern, not the path, so that the number of series is bounded.
pub fn request_answered(method: &str, route: &str, status: u16, took: Duration) {
    let labels = [("method", method.to_owned()), ("route", route.to_owned())];
    metrics::histogram!(REQUEST_SECONDS, &labels).record(took.as_secs_f64());
    let [method, route] = labels;
    metrics::counter!(REQUESTS, &[method, route, ("status", status.to_string())]).increment(1);
}

/// A job ended.
pub fn job_finished(operation: Operation, state: JobState, took: Duration) {
    metrics::counter!(JOBS_FINISHED, "operation" => operation.as_str(), "state" => state.as_str()).increment(1);
    metrics::histogram!(JOB_SECONDS, "operation" => operation.as_str()).record(took.as_secs_f64());
}

/// Sets the gauges that are counted in the database, at the moment somebody asks.
pub async fn count(db: &Db) -> Result<(), DbErr> {
    for state in [JobState::Queued, JobState::Running] {
        metrics::gauge!(JOBS, "state" => state.as_str()).set(0.0);
    }
    metrics::gauge!(QUEUE_DEPTH).set(0.0);
    let counts: Vec<(String, i64)> = jobs::Entity::find()
        .select_only()
        .column(jobs::Column::State)
        .column_as(jobs::Column::Id.count(), "count")
        .filter(jobs::Column::State.is_in([JobState::Queued.as_str(), JobState::Running.as_str()]))
        .group_by(jobs::Column::State)
        .into_tuple()
        .all(db.read())
        .await?;
    for (state, count) in counts {
        if state == JobState::Queued.as_str() {
            metrics::gauge!(QUEUE_DEPTH).set(gauge(count));
        }
        metrics::gauge!(JOBS, "state" => state).set(gauge(count));
    }
    let counts: Vec<(String, i64)> = servers::Entity::find()
        .select_only()
        .column(servers::Column::ActualState)
        .column_as(servers::Column::Id.count(), "count")
        .group_by(servers::Column::ActualState)
        .into_tuple()
        .all(db.read())
        .await?;
    for state in ActualState::ALL {
        let count = counts.iter().find(|(text, _)| text == state.as_str()).map_or(0, |(_, count)| *count);
        metrics::gauge!(SERVERS, "state" => state.as_str()).set(gauge(count));
    }
    Ok(())
}

/// Counts far beyond any real one still fit.
fn gauge(count: i64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
