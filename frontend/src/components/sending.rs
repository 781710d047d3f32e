//! A call that a person asked for: it is made once at a time, and what goes wrong is kept for the page to show.

use std::future::Future;

use leptos::prelude::*;

use crate::api::ApiError;
use crate::sse::Connection;
use crate::store::Store;

/// How the call of a form or a button stands.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    busy: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
}

impl Sending {
    pub fn new() -> Self {
        let sending = Self { busy: RwSignal::new(false), error: RwSignal::new(None::<ApiError>) };
        // That the panel could not be reached is no news once it can be.
        if let Some(store) = use_context::<Store>() {
            Effect::new(move |_| {
                if store.connection.get() == Connection::Live
                    && sending.error.with_untracked(|error| matches!(error, Some(ApiError::Unreachable)))
                {
                    sending.error.set(None);
                }
            });
        }
        sending
    }

    /// Makes the call unless one is under way, and then does the rest with its answer. The page may have been left
    /// meanwhile; `then` must not count on it.
    pub fn start<T: 'static>(
        self,
        call: impl Future<Output = Result<T, ApiError>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        leptos::task::spawn_local(async move {
            let answer = call.await;
            self.busy.try_set(false);
            match answer {
                Ok(value) => then(value),
                Err(error) => drop(self.error.try_set(Some(error))),
            }
        });
    }

    /// For `aria-disabled` of the button: it keeps the focus, which a disabled one would lose.
    pub fn busy_attribute(self) -> Option<&'static str> {
        self.busy.get().then_some("true")
    }

    /// What is wrong with a field.
    pub fn field(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || self.error.with(|error| error.as_ref().and_then(|error| error.field(name))))
    }

    /// What went wrong, unless all of it is said beside these fields.
    pub fn other_than(self, fields: &[&str]) -> Option<String> {
        self.error.with(|error| error.as_ref().filter(|error| !error.is_only_about(fields)).map(ToString::to_string))
    }

    /// Like [`Self::other_than`], where entries of the fields, such as `config[3]`, are shown beside their rows too.
    pub fn other_than_entries(self, fields: &[&str]) -> Option<String> {
        self.error
            .with(|error| error.as_ref().filter(|error| !error.is_only_about_entries(fields)).map(ToString::to_string))
    }

    /// Whether something went wrong with the last call, and all of it is said beside these fields or their entries.
    pub fn is_only_about_entries(self, fields: &[&str]) -> bool {
        self.error.with(|error| error.as_ref().is_some_and(|error| error.is_only_about_entries(fields)))
    }

    pub fn has_failed(self) -> bool {
        self.error.with(Option::is_some)
    }

    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// Forgets what went wrong.
    pub fn dismiss(self) {
        self.error.set(None);
    }
}
