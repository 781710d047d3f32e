//! A name, a password and a button: signing in and signing up differ in words and in the call only.

use std::future::Future;

use l4d2_contract::{Credentials, Me, SessionOpened, rules};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::ApiError;
use crate::components::field::{Field, Rule};
use crate::components::notice::Notice;
use crate::session::Session;

const FIELDS: [&str; 2] = ["username", "password"];

/// The form. When its call succeeds, the session begins and the routes lead on.
#[component]
pub fn CredentialsForm<F, Answer>(
    /// What the button says.
    button: &'static str,
    /// `current-password` or `new-password`.
    password_autocomplete: &'static str,
    /// The rules of names.
    #[prop(optional)]
    username_hint: &'static str,
    /// The rules of passwords.
    #[prop(optional)]
    password_hint: &'static str,
    /// Whether name and password are new, and so held to the rules while they are typed.
    #[prop(optional)]
    are_new: bool,
    /// The call.
    send: F,
) -> impl IntoView
where
    F: Fn(Credentials) -> Answer + 'static,
    Answer: Future<Output = Result<SessionOpened, ApiError>> + 'static,
{
    let session = Session::expect();
    let username = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let error = RwSignal::new(None::<ApiError>);
    let sending = RwSignal::new(false);
    let field_error = move |name: &'static str| {
        Signal::derive(move || error.with(|error| error.as_ref().and_then(|error| error.field(name))))
    };
    let other_error = move || {
        error.with(|error| error.as_ref().filter(|error| !error.is_only_about(&FIELDS)).map(ToString::to_string))
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if sending.get_untracked() {
            return;
        }
        sending.set(true);
        error.set(None);
        let answer = send(Credentials { username: username.get_untracked(), password: password.get_untracked() });
        leptos::task::spawn_local(async move {
            match answer.await {
                Ok(opened) => session.set_me(Me { user: opened.user, csrf_token: Some(opened.csrf_token) }),
                Err(problem) => {
                    // The page may have been left meanwhile.
                    error.try_set(Some(problem));
                    sending.try_set(false);
                }
            }
        });
    };
    view! {
        <form class="form" novalidate on:submit=submit>
            {move || other_error().map(|text| view! { <Notice>{text}</Notice> })}
            <Field
                name="username"
                label="Name"
                kind="text"
                autocomplete="username"
                hint=username_hint
                rule=are_new.then_some(rules::check_username as Rule)
                value=username
                error=field_error("username")
            />
            <Field
                name="password"
                label="Password"
                kind="password"
                autocomplete=password_autocomplete
                hint=password_hint
                rule=are_new.then_some(rules::check_password as Rule)
                value=password
                error=field_error("password")
            />
            <button class="button button--primary" type="submit" aria-disabled=move || sending.get().then_some("true")>
                {button}
            </button>
        </form>
    }
}
