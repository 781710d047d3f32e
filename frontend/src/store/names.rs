//! What users are called, for admins, who see what others do.
//!
//! They are fetched when somebody is to be named for the first time, and again when somebody is who isn't known: people
//! sign up while a page is open.

use l4d2_contract::{User, UserId};
use leptos::prelude::*;

use crate::api::Api;
use crate::session::Session;

/// The names, shared by all pages.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    api: Api,
    session: Session,
    known: RwSignal<Known>,
}

impl Names {
    pub fn new(session: Session, api: Api) -> Self {
        Self { api, session, known: RwSignal::default() }
    }

    /// What a user is called; nothing while that is on its way. Who can't be named is told by their number.
    pub fn get(self, user: UserId) -> Option<String> {
        // To want a name changes nothing that is shown.
        if self.known.try_update_untracked(|known| known.want(user)) == Some(true) {
            self.fetch();
        }
        self.known.with(|known| known.name(user))
    }

    /// Asks again for those that could not be had.
    pub fn retry(self) {
        if self.known.try_update_untracked(Known::retry) == Some(true) {
            self.fetch();
        }
    }

    pub fn forget(self) {
        self.known.set(Known::default());
    }

    fn fetch(self) {
        let asked_by = self.session.asking();
        leptos::task::spawn_local(async move {
            loop {
                let asked = self.known.with_untracked(|known| known.wanted.len());
                let answer = self.api.list_users().await;
                // Somebody else may have signed in meanwhile.
                if !self.session.goes_on(&asked_by) {
                    return;
                }
                let mut again = false;
                self.known.update(|known| again = known.answer(asked, answer.ok()));
                if !again {
                    return;
                }
            }
        });
    }
}

/// What is known of them. Pure.
#[derive(Debug, Clone, Default, PartialEq)]
struct Known {
    users: Vec<User>,
    /// All who were to be named and weren't known then. Each is asked for once, however often a page is drawn.
    wanted: Vec<UserId>,
    /// An answer is on its way.
    fetching: bool,
}

impl Known {
    fn find(&self, user: UserId) -> Option<&User> {
        self.users.iter().find(|known| known.id == user)
    }

    fn name(&self, user: UserId) -> Option<String> {
        match self.find(user) {
            Some(known) => Some(known.username.clone()),
            None if self.fetching => None,
            None => Some(format!("user {user}")),
        }
    }

    /// Somebody is to be named. Says whether the users have to be fetched for it.
    fn want(&mut self, user: UserId) -> bool {
        if self.find(user).is_some() || self.wanted.contains(&user) {
            return false;
        }
        self.wanted.push(user);
        self.begin()
    }

    fn retry(&mut self) -> bool {
        self.lacks_some_of(0) && self.begin()
    }

    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.fetching, true)
    }

    /// An answer is there, to a question that was asked when so many were wanted; nothing if it could not be had. Says
    /// whether to ask once more: who signed up while it was on its way may not be in it.
    fn answer(&mut self, asked: usize, users: Option<Vec<User>>) -> bool {
        let answered = users.is_some();
        self.users = users.unwrap_or_else(|| std::mem::take(&mut self.users));
        self.fetching = answered && self.lacks_some_of(asked);
        self.fetching
    }

    /// Whether one of those wanted, from a place on, is not known.
    fn lacks_some_of(&self, from: usize) -> bool {
        self.wanted.iter().skip(from).any(|user| self.find(*user).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn users(ids: &[i64]) -> Vec<User> {
        ids.iter().map(|id| samples::me(*id).user).collect()
    }

    #[test]
    fn all_who_are_to_be_named_are_asked_for_at_once_and_once_only() {
        let mut known = Known::default();
        assert!(known.want(UserId(1)));
        assert!(!known.want(UserId(2)));
        assert_eq!(known.name(UserId(1)), None);
        assert!(!known.answer(2, Some(users(&[1, 2, 3]))));
        assert_eq!(known.name(UserId(1)).as_deref(), Some("user-1"));
        assert!(!known.want(UserId(1)));
        assert!(!known.want(UserId(3)));
    }

    #[test]
    fn who_signed_up_since_is_asked_for() {
        let mut known = Known::default();
        known.want(UserId(1));
        known.answer(1, Some(users(&[1])));
        assert!(known.want(UserId(2)));
        assert!(!known.answer(2, Some(users(&[1, 2]))));
        assert_eq!(known.name(UserId(2)).as_deref(), Some("user-2"));
    }

    #[test]
    fn who_signed_up_while_an_answer_was_on_its_way_is_asked_for_after_it() {
        let mut known = Known::default();
        known.want(UserId(1));
        assert!(!known.want(UserId(2)));
        assert!(known.answer(1, Some(users(&[1]))));
        assert_eq!(known.name(UserId(2)), None);
        assert!(!known.answer(2, Some(users(&[1, 2]))));
    }

    #[test]
    fn who_can_not_be_named_has_a_number_and_is_not_asked_for_for_ever() {
        let mut known = Known::default();
        known.want(UserId(7));
        assert!(!known.answer(1, None));
        assert_eq!(known.name(UserId(7)).as_deref(), Some("user 7"));
        assert!(!known.want(UserId(7)));
        assert!(known.retry());
        assert!(!known.retry());
        assert!(!known.answer(1, Some(users(&[7]))));
        assert_eq!(known.name(UserId(7)).as_deref(), Some("user-7"));
        assert!(!known.retry());
    }

    #[test]
    fn an_answer_from_before_everything_was_forgotten_does_no_harm() {
        let mut known = Known::default();
        assert!(!known.answer(3, Some(users(&[1]))));
        assert_eq!(known.name(UserId(1)).as_deref(), Some("user-1"));
    }
}
