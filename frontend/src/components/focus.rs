//! Where the focus goes when what had it goes, or when something has to be put right.
//!
//! All of it waits for the next frame, when the page shows what has changed.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::components::frame::PAGE;

/// Gives it to an element. Fails only for what can't have it.
pub fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// To be called where a page begins with something other than its heading. Who is quicker than the page, and has gone on
/// to something of it by then, keeps what they have.
pub fn begin_at(start: impl FnOnce() -> Option<Element> + 'static) {
    request_animation_frame(move || {
        let is_untouched = document().active_element().is_none_or(|element| {
            // The page itself has it until its heading has.
            element.id() == PAGE || ["BODY", "H1"].contains(&element.tag_name().as_str())
        });
        if is_untouched {
            focus(start());
        }
    });
}

/// To be called before a part of the page goes: if the focus goes with it, what `heir` finds then gets it.
pub fn hand_on(heir: impl FnOnce() -> Option<Element> + 'static) {
    if !is_lost() {
        regain(heir);
    }
}

/// To be called behind a deed that takes away what has the focus: what `heir` finds then gets it.
pub fn regain(heir: impl FnOnce() -> Option<Element> + 'static) {
    request_animation_frame(move || {
        if is_lost() {
            focus(heir());
        }
    });
}

/// The page's heading, as an heir for [`hand_on`].
pub fn heading() -> Option<Element> {
    first(document().document_element(), "h1")
}

/// Gives it to the first field inside `root` that something is wrong with, or shows the first message.
pub fn focus_fault(root: impl FnOnce() -> Option<Element> + 'static) {
    request_animation_frame(move || {
        let root = root();
        let field = first(root.clone(), "[aria-invalid]");
        if field.is_some() {
            focus(field);
        } else if let Some(message) = first(root, ".field__error:not(:empty)") {
            message.scroll_into_view();
        }
    });
}

fn first(root: Option<Element>, selector: &str) -> Option<Element> {
    // Fails for no selector that is one.
    root?.query_selector(selector).ok().flatten()
}

/// Whether nothing has it.
fn is_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}
