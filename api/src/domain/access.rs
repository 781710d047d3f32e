//! Who may see a server or a job: its owner and admins. The one place that says so.

use l4d2_contract::{JobId, ServerId, UserId};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::auth::Caller;
use crate::db::entity::{jobs, servers};
use crate::error::{ApiError, ApiResult};

/// The server, if the caller may see it: 404 when there is none, 403 when it is somebody else's.
pub async fn visible_server(db: &impl ConnectionTrait, caller: &Caller, id: ServerId) -> ApiResult<servers::Model> {
    let row = servers::Entity::find_by_id(id.0).one(db).await?.ok_or_else(|| ApiError::not_found("server", id))?;
    if may_see(caller, UserId(row.user_id)) {
        return Ok(row);
    }
    Err(ApiError::forbidden("this server is somebody else's"))
}

/// The job, if the caller may see it: 404 when there is none, 403 when it is of somebody else's server.
pub async fn visible_job(db: &impl ConnectionTrait, caller: &Caller, id: JobId) -> ApiResult<jobs::Model> {
    let row = jobs::Entity::find_by_id(id.0).one(db).await?.ok_or_else(|| ApiError::not_found("job", id))?;
    if may_see(caller, UserId(row.owner_id)) {
        return Ok(row);
    }
    Err(ApiError::forbidden("this job is somebody else's"))
}

/// Whether a caller may see what belongs to `owner`.
pub fn may_see(caller: &Caller, owner: UserId) -> bool {
    caller.admin || caller.user_id == owner
}
