//! Signing in: sessions and API tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ApiTokenId, SessionId, Timestamp, User};

/// A name and a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"username": "alice", "password": "correct horse"})))]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// 1 to 64 of letters, digits, `_ - .`.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]{1,64}$"))]
    pub username: String,
    /// 6 to 1024 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 6, max_length = 1024, format = "password"))]
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// How a token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenType {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
}

/// A session just opened.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionOpened {
    /// Who signed in.
    pub user: User,
    /// For scripts; browsers have it in a cookie they can't read.
    #[cfg_attr(feature = "openapi", schema(example = "eyJhbGciOiJIUzI1NiJ9.e30.signature"))]
    pub token: String,
    /// How the token is presented.
    pub token_type: TokenType,
    /// When the session ends.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-12-24T03:01:04.250Z", format = "date-time"))]
    pub expires_at: Timestamp,
    /// Goes into `X-CSRF-Token` of unsafe calls that use the cookie.
    #[cfg_attr(feature = "openapi", schema(example = "3q2-7w"))]
    pub csrf_token: String,
}

impl fmt::Debug for SessionOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionOpened").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Who is signed in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The user.
    pub user: User,
    /// Goes into `X-CSRF-Token`; null for a caller with an API token, which needs none.
    #[cfg_attr(feature = "openapi", schema(example = "3q2-7w"))]
    pub csrf_token: Option<String>,
}

impl fmt::Debug for Me {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Me").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Changes the password; all other sessions are revoked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"current_password": "correct horse", "new_password": "battery staple"})))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The present one.
    #[cfg_attr(feature = "openapi", schema(format = "password"))]
    pub current_password: String,
    /// 6 to 1024 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 6, max_length = 1024, format = "password"))]
    pub new_password: String,
}

impl fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangePassword").finish_non_exhaustive()
    }
}

/// A place where the user is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The session that asks.
    pub current: bool,
    /// What the client called itself at sign-in; untrusted text.
    #[cfg_attr(feature = "openapi", schema(example = "Mozilla/5.0"))]
    pub user_agent: String,
    /// The address it signed in from.
    #[cfg_attr(feature = "openapi", schema(example = "127.0.0.1"))]
    pub address: String,
    /// When it signed in.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub created_at: Timestamp,
    /// When it ends.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-12-24T03:01:04.250Z", format = "date-time"))]
    pub expires_at: Timestamp,
}

/// Makes an API token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"name": "backup script", "expires_in_days": 90})))]
#[serde(deny_unknown_fields)]
pub struct CreateApiToken {
    /// What it is for; 1 to 128 characters, unique among the user's tokens.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub name: String,
    /// Days until it expires, 1 to 3650; left out or null: never.
    #[serde(default, deserialize_with = "crate::number::days_or_null", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3650))]
    pub expires_in_days: Option<u32>,
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// What it is for.
    #[cfg_attr(feature = "openapi", schema(example = "backup script"))]
    pub name: String,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub created_at: Timestamp,
    /// When it expires; null: never.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2027-02-22T03:01:04.250Z", format = "date-time"))]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; null: never.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub last_used_at: Option<Timestamp>,
}

/// An API token just made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedApiToken {
    /// What `GET /auth/tokens` will show of it.
    #[serde(flatten)]
    pub api_token: ApiToken,
    /// The secret, shown this once.
    #[cfg_attr(feature = "openapi", schema(example = "l4d2_kq3vWm2"))]
    pub token: String,
}

impl fmt::Debug for CreatedApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedApiToken").field("api_token", &self.api_token).finish_non_exhaustive()
    }
}
