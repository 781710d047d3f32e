//! Jobs: list, look at, file an install, cancel.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use l4d2_contract::{CreateHostJob, HostOperation, Job, JobId, JobState, Operation, Page, Problem, ServerId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path, Query};
use crate::app::AppState;
use crate::auth::{Admin, Caller};
use crate::domain;
use crate::error::ApiResult;
use crate::jobs::submit;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_jobs, create_job)).routes(routes!(get_job)).routes(routes!(cancel_job))
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JobQuery {
    /// Only jobs of this server.
    server_id: Option<ServerId>,
    /// Only jobs in this state.
    state: Option<JobState>,
    /// Only jobs that do this. Installs are for admins to see: others get none.
    operation: Option<Operation>,
    /// Only jobs older than this one: the last page's `next`.
    before: Option<JobId>,
    /// Most jobs on a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
}

/// 202 with where to look.
pub type Accepted = (StatusCode, [(HeaderName, String); 1], axum::Json<Job>);

/// The answer for a job that was filed.
pub fn accepted(job: Job) -> Accepted {
    (StatusCode::ACCEPTED, [(header::LOCATION, format!("/api/v1/jobs/{}", job.id))], axum::Json(job))
}

/// List jobs, newest first: those of one's own servers, for admins all
#[utoipa::path(
    get,
    path = "/jobs",
    tag = "jobs",
    params(JobQuery),
    responses(
        (status = 200, description = "A page of jobs", body = Page<Job>),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The server is somebody else's", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such server", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session_cookie" = []), ("bearer" = []))
)]
async fn list_jobs(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<JobQuery>,
) -> ApiResult<axum::Json<Page<Job>>> {
    let filter = domain::jobs::Filter {
        server: query.server_id,
        state: query.state,
        operation: query.operation,
        before: query.before,
    };
    domain::jobs::list(&state, &caller, filter, query.limit).await.map(axum::Json)
}

/// Get a job
#[utoipa::path(
    get,
    path = "/jobs/{id}",
    tag = "jobs",
    params(("id" = JobId, Path, description = "The job")),
    responses(
        (status = 200, description = "The job", body = Job),
        (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The job is of somebody else's server", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such job", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session_cookie" = []), ("bearer" = []))
)]
async fn get_job(State(state): State<AppState>, caller: Caller, Path(id): Path<JobId>) -> ApiResult<axum::Json<Job>> {
    domain::jobs::get(&state, &caller, id).await.map(axum::Json)
}

/// Install or update the game
///
/// Answers the install that is queued already, if there is one.
#[utoipa::path(
    post,
    path = "/jobs",
    tag = "jobs",
    request_body = CreateHostJob,
    responses(
        (status = 202, description = "The job", body = Job, headers(("Location" = String, description = "Where the job is"))),
        (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Only admins install (`admin_required`)", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Servers run from the files it would rewrite (`servers_running`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session_cookie" = [], "csrf_token" = []), ("bearer" = []))
)]
async fn create_job(
    State(state): State<AppState>,
    Admin(caller): Admin,
    Json(request): Json<CreateHostJob>,
) -> ApiResult<Accepted> {
    match request.operation {
        HostOperation::Install => submit::install(&state, &caller).await.map(accepted),
    }
}

/// Cancel a job
///
/// A queued job ends at once; a running one is asked to give up and ends soon after.
#[utoipa::path(
    post,
    path = "/jobs/{id}/cancel",
    tag = "jobs",
    params(("id" = JobId, Path, description = "The job")),
    responses(
        (status = 202, description = "The job", body = Job, headers(("Location" = String, description = "Where the job is"))),
        (status = 400, description = "The CSRF token is missing or wrong (`csrf_failed`)", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The job is of somebody else's server", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The job has ended already (`job_finished`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session_cookie" = [], "csrf_token" = []), ("bearer" = []))
)]
async fn cancel_job(State(state): State<AppState>, caller: Caller, Path(id): Path<JobId>) -> ApiResult<Accepted> {
    submit::cancel(&state, &caller, id).await.map(accepted)
}
