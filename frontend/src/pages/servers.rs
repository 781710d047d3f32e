//! The dashboard: the servers as they are at this moment, and what was done last.

use l4d2_contract::{Server, ServerId};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::app::{HOME, JOBS, SERVER_NEW};
use crate::components::first_steps::FirstSteps;
use crate::components::job_list::JobList;
use crate::components::page_title::PageTitle;
use crate::components::server_row::ServerRow;
use crate::server_list;
use crate::session::Session;
use crate::store::Store;

const RECENT_JOBS: usize = 8;
/// What everybody's servers are called in the address.
const ALL: &str = "all";

/// The list of servers. Admins can look at everybody's.
#[component]
pub fn ServersPage() -> impl IntoView {
    let (session, store) = (Session::expect(), Store::expect());
    // In the address, so that it can be kept and gone back to.
    let query = use_query_map();
    let all = Memo::new(move |_| query.with(|query| query.get(ALL).is_some()));
    let navigate = use_navigate();
    let show = Callback::new(move |all: bool| {
        let address = if all { format!("{HOME}?{ALL}=true") } else { HOME.to_owned() };
        navigate(&address, NavigateOptions::default());
    });
    let is_shown = move |server: &&Server| all.get() || store.is_own(server.user_id);
    // The list's rows are made anew only when the order changes, not with every change of a server.
    let order = Memo::new(move |_| {
        store.servers.with(|list| list.is_known().then(|| server_list::order(list.iter().filter(is_shown))))
    });
    let summary = Memo::new(move |_| {
        store.servers.with(|list| match (list.is_known(), store.error.with(Option::is_some)) {
            (true, _) => server_list::summary(list.iter().filter(is_shown)),
            (false, true) => String::new(),
            (false, false) => "Loading…".to_owned(),
        })
    });
    let is_admin = Memo::new(move |_| session.is_admin());
    let has_rows = Memo::new(move |_| order.with(|order| order.as_ref().is_some_and(|order| !order.is_empty())));
    view! {
        <div class="head">
            <PageTitle text="Servers" />
            <Show when=move || has_rows.get()>
                <A href=SERVER_NEW attr:class="button button--primary">
                    "New server"
                </A>
            </Show>
        </div>
        <div class="facts-line">
            <p class="summary" role="status">
                {summary}
            </p>
            <Show when=move || is_admin.get()>
                <label class="check facts-line__end">
                    <input type="checkbox" prop:checked=all on:change:target=move |event| show.run(event.target().checked()) />
                    "Everybody's servers"
                </label>
            </Show>
        </div>
        {move || match order.with(|order| order.as_ref().map(Vec::is_empty)) {
            None if store.error.with(Option::is_some) => ().into_any(),
            None => view! { <Loading /> }.into_any(),
            Some(true) => view! { <FirstSteps /> }.into_any(),
            Some(false) => view! { <Rows order /> }.into_any(),
        }}
        <RecentJobs />
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
fn RecentJobs() -> impl IntoView {
    let store = Store::expect();
    let jobs =
        Memo::new(move |_| store.jobs.with(|jobs| jobs.iter().rev().take(RECENT_JOBS).cloned().collect::<Vec<_>>()));
    view! {
        <Show when=move || jobs.with(|jobs| !jobs.is_empty())>
            <section class="part">
                <h2 class="part__title">"Recent jobs"</h2>
                <JobList jobs label="Recent jobs" />
                <p>
                    <A href=JOBS attr:class="link">
                        "All jobs"
                    </A>
                </p>
            </section>
        </Show>
    }
}
