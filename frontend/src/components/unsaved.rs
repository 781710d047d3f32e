//! Keeps a form with unsaved changes from being left by accident: by a link, by the browser's buttons, by closing the tab.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use wasm_bindgen::{JsCast, JsValue};

use crate::components::confirm::Question;

/// The deed of the guard's own question, which tells it from the page's other questions.
const LEAVE: &str = "Leave without saving";

/// The form that is watched at present; a context.
#[derive(Debug, Clone, Copy)]
pub struct Unsaved(RwSignal<Option<Watch>>);

#[derive(Debug, Clone)]
struct Watch {
    dirty: Signal<bool>,
    question: RwSignal<Option<Question>>,
    /// Where the form is.
    address: String,
    /// Leads to another page.
    go: Callback<String>,
}

impl Watch {
    fn ask_to_go(self, address: String) {
        let go = self.go;
        self.ask(Callback::new(move |()| go.run(address.clone())));
    }

    fn ask(self, then: Callback<()>) {
        self.question.set(Some(Question {
            title: "Leave without saving?".to_owned(),
            text: "What you changed here is lost.".to_owned(),
            button: LEAVE,
            keep: "Stay here",
            then,
        }));
    }
}

impl Unsaved {
    /// Begins to listen. It must be done before the router does: the window calls its listeners in their order, and
    /// what is held back here the router must not hear of.
    pub fn start() -> Self {
        let unsaved = Self(RwSignal::new(None));
        window_event_listener(ev::beforeunload, move |event| {
            if unsaved.dirty().is_some() {
                // The browser asks in its own words.
                event.prevent_default();
            }
        });
        window_event_listener(ev::click, move |event| {
            let Some((watch, address)) = unsaved.dirty().zip(address_of(&event)) else { return };
            event.prevent_default();
            event.stop_immediate_propagation();
            watch.ask_to_go(address);
        });
        window_event_listener(ev::popstate, move |event| {
            let Some(watch) = unsaved.dirty() else { return };
            event.stop_immediate_propagation();
            let there = current_address();
            // The browser has gone there already, the page has not: the address follows the page.
            if let Ok(history) = window().history() {
                // Fails only for an address of another origin.
                let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&watch.address));
            }
            watch.ask_to_go(there);
        });
        unsaved
    }

    /// What the app provides to all pages.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Does what takes the page away, after asking where that would lose something.
    pub fn leave(self, then: Callback<()>) {
        match self.dirty() {
            Some(watch) => watch.ask(then),
            None => then.run(()),
        }
    }

    /// Watches a form for as long as the calling component lives. Where the person wants to go is asked about in
    /// `question`.
    pub fn watch(dirty: Signal<bool>, question: RwSignal<Option<Question>>) {
        let Self(current) = expect_context();
        let navigate = use_navigate();
        let go = Callback::new(move |address: String| navigate(&address, NavigateOptions::default()));
        let address = use_location().pathname.get_untracked();
        current.set(Some(Watch { dirty, question, address: address.clone(), go }));
        // A save that was under way when the person was asked settles it: there is nothing left to lose.
        Effect::new(move |_| {
            if dirty.get() {
                return;
            }
            let mut asked = None;
            question.maybe_update(|question| {
                asked = question.take_if(|question| question.button == LEAVE);
                asked.is_some()
            });
            if let Some(asked) = asked {
                asked.then.run(());
            }
        });
        // The next page may have been made before this one ends, with a form of its own.
        on_cleanup(move || {
            current.maybe_update(|watch| watch.take_if(|watch| watch.address == address).is_some());
        });
    }

    fn dirty(self) -> Option<Watch> {
        self.0.get_untracked().filter(|watch| watch.dirty.get_untracked())
    }
}

fn current_address() -> String {
    let location = window().location();
    format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default())
}

/// Where a click leads within the panel's pages, if it is a plain click on a link.
fn address_of(click: &web_sys::MouseEvent) -> Option<String> {
    if click.default_prevented() || click.button() != 0 {
        return None;
    }
    if click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key() {
        return None;
    }
    let element = click.target()?.dyn_into::<web_sys::Element>().ok()?;
    let link = element.closest("a[href]").ok().flatten()?;
    // Links out of the pages load another document, which `beforeunload` watches.
    let address = link.get_attribute("href").filter(|address| address.starts_with('/'))?;
    (!link.has_attribute("rel") && !link.has_attribute("download")).then_some(address)
}
