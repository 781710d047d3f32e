//! Signing up.

use leptos::prelude::*;

use crate::app::{SIGN_IN, keeping_destination};
use crate::components::credentials_form::CredentialsForm;
use crate::components::page_title::PageTitle;

/// The form for those who are new. Who signs up is signed in.
#[component]
pub fn SignUpPage() -> impl IntoView {
    view! {
        <div class="card card--narrow">
            <PageTitle text="Sign up" />
            <CredentialsForm new=true />
            <p>
                "Have an account? "
                <a class="link" href=keeping_destination(SIGN_IN)>
                    "Sign in"
                </a>
            </p>
        </div>
    }
}
