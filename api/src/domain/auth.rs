//! Signing up, in and out, passwords, sessions and API tokens.
//!
//! What always holds: a session opens only while the password that was checked for it still is the user's and the user
//! is not disabled, so a change of the password or a disabling can't be outrun by a sign-in that began before it.

mod tokens;

use l4d2_contract::rules;
use l4d2_contract::{
    ChangePassword, Credentials, Me, Page, Session, SessionId, SessionOpened, TokenType, User, UserId,
};
use sea_orm::ConnectionTrait;

pub use tokens::{create_token, delete_token, list_tokens};

use crate::app::AppState;
use crate::auth::{Caller, Client};
use crate::clock;
use crate::db::entity::{sessions, users};
use crate::db::sessions::NewSession;
use crate::db::users::NewUser;
use crate::db::{self, Db, unique_or};
use crate::domain::paging::PageRequest;
use crate::domain::users::view as user_view;
use crate::domain::validate::Faults;
use crate::error::{ApiError, ApiResult};

/// Expired API tokens stay listed so long, so that their user sees why a script was turned away.
const EXPIRED_TOKENS_STAY_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;
/// The same whether the name or the password is wrong.
const WRONG_CREDENTIALS: ApiError = ApiError::Unauthorized("the username or the password is wrong");

/// Makes a user and its first session.
pub async fn sign_up(state: &AppState, credentials: Credentials, client: Client) -> ApiResult<SessionOpened> {
    if !state.config.signup_enabled {
        let detail = "signing up is closed on this panel: ask an admin".to_owned();
        return Err(ApiError::Forbidden { code: "signup_disabled", detail });
    }
    let Credentials { username, password } = credentials;
    check_new_user(&username, &password)?;
    // Spares the hash; the unique key below is what holds.
    if db::users::find_by_name(state.db.read(), &username).await?.is_some() {
        return Err(username_taken());
    }
    let password_digest = state.auth.passwords.hash(password).await?;
    let new = NewUser { username, password_digest, created_at: clock::now() };
    let transaction = state.db.begin().await?;
    let user = db::users::insert(&transaction, new).await.map_err(|error| unique_or(error, username_taken))?;
    let session = insert_session(state, &transaction, &user, client).await?;
    transaction.commit().await?;
    tracing::info!(user = %user.username, "signed up");
    opened(state, &user, &session)
}

/// Opens a session for a user who knows the password. Of a disabled one only somebody who knows it is told.
pub async fn log_in(state: &AppState, credentials: Credentials, client: Client) -> ApiResult<SessionOpened> {
    let Credentials { username, password } = credentials;
    let known = find_by_name(&state.db, &username).await?;
    let digest = known.as_ref().map(|user| user.password_digest.as_str());
    let right = state.auth.passwords.verify(password, digest).await?;
    let Some(user) = known.filter(|_| right) else { return Err(WRONG_CREDENTIALS) };
    open_session(state, &user, client).await
}

/// Opens a session for a user whose password was checked against this row, if the row still is so.
pub async fn open_session(state: &AppState, checked: &users::Model, client: Client) -> ApiResult<SessionOpened> {
    let transaction = state.db.begin().await?;
    let now = db::users::find_locked(&transaction, UserId(checked.id)).await?;
    let user = now.filter(|now| now.password_digest == checked.password_digest).ok_or(WRONG_CREDENTIALS)?;
    if user.disabled {
        let detail = "this account is disabled: ask an admin".to_owned();
        return Err(ApiError::Forbidden { code: "account_disabled", detail });
    }
    let session = insert_session(state, &transaction, &user, client).await?;
    transaction.commit().await?;
    opened(state, &user, &session)
}

/// Revokes the caller's session.
pub async fn log_out(state: &AppState, caller: &Caller) -> ApiResult<()> {
    let id = caller.credential.session().ok_or_else(|| ApiError::BadRequest {
        code: "no_session",
        detail: "an API token is no session: delete the token instead".to_owned(),
    })?;
    db::sessions::revoke(state.db.write(), caller.user_id, id, clock::now()).await?;
    state.auth_changed.bump();
    Ok(())
}

/// The caller's user, and the CSRF token of its session.
pub async fn me(state: &AppState, caller: &Caller) -> ApiResult<Me> {
    let csrf_token = caller.credential.session().map(|id| state.auth.sessions.csrf_token(id)).transpose()?;
    Ok(Me { user: user_view(&user_of(state, caller).await?), csrf_token })
}

