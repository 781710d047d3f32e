//! A text to take along: shown, and copied by a button.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// How a press of the button went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    NotPressed,
    Copied,
    /// Browsers refuse it on pages that came over plain HTTP from elsewhere. The text is selected instead.
    Selected,
}

/// The text in a field that can't be changed, and the button.
#[component]
pub fn CopyText(
    /// What a person reads as the field's label.
    label: &'static str,
    /// The text.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let outcome = RwSignal::new(Outcome::NotPressed);
    let field = NodeRef::<html::Textarea>::new();
    let value = text.clone();
    let copy = move |_| {
        if let Some(field) = field.get_untracked() {
            field.select();
        }
        let clipboard = window().is_secure_context().then(|| window().navigator().clipboard());
        let Some(clipboard) = clipboard else { return outcome.set(Outcome::Selected) };
        let written = JsFuture::from(clipboard.write_text(&text));
        leptos::task::spawn_local(async move {
            let done = if written.await.is_ok() { Outcome::Copied } else { Outcome::Selected };
            outcome.try_set(done);
        });
    };
    view! {
        <div class="copy">
            <textarea class="field__input copy__text" node_ref=field readonly rows="1" aria-label=label prop:value=value></textarea>
            <button class="button" type="button" on:click=copy>
                "Copy"
            </button>
            <span class="copy__outcome" role="status">
                {move || match outcome.get() {
                    Outcome::NotPressed => "",
                    Outcome::Copied => "Copied.",
                    Outcome::Selected => "Selected: press Ctrl+C to copy it.",
                }}
            </span>
        </div>
    }
}
