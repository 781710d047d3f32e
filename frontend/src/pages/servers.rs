//! The dashboard: the user's servers as they are at this moment.

use std::collections::BTreeMap;

use l4d2_contract::{Blueprint, BlueprintId, Deleted, ResourceKind, Server, ServerId, StreamEnd, StreamEndReason};
use leptos::prelude::*;

use crate::api::{Api, ApiError};
use crate::components::notice::Notice;
use crate::components::page_title::PageTitle;
use crate::components::server_row::ServerRow;
use crate::server_list::{Change, ServerList};
use crate::session::Session;
use crate::sse::{self, Connection, Message};

const EVENTS_URL: &str = "/api/v1/events";
const EVENTS: &[&str] = &["ready", "resync", "server", "blueprint", "deleted", "end"];

/// What the page knows. Kept by what is fetched and by what the event stream says.
#[derive(Debug, Clone, Copy)]
struct Dashboard {
    api: Api,
    session: Session,
    servers: RwSignal<ServerList>,
    blueprints: RwSignal<BTreeMap<BlueprintId, String>>,
    error: RwSignal<Option<ApiError>>,
}

impl Dashboard {
    fn new() -> Self {
        Self {
            api: expect_context(),
            session: Session::expect(),
            servers: RwSignal::new(ServerList::default()),
            blueprints: RwSignal::new(BTreeMap::new()),
            error: RwSignal::new(None),
        }
    }

    /// Fetches everything. The page may be left before the answers come, hence `try_`.
    fn fetch(self) {
        let Some(fetch) = self.servers.try_update(ServerList::begin_fetch) else { return };
        leptos::task::spawn_local(async move {
            let answer = futures::try_join!(self.api.list_servers(), self.api.list_blueprints());
            match answer {
                Ok((servers, blueprints)) => {
                    let names = blueprints.into_iter().map(|blueprint| (blueprint.id, blueprint.name));
                    self.blueprints.try_set(names.collect());
                    self.servers.try_update(|list| list.finish_fetch(fetch, servers));
                    self.error.try_set(None);
                }
                Err(error) => drop(self.error.try_set(Some(error))),
            }
        });
    }

    fn hear(self, message: &Message) {
        if let Some(change) = Change::parse(message.event, &message.data) {
            self.servers.update(|list| list.apply(change));
            return;
        }
        match message.event {
            // What happened before the stream began was not heard.
            "ready" | "resync" => self.fetch(),
            "blueprint" => {
                if let Ok(blueprint) = serde_json::from_str::<Blueprint>(&message.data) {
                    self.blueprints.update(|names| drop(names.insert(blueprint.id, blueprint.name)));
                }
            }
            "deleted" => {
                if let Ok(Deleted { kind: ResourceKind::Blueprint, id }) = serde_json::from_str(&message.data) {
                    self.blueprints.update(|names| drop(names.remove(&BlueprintId(id))));
                }
            }
            "end" => {
                let end = serde_json::from_str::<StreamEnd>(&message.data);
                if end.is_ok_and(|end| end.reason == StreamEndReason::AccessRevoked) {
                    leptos::task::spawn_local(async move { self.session.resolve(self.api.me().await) });
                }
            }
            _ => {}
        }
    }

    /// One server's row; nothing when the server is gone again already.
    fn row(self, id: ServerId) -> Option<impl IntoView> {
        let first = self.servers.with_untracked(|list| list.get(id).cloned())?;
        // A row outlives its server for the moment until the list is drawn again: it keeps what it had.
        let server = Memo::new(move |last: Option<&Server>| {
            let now = self.servers.with(|list| list.get(id).cloned());
            now.or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
        });
        let blueprint = Memo::new(move |_| self.blueprint_name(server.with(|server| server.blueprint_id)));
        Some(view! { <ServerRow server blueprint /> })
    }

    fn blueprint_name(self, id: BlueprintId) -> String {
        self.blueprints.with(|names| names.get(&id).cloned().unwrap_or_else(|| format!("blueprint {id}")))
    }
}

/// The list of servers.
#[component]
pub fn ServersPage() -> impl IntoView {
    let dashboard = Dashboard::new();
    let (connection, set_connection) = signal(Connection::Connecting);
    dashboard.fetch();
    sse::follow(EVENTS_URL, EVENTS, set_connection, move |message| dashboard.hear(&message));

    // The list's rows are made anew only when the order changes, not with every change of a server.
    let order = Memo::new(move |_| dashboard.servers.with(ServerList::order));
    let summary = Memo::new(move |_| dashboard.servers.with(ServerList::summary));
    view! {
        <PageTitle text="Servers" />
        <p class="summary" role="status">
            {summary}
        </p>
        {move || {
            (connection.get() == Connection::Lost)
                .then(|| {
                    view! {
                        <Notice>
                            "The connection to the panel was lost. What is shown may be old; trying to connect again."
                        </Notice>
                    }
                })
        }}
        {move || {
            let error = dashboard.error.get()?;
            Some(
                view! {
                    <Notice>{error.to_string()}</Notice>
                    <button class="button" type="button" on:click=move |_| dashboard.fetch()>
                        "Try again"
                    </button>
                },
            )
        }}
        {move || match order.with(|order| order.as_ref().map(Vec::is_empty)) {
            None if dashboard.error.with(Option::is_some) => ().into_any(),
            None => view! { <Loading /> }.into_any(),
            Some(true) => view! { <NoServers /> }.into_any(),
            Some(false) => view! { <Rows dashboard order /> }.into_any(),
        }}
    }
}

#[component]
fn Rows(
    /// What the page knows.
    dashboard: Dashboard,
    /// The servers' ids in order.
    order: Memo<Option<Vec<ServerId>>>,
) -> impl IntoView {
    view! {
        <ul class="servers" aria-label="Servers">
            <For each=move || order.get().unwrap_or_default() key=|id| *id let:id>
                {dashboard.row(id)}
            </For>
        </ul>
    }
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
