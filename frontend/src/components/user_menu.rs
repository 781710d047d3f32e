//! Who is signed in, and what concerns only them: the account and signing out.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use wasm_bindgen::JsCast;

use crate::api::Api;
use crate::app::{ACCOUNT, HOME};
use crate::components::form::SendError;
use crate::components::frame::Entry;
use crate::components::sending::Sending;
use crate::components::unsaved::Unsaved;
use crate::session::Session;

/// A button with the user's name that opens the menu. It closes with Escape, by going somewhere, and when the focus or
/// a click goes elsewhere. On a narrow screen its entries stand among the bar's own.
#[component]
pub fn UserMenu() -> impl IntoView {
    let session = Session::expect();
    let open = RwSignal::new(false);
    let root = NodeRef::<leptos::html::Div>::new();
    let path = use_location().pathname;
    Effect::new(move |_| {
        path.track();
        open.set(false);
    });
    let close_unless_inside = move |target: Option<web_sys::EventTarget>| {
        let target = target.and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let inside = root.get_untracked().is_some_and(|root| root.contains(target.as_ref()));
        if !inside && open.get_untracked() {
            open.set(false);
        }
    };
    let clicks = window_event_listener(ev::pointerdown, move |event| close_unless_inside(event.target()));
    on_cleanup(move || clicks.remove());
    view! {
        <div
            class="user-menu"
            node_ref=root
            on:focusout=move |event| {
                if event.related_target().is_some() {
                    close_unless_inside(event.related_target());
                }
            }
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    open.set(false);
                }
            }
        >
            <button
                class="button user-menu__button"
                type="button"
                aria-controls="user-menu"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <span class="user-menu__name">{move || session.user().map(|user| user.username)}</span>
                <svg class="user-menu__mark" viewBox="0 0 12 12" aria-hidden="true">
                    <path d="M2 4 L6 8 L10 4" />
                </svg>
            </button>
            <div id="user-menu" class="user-menu__entries" class:user-menu__entries--open=open>
                <Entry href=ACCOUNT words="Account" />
                <SignOut />
            </div>
        </div>
    }
}

#[component]
fn SignOut() -> impl IntoView {
    let session = Session::expect();
    let api: Api = expect_context();
    let sending = Sending::new();
    let navigate = use_navigate();
    let sign_out = Callback::new(move |()| {
        let navigate = navigate.clone();
        sending.start(async move { api.sign_out().await }, move |()| {
            // Who signs in next begins there, and not where somebody else was. By then the event stream may have ended the
            // session here already, and this menu with it.
            navigate(HOME, NavigateOptions::default());
            session.sign_out();
        });
    });
    view! {
        <button class="button" type="button" on:click=move |_| Unsaved::expect().leave(sign_out)>
            "Sign out"
        </button>
        <SendError sending />
    }
}
