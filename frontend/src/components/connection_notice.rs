//! Whether what is shown can be trusted to be new, and whose it is.

use leptos::prelude::*;

use crate::api::ApiError;
use crate::components::failed::Failed;
use crate::components::notice::Notice;
use crate::session::Session;
use crate::sse::Connection;
use crate::store::Store;

/// Nothing while all is well; else what is amiss with the session, the event stream or the last fetch, in sight wherever one
/// has scrolled to. It lies over the page, which doesn't move when it comes or goes.
#[component]
pub fn ConnectionNotice() -> impl IntoView {
    let store = Store::expect();
    let session = Session::expect();
    let is_lost = Memo::new(move |_| store.connection.get() == Connection::Lost);
    let name = move || session.user().map(|user| user.username);
    view! {
        <div class="page-notices">
        <Show when=move || session.is_taken_over()>
            <Notice on_dismiss=move |()| session.dismiss_taken_over()>
                "This browser is signed in as " {name} " now, by another tab. What was under way here was not done."
            </Notice>
        </Show>
        <Show when=move || is_lost.get()>
            <Notice>"The connection to the panel was lost. What is shown may be old; trying to connect again."</Notice>
        </Show>
        {move || {
            // That the connection was lost says it already; with it all is fetched anew.
            let error = store.error.get().filter(|error| !(is_lost.get() && *error == ApiError::Unreachable))?;
            Some(view! { <Failed why=error.to_string() retry=move |()| store.fetch() /> })
        }}
        </div>
    }
}
