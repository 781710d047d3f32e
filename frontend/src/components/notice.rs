//! Something went wrong, said where it happened.

use leptos::prelude::*;

/// An error in words. Screen readers say it at once.
#[component]
pub fn Notice(
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <p class="notice" role="alert">
            {children()}
        </p>
    }
}
