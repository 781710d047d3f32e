//! What of a server can be changed: the blueprint it is linked to, and its port.

use l4d2_contract::{BlueprintId, Server, UpdateServer};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::{Api, ApiError};
use crate::components::blueprint_choice::BlueprintChoice;
use crate::components::field::Field;
use crate::components::notice::Notice;
use crate::server_form::{PORT_RULE, port};
use crate::store::Store;

const FIELDS: [&str; 2] = ["blueprint_id", "port"];

/// The form. It takes effect at the next start or restart, and says so.
#[component]
pub fn ServerSettings(
    /// The server.
    server: Memo<Server>,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let now = server.get_untracked();
    let blueprint = RwSignal::new(Some(now.blueprint_id));
    let typed_port = RwSignal::new(now.port.to_string());
    let error = RwSignal::new(None::<ApiError>);
    let port_error = RwSignal::new(None::<String>);
    let saved = RwSignal::new("");
    // Somebody else's change shows, unless something else was typed here.
    Effect::new(move |last: Option<(BlueprintId, u16)>| {
        let now = server.with(|server| (server.blueprint_id, server.port));
        if let Some(last) = last {
            blueprint.update(|chosen| {
                if *chosen == Some(last.0) {
                    *chosen = Some(now.0);
                }
            });
            typed_port.update(|typed| {
                if *typed == last.1.to_string() {
                    *typed = now.1.to_string();
                }
            });
        }
        now
    });
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        saved.set("");
        error.set(None);
        let wanted = port(&typed_port.get_untracked());
        port_error.set(wanted.is_none().then(|| PORT_RULE.to_owned()));
        let Some(wanted) = wanted else { return };
        let now = server.get_untracked();
        let changes = UpdateServer {
            blueprint_id: blueprint.get_untracked().filter(|id| *id != now.blueprint_id),
            port: Some(wanted).filter(|port| *port != now.port),
        };
        if changes == UpdateServer::default() {
            saved.set("Nothing to save.");
            return;
        }
        leptos::task::spawn_local(async move {
            match api.update_server(now.id, &changes).await {
                Ok(server) => {
                    store.accept_server(server);
                    saved.try_set("Saved. It takes effect at the next start or restart.");
                }
                Err(problem) => drop(error.try_set(Some(problem))),
            }
        });
    };
    let field_error = move |name| error.with(|error| error.as_ref()?.field(name));
    let other_error = move || {
        error.with(|error| error.as_ref().filter(|error| !error.is_only_about(&FIELDS)).map(ToString::to_string))
    };
    view! {
        <form class="form" novalidate on:submit=save>
            {move || other_error().map(|text| view! {
                <Notice on_dismiss=move |()| error.set(None)>{text}</Notice>
            })}
            <BlueprintChoice chosen=blueprint error=Signal::derive(move || field_error("blueprint_id")) />
            <Field
                name="port"
                label="Port"
                kind="text"
                autocomplete="off"
                value=typed_port
                error=Signal::derive(move || port_error.get().or_else(|| field_error("port")))
            />
            <div class="facts-line">
                <button class="button" type="submit">
                    "Save"
                </button>
                <span class="muted" role="status">
                    {saved}
                </span>
            </div>
        </form>
    }
}
