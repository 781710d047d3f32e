//! Keeps a form with unsaved changes from being left by accident: by a link, by the browser's buttons, by closing the tab.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use wasm_bindgen::{JsCast, JsValue};

use crate::components::confirm::Question;

/// The deed of the guard's own question, which tells it from the page's other questions.
const LEAVE: &str = "Leave without saving";

/// The forms that are watched at present; a context.
#[derive(Debug, Clone, Copy)]
pub struct Unsaved {
    watches: StoredValue<Vec<Watch>>,
    /// The person has said that the form may be lost.
    given_up: StoredValue<bool>,
    /// The browser's next step through its history is not asked about: it was.
    let_pass: StoredValue<bool>,
}

#[derive(Debug, Clone)]
struct Watch {
    /// Which one it is.
    number: usize,
    dirty: Signal<bool>,
    question: RwSignal<Option<Question>>,
    /// Where the form is.
    address: String,
    /// Leads to another page.
    go: Callback<String>,
    given_up: StoredValue<bool>,
}

impl Watch {
    fn ask(self, then: Callback<()>) {
        let given_up = self.given_up;
        let then = Callback::new(move |()| {
            given_up.set_value(true);
            then.run(());
        });
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
        let unsaved = Self {
            watches: StoredValue::new(Vec::new()),
            given_up: StoredValue::new(false),
            let_pass: StoredValue::new(false),
        };
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
            let go = watch.go;
            watch.ask(Callback::new(move |()| go.run(address.clone())));
        });
        window_event_listener(ev::popstate, move |event| {
            let passes = unsaved.let_pass.get_value();
            unsaved.let_pass.set_value(false);
            let Some(watch) = unsaved.dirty().filter(|_| !passes) else { return };
            event.stop_immediate_propagation();
            // The browser has gone there already, the page has not: the address follows the page.
            let Ok(history) = window().history() else { return };
            // Fails only for an address of another origin.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&watch.address));
            // That entry is above the place to go to, and it must not lead into the form again: one goes back from it.
            watch.ask(Callback::new(move |()| {
                unsaved.let_pass.set_value(true);
                // Fails only in a document that is shown no more.
                let _ = history.back();
            }));
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
        let Self { watches, given_up, .. } = Self::expect();
        given_up.set_value(false);
        let navigate = use_navigate();
        let go = Callback::new(move |address: String| navigate(&address, NavigateOptions::default()));
        let address = use_location().pathname.get_untracked();
        let mut number = 0;
        watches.update_value(|watches| {
            number = watches.last().map_or(0, |last| last.number + 1);
            watches.push(Watch { number, dirty, question, address, go, given_up });
        });
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
        on_cleanup(move || {
            // All of it may be gone by now.
            let _ = watches.try_update_value(|watches| watches.retain(|watch| watch.number != number));
        });
    }

    /// Whether the person has said that what stands in the form may be lost.
    pub fn is_given_up(self) -> bool {
        self.given_up.get_value()
    }

    fn dirty(self) -> Option<Watch> {
        self.watches.with_value(|watches| watches.iter().find(|watch| watch.dirty.get_untracked()).cloned())
    }
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
