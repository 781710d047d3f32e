//! Changing one's password.

use l4d2_contract::ChangePassword;
use l4d2_contract::rules;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::Api;
use crate::components::field::{Field, Rule};
use crate::components::notice::Notice;
use crate::components::sending::Sending;

const FIELDS: [&str; 2] = ["current_password", "new_password"];

/// The form.
#[component]
pub fn PasswordForm(
    /// The password is changed, and all other sessions have ended.
    #[prop(into)]
    on_changed: Callback<()>,
) -> impl IntoView {
    let api: Api = expect_context();
    let sending = Sending::new();
    let done = RwSignal::new(false);
    let current = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        done.set(false);
        let change = ChangePassword { current_password: current.get_untracked(), new_password: new.get_untracked() };
        sending.start(async move { api.change_password(&change).await }, move |()| {
            current.try_set(String::new());
            new.try_set(String::new());
            done.try_set(true);
            on_changed.try_run(());
        });
    };
    view! {
        <section class="card" aria-labelledby="password-title">
            <h2 class="section-title" id="password-title">
                "Password"
            </h2>
            <form class="form" novalidate on:submit=save>
                {move || sending.other_than(&FIELDS).map(|text| view! { <Notice>{text}</Notice> })}
                <Field
                    name="current_password"
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                    value=current
                    error=sending.field("current_password")
                />
                <Field
                    name="new_password"
                    label="New password"
                    kind="password"
                    autocomplete="new-password"
                    hint="6 characters or more."
                rule=Some(rules::check_password as Rule)
                    value=new
                    error=sending.field("new_password")
                />
                <p class="muted">
                    "You are signed out everywhere else. API tokens go on working; revoke those that others may know."
                </p>
                <div class="form__buttons">
                    <button class="button button--primary" type="submit" aria-disabled=move || sending.busy_attribute()>
                        "Change password"
                    </button>
                    <span class="done" role="status">
                        {move || done.get().then_some("The password is changed.")}
                    </span>
                </div>
            </form>
        </section>
    }
}
