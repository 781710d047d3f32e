//! Tells everyone about a resource as it is in the database now.

use l4d2_contract::{BlueprintId, JobId, ResourceKind, ServerId, UserId};

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
    let rows = queries::find_many(state.db.read(), ids).await?;
    for server in domain::servers::view(state, rows).await? {
        state.events.server(&server);
    }
    Ok(())
}

/// A blueprint is new or changed.
pub async fn blueprint(state: &AppState, id: BlueprintId) -> ApiResult<()> {
    if let Some(blueprint) = domain::blueprints::find(state, id).await? {
        state.events.blueprint(&blueprint);
    }
    Ok(())
}

/// A job is new or changed.
pub async fn job(state: &AppState, id: JobId) -> ApiResult<()> {
    if let Some(row) = jobs::find(state.db.read(), id).await? {
        state.events.job(&jobs::to_contract(&row), UserId(row.owner_id));
    }
    Ok(())
}

/// A server is gone.
pub fn server_deleted(state: &AppState, id: ServerId, owner: i64) {
    state.events.deleted(ResourceKind::Server, id.0, Audience::OwnerAndAdmins(UserId(owner)));
}
