//! What can be done with what stands in the blueprint editor: save it, with a restart of the servers that run, or delete
//! the blueprint.

use l4d2_contract::{Blueprint, BlueprintId, Server, ServerOperation};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::Api;
use crate::app::BLUEPRINTS;
use crate::blueprint_form::BlueprintForm;
use crate::components::confirm::Question;
use crate::components::focus::focus_fault;
use crate::components::frame::PAGE;
use crate::components::linked_servers::runs;
use crate::components::notice::Notice;
use crate::components::sending::Sending;
use crate::store::{Change, Store};

/// Said beside the fields and rows, not by the notice.
const FIELDS: [&str; 4] = ["name", "arguments", "config", "overlay_ids"];

const SEE_FIELDS: &str = "Not saved: see the marked fields.";

/// The bar of buttons, and what came of them, which has to be in sight where they are.
#[component]
pub fn Actions(
    /// The editor's state.
    form: BlueprintForm,
    /// The blueprint; none: a new one.
    id: Option<BlueprintId>,
    /// The servers that are linked to it.
    servers: Memo<Vec<Server>>,
    /// How a save stands.
    saving: Sending,
    /// The page's dialog.
    question: RwSignal<Option<Question>>,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let outcome = RwSignal::new(Vec::<String>::new());
    let done = RwSignal::new("");
    let navigate = use_navigate();
    let open = Callback::new(move |address: String| navigate(&address, NavigateOptions::default()));
    let saved = move |blueprint: Blueprint| {
        let new = id.is_none().then_some(blueprint.id);
        store.blueprints.update(|list| list.apply(Change::Changed(blueprint)));
        match new {
            Some(id) => drop(open.try_run(format!("/blueprints/{id}"))),
            None => drop(done.try_set("Saved.")),
        }
    };
    let save = move |restart: bool| {
        done.set("");
        outcome.set(Vec::new());
        saving.start(async move { form.save(api, id).await }, move |blueprint| {
            saved(blueprint);
            if let Some(servers) = servers.try_get_untracked().filter(|_| restart) {
                restart_all(api, store, servers, outcome);
            }
        });
    };
    Effect::new(move |_| {
        if saving.is_only_about_entries(&FIELDS) {
            focus_fault(|| document().get_element_by_id(PAGE));
        }
    });
    let running = Memo::new(move |_| servers.with(|servers| servers.iter().filter(|server| runs(server)).count()));
    view! {
        <div class="actions">
            {move || {
                let elsewhere = saving.is_only_about_entries(&FIELDS).then(|| SEE_FIELDS.to_owned());
                elsewhere
                    .or_else(|| saving.other_than_entries(&FIELDS))
                    .map(|text| view! { <Notice>{text}</Notice> })
            }}
            {move || {
                outcome.get().into_iter().map(|text| view! { <Notice>{text}</Notice> }).collect_view()
            }}
            <button
                class="button button--primary"
                type="button"
                aria-disabled=move || saving.busy_attribute()
                on:click=move |_| save(false)
            >
                {if id.is_some() { "Save" } else { "Create blueprint" }}
            </button>
            <Show when=move || { running.get() > 0 }>
                <button
                    class="button"
                    type="button"
                    aria-disabled=move || saving.busy_attribute()
                    on:click=move |_| save(true)
                >
                    {move || match running.get() {
                        1 => "Save and restart 1 server".to_owned(),
                        count => format!("Save and restart {count} servers"),
                    }}
                </button>
            </Show>
            <span class="done" role="status">
                {move || if form.is_dirty() { "" } else { done.get() }}
            </span>
            <span class="muted">{move || form.is_dirty().then_some("Not saved yet")}</span>
            {id.map(|id| view! { <Delete id servers question saving /> })}
        </div>
    }
}

#[component]
fn Delete(
    /// The blueprint.
    id: BlueprintId,
    /// The servers that are linked to it.
    servers: Memo<Vec<Server>>,
    /// The page's dialog.
    question: RwSignal<Option<Question>>,
    /// What goes wrong is said where a save's errors are.
    saving: Sending,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let navigate = use_navigate();
    let delete = move |()| {
        let navigate = navigate.clone();
        saving.start(async move { api.delete_blueprint(id).await }, move |()| {
            // The event stream may have closed the editor already.
            navigate(BLUEPRINTS, NavigateOptions::default());
            store.blueprints.update(|list| list.apply(Change::Gone(id)));
        });
    };
    let ask = move |_| {
        if servers.with_untracked(|servers| !servers.is_empty()) {
            return;
        }
        let delete = delete.clone();
        question.set(Some(Question {
            title: format!("Delete the blueprint “{}”?", untrack(|| store.blueprint_name(id))),
            text: "Its overlays' order, arguments and config lines are gone then. Overlays and servers stay."
                .to_owned(),
            button: "Delete the blueprint",
            keep: "Keep it",
            then: Callback::new(delete),
        }));
    };
    view! {
        <span class="actions__end muted" id="delete-needs">
            {move || servers.with(|servers| needs(servers))}
        </span>
        <button
            class="button button--danger"
            type="button"
            aria-describedby="delete-needs"
            aria-disabled=move || servers.with(|servers| (!servers.is_empty()).then_some("true"))
            on:click=ask
        >
            "Delete"
        </button>
    }
}

/// What has to be done before the blueprint can be deleted.
fn needs(servers: &[Server]) -> String {
    match servers {
        [] => String::new(),
        [only] => format!("To delete it, link {} to another blueprint first.", only.name),
        many => format!("To delete it, link its {} servers to another blueprint first.", many.len()),
    }
}

/// Files a restart of each server that runs; those that are refused are told with their names.
fn restart_all(api: Api, store: Store, servers: Vec<Server>, outcome: RwSignal<Vec<String>>) {
    leptos::task::spawn_local(async move {
        for server in servers.into_iter().filter(runs) {
            match api.create_server_job(server.id, ServerOperation::Restart).await {
                Ok(job) => store.accept_job(&job),
                Err(error) => {
                    let text = format!("{} could not be restarted. {error}", server.name);
                    outcome.try_update(|outcome| outcome.push(text));
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn what_keeps_a_blueprint_is_named() {
        let (alpha, bravo) = (samples::server(1, "alpha"), samples::server(2, "bravo"));
        assert_eq!(needs(&[]), "");
        assert!(needs(std::slice::from_ref(&alpha)).contains("link alpha to another"));
        assert!(needs(&[alpha, bravo]).contains("link its 2 servers"));
    }
}
