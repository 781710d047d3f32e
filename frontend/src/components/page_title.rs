//! The heading of a page, which also names the browser's tab.

use leptos::prelude::*;

/// A page's only `h1`.
#[component]
pub fn PageTitle(
    /// The page's name.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    Effect::new(move |_| text.with(|text| document().set_title(&format!("{text} · L4D2 panel"))));
    view! { <h1 class="page-title">{text}</h1> }
}
