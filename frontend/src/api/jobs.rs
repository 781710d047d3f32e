//! Jobs.

use std::fmt::Write as _;

use gloo_net::http::Method;
use l4d2_contract::{Job, JobId, JobState, Operation, Page, ServerId};

use super::{Api, ApiError};

/// What a list of jobs is narrowed to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only jobs of this server.
    pub server: Option<ServerId>,
    /// Only jobs in this state.
    pub state: Option<JobState>,
    /// Only jobs that do this.
    pub operation: Option<Operation>,
}

impl JobFilter {
    /// Whether a job belongs into the list.
    pub fn takes(self, job: &Job) -> bool {
        self.server.is_none_or(|server| job.server_id == Some(server))
            && self.state.is_none_or(|state| job.state == state)
            && self.operation.is_none_or(|operation| job.operation == operation)
    }
}

impl Api {
    /// A page of the jobs that the user may see, newest first, those before `before` if it is given.
    pub async fn list_jobs(self, filter: JobFilter, before: Option<JobId>, limit: u32) -> Result<Page<Job>, ApiError> {
        let mut url = format!("/jobs?limit={limit}");
        // Writing to a string can't fail.
        if let Some(server) = filter.server {
            let _ = write!(url, "&server_id={server}");
        }
        if let Some(state) = filter.state {
            let _ = write!(url, "&state={state}");
        }
        if let Some(operation) = filter.operation {
            let _ = write!(url, "&operation={}", operation.as_str());
        }
        if let Some(before) = before {
            let _ = write!(url, "&before={before}");
        }
        self.read(&url).await
    }

    pub async fn get_job(self, job: JobId) -> Result<Job, ApiError> {
        self.read(&format!("/jobs/{job}")).await
    }

    pub async fn cancel_job(self, job: JobId) -> Result<Job, ApiError> {
        self.change(Method::POST, &format!("/jobs/{job}/cancel"), None::<&()>).await
    }
}
