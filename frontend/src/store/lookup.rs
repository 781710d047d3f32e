//! One thing of the store by its id, for the page that is about it.

use std::future::Future;

use leptos::prelude::*;

use super::{Change, Collection, Resource};
use crate::api::ApiError;

/// How the search for it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// It is on its way.
    Loading,
    /// It is there.
    Here,
    /// It was there, and isn't any more.
    Gone,
    /// It never was, or the user has no right to it, or it could not be asked for.
    Failed(ApiError),
}

/// One thing, as it is at each moment.
#[derive(Debug)]
pub struct Lookup<T: Resource + Send + Sync + 'static> {
    /// It, as it was last known.
    pub item: Memo<Option<T>>,
    /// How the search stands.
    pub found: Memo<Found>,
    tries: RwSignal<u32>,
}

#[expect(clippy::expl_impl_clone_on_copy, reason = "what is derived would ask the thing itself to be copied")]
impl<T: Resource + Send + Sync> Clone for Lookup<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Resource + Send + Sync> Copy for Lookup<T> {}

impl<T> Lookup<T>
where
    T: Resource + PartialEq + Send + Sync + 'static,
    T::Id: Send + Sync,
{
    /// Takes it from `collection`; what isn't there is fetched, since a collection need not hold everything.
    pub fn new<A>(collection: RwSignal<Collection<T>>, id: T::Id, fetch: impl Fn(T::Id) -> A + 'static) -> Self
    where
        A: Future<Output = Result<T, ApiError>> + 'static,
    {
        let error = RwSignal::new(None::<ApiError>);
        let tries = RwSignal::new(0_u32);
        let item = Memo::new(move |last: Option<&Option<T>>| {
            let now = collection.with(|list| list.get(id).cloned());
            now.or_else(|| last.cloned().flatten())
        });
        let is_missing = Memo::new(move |_| collection.with(|list| list.is_known() && list.get(id).is_none()));
        Effect::new(move |_| {
            tries.track();
            error.set(None);
            if is_missing.get() {
                let answer = fetch(id);
                leptos::task::spawn_local(async move {
                    match answer.await {
                        Ok(item) => collection.update(|list| list.apply(Change::Changed(item))),
                        Err(problem) => drop(error.try_set(Some(problem))),
                    }
                });
            }
        });
        let found = Memo::new(move |_| {
            let was_here = item.with(Option::is_some);
            match error.get() {
                Some(problem) if problem.is_not_found() && was_here => Found::Gone,
                Some(problem) => Found::Failed(problem),
                None if was_here => Found::Here,
                None => Found::Loading,
            }
        });
        Self { item, found, tries }
    }

    /// Asks again.
    pub fn retry(self) {
        self.tries.update(|tries| *tries += 1);
    }

    /// The thing itself, for those who are shown only while there is one.
    pub fn expect(self) -> Option<Memo<T>> {
        let first = self.item.get_untracked()?;
        Some(Memo::new(move |_| self.item.get().unwrap_or_else(|| first.clone())))
    }
}
