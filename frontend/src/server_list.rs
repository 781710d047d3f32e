//! The list of servers as the dashboard holds it: what was fetched, and what was heard since. Pure; no browser in it.
//!
//! A list is fetched anew whenever the event stream begins again. What is heard while an answer is on its way may be
//! newer than the answer, so it is kept and laid over it. Fetches may overlap and their answers come in any order: an
//! answer to an older question than one that was answered already counts no more.

use std::collections::BTreeMap;

use l4d2_contract::{ActualState, Deleted, DesiredState, DisplayState, ResourceKind, Server, ServerId};

/// What was heard of one server.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Changed(Box<Server>),
    Gone(ServerId),
}

impl Change {
    fn id(&self) -> ServerId {
        match self {
            Self::Changed(server) => server.id,
            Self::Gone(id) => *id,
        }
    }

    /// Reads an event of `GET /events`; `None` for what isn't about servers.
    pub fn parse(event: &str, data: &str) -> Option<Self> {
        match event {
            "server" => serde_json::from_str(data).ok().map(|server| Self::Changed(Box::new(server))),
            "deleted" => match serde_json::from_str(data).ok()? {
                Deleted { kind: ResourceKind::Server, id } => Some(Self::Gone(ServerId(id))),
                Deleted { .. } => None,
            },
            _ => None,
        }
    }
}

/// One question for the whole list; a later one is greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fetch(u64);

/// All servers that are to be shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerList {
    /// `None` until the first answer.
    servers: Option<BTreeMap<ServerId, Server>>,
    /// The last question asked.
    asked: Fetch,
    /// The last question whose answer is in `servers`.
    answered: Fetch,
    /// The last thing heard of each server, and the last question asked by then.
    heard: BTreeMap<ServerId, (Fetch, Change)>,
}

impl ServerList {
    /// A fetch begins.
    pub fn begin_fetch(&mut self) -> Fetch {
        self.asked.0 += 1;
        self.asked
    }

    /// Its answer is there.
    pub fn finish_fetch(&mut self, fetch: Fetch, servers: Vec<Server>) {
        if fetch < self.answered {
            return;
        }
        self.answered = fetch;
        self.servers = Some(servers.into_iter().map(|server| (server.id, server)).collect());
        self.heard.retain(|_, (asked, _)| *asked >= fetch);
        for (_, change) in self.heard.clone().into_values() {
            self.lay_over(change);
        }
    }

    /// Something was heard.
    pub fn apply(&mut self, change: Change) {
        self.heard.insert(change.id(), (self.asked, change.clone()));
        self.lay_over(change);
    }

    fn lay_over(&mut self, change: Change) {
        let Some(servers) = &mut self.servers else { return };
        match change {
            Change::Changed(server) => drop(servers.insert(server.id, *server)),
            Change::Gone(id) => drop(servers.remove(&id)),
        }
    }

    /// The servers' ids in the order of the page, those that need a person first; `None` while nothing is known.
    pub fn order(&self) -> Option<Vec<ServerId>> {
        let mut servers: Vec<&Server> = self.servers.as_ref()?.values().collect();
        servers.sort_by(|a, b| needs_person(b).cmp(&needs_person(a)).then_with(|| a.name.cmp(&b.name)));
        Some(servers.into_iter().map(|server| server.id).collect())
    }

    pub fn get(&self, id: ServerId) -> Option<&Server> {
        self.servers.as_ref()?.get(&id)
    }

