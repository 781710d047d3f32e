//! The machine that the servers run on; for admins.

use gloo_net::http::Method;
use l4d2_contract::{CreateHostJob, HostInfo, HostOperation, Job};

use super::{Api, ApiError};

impl Api {
    pub async fn get_host(self) -> Result<HostInfo, ApiError> {
        self.read("/host").await
    }

    pub async fn create_host_job(self, operation: HostOperation) -> Result<Job, ApiError> {
        self.change(Method::POST, "/jobs", Some(&CreateHostJob { operation })).await
    }
}
