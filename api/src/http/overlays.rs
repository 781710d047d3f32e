//! `/overlays`: the catalog.

use axum::extract::State;
use axum::http::StatusCode;
use l4d2_contract::{CreateOverlay, Overlay, OverlayId, Page, UpdateOverlay};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::auth::{Admin, Caller};
use crate::domain::overlays;
use crate::error::ApiResult;
use crate::http::answer::{ListQuery, Located, created};
use crate::http::extract::{Json, Path, Query};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_overlays, create_overlay)).routes(routes!(
        get_overlay,
        update_overlay,
        delete_overlay
    ))
}

/// List the catalog
///
/// Only admins see paths.
#[utoipa::path(
    get,
    path = "/overlays",
    tag = "overlays",
    security(("session_cookie" = []), ("bearer" = [])),
    params(ListQuery),
    responses((status = 200, description = "a page of overlays, the oldest first", body = Page<Overlay>)),
)]
async fn list_overlays(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> ApiResult<axum::Json<Page<Overlay>>> {
    overlays::list(&state, &caller, query.page()?).await.map(axum::Json)
}

/// Get an overlay
#[utoipa::path(
    get,
    path = "/overlays/{id}",
    tag = "overlays",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = OverlayId, Path, description = "the overlay", example = 1)),
    responses((status = 200, description = "the overlay", body = Overlay)),
)]
async fn get_overlay(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<OverlayId>,
) -> ApiResult<axum::Json<Overlay>> {
    overlays::get(&state, &caller, id).await.map(axum::Json)
}

/// Add an overlay to the catalog
///
/// Its path lies below the overlay root, after `..` and symbolic links are resolved. It need not be there yet.
#[utoipa::path(
    post,
    path = "/overlays",
    tag = "overlays",
    security(("session_cookie" = []), ("bearer" = [])),
    request_body = CreateOverlay,
    responses(
        (status = 201, description = "the overlay", body = Overlay, headers(("Location" = String, description = "where it is"))),
        (status = 403, description = "the caller is no admin (`admin_required`)"),
        (status = 409, description = "another overlay has this name (`name_taken`)"),
    ),
)]
async fn create_overlay(
    State(state): State<AppState>,
    _admin: Admin,
    Json(input): Json<CreateOverlay>,
) -> ApiResult<Located<Overlay>> {
    let overlay = overlays::create(&state, input).await?;
    Ok(created("overlays", overlay.id, overlay))
}

/// Change an overlay
///
/// Another path is a pending change of every server whose blueprint uses the overlay.
#[utoipa::path(
    patch,
    path = "/overlays/{id}",
    tag = "overlays",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = OverlayId, Path, description = "the overlay", example = 1)),
    request_body = UpdateOverlay,
    responses(
        (status = 200, description = "the overlay as it is now", body = Overlay),
        (status = 403, description = "the caller is no admin (`admin_required`)"),
        (status = 409, description = "another overlay has this name (`name_taken`)"),
    ),
)]
async fn update_overlay(
    State(state): State<AppState>,
    _admin: Admin,
    Path(id): Path<OverlayId>,
    Json(input): Json<UpdateOverlay>,
) -> ApiResult<axum::Json<Overlay>> {
    overlays::update(&state, id, input).await.map(axum::Json)
}

/// Remove an overlay from the catalog
///
/// Its directory stays where it is.
#[utoipa::path(
    delete,
    path = "/overlays/{id}",
    tag = "overlays",
    security(("session_cookie" = []), ("bearer" = [])),
    params(("id" = OverlayId, Path, description = "the overlay", example = 1)),
    responses(
        (status = 204, description = "it is gone"),
        (status = 403, description = "the caller is no admin (`admin_required`)"),
        (status = 409, description = "a blueprint uses it (`overlay_in_use`)"),
    ),
)]
async fn delete_overlay(
    State(state): State<AppState>,
    Admin(caller): Admin,
    Path(id): Path<OverlayId>,
) -> ApiResult<StatusCode> {
    overlays::delete(&state, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
