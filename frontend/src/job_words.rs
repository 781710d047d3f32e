//! Jobs in words. Pure.

use l4d2_contract::{Job, JobState, Operation};

/// What a job does and to what, such as `Start of alpha`.
pub fn title(job: &Job) -> String {
    let of = |deed: &str| format!("{deed} of {}", job.server_name.as_deref().unwrap_or("a server"));
    match job.operation {
        Operation::Install => "Install of the game".to_owned(),
        Operation::Initialize => of("Initialization"),
        Operation::Start => of("Start"),
        Operation::Stop => of("Stop"),
        Operation::Restart => of("Restart"),
        Operation::Delete => of("Deletion"),
    }
}

/// How it stands, such as `running for 4 min`. `took` is how long it has been at work, or was.
pub fn standing(state: JobState, took: &str) -> String {
    let word = match state {
        JobState::Queued => "waiting",
        JobState::Running => "running",
        JobState::Succeeded => "succeeded",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    };
    format!("{word} {}", how_long(state, took))
}

/// The same where its state is said already, such as `for 4 min`.
pub fn how_long(state: JobState, took: &str) -> String {
    match state {
        JobState::Queued | JobState::Running => format!("for {took}"),
        JobState::Succeeded => format!("in {took}"),
        JobState::Failed | JobState::Cancelled => format!("after {took}"),
    }
}

/// From when to when its time counts: the work, or the wait before it.
pub fn span(job: &Job) -> (&str, Option<&str>) {
    (job.started_at.as_ref().unwrap_or(&job.created_at), job.finished_at.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_job_is_named_by_its_deed_and_its_server() {
        assert_eq!(title(&samples::job(1, Operation::Start)), "Start of alpha");
        let install = Job { server_name: None, ..samples::job(1, Operation::Install) };
        assert_eq!(title(&install), "Install of the game");
    }

    #[test]
    fn before_its_start_the_wait_counts() {
        let waiting = samples::job(1, Operation::Stop);
        assert_eq!(span(&waiting), (waiting.created_at.as_str(), None));
        let done = Job { started_at: Some("b".to_owned()), finished_at: Some("c".to_owned()), ..waiting };
        assert_eq!(span(&done), ("b", Some("c")));
        assert_eq!(standing(JobState::Failed, "4 min"), "failed after 4 min");
        assert_eq!(standing(JobState::Queued, "4 min"), "waiting for 4 min");
        assert_eq!(how_long(JobState::Succeeded, "4 min"), "in 4 min");
    }
}
