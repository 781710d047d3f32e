//! The caller of a request: extractors, and the same question asked again by streams.
//!
//! `Authorization` wins over the cookie. Nothing is taken from the query string. Calls by cookie that may change
//! something need the session's CSRF token; calls by header don't, because no other site can make a browser send one.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum_extra::extract::CookieJar;
use l4d2_contract::{ApiTokenId, SessionId, UserId};

use super::session::{COOKIE_NAME, NamedSession};
use super::token;
use crate::app::AppState;
use crate::clock;
use crate::db::api_tokens::TokenHolder;
use crate::db::sessions::SessionHolder;
use crate::db::{self, Db};
use crate::error::{ApiError, ApiResult, chain};

/// The header that carries the CSRF token.
pub const CSRF_HEADER: &str = "x-csrf-token";
/// `last_used_at` of API tokens is true to so many milliseconds; anything finer would write at every request.
const LAST_USED_STEP_MILLIS: i64 = 60_000;

/// Somebody whose session or API token is good, with the rights as the database has them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// The user's name as it was written at sign-up.
    pub username: String,
    /// Whether the user is an admin.
    pub admin: bool,
    /// What the caller showed.
    pub credential: Credential,
}

/// What a caller showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A session's token.
    Session {
        /// The session.
        id: SessionId,
        /// Whether it came in the cookie.
        cookie: bool,
    },
    /// An API token.
    ApiToken {
        /// The token.
        id: ApiTokenId,
    },
}

impl Credential {
    /// The session, where it is one.
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::Session { id, .. } => Some(id),
            Self::ApiToken { .. } => None,
        }
    }
}

/// A caller who is an admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin(pub Caller);

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let caller = match presented(&parts.headers)? {
            Presented::ApiToken(secret) => by_api_token(state, &secret).await?,
            Presented::Session { token, cookie } => by_session(state, &token, cookie).await?,
        };
        check_csrf(state, &caller, &parts.method, &parts.headers)?;
        Ok(caller)
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if !caller.admin {
            return Err(ApiError::Forbidden { code: "admin_required", detail: "only admins may do this".to_owned() });
        }
        Ok(Self(caller))
    }
}

/// Asks the database again: `None` when the session or token is no longer good or the user is disabled.
pub async fn still_valid(db: &Db, caller: &Caller) -> ApiResult<Option<Caller>> {
    let now = clock::now();
    let found = match caller.credential {
        Credential::Session { id, .. } => db::sessions::holder(db.read(), id, now)
            .await?
            .map(|holder| (holder.user_id, holder.username, holder.admin)),
        Credential::ApiToken { id } => db::api_tokens::holder(db.read(), id, now)
            .await?
            .map(|holder| (holder.user_id, holder.username, holder.admin)),
    };
    Ok(found.map(|(user_id, username, admin)| Caller {
        user_id: UserId(user_id),
        username,
        admin,
        credential: caller.credential,
    }))
}

enum Presented {
    ApiToken(String),
    Session { token: String, cookie: bool },
}

fn presented(headers: &HeaderMap) -> ApiResult<Presented> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().ok().and_then(bearer);
        let token = value.ok_or(ApiError::Unauthorized("send a token as Authorization: Bearer TOKEN"))?.to_owned();
        return Ok(if token.starts_with(token::PREFIX) {
            Presented::ApiToken(token)
        } else {
            Presented::Session { token, cookie: false }
        });
    }
    let jar = CookieJar::from_headers(headers);
    let cookie = jar.get(COOKIE_NAME).ok_or(ApiError::Unauthorized("sign in first"))?;
    Ok(Presented::Session { token: cookie.value().to_owned(), cookie: true })
}

/// The scheme's name has no case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn by_session(state: &AppState, token: &str, cookie: bool) -> ApiResult<Caller> {
    const ENDED: ApiError = ApiError::Unauthorized("the session has ended: sign in again");
    let named = state.auth.sessions.read(token).ok_or(ENDED)?;
    let holder = db::sessions::holder(state.db.read(), named.id, clock::now()).await?.ok_or(ENDED)?;
    let SessionHolder { user_id, username, admin, created_at } = holder;
    let row = NamedSession { id: named.id, user_id: UserId(user_id), opened_at: created_at.div_euclid(1000) };
    if row != named {
        return Err(ENDED);
    }
    Ok(Caller { user_id: row.user_id, username, admin, credential: Credential::Session { id: row.id, cookie } })
}

async fn by_api_token(state: &AppState, secret: &str) -> ApiResult<Caller> {
    let now = clock::now();
    let holder = db::api_tokens::holder_of_digest(state.db.read(), &token::digest(secret), now)
        .await?
        .ok_or(ApiError::Unauthorized("the API token is unknown, revoked or expired"))?;
    note_use(&state.db, &holder, now).await;
    Ok(Caller {
        user_id: UserId(holder.user_id),
        username: holder.username,
        admin: holder.admin,
        credential: Credential::ApiToken { id: ApiTokenId(holder.id) },
    })
}

/// Not worth failing a request for: with a full disk the panel still answers.
async fn note_use(db: &Db, holder: &TokenHolder, now: i64) {
    // A clock that was set back must not stop the noting.
    let fresh = holder.last_used_at.is_some_and(|last| (last..last + LAST_USED_STEP_MILLIS).contains(&now));
    if fresh {
        return;
    }
    if let Err(error) = db::api_tokens::set_last_used(db.write(), ApiTokenId(holder.id), now).await {
        tracing::warn!(error = %chain(&error), api_token_id = holder.id, "could not note the use of an API token");
    }
}

fn check_csrf(state: &AppState, caller: &Caller, method: &Method, headers: &HeaderMap) -> ApiResult<()> {
    let Credential::Session { id, cookie: true } = caller.credential else { return Ok(()) };
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let presented = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    if presented.is_some_and(|presented| state.auth.sessions.csrf_matches(id, presented)) {
        return Ok(());
    }
    Err(ApiError::BadRequest {
        code: "csrf_failed",
        detail: "calls by cookie need the header X-CSRF-Token with the value from /api/v1/auth/me".to_owned(),
    })
}
