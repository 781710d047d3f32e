//! What a page fetches for itself, because no event tells of it: while it is on its way, when it failed, when it is there.

use leptos::prelude::*;

use crate::api::ApiError;
use crate::components::failed::{Failed, Loading};
use crate::components::focus::{hand_on, heading};
use crate::sse::Connection;
use crate::store::Store;

/// A fetched thing. It stays in view while it is fetched anew.
pub type Fetched<T> = LocalResource<Result<T, ApiError>>;

/// Shows what was fetched, or how that stands.
#[component]
pub fn Loaded<T, F>(
    /// What is fetched.
    resource: Fetched<T>,
    /// How it looks when it is there.
    view: F,
) -> impl IntoView
where
    T: Clone + 'static,
    F: Fn(T) -> AnyView + Send + 'static,
{
    let store = Store::expect();
    // The panel can be reached again.
    Effect::new(move |_| {
        if store.connection.get() == Connection::Live
            && matches!(resource.get_untracked(), Some(Err(ApiError::Unreachable)))
        {
            resource.refetch();
        }
    });
    move || {
        let answer = resource.get();
        // What is in view may go, and the focus with it.
        hand_on(heading);
        match answer {
            None => view! { <Loading /> }.into_any(),
            Some(Ok(value)) => view(value),
            Some(Err(error)) => {
                view! { <Failed why=error.to_string() retry=move |()| resource.refetch() /> }.into_any()
            }
        }
    }
}
