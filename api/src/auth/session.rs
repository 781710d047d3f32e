//! Session tokens (JWT), the CSRF tokens bound to them, and the browser's cookie.
//!
//! A token names its session row and nothing else counts: it is signed with HS256 and the data directory's key, and one
//! with any other algorithm, key or an end in the past is no token at all.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum_extra::extract::cookie::{Cookie, SameSite};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, crypto};
use l4d2_contract::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::key::SigningKey;
use crate::db::entity::sessions;
use crate::error::{ApiError, ApiResult};

/// The browser's cookie.
pub const COOKIE_NAME: &str = "l4d2_session";
const ALGORITHM: Algorithm = Algorithm::HS256;

/// Times are seconds since 1970.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: i64,
    iat: i64,
    exp: i64,
}

/// What a good token says; whether the session still stands is the database's to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedSession {
    /// The session's row.
    pub id: SessionId,
    /// The user it was opened for.
    pub user_id: UserId,
    /// When it was opened, in seconds since 1970. After a restored backup an id may name another row: this tells them apart.
    pub opened_at: i64,
}

impl NamedSession {
    /// What a token for this row says.
    pub fn of(session: &sessions::Model) -> Self {
        Self {
            id: SessionId(session.id),
            user_id: UserId(session.user_id),
            opened_at: session.created_at.div_euclid(1000),
        }
    }
}

/// Issues and checks; cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    keys: Arc<Keys>,
    lifetime: Duration,
    insecure_cookies: bool,
}

struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("lifetime", &self.lifetime)
            .field("insecure_cookies", &self.insecure_cookies)
            .finish_non_exhaustive()
    }
}

impl Sessions {
    /// Uses one key for everything: what is signed differs in form.
    pub fn new(key: &SigningKey, lifetime: Duration, insecure_cookies: bool) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.leeway = 0;
        validation.set_required_spec_claims(&["exp", "sub"]);
        let keys = Keys {
            encoding: EncodingKey::from_secret(key.bytes()),
            decoding: DecodingKey::from_secret(key.bytes()),
            validation,
        };
        Self { keys: Arc::new(keys), lifetime, insecure_cookies }
    }

    /// How long a new session lasts, in milliseconds.
    pub fn lifetime_millis(&self) -> i64 {
        i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX)
    }

    /// The token of a session.
    pub fn issue(&self, session: &sessions::Model) -> ApiResult<String> {
        let named = NamedSession::of(session);
        let claims = Claims {
            sub: named.user_id.to_string(),
            sid: named.id.0,
            iat: named.opened_at,
            exp: session.expires_at.div_euclid(1000),
        };
        jsonwebtoken::encode(&Header::new(ALGORITHM), &claims, &self.keys.encoding).map_err(ApiError::internal)
    }

    /// The session that a token names, if the token is good.
    pub fn read(&self, token: &str) -> Option<NamedSession> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.keys.decoding, &self.keys.validation).ok()?.claims;
        let user_id = claims.sub.parse().ok()?;
        Some(NamedSession { id: SessionId(claims.sid), user_id, opened_at: claims.iat })
    }

    /// What unsafe calls of this session send as `X-CSRF-Token`.
    pub fn csrf_token(&self, session: SessionId) -> ApiResult<String> {
        crypto::sign(&csrf_message(session), &self.keys.encoding, ALGORITHM).map_err(ApiError::internal)
    }

    /// Whether a CSRF token is this session's; takes the same time whatever is wrong with it.
    pub fn csrf_matches(&self, session: SessionId, presented: &str) -> bool {
        crypto::verify(presented, &csrf_message(session), &self.keys.decoding, ALGORITHM).unwrap_or(false)
    }

    /// The cookie that carries a token.
    pub fn cookie(&self, token: String) -> Cookie<'static> {
        let max_age = time::Duration::try_from(self.lifetime).unwrap_or(time::Duration::MAX);
        self.bare_cookie(token, max_age)
    }

    /// The cookie that takes the other one away.
    pub fn removal_cookie(&self) -> Cookie<'static> {
        self.bare_cookie(String::new(), time::Duration::ZERO)
    }

    fn bare_cookie(&self, value: String, max_age: time::Duration) -> Cookie<'static> {
        Cookie::build((COOKIE_NAME, value))
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(!self.insecure_cookies)
            .path("/")
            .max_age(max_age)
            .build()
    }
}

/// The colon keeps it apart from what JWTs sign, which is base64 and dots.
fn csrf_message(session: SessionId) -> Vec<u8> {
    format!("csrf:{session}").into_bytes()
}
