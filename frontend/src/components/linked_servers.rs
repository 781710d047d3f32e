//! Which servers a blueprint's changes will reach, and when.

use l4d2_contract::{ActualState, BlueprintId, Server};
use leptos::prelude::*;
use leptos_router::components::A;

use crate::components::badge::StateBadge;
use crate::pages::server_new::new_server_address;
use crate::server_list::was_up;
use crate::store::Store;
use crate::text::compare_names;

/// The servers that are linked to a blueprint, by name.
pub fn linked(store: Store, blueprint: BlueprintId) -> Vec<Server> {
    store.servers.with(|list| {
        let mut servers: Vec<Server> = list.iter().filter(|server| server.blueprint_id == blueprint).cloned().collect();
        servers.sort_by(|a, b| compare_names(&a.name, &b.name));
        servers
    })
}

/// Whether a save reaches the server only with a restart.
pub fn runs(server: &Server) -> bool {
    server.actual_state == ActualState::Running
}

/// What a save means for the servers, in a sentence.
pub fn meaning(servers: &[Server]) -> String {
    let running = servers.iter().filter(|server| runs(server)).count();
    match (servers.len(), running) {
        (0, _) => "No server is linked to this blueprint yet.".to_owned(),
        (_, 0) => "What you save is taken up when they are started next; none of them runs.".to_owned(),
        (1, 1) => "It runs, and goes on as it is until it is restarted.".to_owned(),
        (_, 1) => "The one that runs goes on as it is until it is restarted.".to_owned(),
        (_, many) => format!("The {many} that run go on as they are until they are restarted."),
    }
}

/// Whether it has what was saved last.
fn standing(server: &Server, store: Store) -> &'static str {
    if !server.pending_changes {
        "up to date"
    } else if was_up(server) || store.was_initialized(server.id) {
        "changes pending"
    } else {
        "not started yet"
    }
}

/// The list of them.
#[component]
pub fn LinkedServers(
    /// The blueprint.
    blueprint: BlueprintId,
    /// The servers.
    servers: Memo<Vec<Server>>,
) -> impl IntoView {
    let is_empty = Memo::new(move |_| servers.with(Vec::is_empty));
    view! {
        <section class="card" aria-labelledby="linked-title">
            <h2 class="section-title" id="linked-title">
                "Linked servers"
            </h2>
            <p class="muted">{move || servers.with(|servers| meaning(servers))}</p>
            <Show when=move || is_empty.get()>
                <p>
                    <A href=new_server_address(blueprint) attr:class="button">
                        "New server"
                    </A>
                </p>
            </Show>
            <Show when=move || !is_empty.get()>
                <ul class="rows rows--plain" aria-label="Linked servers">
                    <For each=move || servers.get() key=|server| server.id let:first>
                        <Row first servers />
                    </For>
                </ul>
            </Show>
        </section>
    }
}

#[component]
fn Row(
    /// The server as it was when the row was made.
    first: Server,
    /// All of them, as they are.
    servers: Memo<Vec<Server>>,
) -> impl IntoView {
    let (id, store) = (first.id, Store::expect());
    let server = Memo::new(move |_| {
        servers.with(|servers| servers.iter().find(|server| server.id == id).cloned()).unwrap_or_else(|| first.clone())
    });
    view! {
        <li class="row">
            <span class="row__main">
                <A href=format!("/servers/{id}") attr:class="link row__name">
                    {move || server.with(|server| server.name.clone())}
                </A>
                <span class="row__detail">
                    {move || server.with(|server| standing(server, store))}
                </span>
            </span>
            <StateBadge server />
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn what_a_save_means_depends_on_who_runs() {
        let stopped = Server { actual_state: ActualState::Stopped, ..samples::server(1, "alpha") };
        let running = samples::server(2, "bravo");
        assert!(meaning(&[]).starts_with("No server"));
        assert!(meaning(std::slice::from_ref(&stopped)).contains("none of them runs"));
        assert!(meaning(&[stopped, running.clone()]).starts_with("The one that runs"));
        assert!(meaning(&[running.clone(), running]).starts_with("The 2 that run"));
    }
}