/// Replaces the password and revokes all other sessions.
pub async fn change_password(state: &AppState, caller: &Caller, change: ChangePassword) -> ApiResult<()> {
    let mut faults = Faults::default();
    faults.check("new_password", rules::check_password(&change.new_password));
    faults.finish()?;
    let user = user_of(state, caller).await?;
    if !state.auth.passwords.verify(change.current_password, Some(&user.password_digest)).await? {
        return Err(wrong_current_password());
    }
    let digest = state.auth.passwords.hash(change.new_password).await?;
    let transaction = state.db.begin().await?;
    if !db::users::replace_digest(&transaction, caller.user_id, &user.password_digest, digest).await? {
        return Err(wrong_current_password());
    }
    let kept = caller.credential.session();
    db::sessions::revoke_all_but(&transaction, caller.user_id, kept, clock::now()).await?;
    transaction.commit().await?;
    state.auth_changed.bump();
    tracing::info!(user = %caller.username, "password changed");
    Ok(())
}

/// The caller's own sessions.
pub async fn list_sessions(state: &AppState, caller: &Caller, page: PageRequest) -> ApiResult<Page<Session>> {
    let now = clock::now();
    let after = page.after.unwrap_or_default();
    let mut rows = db::sessions::list(state.db.read(), caller.user_id, now, after, page.rows()).await?;
    let next = page.cut(&mut rows, |row| row.id);
    let current = caller.credential.session();
    Ok(Page { items: rows.into_iter().map(|row| session_view(row, current)).collect(), next })
}

/// Revokes one of the caller's own sessions. Somebody else's is not there.
pub async fn revoke_session(state: &AppState, caller: &Caller, id: SessionId) -> ApiResult<()> {
    if !db::sessions::revoke(state.db.write(), caller.user_id, id, clock::now()).await? {
        return Err(ApiError::not_found("session", id));
    }
    state.auth_changed.bump();
    Ok(())
}

/// Deletes sessions that are over and API tokens that expired long ago; answers how many.
pub async fn prune(db: &Db) -> ApiResult<u64> {
    let now = clock::now();
    let sessions = db::sessions::prune(db.write(), now).await?;
    let tokens = db::api_tokens::prune(db.write(), now - EXPIRED_TOKENS_STAY_MILLIS).await?;
    Ok(sessions + tokens)
}

async fn insert_session(
    state: &AppState,
    connection: &impl ConnectionTrait,
    user: &users::Model,
    client: Client,
) -> ApiResult<sessions::Model> {
    let created_at = clock::now();
    let new = NewSession {
        user_id: UserId(user.id),
        user_agent: client.user_agent,
        address: client.address.to_string(),
        created_at,
        expires_at: created_at.saturating_add(state.auth.sessions.lifetime_millis()),
    };
    Ok(db::sessions::insert(connection, new).await?)
}

fn opened(state: &AppState, user: &users::Model, session: &sessions::Model) -> ApiResult<SessionOpened> {
    let user: User = user_view(user);
    Ok(SessionOpened {
        user,
        token: state.auth.sessions.issue(session)?,
        token_type: TokenType::Bearer,
        expires_at: clock::timestamp(session.expires_at),
        csrf_token: state.auth.sessions.csrf_token(SessionId(session.id))?,
    })
}

async fn user_of(state: &AppState, caller: &Caller) -> ApiResult<users::Model> {
    let user = db::users::find(state.db.read(), caller.user_id).await?;
    user.ok_or(ApiError::Unauthorized("the user is gone"))
}

fn session_view(row: sessions::Model, current: Option<SessionId>) -> Session {
    let id = SessionId(row.id);
    Session {
        id,
        current: current == Some(id),
        user_agent: row.user_agent,
        address: row.address,
        created_at: clock::timestamp(row.created_at),
        expires_at: clock::timestamp(row.expires_at),
    }
}

/// The user of a name. What can't be a name is nobody's, and not every database can even be asked for it.
pub(crate) async fn find_by_name(db: &Db, name: &str) -> ApiResult<Option<users::Model>> {
    if rules::check_username(name).is_ok() { Ok(db::users::find_by_name(db.read(), name).await?) } else { Ok(None) }
}

fn check_new_user(username: &str, password: &str) -> ApiResult<()> {
    let mut faults = Faults::default();
    faults.check("username", rules::check_username(username));
    faults.check("password", rules::check_password(password));
    faults.finish()
}

fn wrong_current_password() -> ApiError {
    ApiError::field("current_password", "is not your password")
}

fn username_taken() -> ApiError {
    ApiError::taken("username_taken", "username", "this username is taken")
}
