//! Making a server: a name, a port and a blueprint.

use l4d2_contract::{BlueprintId, CreateServer};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;

use crate::api::{Api, ApiError};
use crate::app::{NEW_BLUEPRINT, server_address};
use crate::components::blueprint_choice::BlueprintChoice;
use crate::components::field::Field;
use crate::components::notice::Notice;
use crate::components::page_title::PageTitle;
use crate::server_form::{PORT_RULE, free_port, port};
use crate::store::Store;

/// The page. Without a blueprint it says what comes first.
#[component]
pub fn NewServerPage() -> impl IntoView {
    let store = Store::expect();
    let state = Memo::new(move |_| store.blueprints.with(|list| (list.is_known(), list.iter().next().is_some())));
    view! {
        <div class="card card--narrow">
            <PageTitle text="New server" />
            {move || match state.get() {
                (_, true) => view! { <NewServerForm /> }.into_any(),
                (true, false) => view! { <NoBlueprint /> }.into_any(),
                (false, false) => view! { <p class="muted" role="status">"One moment…"</p> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn NoBlueprint() -> impl IntoView {
    view! {
        <p>"A server runs from a blueprint, and you have none yet. Make one first, then come back."</p>
        <p>
            <A href=NEW_BLUEPRINT attr:class="button button--primary">
                "New blueprint"
            </A>
        </p>
    }
}

#[component]
fn NewServerForm() -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let navigate = use_navigate();
    let name = RwSignal::new(String::new());
    let typed_port = RwSignal::new(store.servers.with_untracked(|servers| free_port(servers.iter())).to_string());
    let first = store.blueprints.with_untracked(|list| list.iter().next_back().map(|blueprint| blueprint.id));
    let blueprint = RwSignal::new(first);
    let error = RwSignal::new(None::<ApiError>);
    let port_error = RwSignal::new(None::<String>);
    let sending = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if sending.get_untracked() {
            return;
        }
        error.set(None);
        let port = port(&typed_port.get_untracked());
        port_error.set(port.is_none().then(|| PORT_RULE.to_owned()));
        let (Some(port), Some(blueprint_id)) = (port, blueprint.get_untracked()) else { return };
        let server = CreateServer { name: name.get_untracked().trim().to_owned(), port, blueprint_id };
        sending.set(true);
        let navigate = navigate.clone();
        leptos::task::spawn_local(async move {
            match api.create_server(&server).await {
                Ok(server) => {
                    let address = server_address(server.id);
                    store.accept_server(server);
                    navigate(&address, NavigateOptions::default());
                }
                Err(problem) => {
                    error.try_set(Some(problem));
                    sending.try_set(false);
                }
            }
        });
    };
    view! { <Fields submit name typed_port blueprint error port_error sending /> }
}

#[component]
fn Fields<F>(
    /// Sends it.
    submit: F,
    /// The server's name.
    name: RwSignal<String>,
    /// Its port.
    typed_port: RwSignal<String>,
    /// Its blueprint.
    blueprint: RwSignal<Option<BlueprintId>>,
    /// Why it was refused.
    error: RwSignal<Option<ApiError>>,
    /// Why it wasn't even sent.
    port_error: RwSignal<Option<String>>,
    /// An answer is awaited.
    sending: RwSignal<bool>,
) -> impl IntoView
where
    F: Fn(SubmitEvent) + 'static,
{
    let field_error = move |name| error.with(|error| error.as_ref()?.field(name));
    let other_error = move || {
        let shown = ["name", "port", "blueprint_id"];
        error.with(|error| error.as_ref().filter(|error| !error.is_only_about(&shown)).map(ToString::to_string))
    };
    view! {
        <form class="form" novalidate on:submit=submit>
            {move || other_error().map(|text| view! {
                <Notice on_dismiss=move |()| error.set(None)>{text}</Notice>
            })}
            <Field
                name="name"
                label="Name"
                kind="text"
                autocomplete="off"
                hint="Small letters, digits, - and _; it begins with a letter or digit."
                value=name
                error=Signal::derive(move || field_error("name"))
            />
            <Field
                name="port"
                label="Port"
                kind="text"
                autocomplete="off"
                hint="UDP and TCP, 1024 to 65535."
                value=typed_port
                error=Signal::derive(move || port_error.get().or_else(|| field_error("port")))
            />
            <BlueprintChoice chosen=blueprint error=Signal::derive(move || field_error("blueprint_id")) />
            <button class="button button--primary" type="submit" aria-disabled=move || sending.get().then_some("true")>
                "Make server"
            </button>
        </form>
    }
}
