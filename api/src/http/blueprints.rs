//! `/blueprints`: what servers run, private to its user.

use axum::extract::State;
use axum::http::StatusCode;
use l4d2_contract::{
    Blueprint, BlueprintId, BlueprintPreview, CreateBlueprint, Page, PreviewBlueprint, UpdateBlueprint,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::auth::Caller;
use crate::domain::blueprints;
use crate::error::ApiResult;
use crate::http::answer::{ListQuery, Located, created};
use crate::http::extract::{Json, Path, Query};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_blueprints, create_blueprint))
        .routes(routes!(preview_blueprint))
        .routes(routes!(get_blueprint, update_blueprint, delete_blueprint))
}

/// List the caller's own blueprints
#[utoipa::path(
    get,
    path = "/blueprints",
    tag = "blueprints",
    security(("session_cookie" = []), ("bearer" = [])),
    params(ListQuery),
    responses((status = 200, description = "a page of blueprints, the oldest first", body = Page<Blueprint>)),
)]
async fn list_blueprints(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> ApiResult<axum::Json<Page<Blueprint>>> {
    blueprints::list(&state, &caller, query.page()?).await.map(axum::Json)
}

/// Get a blueprint
#[utoipa::path(
    get,
    path = "/blueprints/{id}",
    tag = "blueprints",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = BlueprintId, Path, description = "the blueprint", example = 1)),
    responses(
        (status = 200, description = "the blueprint", body = Blueprint),
        (status = 403, description = "it belongs to somebody else"),
    ),
)]
async fn get_blueprint(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<BlueprintId>,
) -> ApiResult<axum::Json<Blueprint>> {
    blueprints::get(&state, &caller, id).await.map(axum::Json)
}

/// Make a blueprint
#[utoipa::path(
    post,
    path = "/blueprints",
    tag = "blueprints",
    security(("session_cookie" = []), ("bearer" = [])),
    request_body = CreateBlueprint,
    responses(
        (status = 201, description = "the blueprint", body = Blueprint, headers(("Location" = String, description = "where it is"))),
        (status = 409, description = "another of the caller's blueprints has this name (`name_taken`)"),
    ),
)]
async fn create_blueprint(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<CreateBlueprint>,
) -> ApiResult<Located<Blueprint>> {
    let blueprint = blueprints::create(&state, &caller, input).await?;
    Ok(created("blueprints", blueprint.id, blueprint))
}

/// Change a blueprint
///
/// The linked servers say `pending_changes` until their next initialize, start or restart.
#[utoipa::path(
    patch,
    path = "/blueprints/{id}",
    tag = "blueprints",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = BlueprintId, Path, description = "the blueprint", example = 1)),
    request_body = UpdateBlueprint,
    responses(
        (status = 200, description = "the blueprint as it is now", body = Blueprint),
        (status = 403, description = "it belongs to somebody else"),
        (status = 409, description = "another of the caller's blueprints has this name (`name_taken`)"),
    ),
)]
async fn update_blueprint(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<BlueprintId>,
    Json(input): Json<UpdateBlueprint>,
) -> ApiResult<axum::Json<Blueprint>> {
    blueprints::update(&state, &caller, id, input).await.map(axum::Json)
}

/// Remove a blueprint
#[utoipa::path(
    delete,
    path = "/blueprints/{id}",
    tag = "blueprints",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = BlueprintId, Path, description = "the blueprint", example = 1)),
    responses(
        (status = 204, description = "it is gone"),
        (status = 403, description = "it belongs to somebody else"),
        (status = 409, description = "servers are linked to it, named in `detail` (`blueprint_in_use`)"),
    ),
)]
async fn delete_blueprint(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<BlueprintId>,
) -> ApiResult<StatusCode> {
    blueprints::delete(&state, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show what a server would be given
///
/// Nothing is saved: it shows the command line and server.cfg that these arguments and lines make.
#[utoipa::path(
    post,
    path = "/blueprints/preview",
    tag = "blueprints",
    security(("session_cookie" = []), ("bearer" = [])),
    request_body = PreviewBlueprint,
    responses((status = 200, description = "the command line and server.cfg", body = BlueprintPreview)),
)]
async fn preview_blueprint(
    _caller: Caller,
    Json(input): Json<PreviewBlueprint>,
) -> ApiResult<axum::Json<BlueprintPreview>> {
    blueprints::preview(input).map(axum::Json)
}
