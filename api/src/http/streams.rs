//! Logs and streams.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use l4d2_contract::{JobId, JobLogLine, Page, ServerId, ServerLogs};
use l4d2_host::supervisor::{LogCursor, LogStart};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::auth::Caller;
use crate::domain::logs;
use crate::domain::paging::PageRequest;
use crate::error::{ApiError, ApiResult};
use crate::http::extract::{Path, Query};
use crate::stream::{self, JobLogStart, LineTimes};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const JOB_LINES_DEFAULT: u64 = 500;
const JOB_LINES_MOST: u64 = 2000;
const SERVER_LINES_DEFAULT: usize = 200;
const SERVER_LINES_MOST: usize = 2000;
/// A cursor is ours, and ours are short.
const CURSOR_MOST_BYTES: usize = 1024;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_job_logs))
        .routes(routes!(download_job_log))
        .routes(routes!(stream_job_log))
        .routes(routes!(list_server_logs))
        .routes(routes!(stream_server_log))
        .routes(routes!(stream_events))
}

/// Which lines of a job's log.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JobLogsQuery {
    /// Begin behind this seq; left out: at the beginning.
    #[param(minimum = 0, example = 500)]
    after_seq: Option<i64>,
    /// Lines at most, 1 to 2,000; left out: 500.
    #[param(minimum = 1, maximum = 2000, example = 500)]
    limit: Option<u64>,
}

impl JobLogsQuery {
    fn page(self) -> ApiResult<PageRequest> {
        let limit = self.limit.unwrap_or(JOB_LINES_DEFAULT);
        if !(1..=JOB_LINES_MOST).contains(&limit) {
            return Err(ApiError::field("limit", format!("must be between 1 and {JOB_LINES_MOST}")));
        }
        if self.after_seq.is_some_and(|seq| seq < 0) {
            return Err(ApiError::field("after_seq", "must not be negative"));
        }
        Ok(PageRequest { after: self.after_seq, limit })
    }
}

/// List lines of a job's log
///
/// Oldest first. Lines that were pruned are left out.
#[utoipa::path(
    get,
    path = "/jobs/{id}/logs",
    tag = "jobs",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = JobId, Path, description = "the job", example = 1), JobLogsQuery),
    responses(
        (status = 200, description = "a page of lines; give `next` back as `after_seq`", body = Page<JobLogLine>),
        (status = 403, description = "the job is of somebody else's server"),
    ),
)]
async fn list_job_logs(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<JobId>,
    Query(query): Query<JobLogsQuery>,
) -> ApiResult<axum::Json<Page<JobLogLine>>> {
    logs::job_lines(&state, &caller, id, query.page()?).await.map(axum::Json)
}

/// Download a job's log
///
/// The lines there are when the download begins, as a text file.
#[utoipa::path(
    get,
    path = "/jobs/{id}/log.txt",
    tag = "jobs",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = JobId, Path, description = "the job", example = 1)),
    responses(
        (status = 200, description = "the lines", body = String, content_type = "text/plain", example = "Success! App '222860' fully installed.\n"),
        (status = 403, description = "the job is of somebody else's server"),
        (status = 429, description = "too many streams are open (`too_many_streams`)"),
    ),
)]
async fn download_job_log(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<JobId>,
) -> ApiResult<([(HeaderName, HeaderValue); 3], Body)> {
    let body = stream::job_text(&state, caller, id).await?;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"job-{id}.txt\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_DISPOSITION, disposition.map_err(ApiError::internal)?),
    ];
    Ok((headers, body))
}

/// Where a job's stream begins.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JobStreamQuery {
    /// Go on behind this seq. It wins over `Last-Event-ID`. Without either the stream begins with the last lines.
    #[param(minimum = 0, example = 0)]
    last_seq: Option<i64>,
    /// Whether `event: time` says when lines were written; left out: no.
    #[param(example = true)]
    times: Option<bool>,
}

