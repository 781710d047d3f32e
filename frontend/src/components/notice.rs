//! Something went wrong, said where it happened.

use leptos::prelude::*;

use crate::components::icon_button::{CROSS, IconButton};

/// An error in words. Screen readers say it at once.
#[component]
pub fn Notice(
    /// What to do when the person has read it; left out where it goes by itself.
    #[prop(optional, into)]
    on_dismiss: Option<Callback<()>>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="notice" role="alert">
            <p class="notice__text">{children()}</p>
            {on_dismiss.map(|on_press| view! { <IconButton shape=CROSS label="Dismiss" on_press /> })}
        </div>
    }
}
