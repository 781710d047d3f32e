//! The user's own account: password, sessions, API tokens.

use leptos::prelude::*;

use crate::components::account_password::PasswordForm;
use crate::components::account_sessions::Sessions;
use crate::components::account_tokens::ApiTokens;
use crate::components::confirm::Confirm;
use crate::components::page_title::PageTitle;

/// The page.
#[component]
pub fn AccountPage() -> impl IntoView {
    // A new password ends other sessions, so the list of them is read anew.
    let password_changed = RwSignal::new(0_u32);
    let question = RwSignal::new(None);
    view! {
        <PageTitle text="Account" />
        <div class="columns">
            <PasswordForm on_changed=move |()| password_changed.update(|count| *count += 1) />
            <Sessions password_changed question />
        </div>
        <ApiTokens question />
        <Confirm question />
    }
}
