//! Users and their rights.
//!
//! What always holds: of the admins who can sign in, one is left. All of them are locked while one of them loses the
//! right, so that two who demote each other at the same moment can't both succeed.

use l4d2_contract::{Page, UpdateUser, User, UserId};
use sea_orm::DatabaseTransaction;

use crate::app::AppState;
use crate::auth::Caller;
use crate::clock;
use crate::db;
use crate::db::entity::users;
use crate::domain::paging::PageRequest;
use crate::error::{ApiError, ApiResult};

/// All users.
pub async fn list(state: &AppState, request: PageRequest) -> ApiResult<Page<User>> {
    let mut rows = db::users::list(state.db.read(), request.after.unwrap_or_default(), request.rows()).await?;
    let next = request.cut(&mut rows, |row| row.id);
    Ok(Page { items: rows.iter().map(view).collect(), next })
}

/// Gives or takes rights. Whoever loses some is stopped at once.
pub async fn update(state: &AppState, caller: &Caller, id: UserId, change: UpdateUser) -> ApiResult<User> {
    let transaction = state.db.begin().await?;
    let user = set_rights(&transaction, id, change).await?;
    transaction.commit().await?;
    tracing::info!(by = %caller.username, user = %user.username, admin = user.admin, disabled = user.disabled, "rights set");
    state.auth_changed.bump();
    Ok(view(&user))
}

/// Sets rights within a transaction, and ends the sessions and tokens of whoever is disabled.
pub(crate) async fn set_rights(
    transaction: &DatabaseTransaction,
    id: UserId,
    change: UpdateUser,
) -> ApiResult<users::Model> {
    let admins = db::users::lock_enabled_admins(transaction).await?;
    let user = db::users::find_locked(transaction, id).await?.ok_or_else(|| ApiError::not_found("user", id))?;
    let admin = change.admin.unwrap_or(user.admin);
    let disabled = change.disabled.unwrap_or(user.disabled);
    let stays_admin = admin && !disabled;
    if !stays_admin && admins == [id] {
        return Err(ApiError::conflict(
            "last_admin",
            "this is the only admin who can sign in: promote another one first",
        ));
    }
    db::users::set_rights(transaction, id, admin, disabled).await?;
    if disabled {
        db::sessions::revoke_all_but(transaction, id, None, clock::now()).await?;
        db::api_tokens::delete_all(transaction, id).await?;
    }
    Ok(users::Model { admin, disabled, ..user })
}

/// A user as the API shows it.
pub fn view(user: &users::Model) -> User {
    User {
        id: UserId(user.id),
        username: user.username.clone(),
        admin: user.admin,
        disabled: user.disabled,
        created_at: clock::timestamp(user.created_at),
    }
}
