//! The user's own account: password, sessions, API tokens.

use gloo_net::http::Method;
use l4d2_contract::{ApiToken, ApiTokenId, ChangePassword, CreateApiToken, CreatedApiToken, Session, SessionId};

use super::{Api, ApiError};

impl Api {
    pub async fn change_password(self, change: &ChangePassword) -> Result<(), ApiError> {
        self.change(Method::POST, "/auth/password", Some(change)).await
    }

    pub async fn list_sessions(self) -> Result<Vec<Session>, ApiError> {
        self.list("/auth/sessions").await
    }

    pub async fn revoke_session(self, id: SessionId) -> Result<(), ApiError> {
        self.change(Method::DELETE, &format!("/auth/sessions/{id}"), None::<&()>).await
    }

    pub async fn list_api_tokens(self) -> Result<Vec<ApiToken>, ApiError> {
        self.list("/auth/tokens").await
    }

    pub async fn create_api_token(self, token: &CreateApiToken) -> Result<CreatedApiToken, ApiError> {
        self.change(Method::POST, "/auth/tokens", Some(token)).await
    }

    pub async fn revoke_api_token(self, id: ApiTokenId) -> Result<(), ApiError> {
        self.change(Method::DELETE, &format!("/auth/tokens/{id}"), None::<&()>).await
    }
}
