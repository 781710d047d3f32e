//! The bar on top of every page and the space below it.

use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::app::{BLUEPRINTS, HOME, HOST, JOBS, OVERLAYS, SIGN_IN, SIGN_UP, USERS, keeping_destination};
use crate::components::connection_notice::ConnectionNotice;
use crate::components::user_menu::UserMenu;
use crate::session::Session;

/// The id of what holds the page, which has the focus until its heading is there.
pub const PAGE: &str = "page";

/// The bar, then the page. On a narrow screen the bar's entries are behind a menu button.
#[component]
pub fn Frame(
    /// The page.
    children: Children,
) -> impl IntoView {
    let session = Session::expect();
    let signed_in = Memo::new(move |_| session.is_signed_in());
    let page = NodeRef::<html::Main>::new();
    let open = RwSignal::new(false);
    let path = use_location().pathname;
    // Going somewhere closes the menu, and the focus goes to the new page: what had it is gone, or is the way there.
    Effect::new(move |last: Option<String>| {
        let path = path.get();
        open.set(false);
        if last.is_some_and(|last| last != path)
            && let Some(page) = page.get_untracked()
        {
            // Fails only for what can't have the focus.
            let _ = page.focus();
        }
        path
    });
    view! {
        // The router would take the click for a change of the address, and the focus would stay here.
        <a
            class="skip"
            href="#page"
            on:click=move |event| {
                event.prevent_default();
                if let Some(page) = page.get_untracked() {
                    // Fails only for what can't have the focus.
                    let _ = page.focus();
                }
            }
        >
            "Skip to the page"
        </a>
        <header class="bar">
            <div class="bar__inner">
                <a class="bar__brand" href=HOME>
                    "L4D2 panel"
                </a>
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
                    {move || match signed_in.get() {
                        Some(true) => view! { <SignedInEntries /> }.into_any(),
                        Some(false) => view! {
                            <span class="bar__end">
                                <Entry href=keeping_destination(SIGN_IN) words="Sign in" />
                                <Entry href=keeping_destination(SIGN_UP) words="Sign up" />
                            </span>
                        }
                        .into_any(),
                        None => ().into_any(),
                    }}
                </nav>
            </div>
        </header>
        <Show when=move || signed_in.get() == Some(true)>
            <ConnectionNotice />
        </Show>
        <main id=PAGE class="page" tabindex="-1" node_ref=page>
            {children()}
        </main>
    }
}

#[component]
fn SignedInEntries() -> impl IntoView {
    let session = Session::expect();
    let is_admin = Memo::new(move |_| session.is_admin());
    view! {
        <Entry href=HOME words="Servers" />
        <Entry href=BLUEPRINTS words="Blueprints" />
        <Entry href=JOBS words="Jobs" />
        <Show when=move || is_admin.get()>
            <span class="bar__admin" role="group" aria-label="Administration">
                <Entry href=OVERLAYS words="Overlays" />
                <Entry href=HOST words="Host" />
                <Entry href=USERS words="Users" />
            </span>
        </Show>
        <UserMenu />
    }
}

/// One way to go, marked where one is there.
#[component]
pub fn Entry(
    /// Where it leads.
    #[prop(into)]
    href: Signal<String>,
    /// What it is called.
    words: &'static str,
) -> impl IntoView {
    let path = use_location().pathname;
    let current = move || href.with(|href| path.with(|path| place(path, href)));
    view! {
        <a class="bar__entry" href=href aria-current=current>
            {words}
        </a>
    }
}

/// For `aria-current`: whether a path is the page of an entry, or one of those below it.
fn place(path: &str, href: &str) -> Option<&'static str> {
    let page = href.split('?').next().unwrap_or_default();
    // The list of servers is the home page; each of them has a page below an address of their own.
    let below = if page == HOME { "/servers" } else { page };
    let is_below = || path.strip_prefix(below).is_some_and(|rest| rest.starts_with('/'));
    if path == page { Some("page") } else { is_below().then_some("true") }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn an_entry_is_marked_on_its_page_and_below_it() {
        assert_eq!(place("/", "/"), Some("page"));
        assert_eq!(place("/servers/3", "/"), Some("true"));
        assert_eq!(place("/jobs", "/"), None);
        assert_eq!(place("/jobs/3", "/jobs"), Some("true"));
        assert_eq!(place("/jobsearch", "/jobs"), None);
        assert_eq!(place("/sign-in", "/sign-in?then=/jobs"), Some("page"));
    }
}
