//! API tokens: named, for scripts, shown once.

use l4d2_contract::rules::TOKEN_DAYS;
use l4d2_contract::{ApiToken, ApiTokenId, CreateApiToken, CreatedApiToken, Page};

use crate::app::AppState;
use crate::auth::{Caller, Credential, token};
use crate::clock;
use crate::db::api_tokens::NewApiToken;
use crate::db::entity::api_tokens;
use crate::db::{self, unique_or};
use crate::domain::paging::PageRequest;
use crate::domain::validate::Faults;
use crate::error::{ApiError, ApiResult};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The caller's own tokens, expired ones too.
pub async fn list_tokens(state: &AppState, caller: &Caller, request: PageRequest) -> ApiResult<Page<ApiToken>> {
    let after = request.after.unwrap_or_default();
    let mut rows = db::api_tokens::list(state.db.read(), caller.user_id, after, request.rows()).await?;
    let next = request.cut(&mut rows, |row| row.id);
    Ok(Page { items: rows.into_iter().map(view).collect(), next })
}

/// Makes a token. Not with another token: one that was stolen could make itself an heir that outlives it.
pub async fn create_token(state: &AppState, caller: &Caller, request: CreateApiToken) -> ApiResult<CreatedApiToken> {
    if let Credential::ApiToken { .. } = caller.credential {
        let detail = "API tokens are made with a session: sign in with the password".to_owned();
        return Err(ApiError::Forbidden { code: "session_required", detail });
    }
    check(&request)?;
    let secret = token::generate();
    let created_at = clock::now();
    let new = NewApiToken {
        user_id: caller.user_id,
        name: request.name,
        digest: token::digest(&secret),
        created_at,
        expires_at: request.expires_in_days.map(|days| created_at + i64::from(days) * DAY_MILLIS),
    };
    let row = db::api_tokens::insert(state.db.write(), new).await.map_err(|error| {
        unique_or(error, || ApiError::taken("token_name_taken", "name", "you have a token of this name"))
    })?;
    tracing::info!(user = %caller.username, api_token_id = row.id, "API token made");
    Ok(CreatedApiToken { api_token: view(row), token: secret })
}

/// Deletes one of the caller's own tokens. Somebody else's is not there.
pub async fn delete_token(state: &AppState, caller: &Caller, id: ApiTokenId) -> ApiResult<()> {
    if !db::api_tokens::delete(state.db.write(), caller.user_id, id).await? {
        return Err(ApiError::not_found("API token", id));
    }
    state.auth_changed.bump();
    Ok(())
}

fn check(request: &CreateApiToken) -> ApiResult<()> {
    let mut faults = Faults::default();
    faults.check_name(&request.name);
    if request.expires_in_days.is_some_and(|days| !TOKEN_DAYS.contains(&days)) {
        faults.add("expires_in_days", format_args!("must be between {} and {}", TOKEN_DAYS.start(), TOKEN_DAYS.end()));
    }
    faults.finish()
}

fn view(row: api_tokens::Model) -> ApiToken {
    ApiToken {
        id: ApiTokenId(row.id),
        name: row.name,
        created_at: clock::timestamp(row.created_at),
        expires_at: row.expires_at.map(clock::timestamp),
        last_used_at: row.last_used_at.map(clock::timestamp),
    }
}