/// Follow a job
///
/// `id` is the seq, `event` is `stdout`, `stderr` or `system`, `data` is the line; a line end inside a line starts
/// another `data` field. `event: state` carries the job at the beginning and whenever it changes, `event: skipped` says
/// how many lines were left out, `event: end` says why the stream ends. A comment and an
/// `event: ping` come every 15 s.
///
/// With `times=true`, `event: time` comes before the first line and before each line of another second than the one
/// before it: its `data` is the second in which the lines that follow were read. It has no `id`.
#[utoipa::path(
    get,
    path = "/jobs/{id}/stream",
    tag = "jobs",
    security(("session_cookie" = []), ("bearer" = [])),
    params(
        ("id" = JobId, Path, description = "the job", example = 1),
        JobStreamQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "go on behind this seq", example = 0),
    ),
    responses(
        (status = 200, description = "server-sent events", body = String, content_type = "text/event-stream",
            example = "event: time\ndata: 2026-11-24T03:01:04Z\n\nid: 1\nevent: stdout\ndata: Success! App '222860' fully installed.\n\n"),
        (status = 400, description = "the seq to go on from is no seq, or `times` is neither `true` nor `false`"),
        (status = 403, description = "the job is of somebody else's server"),
        (status = 429, description = "too many streams are open (`too_many_streams`)"),
    ),
)]
async fn stream_job_log(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<JobId>,
    Query(query): Query<JobStreamQuery>,
    headers: HeaderMap,
) -> ApiResult<Events> {
    let start = job_log_start(query.last_seq, &headers)?;
    stream::job_log(&state, caller, id, start, line_times(query.times)).await.map(events)
}

fn line_times(asked: Option<bool>) -> LineTimes {
    LineTimes::new(asked.unwrap_or(false))
}

fn job_log_start(last_seq: Option<i64>, headers: &HeaderMap) -> ApiResult<JobLogStart> {
    let (field, seq) = match (last_seq, headers.get(LAST_EVENT_ID)) {
        (Some(seq), _) => ("last_seq", Some(seq)),
        (None, Some(value)) => ("Last-Event-ID", value.to_str().ok().and_then(|text| text.parse().ok())),
        (None, None) => return Ok(JobLogStart::Recent),
    };
    let seq = seq.filter(|seq| *seq >= 0);
    seq.map(JobLogStart::Behind).ok_or_else(|| ApiError::field(field, "must be the seq of a line, or 0"))
}

/// How many lines of a game's output.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ServerLogsQuery {
    /// 0 to 2,000; left out: 200.
    #[param(minimum = 0, maximum = 2000, example = 200)]
    lines: Option<usize>,
}

impl ServerLogsQuery {
    fn lines(self) -> ApiResult<usize> {
        lines(self.lines)
    }
}

fn lines(asked: Option<usize>) -> ApiResult<usize> {
    match asked.unwrap_or(SERVER_LINES_DEFAULT) {
        lines @ 0..=SERVER_LINES_MOST => Ok(lines),
        _ => Err(ApiError::field("lines", format!("must be between 0 and {SERVER_LINES_MOST}"))),
    }
}

/// Where a game's stream begins.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ServerStreamQuery {
    /// 0 to 2,000; left out: 200. Without a cursor only.
    #[param(minimum = 0, maximum = 2000, example = 200)]
    lines: Option<usize>,
    /// Go on behind this cursor. It wins over `Last-Event-ID`, which a browser can't send with a new connection.
    #[param(max_length = 1024, example = "9f2c-1024")]
    cursor: Option<String>,
    /// Whether `event: time` says when lines were written; left out: no.
    #[param(example = true)]
    times: Option<bool>,
}

