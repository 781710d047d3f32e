//! Signing in.

use leptos::prelude::*;

use crate::app::{SIGN_UP, keeping_destination};
use crate::components::credentials_form::CredentialsForm;
use crate::components::page_title::PageTitle;

/// The form for those who have an account.
#[component]
pub fn SignInPage() -> impl IntoView {
    view! {
        <div class="card card--narrow">
            <PageTitle text="Sign in" />
            <CredentialsForm new=false />
            <p>
                "No account yet? "
                <a class="link" href=keeping_destination(SIGN_UP)>
                    "Sign up"
                </a>
            </p>
        </div>
    }
}
