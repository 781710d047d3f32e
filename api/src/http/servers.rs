//! `/servers`: the servers, their jobs and their console.

use axum::extract::State;
use axum::http::StatusCode;
use l4d2_contract::{
    ConsoleCommand, CreateServer, CreateServerJob, Job, Operation, Page, Server, ServerId, ServerUsage, UpdateServer,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::auth::Caller;
use crate::domain::{servers, usage};
use crate::error::ApiResult;
use crate::http::answer::{ListQuery, Located, created};
use crate::http::extract::{Json, Path, Query};
use crate::http::jobs::{Accepted, accepted};
use crate::jobs::submit;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_servers, create_server))
        .routes(routes!(get_server, update_server, delete_server))
        .routes(routes!(get_server_usage))
        .routes(routes!(create_server_job))
        .routes(routes!(send_console_command))
}

/// Which servers to list.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ServerQuery {
    /// Everybody's servers; admins only.
    #[param(example = false)]
    all: Option<bool>,
    /// The `next` of the page before.
    #[param(example = 50)]
    after: Option<i64>,
    /// Items at most, 1 to 200; left out: 50.
    #[param(minimum = 1, maximum = 200, example = 50)]
    limit: Option<u64>,
}

/// List the caller's servers
///
/// With `all=true` everybody's, for admins.
#[utoipa::path(
    get,
    path = "/servers",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(ServerQuery),
    responses(
        (status = 200, description = "a page of servers, the oldest first", body = Page<Server>),
        (status = 403, description = "everybody's servers are for admins (`admin_required`)"),
    ),
)]
async fn list_servers(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ServerQuery>,
) -> ApiResult<axum::Json<Page<Server>>> {
    let page = ListQuery { after: query.after, limit: query.limit }.page()?;
    servers::list(&state, &caller, query.all.unwrap_or(false), page).await.map(axum::Json)
}

/// Make a server
///
/// Overlays, arguments and config are its blueprint's alone. Nothing happens on the host until its first job.
#[utoipa::path(
    post,
    path = "/servers",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    request_body = CreateServer,
    responses(
        (status = 201, description = "the server", body = Server, headers(("Location" = String, description = "where it is"))),
        (status = 403, description = "the blueprint belongs to somebody else"),
        (status = 409, description = "another server has this name or port, or the caller has as many as `SERVERS_PER_USER` \
            lets (`name_taken`, `port_taken`, `too_many_servers`)"),
    ),
)]
async fn create_server(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<CreateServer>,
) -> ApiResult<Located<Server>> {
    let server = servers::create(&state, &caller, input).await?;
    Ok(created("servers", server.id, server))
}

/// Get a server
#[utoipa::path(
    get,
    path = "/servers/{id}",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = ServerId, Path, description = "the server", example = 1)),
    responses(
        (status = 200, description = "the server", body = Server),
        (status = 403, description = "it belongs to somebody else"),
    ),
)]
async fn get_server(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<ServerId>,
) -> ApiResult<axum::Json<Server>> {
    servers::get(&state, &caller, id).await.map(axum::Json)
}

/// Get what a server takes up on the host
///
/// It is counted when it is asked for, which may take a moment, and is some seconds old at most.
#[utoipa::path(
    get,
    path = "/servers/{id}/usage",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = ServerId, Path, description = "the server", example = 1)),
    responses(
        (status = 200, description = "what it takes up", body = ServerUsage),
        (status = 403, description = "it belongs to somebody else"),
    ),
)]
async fn get_server_usage(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<ServerId>,
) -> ApiResult<axum::Json<ServerUsage>> {
    usage::get(&state, &caller, id).await.map(axum::Json)
}

/// Change a server's blueprint or port
///
/// It takes effect at the server's next initialize, start or restart; until then it says `pending_changes`.
#[utoipa::path(
    patch,
    path = "/servers/{id}",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = ServerId, Path, description = "the server", example = 1)),
    request_body = UpdateServer,
    responses(
        (status = 200, description = "the server as it is now", body = Server),
        (status = 403, description = "the server or the blueprint belongs to somebody else"),
        (status = 409, description = "another server has this port, or it is being deleted (`port_taken`, `server_deleting`)"),
    ),
)]
async fn update_server(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<ServerId>,
    Json(input): Json<UpdateServer>,
) -> ApiResult<axum::Json<Server>> {
    servers::update(&state, &caller, id, input).await.map(axum::Json)
}

/// Delete a server
///
/// Files the delete job: it cancels the server's other jobs, stops the game, and removes the instance and then the server.
#[utoipa::path(
    delete,
    path = "/servers/{id}",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = ServerId, Path, description = "the server", example = 1)),
    responses(
        (status = 202, description = "the delete job", body = Job, headers(("Location" = String, description = "where the job is"))),
        (status = 403, description = "it belongs to somebody else"),
    ),
)]
async fn delete_server(State(state): State<AppState>, caller: Caller, Path(id): Path<ServerId>) -> ApiResult<Accepted> {
    submit::server_job(&state, &caller, id, Operation::Delete).await.map(accepted)
}

/// File a job for a server
///
/// Answers the job of the same operation that is queued already, if there is one.
#[utoipa::path(
    post,
    path = "/servers/{id}/jobs",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = ServerId, Path, description = "the server", example = 1)),
    request_body = CreateServerJob,
    responses(
        (status = 202, description = "the job", body = Job, headers(("Location" = String, description = "where the job is"))),
        (status = 403, description = "the server belongs to somebody else"),
        (status = 409, description = "the server is being deleted (`server_deleting`)"),
    ),
)]
async fn create_server_job(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<ServerId>,
    Json(input): Json<CreateServerJob>,
) -> ApiResult<Accepted> {
    submit::server_job(&state, &caller, id, input.operation.into()).await.map(accepted)
}

/// Send a line to the game's console
#[utoipa::path(
    post,
    path = "/servers/{id}/console",
    tag = "servers",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = ServerId, Path, description = "the server", example = 1)),
    request_body = ConsoleCommand,
    responses(
        (status = 202, description = "the game has the line"),
        (status = 403, description = "the server belongs to somebody else"),
        (status = 409, description = "the server does not run, or its game reads nothing of its console \
            and must be restarted (`not_running`, `console_stuck`)"),
    ),
)]
async fn send_console_command(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<ServerId>,
    Json(input): Json<ConsoleCommand>,
) -> ApiResult<StatusCode> {
    servers::send_command(&state, &caller, id, &input).await?;
    Ok(StatusCode::ACCEPTED)
}
