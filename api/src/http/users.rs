//! `/users`: accounts and their rights, for admins.

use axum::extract::State;
use l4d2_contract::{Page, UpdateUser, User, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::auth::Admin;
use crate::domain::users;
use crate::error::ApiResult;
use crate::http::answer::ListQuery;
use crate::http::extract::{Json, Path, Query};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_users)).routes(routes!(update_user))
}

/// List the users
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    security(("session_cookie" = []), ("bearer" = [])),
    params(ListQuery),
    responses(
        (status = 200, description = "a page of users, the oldest first", body = Page<User>),
        (status = 403, description = "the caller is no admin (`admin_required`)"),
    ),
)]
async fn list_users(
    State(state): State<AppState>,
    _admin: Admin,
    Query(query): Query<ListQuery>,
) -> ApiResult<axum::Json<Page<User>>> {
    users::list(&state, query.page()?).await.map(axum::Json)
}

/// Give or take a user's rights
///
/// Disabling a user ends its sessions and API tokens at once. Its servers stay as they are.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    tag = "users",
    security(("session_cookie" = [], "csrf_token" = []), ("bearer" = [])),
    params(("id" = UserId, Path, description = "the user", example = 1)),
    request_body = UpdateUser,
    responses(
        (status = 200, description = "the user as it is now", body = User),
        (status = 403, description = "the caller is no admin (`admin_required`)"),
        (status = 404, description = "there is no such user"),
        (status = 409, description = "it is the last admin who can sign in (`last_admin`)"),
    ),
)]
async fn update_user(
    State(state): State<AppState>,
    Admin(caller): Admin,
    Path(id): Path<UserId>,
    Json(change): Json<UpdateUser>,
) -> ApiResult<axum::Json<User>> {
    users::update(&state, &caller, id, change).await.map(axum::Json)
}
