//! Signing up.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::Api;
use crate::app::SIGN_IN;
use crate::components::credentials_form::CredentialsForm;
use crate::components::page_title::PageTitle;

/// The form for those who are new. Who signs up is signed in.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let api: Api = expect_context();
    view! {
        <div class="card card--narrow">
            <PageTitle text="Sign up" />
            <CredentialsForm
                button="Sign up"
                password_autocomplete="new-password"
                username_hint="Letters, digits, _ - and . are allowed, 64 at most."
                password_hint="6 characters or more."
                are_new=true
                send=move |credentials| async move { api.sign_up(&credentials).await }
            />
            <p>
                "Have an account? "
                <A href=SIGN_IN attr:class="link">
                    "Sign in"
                </A>
            </p>
        </div>
    }
}
