//! All things of one kind as the pages hold them: what was fetched, and what was heard since. Pure; no browser in it.
//!
//! A list is fetched anew whenever the event stream begins again. What is heard while an answer is on its way may be
//! newer than the answer, so it is kept and laid over it. Fetches may overlap and their answers come in any order: an
//! answer to an older question than one that was answered already counts no more.

use std::collections::BTreeMap;

use l4d2_contract::{Blueprint, BlueprintId, Deleted, Job, JobId, Overlay, OverlayId, ResourceKind, Server, ServerId};
use serde::de::DeserializeOwned;

/// A kind of things that the event stream tells of.
pub trait Resource: Clone + DeserializeOwned {
    /// What tells one from another.
    type Id: Copy + Ord;
    /// The kind's name in `deleted` events.
    const KIND: ResourceKind;
    /// The event that carries a changed one.
    const EVENT: &'static str;

    /// This one's id.
    fn id(&self) -> Self::Id;

    /// An id as `deleted` events carry it.
    fn id_of(raw: i64) -> Self::Id;
}

macro_rules! resource {
    ($type:ty, $id:ident, $kind:ident, $event:literal) => {
        impl Resource for $type {
            type Id = $id;
            const KIND: ResourceKind = ResourceKind::$kind;
            const EVENT: &'static str = $event;

            fn id(&self) -> $id {
                self.id
            }

            fn id_of(raw: i64) -> $id {
                $id(raw)
            }
        }
    };
}

resource!(Server, ServerId, Server, "server");
resource!(Job, JobId, Job, "job");
resource!(Blueprint, BlueprintId, Blueprint, "blueprint");
resource!(Overlay, OverlayId, Overlay, "overlay");

/// What was heard of one thing.
#[derive(Debug, Clone, PartialEq)]
pub enum Change<T: Resource> {
    Changed(T),
    Gone(T::Id),
}

impl<T: Resource> Change<T> {
    fn id(&self) -> T::Id {
        match self {
            Self::Changed(item) => item.id(),
            Self::Gone(id) => *id,
        }
    }

    /// Reads an event of `GET /events`; `None` for what isn't about this kind.
    pub fn parse(event: &str, data: &str) -> Option<Self> {
        if event == T::EVENT {
            return serde_json::from_str(data).ok().map(Self::Changed);
        }
        if event != "deleted" {
            return None;
        }
        let Deleted { kind, id } = serde_json::from_str(data).ok()?;
        (kind == T::KIND).then(|| Self::Gone(T::id_of(id)))
    }
}

/// One question for the whole list; a later one is greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fetch(u64);

/// Everything that is known of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection<T: Resource> {
    /// `None` until the first answer.
    items: Option<BTreeMap<T::Id, T>>,
    /// The last question asked.
    asked: Fetch,
    /// The last question whose answer is in `items`.
    answered: Fetch,
    /// While an answer is awaited: the last thing heard of each, and the last question asked by then.
    heard: BTreeMap<T::Id, (Fetch, Change<T>)>,
}

impl<T: Resource> Default for Collection<T> {
    fn default() -> Self {
        Self { items: None, asked: Fetch::default(), answered: Fetch::default(), heard: BTreeMap::new() }
    }
}

impl<T: Resource> Collection<T> {
    /// A fetch begins.
    pub fn begin_fetch(&mut self) -> Fetch {
        self.asked.0 += 1;
        self.asked
    }

    /// Its answer is there.
    pub fn finish_fetch(&mut self, fetch: Fetch, items: Vec<T>) {
        if fetch < self.answered {
            return;
        }
        self.answered = fetch;
        // Filled one by one: collecting would sort first, by code that is large and made anew for each kind.
        let mut all = BTreeMap::new();
        all.extend(items.into_iter().map(|item| (item.id(), item)));
        self.items = Some(all);
        self.heard.retain(|_, (asked, _)| *asked >= fetch);
        for (_, change) in self.heard.clone().into_values() {
            self.lay_over(change);
        }
        if self.asked == self.answered {
            self.heard.clear();
        }
    }

    /// Something was heard.
    pub fn apply(&mut self, change: Change<T>) {
        if self.asked > self.answered {
            self.heard.insert(change.id(), (self.asked, change.clone()));
        }
        self.lay_over(change);
    }

