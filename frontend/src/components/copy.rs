//! Texts to take along: a button that copies, alone or beside the text it copies.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;

use crate::save;

/// How long the button says that it is done.
const DONE: Duration = Duration::from_secs(2);

/// Copies a text and says so.
#[component]
pub fn CopyButton(
    /// What is copied, asked for at the moment.
    #[prop(into)]
    text: Signal<String>,
    /// Shows the text; where nothing can be copied, it is selected instead.
    #[prop(optional)]
    field: Option<NodeRef<html::Textarea>>,
) -> impl IntoView {
    const LABEL: &str = "Copy";
    let said = RwSignal::new(LABEL);
    let copy = move |_| {
        let field = field.and_then(|field| field.get_untracked());
        said.set(match (save::copy(&text.get_untracked()), field) {
            (true, _) => "Copied",
            (false, Some(field)) => {
                field.select();
                "Press Ctrl+C"
            }
            (false, None) => "Can't copy here",
        });
        set_timeout(
            move || {
                said.try_set(LABEL);
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

/// A text in a field that can't be changed, and the button.
#[component]
pub fn CopyText(
    /// What screen readers call the field.
    label: &'static str,
    /// The text.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    view! {
        <div class="copy">
            <textarea class="field__input copy__text" node_ref=field readonly rows="1" aria-label=label prop:value=text></textarea>
            <CopyButton text field />
        </div>
    }
}
