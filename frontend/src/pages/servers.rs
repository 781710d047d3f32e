//! The dashboard: the user's servers as they are at this moment.

use l4d2_contract::{Server, ServerId};
use leptos::prelude::*;

use crate::components::notice::Notice;
use crate::components::page_title::PageTitle;
use crate::components::server_row::ServerRow;
use crate::server_list;
use crate::sse::Connection;
use crate::store::Store;

/// The list of servers.
#[component]
pub fn ServersPage() -> impl IntoView {
    let store = Store::expect();
    let own = move |server: &&Server| store.is_own(server.user_id);
    // The list's rows are made anew only when the order changes, not with every change of a server.
    let order = Memo::new(move |_| {
        store.servers.with(|list| list.is_known().then(|| server_list::order(list.iter().filter(own))))
    });
    let summary = Memo::new(move |_| {
        store.servers.with(|list| {
            if list.is_known() { server_list::summary(list.iter().filter(own)) } else { "Loading…".to_owned() }
        })
    });
    view! {
        <PageTitle text="Servers" />
        <p class="summary" role="status">
            {summary}
        </p>
        {move || {
            (store.connection.get() == Connection::Lost)
                .then(|| {
                    view! {
                        <Notice>
                            "The connection to the panel was lost. What is shown may be old; trying to connect again."
                        </Notice>
                    }
                })
        }}
        {move || {
            let error = store.error.get()?;
            Some(
                view! {
                    <Notice>{error.to_string()}</Notice>
                    <button class="button" type="button" on:click=move |_| store.fetch()>
                        "Try again"
                    </button>
                },
            )
        }}
        {move || match order.with(|order| order.as_ref().map(Vec::is_empty)) {
            None if store.error.with(Option::is_some) => ().into_any(),
            None => view! { <Loading /> }.into_any(),
            Some(true) => view! { <NoServers /> }.into_any(),
            Some(false) => view! { <Rows order /> }.into_any(),
        }}
    }
}

#[component]
fn Rows(
    /// The servers' ids in order.
    order: Memo<Option<Vec<ServerId>>>,
) -> impl IntoView {
    let store = Store::expect();
    view! {
        <ul class="servers" aria-label="Servers">
            <For each=move || order.get().unwrap_or_default() key=|id| *id let:id>
                {row(store, id)}
            </For>
        </ul>
    }
}

/// One server's row; nothing when the server is gone again already.
fn row(store: Store, id: ServerId) -> Option<impl IntoView> {
    let first = store.servers.with_untracked(|list| list.get(id).cloned())?;
    // A row outlives its server for the moment until the list is drawn again: it keeps what it had.
    let server = Memo::new(move |last: Option<&Server>| {
        let now = store.servers.with(|list| list.get(id).cloned());
        now.or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
    });
    let blueprint = Memo::new(move |_| store.blueprint_name(server.with(|server| server.blueprint_id)));
    Some(view! { <ServerRow server blueprint /> })
}

/// Stands where the rows will be, in their size.
#[component]
fn Loading() -> impl IntoView {
    view! {
        <div class="servers" aria-hidden="true">
            {std::iter::repeat_with(|| view! { <div class="server skeleton"></div> })
                .take(3)
                .collect_view()}
        </div>
    }
}

#[component]
fn NoServers() -> impl IntoView {
    view! {
        <div class="card empty">
            <h2 class="empty__title">"No servers yet"</h2>
            <p>
                "A server runs from a blueprint: an ordered list of overlays, launch arguments and lines of server.cfg. "
                "Blueprints and servers are made through the API."
            </p>
            // Another application: not for the router.
            <a class="button button--primary" href="/api/v1/docs" rel="external">
                "Open the API's documentation"
            </a>
        </div>
    }
}
