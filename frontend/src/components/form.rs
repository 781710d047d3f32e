//! A form that is sent by its button. What went wrong stands on top, unless it is said beside a field, which gets the focus.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::components::confirm::{Confirm, Question};
use crate::components::focus::focus_fault;
use crate::components::notice::Notice;
use crate::components::sending::Sending;
use crate::components::unsaved::Unsaved;

/// The form around its fields.
#[component]
pub fn Form(
    /// How its call stands.
    sending: Sending,
    /// The fields that say by themselves what is wrong with them.
    fields: &'static [&'static str],
    /// What the button says.
    button: &'static str,
    /// Whether it is what the page is for.
    #[prop(optional)]
    primary: bool,
    /// Whether the fields stand beside each other where there is room.
    #[prop(optional)]
    row: bool,
    /// What is said beside the button when it is done.
    #[prop(optional, into)]
    done: Signal<&'static str>,
    /// The person thought better of it; left out: that can't be.
    #[prop(optional_no_strip, into)]
    on_cancel: Option<Callback<()>>,
    /// Whether something was typed that would be lost with the page; left out: nothing that matters.
    #[prop(optional, into)]
    dirty: Option<Signal<bool>>,
    /// Sends it.
    #[prop(into)]
    on_submit: Callback<()>,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let show_fault = move || focus_fault(move || form.try_get_untracked().flatten().map(Into::into));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        on_submit.run(());
        show_fault();
    };
    Effect::new(move |_| {
        if sending.has_failed() {
            show_fault();
        }
    });
    let question = RwSignal::new(None::<Question>);
    if let Some(dirty) = dirty {
        Unsaved::watch(dirty, question);
    }
    view! {
        <form class="form" class:form--row=row novalidate node_ref=form on:submit=submit>
            <SendError sending fields />
            {children()}
            <div class="form__buttons">
                <button
                    class="button"
                    class:button--primary=primary
                    type="submit"
                    aria-disabled=move || sending.busy_attribute()
                >
                    {button}
                </button>
                {on_cancel
                    .map(|cancel| {
                        view! {
                            <button class="button" type="button" on:click=move |_| cancel.run(())>
                                "Cancel"
                            </button>
                        }
                    })}
                <span class="done" role="status">
                    {done}
                </span>
            </div>
        </form>
        {dirty.map(|_| view! { <Confirm question /> })}
    }
}

/// What went wrong with a call, until it is dismissed or made again.
#[component]
pub fn SendError(
    /// How the call stands.
    sending: Sending,
    /// The fields that say by themselves what is wrong with them.
    #[prop(optional)]
    fields: &'static [&'static str],
) -> impl IntoView {
    move || {
        let text = sending.other_than(fields)?;
        Some(view! { <Notice on_dismiss=move |()| sending.dismiss()>{text}</Notice> })
    }
}