    /// Forgets the oldest beyond `most`: lists that grow for ever would, in a page that stays open for weeks.
    pub fn keep_newest(&mut self, most: usize) {
        let Some(items) = &mut self.items else { return };
        while items.len() > most {
            items.pop_first();
        }
    }

    /// Whether the list has been fetched.
    pub fn is_known(&self) -> bool {
        self.items.is_some()
    }

    /// All of them in the order of their ids, which is the order in which they were made.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter().flat_map(BTreeMap::values)
    }

    pub fn get(&self, id: T::Id) -> Option<&T> {
        self.items.as_ref()?.get(&id)
    }

    fn lay_over(&mut self, change: Change<T>) {
        let Some(items) = &mut self.items else { return };
        match change {
            Change::Changed(item) => drop(items.insert(item.id(), item)),
            Change::Gone(id) => drop(items.remove(&id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay(id: i64, name: &str) -> Overlay {
        Overlay {
            id: OverlayId(id),
            name: name.to_owned(),
            present: true,
            path: None,
            created_at: String::new(),
            updated_at: String::new(),
        }
    }

    fn changed(id: i64, name: &str) -> Change<Overlay> {
        Change::Changed(overlay(id, name))
    }

    fn names(list: &Collection<Overlay>) -> Vec<&str> {
        list.iter().map(|overlay| overlay.name.as_str()).collect()
    }

    #[test]
    fn nothing_is_known_before_the_first_answer() {
        let mut list = Collection::default();
        list.apply(changed(1, "alpha"));
        assert!(!list.is_known());
        assert_eq!(list.get(OverlayId(1)), None);
    }

    #[test]
    fn what_was_heard_during_a_fetch_lies_over_its_answer() {
        let mut list = Collection::default();
        let fetch = list.begin_fetch();
        list.apply(changed(1, "new"));
        list.apply(Change::Gone(OverlayId(2)));
        list.finish_fetch(fetch, vec![overlay(1, "old"), overlay(2, "gone")]);
        assert_eq!(names(&list), ["new"]);
    }

    #[test]
    fn what_was_heard_before_a_fetch_does_not() {
        let mut list = Collection::default();
        let first = list.begin_fetch();
        list.finish_fetch(first, vec![]);
        list.apply(changed(1, "alpha"));
        let second = list.begin_fetch();
        list.finish_fetch(second, vec![]);
        assert_eq!(names(&list), [""; 0]);
    }

    #[test]
    fn what_was_heard_during_two_fetches_lies_over_both_answers() {
        let mut list = Collection::default();
        let (first, second) = (list.begin_fetch(), list.begin_fetch());
        list.finish_fetch(first, vec![]);
        list.apply(changed(1, "alpha"));
        list.finish_fetch(second, vec![]);
        assert_eq!(names(&list), ["alpha"]);
    }

    #[test]
    fn an_answer_that_was_overtaken_counts_no_more() {
        let mut list = Collection::default();
        let (first, second) = (list.begin_fetch(), list.begin_fetch());
        list.finish_fetch(second, vec![overlay(1, "alpha")]);
        list.finish_fetch(first, vec![]);
        assert_eq!(names(&list), ["alpha"]);
    }

    #[test]
    fn nothing_is_remembered_beside_the_list_once_all_answers_are_there() {
        let mut list = Collection::default();
        let fetch = list.begin_fetch();
        list.apply(changed(1, "alpha"));
        list.finish_fetch(fetch, vec![]);
        list.apply(changed(2, "bravo"));
        assert_eq!(names(&list), ["alpha", "bravo"]);
        assert!(list.heard.is_empty());
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let mut list = Collection::default();
        let fetch = list.begin_fetch();
        list.finish_fetch(fetch, vec![overlay(1, "alpha"), overlay(3, "charlie"), overlay(2, "bravo")]);
        list.keep_newest(2);
        assert_eq!(names(&list), ["bravo", "charlie"]);
    }

    #[test]
    fn events_about_other_things_are_passed_over() {
        assert_eq!(Change::<Overlay>::parse("deleted", r#"{"kind":"job","id":7}"#), None);
        assert_eq!(
            Change::<Overlay>::parse("deleted", r#"{"kind":"overlay","id":7}"#),
            Some(Change::Gone(OverlayId(7)))
        );
        assert_eq!(Change::<Overlay>::parse("overlay", "not json"), None);
        assert_eq!(Change::<Overlay>::parse("job", "{}"), None);
    }
}
