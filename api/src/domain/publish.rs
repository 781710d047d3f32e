//! Tells everyone about a resource as it is in the database now.
//!
//! Everything is read anew within a turn of its kind, also by who has just written it: of two changes at once the one that
//! was committed first may be told last otherwise, and nobody would hear how the resource is.

use l4d2_contract::{BlueprintId, JobId, OverlayId, ResourceKind, ServerId, UserId};

use crate::app::AppState;
use crate::db::{jobs, servers as queries};
use crate::domain;
use crate::error::ApiResult;
use crate::events::Audience;

/// A server is new or changed.
pub async fn server(state: &AppState, id: ServerId) -> ApiResult<()> {
    servers(state, &[id]).await
}

/// Some servers are new or changed.
pub async fn servers(state: &AppState, ids: &[ServerId]) -> ApiResult<()> {
    let turn = state.events.turn(ResourceKind::Server).await;
    let rows = queries::find_many(state.db.read(), ids).await?;
    for server in domain::servers::view(state, rows).await? {
        turn.server(&server);
    }
    Ok(())
}

/// A blueprint is new or changed.
pub async fn blueprint(state: &AppState, id: BlueprintId) -> ApiResult<()> {
    let turn = state.events.turn(ResourceKind::Blueprint).await;
    if let Some(blueprint) = domain::blueprints::find(state, id).await? {
        turn.blueprint(&blueprint);
    }
    Ok(())
}

/// An overlay is new or changed.
pub async fn overlay(state: &AppState, id: OverlayId) -> ApiResult<()> {
    let turn = state.events.turn(ResourceKind::Overlay).await;
    if let Some(overlay) = domain::overlays::find(state, id).await? {
        turn.overlay(&overlay);
    }
    Ok(())
}

/// A job is new or changed.
pub async fn job(state: &AppState, id: JobId) -> ApiResult<()> {
    let turn = state.events.turn(ResourceKind::Job).await;
    if let Some(row) = jobs::find(state.db.read(), id).await? {
        turn.job(&jobs::to_contract(&row), domain::access::audience_of_job(&row));
    }
    Ok(())
}

/// A server is gone.
pub async fn server_deleted(state: &AppState, id: ServerId, owner: i64) {
    let turn = state.events.turn(ResourceKind::Server).await;
    turn.deleted(id.0, Audience::OwnerAndAdmins(UserId(owner)));
}

/// A blueprint is gone.
pub async fn blueprint_deleted(state: &AppState, id: BlueprintId, owner: UserId) {
    state.events.turn(ResourceKind::Blueprint).await.deleted(id.0, Audience::OwnerOnly(owner));
}

/// An overlay is gone.
pub async fn overlay_deleted(state: &AppState, id: OverlayId) {
    state.events.turn(ResourceKind::Overlay).await.deleted(id.0, Audience::Everyone);
}
