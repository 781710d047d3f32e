//! Servers.

use gloo_net::http::Method;
use l4d2_contract::{CreateServerJob, Job, Server, ServerId, ServerOperation};

use super::{Api, ApiError};

impl Api {
    /// The user's own servers; with `all`, which only admins may ask for, everybody's.
    pub async fn list_servers(self, all: bool) -> Result<Vec<Server>, ApiError> {
        self.list(if all { "/servers?all=true" } else { "/servers" }).await
    }

    pub async fn create_server_job(self, server: ServerId, operation: ServerOperation) -> Result<Job, ApiError> {
        self.change(Method::POST, &format!("/servers/{server}/jobs"), Some(&CreateServerJob { operation })).await
    }
}
