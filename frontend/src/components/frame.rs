//! The bar on top of every page and the space below it.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

use crate::app::{BLUEPRINTS, HOME, HOST, JOBS, OVERLAYS, SIGN_IN, SIGN_UP, USERS};
use crate::components::user_menu::UserMenu;
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
    let is_admin = Memo::new(move |_| session.is_admin());
    view! {
        <A href=HOME exact=true attr:class="bar__entry">
            "Servers"
        </A>
        <A href=BLUEPRINTS attr:class="bar__entry">
            "Blueprints"
        </A>
        <A href=JOBS attr:class="bar__entry">
            "Jobs"
        </A>
        <Show when=move || is_admin.get()>
            <span class="bar__admin" role="group" aria-label="Administration">
                <A href=OVERLAYS attr:class="bar__entry">
                    "Overlays"
                </A>
                <A href=HOST attr:class="bar__entry">
                    "Host"
                </A>
                <A href=USERS attr:class="bar__entry">
                    "Users"
                </A>
            </span>
        </Show>
        <UserMenu />
    }
}
