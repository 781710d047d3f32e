//! Servers.

use gloo_net::http::Method;
use l4d2_contract::{
    ConsoleCommand, CreateServer, CreateServerJob, Job, Server, ServerId, ServerOperation, ServerUsage, UpdateServer,
};

use super::{Api, ApiError};

impl Api {
    /// The user's own servers; with `all`, which only admins may ask for, everybody's.
    pub async fn list_servers(self, all: bool) -> Result<Vec<Server>, ApiError> {
        self.list(if all { "/servers?all=true" } else { "/servers" }).await
    }

    pub async fn get_server(self, server: ServerId) -> Result<Server, ApiError> {
        self.read(&format!("/servers/{server}")).await
    }

    pub async fn create_server(self, server: &CreateServer) -> Result<Server, ApiError> {
        self.change(Method::POST, "/servers", Some(server)).await
    }

    pub async fn update_server(self, server: ServerId, changes: &UpdateServer) -> Result<Server, ApiError> {
        self.change(Method::PATCH, &format!("/servers/{server}"), Some(changes)).await
    }

    pub async fn delete_server(self, server: ServerId) -> Result<Job, ApiError> {
        self.change(Method::DELETE, &format!("/servers/{server}"), None::<&()>).await
    }

    pub async fn create_server_job(self, server: ServerId, operation: ServerOperation) -> Result<Job, ApiError> {
        self.change(Method::POST, &format!("/servers/{server}/jobs"), Some(&CreateServerJob { operation })).await
    }

    /// What it takes up on the host.
    pub async fn get_server_usage(self, server: ServerId) -> Result<ServerUsage, ApiError> {
        self.read(&format!("/servers/{server}/usage")).await
    }

    /// Sends one line to the running game's console.
    pub async fn send_console_command(self, server: ServerId, command: String) -> Result<(), ApiError> {
        self.change(Method::POST, &format!("/servers/{server}/console"), Some(&ConsoleCommand { command })).await
    }
}
