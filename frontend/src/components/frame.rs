//! The bar on top of every page and the space below it.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

use crate::api::{Api, ApiError};
use crate::app::{HOME, SIGN_IN, SIGN_UP};
use crate::components::notice::Notice;
use crate::session::Session;

/// The bar, then the page. On a narrow screen the bar's entries are behind a menu button.
#[component]
pub fn Frame(
    /// The page.
    children: Children,
) -> impl IntoView {
    let session = Session::expect();
    let open = RwSignal::new(false);
    let path = use_location().pathname;
    // Going somewhere closes the menu.
    Effect::new(move |_| {
        path.track();
        open.set(false);
    });
    view! {
        <a class="skip" href="#page">
            "Skip to the page"
        </a>
        <header class="bar">
            <div class="bar__inner">
                <A href=HOME attr:class="bar__brand">
                    "L4D2 panel"
                </A>
                <button
                    class="button bar__menu"
                    type="button"
                    aria-controls="menu"
                    aria-expanded=move || if open.get() { "true" } else { "false" }
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    "Menu"
                </button>
                <nav id="menu" class="bar__entries" class:bar__entries--open=open aria-label="Main">
                    <Show
                        when=move || session.is_signed_in() == Some(true)
                        fallback=move || view! { <SignedOutEntries /> }
                    >
                        <SignedInEntries />
                    </Show>
                </nav>
            </div>
        </header>
        <main id="page" class="page" tabindex="-1">
            {children()}
        </main>
    }
}

#[component]
fn SignedOutEntries() -> impl IntoView {
    let session = Session::expect();
    view! {
        <Show when=move || session.is_signed_in() == Some(false)>
            <A href=SIGN_IN attr:class="bar__entry bar__entry--end">
                "Sign in"
            </A>
            <A href=SIGN_UP attr:class="bar__entry">
                "Sign up"
            </A>
        </Show>
    }
}

#[component]
fn SignedInEntries() -> impl IntoView {
    let session = Session::expect();
    let api: Api = expect_context();
    let error = RwSignal::new(None::<ApiError>);
    let sign_out = move |_| {
        leptos::task::spawn_local(async move {
            match api.sign_out().await {
                Ok(()) => session.set_signed_out(),
                Err(problem) => error.set(Some(problem)),
            }
        });
    };
    view! {
        <A href=HOME exact=true attr:class="bar__entry">
            "Servers"
        </A>
        <span class="bar__user">{move || session.user().map(|user| user.username)}</span>
        <button class="button" type="button" on:click=sign_out>
            "Sign out"
        </button>
        {move || error.get().map(|error| view! { <Notice>{error.to_string()}</Notice> })}
    }
}
