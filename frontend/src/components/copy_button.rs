//! A button that copies a text.

use std::time::Duration;

use leptos::prelude::*;

use crate::save;

/// How long the button says that it is done.
const DONE: Duration = Duration::from_secs(2);

/// Copies a text and says so.
#[component]
pub fn CopyButton<F>(
    /// What the button says.
    label: &'static str,
    /// What is copied, asked for at the moment.
    text: F,
) -> impl IntoView
where
    F: Fn() -> String + 'static,
{
    let said = RwSignal::new(label);
    let copy = move |_| {
        let copied = save::copy(&text());
        said.set(if copied { "Copied" } else { "Can't copy here" });
        set_timeout(
            move || {
                said.try_set(label);
            },
            DONE,
        );
    };
    view! {
        <button class="button" type="button" aria-live="polite" on:click=copy>
            {said}
        </button>
    }
}
