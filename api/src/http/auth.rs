//! `/auth`: signing up, in and out, sessions, API tokens.
//!
//! What hashes a password stands apart because each has a rate limit of its own, see the router.

use axum::extract::State;
use axum::http::StatusCode;
use axum_extra::extract::CookieJar;
use l4d2_contract::{
    ApiToken, ApiTokenId, ChangePassword, CreateApiToken, CreatedApiToken, Credentials, Me, Page, Session, SessionId,
    SessionOpened,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::auth::{Caller, Client};
use crate::domain::auth;
use crate::error::ApiResult;
use crate::http::answer::{ListQuery, Located, created};
use crate::http::extract::{Json, Path, Query};

/// Signing in.
pub fn login_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(login))
}

/// Signing up.
pub fn signup_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(signup))
}

/// Changing the password.
pub fn password_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(change_password))
}

/// The other routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(logout))
        .routes(routes!(get_me))
        .routes(routes!(list_sessions))
        .routes(routes!(revoke_session))
        .routes(routes!(list_api_tokens, create_api_token))
        .routes(routes!(revoke_api_token))
}

/// Sign up
///
/// Makes a user and signs it in: the session's token is answered, and set as a cookie.
#[utoipa::path(
    post,
    path = "/auth/signup",
    tag = "auth",
    security(()),
    request_body = Credentials,
    responses(
        (status = 201, description = "the new user's session", body = SessionOpened,
            headers(("Set-Cookie" = String, description = "the session for browsers"))),
        (status = 403, description = "signing up is closed (`signup_disabled`)"),
        (status = 409, description = "the username is taken (`username_taken`)"),
        (status = 503, description = "too many people are signing in right now (`busy`)"),
    ),
)]
async fn signup(
    State(state): State<AppState>,
    client: Client,
    jar: CookieJar,
    Json(credentials): Json<Credentials>,
) -> ApiResult<(StatusCode, CookieJar, axum::Json<SessionOpened>)> {
    let opened = auth::sign_up(&state, credentials, client).await?;
    let jar = jar.add(state.auth.sessions.cookie(opened.token.clone()));
    Ok((StatusCode::CREATED, jar, axum::Json(opened)))
}

/// Sign in
///
/// Opens a session: its token is answered, and set as a cookie.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    security(()),
    request_body = Credentials,
    responses(
        (status = 200, description = "the session", body = SessionOpened,
            headers(("Set-Cookie" = String, description = "the session for browsers"))),
        (status = 401, description = "the username or the password is wrong"),
        (status = 403, description = "the password is right but the account is disabled (`account_disabled`)"),
        (status = 503, description = "too many people are signing in right now (`busy`)"),
    ),
)]
async fn login(
    State(state): State<AppState>,
    client: Client,
    jar: CookieJar,
    Json(credentials): Json<Credentials>,
) -> ApiResult<(CookieJar, axum::Json<SessionOpened>)> {
    let opened = auth::log_in(&state, credentials, client).await?;
    let jar = jar.add(state.auth.sessions.cookie(opened.token.clone()));
    Ok((jar, axum::Json(opened)))
}

/// Sign out
///
/// Revokes the session and takes the cookie away. Not for API tokens, which are deleted instead.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "auth",
    security(("session_cookie" = [], "csrf_token" = []), ("bearer" = [])),
    responses(
        (status = 204, description = "the session is revoked"),
        (status = 400, description = "the caller has no session but an API token, or a cookie came without its CSRF token \
            (`no_session`, `csrf_failed`)"),
    ),
)]
async fn logout(State(state): State<AppState>, caller: Caller, jar: CookieJar) -> ApiResult<(StatusCode, CookieJar)> {
    auth::log_out(&state, &caller).await?;
    Ok((StatusCode::NO_CONTENT, jar.add(state.auth.sessions.removal_cookie())))
}

