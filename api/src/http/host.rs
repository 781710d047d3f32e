//! `/host`: the machine.

use axum::extract::State;
use l4d2_contract::HostInfo;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::auth::Admin;
use crate::domain::host;
use crate::error::ApiResult;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_host))
}

/// Get the state of the machine
///
/// Supervisor, installation, free disk, and the doctor's checks, which are some seconds old at most.
#[utoipa::path(
    get,
    path = "/host",
    tag = "host",
    security(("session_cookie" = []), ("bearer" = [])),
    responses(
        (status = 200, description = "the machine", body = HostInfo),
        (status = 403, description = "the caller is no admin (`admin_required`)"),
    ),
)]
async fn get_host(State(state): State<AppState>, _admin: Admin) -> ApiResult<axum::Json<HostInfo>> {
    host::info(&state).await.map(axum::Json)
}
