//! The heading of a page, which also names the browser's tab.

use leptos::html;
use leptos::prelude::*;

use crate::components::frame::PAGE;

/// A page's only `h1`.
#[component]
pub fn PageTitle(
    /// The page's name.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    Effect::new(move |_| text.with(|text| document().set_title(&format!("{text} · L4D2 panel"))));
    let heading = NodeRef::<html::H1>::new();
    // Who came here from another page hears or sees which one it is. Whatever else has the focus keeps it.
    Effect::new(move |_| {
        if let Some(heading) = heading.get()
            && document().active_element().is_some_and(|element| element.id() == PAGE)
        {
            // Fails only for what can't have the focus.
            let _ = heading.focus();
        }
    });
    view! {
        <h1 class="page-title" tabindex="-1" node_ref=heading>
            {text}
        </h1>
    }
}
