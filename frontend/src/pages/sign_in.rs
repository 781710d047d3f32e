//! Signing in.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::Api;
use crate::app::SIGN_UP;
use crate::components::credentials_form::CredentialsForm;
use crate::components::page_title::PageTitle;

/// The form for those who have an account.
#[component]
pub fn SignInPage() -> impl IntoView {
    let api: Api = expect_context();
    view! {
        <div class="card card--narrow">
            <PageTitle text="Sign in" />
            <CredentialsForm
                button="Sign in"
                password_autocomplete="current-password"
                send=move |credentials| async move { api.sign_in(&credentials).await }
            />
            <p>
                "No account yet? "
                <A href=SIGN_UP attr:class="link">
                    "Sign up"
                </A>
            </p>
        </div>
    }
}
