//! Users and their rights.

use gloo_net::http::Method;
use l4d2_contract::{UpdateUser, User, UserId};

use super::{Api, ApiError};

impl Api {
    pub async fn list_users(self) -> Result<Vec<User>, ApiError> {
        self.list("/users").await
    }

    pub async fn update_user(self, id: UserId, change: &UpdateUser) -> Result<User, ApiError> {
        self.change(Method::PATCH, &format!("/users/{id}"), Some(change)).await
    }
}
