//! The list of servers as a person reads it: its order, its summary, what is amiss. Pure; no browser in it.

use l4d2_contract::{ActualState, DesiredState, DisplayState, Server, ServerId};

use crate::text::compare_names;

/// The servers' ids in the order of the page: those that need a person first, then by name.
pub fn order<'a>(servers: impl Iterator<Item = &'a Server>) -> Vec<ServerId> {
    let mut servers: Vec<&Server> = servers.collect();
    servers.sort_by(|a, b| needs_person(b).cmp(&needs_person(a)).then_with(|| compare_names(&a.name, &b.name)));
    servers.into_iter().map(|server| server.id).collect()
}

/// One line that tells how things stand, such as `2 running · 1 stopped · 1 needs attention`.
pub fn summary<'a>(servers: impl Iterator<Item = &'a Server>) -> String {
    let (mut running, mut stopped, mut busy, mut attention) = (0_usize, 0_usize, 0_usize, 0_usize);
    for server in servers {
        match server.display_state {
            _ if needs_person(server) => attention += 1,
            DisplayState::Running => running += 1,
            DisplayState::Stopped => stopped += 1,
            _ => busy += 1,
        }
    }
    let need = if attention == 1 { "needs attention" } else { "need attention" };
    [(running, "running"), (busy, "busy"), (stopped, "stopped"), (attention, need)]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Whether the server won't get to where it should be by itself.
pub fn needs_person(server: &Server) -> bool {
    server.active_job.is_none()
        && (server.drift || matches!(server.actual_state, ActualState::Failed | ActualState::Unknown))
}

/// Whether it has been up at least once. How long it has been as it is, is known from its first change on.
pub fn was_up(server: &Server) -> bool {
    server.actual_state == ActualState::Running || server.actual_state_since.is_some()
}

/// Whether what it runs from was changed since it was last applied, and nobody is at it. As long as nothing was applied, by a
/// start or by initializing it, nothing is behind. `was_initialized` is asked only of those that never were up.
pub fn is_pending(server: &Server, was_initialized: impl FnOnce() -> bool) -> bool {
    server.pending_changes && server.active_job.is_none() && (was_up(server) || was_initialized())
}

/// Drift in words.
pub fn drift_text(server: &Server) -> Option<String> {
    if !server.drift {
        return None;
    }
    let should = match server.desired_state {
        DesiredState::Running => "should run",
        DesiredState::Stopped => "should be stopped",
    };
    let is = match server.actual_state {
        ActualState::Running => "is running",
        ActualState::Stopped => "is stopped",
        ActualState::Failed => "has failed",
        ActualState::Unknown => "its state is unknown",
    };
    Some(format!("{should}, {is}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::server;
    use l4d2_contract::JobId;

    #[test]
    fn rows_that_need_a_person_come_first() {
        let stopped = |id, name| Server {
            actual_state: ActualState::Stopped,
            display_state: DisplayState::Stopped,
            ..server(id, name)
        };
        let servers = [
            server(1, "alpha"),
            stopped(2, "bravo"),
            Server { drift: true, ..stopped(3, "charlie") },
            Server { actual_state: ActualState::Failed, ..server(4, "delta") },
        ];
        let ids = [3, 4, 1, 2].map(ServerId);
        assert_eq!(order(servers.iter()), ids);
        assert_eq!(summary(servers.iter()), "1 running · 1 stopped · 2 need attention");
    }

    #[test]
    fn changes_are_pending_where_something_was_applied_before() {
        let is_known = || unreachable!("what was up has something applied");
        let running = Server { pending_changes: true, ..server(1, "alpha") };
        assert!(is_pending(&running, is_known));
        assert!(!is_pending(&server(1, "alpha"), is_known));
        let busy = Server { active_job: Some(JobId(7)), ..running.clone() };
        assert!(!is_pending(&busy, is_known), "a job may apply them now");
        let fresh = Server { actual_state: ActualState::Stopped, ..running };
        assert!(!is_pending(&fresh, || false) && !was_up(&fresh));
        assert!(is_pending(&fresh, || true), "it was initialized");
        let was_up = Server { actual_state_since: Some("2026-11-24T03:00:00.000Z".to_owned()), ..fresh };
        assert!(is_pending(&was_up, is_known));
    }

    #[test]
    fn drift_is_told_in_words() {
        let drifting = Server { drift: true, actual_state: ActualState::Stopped, ..server(1, "alpha") };
        assert_eq!(drift_text(&drifting).as_deref(), Some("should run, is stopped"));
        assert_eq!(drift_text(&server(1, "alpha")), None);
    }
}
