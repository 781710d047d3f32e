//! Asks before something is destroyed.
//!
//! The browser's own modal dialog: it keeps the focus inside, closes with Escape, and gives the focus back to what had
//! it. The focus begins on the way out, so that a hasty Enter destroys nothing.

use leptos::html;
use leptos::prelude::*;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The question itself, naming what goes, such as `Delete the blueprint “comp”?`.
    pub title: String,
    /// What follows from it.
    pub text: String,
    /// What the red button says: the deed, never just "Yes".
    pub button: &'static str,
    /// What the button of the way out says.
    pub keep: &'static str,
    /// The deed.
    pub then: Callback<()>,
}

/// The dialog of a page. It opens when a question is put into the signal, and empties the signal when it is answered.
#[component]
pub fn Confirm(
    /// What to ask.
    question: RwSignal<Option<Question>>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        let asked = question.with(Option::is_some);
        if asked && !dialog.open() {
            // Fails only for a dialog that is open, or in no document.
            let _ = dialog.show_modal();
        } else if !asked && dialog.open() {
            dialog.close();
        }
    });
    let part = move |pick: fn(&Question) -> String| question.with(|question| question.as_ref().map(pick));
    let confirm = move |_| {
        let answered = question.get_untracked();
        question.set(None);
        if let Some(answered) = answered {
            answered.then.run(());
        }
    };
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="dialog-title"
            aria-describedby="dialog-text"
            // Escape closes it without asking anybody here. The event comes later, when the next question may be open.
            on:close=move |_| {
                if dialog.get_untracked().is_some_and(|dialog| !dialog.open()) {
                    question.set(None);
                }
            }
        >
            <h2 class="section-title" id="dialog-title">
                {move || part(|question| question.title.clone())}
            </h2>
            <p id="dialog-text">{move || part(|question| question.text.clone())}</p>
            <div class="dialog__buttons">
                <button class="button" type="button" autofocus on:click=move |_| question.set(None)>
                    {move || part(|question| question.keep.to_owned())}
                </button>
                <button class="button button--danger" type="button" on:click=confirm>
                    {move || part(|question| question.button.to_owned())}
                </button>
            </div>
        </dialog>
    }
}