/// Get the signed-in user
///
/// `csrf_token` goes into `X-CSRF-Token` of calls that use the cookie and change something.
#[utoipa::path(
    get,
    path = "/auth/me",
    tag = "auth",
    security(("session_cookie" = []), ("bearer" = [])),
    responses((status = 200, description = "the user", body = Me)),
)]
async fn get_me(State(state): State<AppState>, caller: Caller) -> ApiResult<axum::Json<Me>> {
    auth::me(&state, &caller).await.map(axum::Json)
}

/// Change the password
///
/// All other sessions of the user are revoked. API tokens stay. As often as one may sign in, counted apart: 20 attempts from
/// one address pass at once, and one more every 15 s.
#[utoipa::path(
    post,
    path = "/auth/password",
    tag = "auth",
    security(("session_cookie" = [], "csrf_token" = []), ("bearer" = [])),
    request_body = ChangePassword,
    responses(
        (status = 204, description = "the password is changed"),
        (status = 429, description = "too many attempts from this address (`rate_limited`): try again after `Retry-After` seconds"),
        (status = 503, description = "too many people are signing in right now (`busy`)"),
    ),
)]
async fn change_password(
    State(state): State<AppState>,
    caller: Caller,
    Json(change): Json<ChangePassword>,
) -> ApiResult<StatusCode> {
    auth::change_password(&state, &caller, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List one's own sessions
#[utoipa::path(
    get,
    path = "/auth/sessions",
    tag = "auth",
    security(("session_cookie" = []), ("bearer" = [])),
    params(ListQuery),
    responses((status = 200, description = "a page of sessions, the oldest first", body = Page<Session>)),
)]
async fn list_sessions(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> ApiResult<axum::Json<Page<Session>>> {
    auth::list_sessions(&state, &caller, query.page()?).await.map(axum::Json)
}

/// Revoke one of one's own sessions
#[utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    tag = "auth",
    security(("session_cookie" = [], "csrf_token" = []), ("bearer" = [])),
    params(("id" = SessionId, Path, description = "the session", example = 1)),
    responses(
        (status = 204, description = "it is revoked"),
        (status = 404, description = "the caller has no such session"),
    ),
)]
async fn revoke_session(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<SessionId>,
) -> ApiResult<StatusCode> {
    auth::revoke_session(&state, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List one's own API tokens
#[utoipa::path(
    get,
    path = "/auth/tokens",
    tag = "auth",
    security(("session_cookie" = []), ("bearer" = [])),
    params(ListQuery),
    responses((status = 200, description = "a page of tokens, the oldest first", body = Page<ApiToken>)),
)]
async fn list_api_tokens(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> ApiResult<axum::Json<Page<ApiToken>>> {
    auth::list_tokens(&state, &caller, query.page()?).await.map(axum::Json)
}

/// Make an API token
///
/// The token itself is shown in this answer only. It has all rights of its user, except that it can't make tokens.
#[utoipa::path(
    post,
    path = "/auth/tokens",
    tag = "auth",
    security(("session_cookie" = [], "csrf_token" = []), ("bearer" = [])),
    request_body = CreateApiToken,
    responses(
        (status = 201, description = "the token", body = CreatedApiToken,
            headers(("Location" = String, description = "where it can be revoked"))),
        (status = 403, description = "the caller has no session but an API token (`session_required`)"),
        (status = 409, description = "the user has a token of that name (`token_name_taken`)"),
    ),
)]
async fn create_api_token(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<CreateApiToken>,
) -> ApiResult<Located<CreatedApiToken>> {
    let token = auth::create_token(&state, &caller, request).await?;
    Ok(created("auth/tokens", token.api_token.id, token))
}

/// Revoke one of one's own API tokens
#[utoipa::path(
    delete,
    path = "/auth/tokens/{id}",
    tag = "auth",
    security(("session_cookie" = [], "csrf_token" = []), ("bearer" = [])),
    params(("id" = ApiTokenId, Path, description = "the token", example = 1)),
    responses(
        (status = 204, description = "it is revoked"),
        (status = 404, description = "the caller has no such token"),
    ),
)]
async fn revoke_api_token(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<ApiTokenId>,
) -> ApiResult<StatusCode> {
    auth::delete_token(&state, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
