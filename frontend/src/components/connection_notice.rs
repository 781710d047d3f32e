//! Whether what is shown can be trusted to be new.

use leptos::prelude::*;

use crate::components::failed::Failed;
use crate::components::notice::Notice;
use crate::sse::Connection;
use crate::store::Store;

/// Nothing while all is well; else what is amiss with the event stream or the last fetch.
#[component]
pub fn ConnectionNotice() -> impl IntoView {
    let store = Store::expect();
    let is_lost = Memo::new(move |_| store.connection.get() == Connection::Lost);
    view! {
        <Show when=move || is_lost.get()>
            <Notice>"The connection to the panel was lost. What is shown may be old; trying to connect again."</Notice>
        </Show>
        {move || {
            let error = store.error.get()?;
            Some(view! { <Failed why=error.to_string() retry=move |()| store.fetch() /> })
        }}
    }
}
