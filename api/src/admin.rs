//! The admin right, given and taken on the command line.
//!
//! It goes straight to the database and so works beside a running panel, where it counts from the next request.

use l4d2_contract::{UpdateUser, UserId};

use crate::db::Db;
use crate::domain;
use crate::error::ApiError;

/// Why the right could not be given or taken.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nobody has that name.
    #[error("user not found")]
    UserNotFound,
    /// It would leave the panel without an admin who can sign in.
    #[error("{0} is the only admin who can sign in: promote another one first")]
    LastAdmin(String),
    /// The database failed.
    #[error("could not change the user")]
    Failed(#[source] ApiError),
}

impl<E: Into<ApiError>> From<E> for AdminError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Gives a user the admin right, or takes it; answers what happened as a sentence. Names have no case.
pub async fn set_admin(db: &Db, name: &str, admin: bool) -> Result<String, AdminError> {
    let user = domain::auth::find_by_name(db, name).await?.ok_or(AdminError::UserNotFound)?;
    let name = user.username;
    if user.admin == admin {
        return Ok(if admin { format!("{name} is already an admin") } else { format!("{name} is not an admin") });
    }
    let transaction = db.begin().await?;
    let change = UpdateUser { admin: Some(admin), disabled: None };
    match domain::users::set_rights(&transaction, UserId(user.id), change).await {
        Ok(_) => transaction.commit().await?,
        Err(ApiError::Conflict { .. }) => return Err(AdminError::LastAdmin(name)),
        Err(ApiError::NotFound(_)) => return Err(AdminError::UserNotFound),
        Err(error) => return Err(error.into()),
    }
    Ok(if admin { format!("{name} is now an admin") } else { format!("{name} is no longer an admin") })
}
