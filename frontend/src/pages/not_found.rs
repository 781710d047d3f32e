//! What is shown at an address that isn't a page.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::app::HOME;
use crate::components::page_title::PageTitle;

/// There is no such page.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <PageTitle text="Page not found" />
        <p>"There is no page at this address. It may have been moved, or mistyped."</p>
        <p>
            <A href=HOME attr:class="link">
                "Go to the servers"
            </A>
        </p>
    }
}
