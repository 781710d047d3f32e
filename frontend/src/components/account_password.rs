//! Changing one's password.

use l4d2_contract::ChangePassword;
use l4d2_contract::rules;
use leptos::prelude::*;

use crate::api::Api;
use crate::components::field::{Field, Rule};
use crate::components::form::Form;
use crate::components::sending::Sending;

/// The form.
#[component]
pub fn PasswordForm(
    /// The password is changed, and all other sessions have ended.
    #[prop(into)]
    on_changed: Callback<()>,
) -> impl IntoView {
    let api: Api = expect_context();
    let sending = Sending::new();
    let done = RwSignal::new("");
    let current = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let save = move |()| {
        done.set("");
        let change = ChangePassword { current_password: current.get_untracked(), new_password: new.get_untracked() };
        sending.start(async move { api.change_password(&change).await }, move |()| {
            current.try_set(String::new());
            new.try_set(String::new());
            done.try_set("The password is changed.");
            on_changed.try_run(());
        });
    };
    view! {
        <section class="card" aria-labelledby="password-title">
            <h2 class="section-title" id="password-title">
                "Password"
            </h2>
            <Form
                sending
                fields=&["current_password", "new_password"]
                button="Change password"
                primary=true
                done
                on_submit=save
            >
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
            </Form>
        </section>
    }
}
