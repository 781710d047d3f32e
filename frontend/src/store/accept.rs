//! What the pages' own calls were answered, laid into the store before the event stream tells of it.
//!
//! The stream may have been faster than the answer. An answer never takes back what was heard since.

use l4d2_contract::{DisplayState, Job, JobState, Operation, Server};
use leptos::prelude::*;

use super::{Change, Store};

impl Store {
    /// A job was accepted or asked to cancel.
    pub fn accept_job(self, job: &Job) {
        let known = self.jobs.with_untracked(|jobs| jobs.get(job.id).map(|job| job.state));
        if !is_news(known, job.state) {
            return;
        }
        self.jobs.update(|jobs| jobs.apply(Change::Changed(job.clone())));
        let Some(id) = job.server_id else { return };
        let server = self.servers.with_untracked(|servers| servers.get(id).cloned());
        if let Some(server) = server.and_then(|server| with_job(server, job)) {
            self.servers.update(|servers| servers.apply(Change::Changed(server)));
        }
    }

    /// A server was made or changed.
    pub fn accept_server(self, server: Server) {
        let known = self.servers.with_untracked(|list| list.get(server.id).map(|known| known.updated_at.clone()));
        // The times are of one format and one zone, so the later one is the greater text.
        if known.is_none_or(|known| known <= server.updated_at) {
            self.servers.update(|servers| servers.apply(Change::Changed(server)));
        }
    }
}

/// How far a job is; it never goes back.
fn step(state: JobState) -> u8 {
    match state {
        JobState::Queued => 0,
        JobState::Running => 1,
        JobState::Succeeded | JobState::Failed | JobState::Cancelled => 2,
    }
}

fn is_news(known: Option<JobState>, answered: JobState) -> bool {
    known.is_none_or(|known| step(known) < step(answered))
}

/// The server as it stands with a job that was just accepted; `None` when that changes nothing.
fn with_job(server: Server, job: &Job) -> Option<Server> {
    if server.active_job.is_some() || job.state.is_final() {
        return None;
    }
    let display_state = match job.operation {
        Operation::Install => return None,
        Operation::Initialize => DisplayState::Initializing,
        Operation::Start => DisplayState::Starting,
        Operation::Stop => DisplayState::Stopping,
        Operation::Restart => DisplayState::Restarting,
        Operation::Delete => DisplayState::Deleting,
    };
    Some(Server { active_job: Some(job.id), display_state, drift: false, ..server })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use l4d2_contract::JobId;

    #[test]
    fn an_answer_does_not_take_back_what_was_heard() {
        assert!(is_news(None, JobState::Queued));
        assert!(is_news(Some(JobState::Queued), JobState::Running));
        assert!(!is_news(Some(JobState::Running), JobState::Queued));
        assert!(!is_news(Some(JobState::Succeeded), JobState::Queued));
        assert!(!is_news(Some(JobState::Cancelled), JobState::Succeeded));
    }

    #[test]
    fn an_accepted_job_shows_at_its_server() {
        let job = samples::job(7, Operation::Start);
        let server = with_job(samples::server(1, "alpha"), &job).expect("it changes the server");
        assert_eq!(server.active_job, Some(JobId(7)));
        assert_eq!(server.display_state, DisplayState::Starting);
    }

    #[test]
    fn a_job_in_line_does_not_hide_the_one_at_work() {
        let busy = Server { active_job: Some(JobId(6)), ..samples::server(1, "alpha") };
        assert_eq!(with_job(busy, &samples::job(7, Operation::Stop)), None);
    }
}
