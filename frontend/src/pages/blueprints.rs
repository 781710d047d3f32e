//! The user's blueprints.

use l4d2_contract::{Blueprint, BlueprintId};
use leptos::prelude::*;
use leptos_router::components::A;

use crate::app::NEW_BLUEPRINT;
use crate::components::failed::StoreLoading;
use crate::components::linked_servers::{linked, runs};
use crate::components::page_title::PageTitle;
use crate::store::Store;

/// The page.
#[component]
pub fn BlueprintsPage() -> impl IntoView {
    let store = Store::expect();
    let ids = Memo::new(move |_| {
        store.blueprints.with(|list| {
            let mut blueprints: Vec<&Blueprint> = list.iter().collect();
            blueprints.sort_by(|a, b| a.name.cmp(&b.name));
            list.is_known().then(|| blueprints.into_iter().map(|blueprint| blueprint.id).collect::<Vec<_>>())
        })
    });
    let is_empty = move || ids.with(|ids| ids.as_ref().map(Vec::is_empty));
    view! {
        <div class="head">
            <PageTitle text="Blueprints" />
            // The empty list has the button in its middle.
            <Show when=move || is_empty() == Some(false)>
                <A href=NEW_BLUEPRINT attr:class="button button--primary">
                    "New blueprint"
                </A>
            </Show>
        </div>
        {move || match is_empty() {
            None => view! { <StoreLoading /> }.into_any(),
            Some(true) => view! { <NoBlueprints /> }.into_any(),
            Some(false) => view! {
                <ul class="rows" aria-label="Blueprints">
                    <For each=move || ids.get().unwrap_or_default() key=|id| *id let:id>
                        <Row id />
                    </For>
                </ul>
            }
            .into_any(),
        }}
    }
}

#[component]
fn NoBlueprints() -> impl IntoView {
    view! {
        <div class="card empty">
            <h2 class="section-title">"No blueprints yet"</h2>
            <p>
                "A blueprint says what servers run: overlays in order, launch arguments and lines of server.cfg. Any number of servers can be linked to one."
            </p>
            <A href=NEW_BLUEPRINT attr:class="button button--primary">
                "New blueprint"
            </A>
        </div>
    }
}

#[component]
fn Row(
    /// Which blueprint.
    id: BlueprintId,
) -> impl IntoView {
    let store = Store::expect();
    let parts = move || {
        store.blueprints.with(|list| {
            list.get(id).map(|blueprint| {
                [
                    counted(blueprint.overlay_ids.len(), "overlay"),
                    counted(blueprint.arguments.len(), "argument"),
                    counted(blueprint.config.len(), "config line"),
                ]
                .join(" · ")
            })
        })
    };
    let servers = Memo::new(move |_| linked(store, id));
    let use_of_it = move || {
        servers.with(|servers| match (servers.len(), servers.iter().filter(|server| runs(server)).count()) {
            (0, _) => "no servers".to_owned(),
            (all, 0) => counted(all, "server"),
            (all, running) => format!("{}, {running} running", counted(all, "server")),
        })
    };
    view! {
        <li class="row">
            <span class="row__main">
                <A href=format!("/blueprints/{id}") attr:class="link row__name">
                    {move || store.blueprint_name(id)}
                </A>
                <span class="row__detail">{parts}</span>
            </span>
            <span class="row__detail">{use_of_it}</span>
        </li>
    }
}

/// Such as `2 servers`.
fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_thing_has_no_plural() {
        assert_eq!((counted(0, "server"), counted(1, "server")), ("0 servers".to_owned(), "1 server".to_owned()));
    }
}
