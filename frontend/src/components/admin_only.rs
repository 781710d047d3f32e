//! Pages that only admins may see.

use leptos::prelude::*;

use crate::components::page_title::PageTitle;
use crate::session::Session;

/// The page for admins, and for everybody else a word that says why it isn't shown.
#[component]
pub fn AdminOnly(
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    let session = Session::expect();
    let is_admin = Memo::new(move |_| session.is_admin());
    view! {
        <Show when=move || is_admin.get() fallback=|| view! { <NoRight text="Only admins can see this page." /> }>
            {children()}
        </Show>
    }
}

/// Stands where something would be that the user has no right to.
#[component]
pub fn NoRight(
    /// Who has it, in a sentence.
    text: &'static str,
) -> impl IntoView {
    view! {
        <PageTitle text="Not allowed" />
        <p>{text} " If you should have the right to it, ask an admin of this panel."</p>
    }
}
