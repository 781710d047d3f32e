//! What an administrator of the machine does to users on the command line: gives and takes the admin right, and helps who
//! has forgotten a password.
//!
//! It goes straight to the database and so works beside a running panel, where it counts from the next request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use l4d2_contract::{UpdateUser, UserId};

use crate::auth::password::Passwords;
use crate::db::{self, Db};
use crate::error::ApiError;
use crate::{clock, domain};

/// Why the right could not be given or taken.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nobody has that name.
    #[error("user not found")]
    UserNotFound,
    /// It would leave the panel without an admin who can sign in.
    #[error("{0} is the only admin who can sign in: promote another one first")]
    LastAdmin(String),
    /// The user changed the password, or was deleted, at the same moment.
    #[error("the password of {0} was changed at this moment: try again if it is still needed")]
    ChangedMeanwhile(String),
    /// The database failed.
    #[error("could not change the user")]
    Failed(#[source] ApiError),
}

impl<E: Into<ApiError>> From<E> for AdminError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// 16 characters.
const NEW_PASSWORD_BYTES: usize = 12;

/// Gives a user a new password that nobody could guess, ends its sessions, and answers the name and the password. API tokens
/// stay, as they do when a user changes the password.
pub async fn reset_password(db: &Db, name: &str) -> Result<(String, String), AdminError> {
    let user = domain::auth::find_by_name(db, name).await?.ok_or(AdminError::UserNotFound)?;
    let password = URL_SAFE_NO_PAD.encode(rand::random::<[u8; NEW_PASSWORD_BYTES]>());
    let passwords = Passwords::new().map_err(ApiError::internal)?;
    let digest = passwords.hash(password.clone()).await?;
    let transaction = db.begin().await?;
    let id = UserId(user.id);
    if !db::users::replace_digest(&transaction, id, &user.password_digest, digest).await? {
        return Err(AdminError::ChangedMeanwhile(user.username));
    }
    db::sessions::revoke_all_but(&transaction, id, None, clock::now()).await?;
    transaction.commit().await?;
    Ok((user.username, password))
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
