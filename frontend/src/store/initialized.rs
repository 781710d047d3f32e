//! Which servers were initialized though they never ran.
//!
//! The panel says of a server that it has pending changes from its making on: nothing was applied yet. A person wants to hear
//! of it only once something was, which their jobs tell. They are asked for where that is to be shown, once for a server;
//! initializations that come later are heard of anyway.

use std::collections::BTreeMap;

use l4d2_contract::{JobState, Operation, ServerId};
use leptos::prelude::*;

use crate::api::{Api, JobFilter};
use crate::session::Session;

/// What is known of them, shared by all pages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Initialized(RwSignal<Known>);

impl Initialized {
    /// Whether a server was; not as long as that isn't known.
    pub fn contains(self, server: ServerId, session: Session, api: Api) -> bool {
        // To want to know changes nothing that is shown.
        if self.0.try_update_untracked(|known| known.want(server)) == Some(true) {
            self.fetch(server, session, api);
        }
        self.0.with(|known| known.contains(server))
    }

    /// Asks again, where it is shown, for those that were not by the last answer.
    pub fn retry(self) {
        self.0.update(Known::retry);
    }

    pub fn forget(self) {
        self.0.set(Known::default());
    }

    fn fetch(self, server: ServerId, session: Session, api: Api) {
        let asked = session.asking();
        leptos::task::spawn_local(async move {
            let answer = api.list_jobs(initializations(server), None, 1).await;
            // Somebody else may have signed in meanwhile.
            if session.goes_on(&asked) {
                let was = answer.is_ok_and(|page| !page.items.is_empty());
                self.0.update(|known| known.answer(server, was));
            }
        });
    }
}

/// The jobs that tell it of a server.
pub fn initializations(server: ServerId) -> JobFilter {
    JobFilter { server: Some(server), state: Some(JobState::Succeeded), operation: Some(Operation::Initialize) }
}

/// What is known. Pure.
#[derive(Debug, Clone, Default, PartialEq)]
struct Known(BTreeMap<ServerId, Answer>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    OnItsWay,
    Yes,
    No,
}

impl Known {
    /// Somebody wants to know. Says whether it has to be asked for.
    fn want(&mut self, server: ServerId) -> bool {
        let is_new = !self.0.contains_key(&server);
        if is_new {
            self.0.insert(server, Answer::OnItsWay);
        }
        is_new
    }

    fn answer(&mut self, server: ServerId, was: bool) {
        self.0.insert(server, if was { Answer::Yes } else { Answer::No });
    }

    fn contains(&self, server: ServerId) -> bool {
        self.0.get(&server) == Some(&Answer::Yes)
    }

    /// What was once stays so.
    fn retry(&mut self) {
        self.0.retain(|_, answer| *answer != Answer::No);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHA: ServerId = ServerId(1);

    #[test]
    fn a_server_is_asked_for_once() {
        let mut known = Known::default();
        assert!(known.want(ALPHA));
        assert!(!known.want(ALPHA) && !known.contains(ALPHA));
        known.answer(ALPHA, true);
        assert!(!known.want(ALPHA) && known.contains(ALPHA));
        assert!(known.want(ServerId(2)));
    }

    #[test]
    fn one_that_was_not_is_asked_for_again_when_all_is() {
        let mut known = Known::default();
        for (server, was) in [(ALPHA, false), (ServerId(2), true)] {
            known.want(server);
            known.answer(server, was);
        }
        known.want(ServerId(3));
        known.retry();
        assert!(known.want(ALPHA) && !known.want(ServerId(2)) && !known.want(ServerId(3)));
    }
}
