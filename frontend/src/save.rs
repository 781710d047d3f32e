//! Getting a text out of the page: into the clipboard, or into a file.

use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlAnchorElement, HtmlDocument, HtmlTextAreaElement, Url};

/// Copies a text. Says whether that was possible.
///
/// The newer way of browsers works over HTTPS only, and many panels are reached over plain HTTP in a home's network.
pub fn copy(text: &str) -> bool {
    let document = document();
    let Some(area) =
        document.create_element("textarea").ok().and_then(|area| area.dyn_into::<HtmlTextAreaElement>().ok())
    else {
        return false;
    };
    let focus = document.active_element().and_then(|focus| focus.dyn_into::<web_sys::HtmlElement>().ok());
    area.set_value(text);
    area.set_class_name("visually-hidden");
    let Some(body) = document.body() else { return false };
    if body.append_child(&area).is_err() {
        return false;
    }
    area.select();
    let copied = document.unchecked_ref::<HtmlDocument>().exec_command("copy").unwrap_or(false);
    area.remove();
    if let Some(focus) = focus {
        let _ = focus.focus();
    }
    copied
}

/// Saves a text as a file.
pub fn text(name: &str, text: &str) {
    // Nothing of this fails in a browser that runs these pages; if it did, nothing would be saved and nothing lost.
    let _ = try_text(name, text);
}

fn try_text(name: &str, text: &str) -> Result<(), JsValue> {
    let blob = Blob::new_with_str_sequence(&Array::of1(&JsValue::from_str(text)))?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?.unchecked_into::<HtmlAnchorElement>();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&url)
}
