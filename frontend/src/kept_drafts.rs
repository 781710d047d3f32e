//! What somebody had typed in the blueprint editor when their session ended, until they sign in again.
//!
//! In memory only, and given back to nobody else: whoever signs in next in this browser may be another person.

use l4d2_contract::UserId;
use leptos::prelude::*;

use crate::draft::Draft;

/// The drafts; a context.
#[derive(Debug, Clone, Copy)]
pub struct KeptDrafts(StoredValue<Vec<Kept>>);

#[derive(Debug, Clone)]
struct Kept {
    user: UserId,
    /// The editor's page.
    address: String,
    draft: Draft,
}

impl KeptDrafts {
    pub fn new() -> Self {
        Self(StoredValue::new(Vec::new()))
    }

    /// Keeps a draft, instead of an older one of the same page.
    pub fn keep(self, user: UserId, address: String, draft: Draft) {
        self.0.update_value(|kept| {
            kept.retain(|kept| kept.user != user || kept.address != address);
            kept.push(Kept { user, address, draft });
        });
    }

    /// Gives back what was kept of a page.
    pub fn take(self, user: UserId, address: &str) -> Option<Draft> {
        let mut found = None;
        self.0.update_value(|kept| {
            let place = kept.iter().position(|kept| kept.user == user && kept.address == address);
            found = place.map(|place| kept.remove(place).draft);
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(name: &str) -> Draft {
        Draft { name: name.to_owned(), ..Draft::default() }
    }

    #[test]
    fn a_draft_comes_back_once_to_whom_it_is_of_and_where_it_was() {
        let owner = Owner::new();
        owner.set();
        let kept = KeptDrafts::new();
        kept.keep(UserId(1), "/blueprints/new".to_owned(), draft("first"));
        kept.keep(UserId(1), "/blueprints/new".to_owned(), draft("second"));
        assert_eq!(kept.take(UserId(2), "/blueprints/new"), None);
        assert_eq!(kept.take(UserId(1), "/blueprints/7"), None);
        assert_eq!(kept.take(UserId(1), "/blueprints/new"), Some(draft("second")));
        assert_eq!(kept.take(UserId(1), "/blueprints/new"), None);
    }
}
