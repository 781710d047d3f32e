//! Something went wrong, said where it happened.

use leptos::prelude::*;

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
            {on_dismiss
                .map(|dismiss| {
                    view! {
                        <button
                            class="notice__dismiss"
                            type="button"
                            aria-label="Dismiss"
                            on:click=move |_| dismiss.run(())
                        >
                            <svg viewBox="0 0 12 12" aria-hidden="true">
                                <path d="M2 2 L10 10 M10 2 L2 10" />
                            </svg>
                        </button>
                    }
                })}
        </div>
    }
}
