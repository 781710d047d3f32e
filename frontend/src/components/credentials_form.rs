//! A name, a password and a button: signing in and signing up differ in words, in rules and in the call only.

use l4d2_contract::{Credentials, Me, rules};
use leptos::prelude::*;

use crate::api::Api;
use crate::components::field::{Field, Rule};
use crate::components::focus::begin_at;
use crate::components::form::Form;
use crate::components::sending::Sending;
use crate::session::Session;

/// The field that comes first, and its id.
const NAME: &str = "username";

/// The form. When its call succeeds, the session begins and the routes lead on.
#[component]
pub fn CredentialsForm(
    /// Whether somebody new signs up, whose name and password are held to the rules while they are typed.
    new: bool,
) -> impl IntoView {
    let (api, session): (Api, _) = (expect_context(), Session::expect());
    let sending = Sending::new();
    let username = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let submit = move |()| {
        let credentials = Credentials { username: username.get_untracked(), password: password.get_untracked() };
        let call = async move { if new { api.sign_up(&credentials).await } else { api.sign_in(&credentials).await } };
        sending.start(call, move |opened| {
            session.begin(Me { user: opened.user, csrf_token: Some(opened.csrf_token) });
        });
    };
    // There is nothing else to do on these pages.
    begin_at(|| document().get_element_by_id(NAME));
    let hint = move |text| if new { text } else { "" };
    view! {
        <Form
            sending
            fields=&["username", "password"]
            button=if new { "Sign up" } else { "Sign in" }
            primary=true
            on_submit=submit
        >
            <Field
                name=NAME
                label="Name"
                kind="text"
                autocomplete="username"
                hint=hint("Letters, digits, _ - and . are allowed, 64 at most.")
                rule=new.then_some(rules::check_username as Rule)
                value=username
                error=sending.field("username")
            />
            <Field
                name="password"
                label="Password"
                kind="password"
                autocomplete=if new { "new-password" } else { "current-password" }
                hint=hint("6 characters or more.")
                rule=new.then_some(rules::check_password as Rule)
                value=password
                error=sending.field("password")
            />
        </Form>
    }
}