/// List the last lines of a game's output
#[utoipa::path(
    get,
    path = "/servers/{id}/logs",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = ServerId, Path, description = "the server", example = 1), ServerLogsQuery),
    responses(
        (status = 200, description = "the lines, oldest first", body = ServerLogs),
        (status = 403, description = "it belongs to somebody else"),
    ),
)]
async fn list_server_logs(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<ServerLogsQuery>,
) -> ApiResult<axum::Json<ServerLogs>> {
    logs::server_lines(&state, &caller, id, query.lines()?).await.map(axum::Json)
}

/// Follow a game's output
///
/// The last lines first, then live, over restarts of the game and of the panel. `id` is an opaque cursor: sent as
/// `cursor` or `Last-Event-ID`, the stream goes on behind it, and `lines` doesn't count. `event` is `stdout`, `data` is the line;
/// `event: skipped` says that lines are gone, `event: end` says why the stream ends. A comment and an
/// `event: ping` come every 15 s. Behind a cursor that no line has come a `skipped` and all lines that there are.
///
/// With `times=true`, `event: time` comes before the first line and before each line of another second than the one
/// before it: its `data` is the second in which the lines that follow were read. It has no `id`.
#[utoipa::path(
    get,
    path = "/servers/{id}/logs/stream",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(
        ("id" = ServerId, Path, description = "the server", example = 1),
        ServerStreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "go on behind this cursor", example = "9f2c-1024"),
    ),
    responses(
        (status = 200, description = "server-sent events", body = String, content_type = "text/event-stream",
            example = "event: time\ndata: 2026-11-24T03:01:04Z\n\nid: 9f2c-1024\nevent: stdout\ndata: Connection to Steam servers successful.\n\n"),
        (status = 400, description = "the cursor to go on from is empty or longer than 1,024 bytes, or `times` is \
            neither `true` nor `false`"),
        (status = 403, description = "it belongs to somebody else"),
        (status = 429, description = "too many streams are open (`too_many_streams`)"),
    ),
)]
async fn stream_server_log(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<ServerStreamQuery>,
    headers: HeaderMap,
) -> ApiResult<Events> {
    let times = line_times(query.times);
    let start = server_log_start(query, &headers)?;
    stream::server_log(&state, caller, id, start, times).await.map(events)
}

fn server_log_start(query: ServerStreamQuery, headers: &HeaderMap) -> ApiResult<LogStart> {
    let lines = lines(query.lines)?;
    let (field, cursor) = match (query.cursor, headers.get(LAST_EVENT_ID)) {
        (Some(cursor), _) => ("cursor", Some(cursor)),
        (None, Some(value)) => ("Last-Event-ID", value.to_str().ok().map(str::to_owned)),
        (None, None) => return Ok(LogStart::Last(lines)),
    };
    let cursor = cursor.filter(|text| !text.is_empty() && text.len() <= CURSOR_MOST_BYTES);
    cursor
        .map(|cursor| LogStart::After(LogCursor(cursor)))
        .ok_or_else(|| ApiError::field(field, "must be the id of an earlier event"))
}

/// Follow changes
///
/// `event: ready` comes first, then `server`, `job`, `overlay` and `blueprint` with the whole object and `deleted` with
/// kind and id, as far as the caller may see them. `event: resync` says that events were lost or rights have changed:
/// fetch the lists again. `event: end` says why the stream ends. A comment and an
/// `event: ping` come every 15 s.
#[utoipa::path(
    get,
    path = "/events",
    tag = "events",
    security(("session_cookie" = []), ("bearer" = [])),
    responses(
        (status = 200, description = "server-sent events", body = String, content_type = "text/event-stream",
            example = "event: deleted\ndata: {\"kind\":\"server\",\"id\":1}\n\n"),
        (status = 429, description = "too many streams are open (`too_many_streams`)"),
    ),
)]
async fn stream_events(State(state): State<AppState>, caller: Caller) -> ApiResult<Events> {
    stream::changes(&state, caller).map(events)
}

type Events = ([(HeaderName, HeaderValue); 3], Body);

fn events(body: Body) -> Events {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would hold events back until its buffer is full.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, body)
}
