//! What a page fetches for itself, because no event tells of it: while it is on its way, when it failed, when it is there.

use leptos::prelude::*;

use crate::api::ApiError;
use crate::components::notice::Notice;

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
    move || match resource.get() {
        None => view! { <div class="card skeleton" role="status" aria-label="Loading"></div> }.into_any(),
        Some(Ok(value)) => view(value),
        Some(Err(error)) => view! {
            <Notice>{error.to_string()}</Notice>
            <button class="button button--start" type="button" on:click=move |_| resource.refetch()>
                "Try again"
            </button>
        }
        .into_any(),
    }
}
