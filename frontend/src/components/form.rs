//! A form that is sent by its button. What went wrong stands on top, unless it is said beside a field.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::components::notice::Notice;
use crate::components::sending::Sending;

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
    /// Sends it.
    #[prop(into)]
    on_submit: Callback<()>,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        on_submit.run(());
    };
    view! {
        <form class="form" class:form--row=row novalidate on:submit=submit>
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
