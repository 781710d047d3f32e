//! Who may see a server or a job: its owner and admins; of an install, admins only. The one place that says so.

use l4d2_contract::{JobId, Operation, ServerId, UserId};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::auth::Caller;
use crate::db::entity::{jobs, servers};
use crate::db::jobs::operation;
use crate::error::{ApiError, ApiResult};
use crate::events::Audience;

/// The server, if the caller may see it: 404 when there is none, 403 when it is somebody else's.
pub async fn visible_server(db: &impl ConnectionTrait, caller: &Caller, id: ServerId) -> ApiResult<servers::Model> {
    let row = servers::Entity::find_by_id(id.0).one(db).await?.ok_or_else(|| ApiError::not_found("server", id))?;
    if may_see(caller, UserId(row.user_id)) {
        return Ok(row);
    }
    Err(ApiError::forbidden("this server is somebody else's"))
}

/// The job, if the caller may see it: 404 when there is none, 403 when it is of somebody else's server or an install.
pub async fn visible_job(db: &impl ConnectionTrait, caller: &Caller, id: JobId) -> ApiResult<jobs::Model> {
    let row = jobs::Entity::find_by_id(id.0).one(db).await?.ok_or_else(|| ApiError::not_found("job", id))?;
    if audience_of_job(&row).includes(caller.user_id, caller.admin) {
        return Ok(row);
    }
    Err(ApiError::forbidden("this job is somebody else's"))
}

/// Who may see a job. An install is the host's: whoever filed it and is no admin any more has no right to it left.
pub fn audience_of_job(row: &jobs::Model) -> Audience {
    match operation(row) {
        Operation::Install => Audience::Admins,
        _ => Audience::OwnerAndAdmins(UserId(row.owner_id)),
    }
}

/// Whether a caller may see what belongs to `owner`.
fn may_see(caller: &Caller, owner: UserId) -> bool {
    caller.admin || caller.user_id == owner
}