    /// One line that tells how things stand, such as `2 running · 1 stopped · 1 needs attention`.
    pub fn summary(&self) -> String {
        if self.servers.is_none() {
            return "Loading…".to_owned();
        }
        let (mut running, mut stopped, mut busy, mut attention) = (0_usize, 0_usize, 0_usize, 0_usize);
        for server in self.servers.iter().flat_map(BTreeMap::values) {
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
}

/// Whether the server won't get to where it should be by itself.
pub fn needs_person(server: &Server) -> bool {
    server.active_job.is_none()
        && (server.drift || matches!(server.actual_state, ActualState::Failed | ActualState::Unknown))
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
    use l4d2_contract::{BlueprintId, UserId};

    use super::*;

    fn server(id: i64, name: &str, actual: ActualState) -> Server {
        let display_state = match actual {
            ActualState::Running => DisplayState::Running,
            ActualState::Stopped => DisplayState::Stopped,
            ActualState::Failed => DisplayState::Failed,
            ActualState::Unknown => DisplayState::Unknown,
        };
        Server {
            id: ServerId(id),
            user_id: UserId(1),
            name: name.to_owned(),
            port: 27015,
            blueprint_id: BlueprintId(1),
            desired_state: DesiredState::Running,
            actual_state: actual,
            actual_state_updated_at: None,
            display_state,
            drift: false,
            pending_changes: false,
            last_error: String::new(),
            active_job: None,
            created_at: String::new(),
            updated_at: String::new(),
        }
    }

    fn names(list: &ServerList) -> Vec<&str> {
        let order = list.order().unwrap_or_default();
        order.iter().filter_map(|id| list.get(*id)).map(|server| server.name.as_str()).collect()
    }

    #[test]
    fn nothing_is_known_before_the_first_answer() {
        let mut list = ServerList::default();
        list.apply(changed(1, "alpha", ActualState::Running));
        assert_eq!(list.order(), None);
    }

    fn changed(id: i64, name: &str, actual: ActualState) -> Change {
        Change::Changed(Box::new(server(id, name, actual)))
    }

    #[test]
    fn what_was_heard_during_a_fetch_lies_over_its_answer() {
        let mut list = ServerList::default();
        let fetch = list.begin_fetch();
        list.apply(changed(1, "alpha", ActualState::Running));
        list.apply(Change::Gone(ServerId(2)));
        let answer = vec![server(1, "alpha", ActualState::Stopped), server(2, "bravo", ActualState::Stopped)];
        list.finish_fetch(fetch, answer);
        assert_eq!(names(&list), ["alpha"]);
        assert_eq!(list.get(ServerId(1)).map(|server| server.actual_state), Some(ActualState::Running));
    }

    #[test]
    fn what_was_heard_before_a_fetch_does_not() {
        let mut list = ServerList::default();
        let first = list.begin_fetch();
        list.finish_fetch(first, vec![]);
        list.apply(changed(1, "alpha", ActualState::Running));
        let second = list.begin_fetch();
        list.finish_fetch(second, vec![]);
        assert_eq!(names(&list), [""; 0]);
    }

    #[test]
    fn what_was_heard_during_two_fetches_lies_over_both_answers() {
        let mut list = ServerList::default();
        let (first, second) = (list.begin_fetch(), list.begin_fetch());
        list.finish_fetch(first, vec![]);
        list.apply(changed(1, "alpha", ActualState::Running));
        list.finish_fetch(second, vec![]);
        assert_eq!(names(&list), ["alpha"]);
    }

    #[test]
    fn an_answer_that_was_overtaken_counts_no_more() {
        let mut list = ServerList::default();
        let (first, second) = (list.begin_fetch(), list.begin_fetch());
        list.finish_fetch(second, vec![server(1, "alpha", ActualState::Running)]);
        list.finish_fetch(first, vec![]);
        assert_eq!(names(&list), ["alpha"]);
    }

    #[test]
    fn rows_that_need_a_person_come_first() {
        let mut list = ServerList::default();
        let drifting = Server { drift: true, ..server(3, "charlie", ActualState::Stopped) };
        let fetch = list.begin_fetch();
        let servers = vec![
            server(1, "alpha", ActualState::Running),
            server(2, "bravo", ActualState::Stopped),
            drifting,
            server(4, "delta", ActualState::Failed),
        ];
        list.finish_fetch(fetch, servers);
        assert_eq!(names(&list), ["charlie", "delta", "alpha", "bravo"]);
        assert_eq!(list.summary(), "1 running · 1 stopped · 2 need attention");
    }

    #[test]
    fn events_about_other_things_are_passed_over() {
        assert_eq!(Change::parse("deleted", r#"{"kind":"job","id":7}"#), None);
        assert_eq!(Change::parse("deleted", r#"{"kind":"server","id":7}"#), Some(Change::Gone(ServerId(7))));
        assert_eq!(Change::parse("server", "not json"), None);
        assert_eq!(Change::parse("job", "{}"), None);
    }

    #[test]
    fn drift_is_told_in_words() {
        let drifting = Server { drift: true, ..server(1, "alpha", ActualState::Stopped) };
        assert_eq!(drift_text(&drifting).as_deref(), Some("should run, is stopped"));
        assert_eq!(drift_text(&server(1, "alpha", ActualState::Running)), None);
    }
}
