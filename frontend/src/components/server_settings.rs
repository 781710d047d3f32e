//! What of a server can be changed: the blueprint it is linked to, and its port.

use l4d2_contract::{BlueprintId, Server, UpdateServer};
use leptos::prelude::*;

use crate::api::Api;
use crate::components::blueprint_choice::BlueprintChoice;
use crate::components::field::Field;
use crate::components::form::Form;
use crate::components::sending::Sending;
use crate::server_form::{PORT_RULE, port};
use crate::store::Store;

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
    let sending = Sending::new();
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
    let save = move |()| {
        saved.set("");
        sending.dismiss();
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
        sending.start(async move { api.update_server(now.id, &changes).await }, move |server| {
            store.accept_server(server);
            saved.try_set("Saved. It takes effect at the next start or restart.");
        });
    };
    let refused = sending.field("port");
    let linked = Signal::derive(move || server.with(|server| server.blueprint_id));
    let dirty = Signal::derive(move || {
        let (linked, port) = server.with(|server| (server.blueprint_id, server.port));
        blueprint.get() != Some(linked) || typed_port.with(|typed| *typed != port.to_string())
    });
    view! {
        <Form sending fields=&["blueprint_id", "port"] button="Save" done=saved dirty on_submit=save>
            <BlueprintChoice chosen=blueprint linked error=sending.field("blueprint_id") />
            <Field
                name="port"
                label="Port"
                kind="text"
                autocomplete="off"
                value=typed_port
                error=Signal::derive(move || port_error.get().or_else(|| refused.get()))
            />
        </Form>
    }
}
