//! Making a server: a name, a port and a blueprint.

use l4d2_contract::{BlueprintId, CreateServer};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::api::Api;
use crate::app::{NEW_BLUEPRINT, SERVER_NEW, server_address};
use crate::components::blueprint_choice::BlueprintChoice;
use crate::components::failed::StoreLoading;
use crate::components::field::Field;
use crate::components::form::Form;
use crate::components::page_title::PageTitle;
use crate::components::sending::Sending;
use crate::server_form::{PORT_RULE, free_port, port};
use crate::store::{Collection, Store};

/// What the blueprint that is chosen first is called in the address.
const BLUEPRINT: &str = "blueprint";

/// Where a server that runs from this blueprint is made.
pub fn new_server_address(blueprint: BlueprintId) -> String {
    format!("{SERVER_NEW}?{BLUEPRINT}={blueprint}")
}

/// The page. Without a blueprint it says what comes first.
#[component]
pub fn NewServerPage() -> impl IntoView {
    let store = Store::expect();
    // Not more than this: what is typed in the form must outlive a list that is fetched anew. The port that is proposed
    // depends on the servers.
    let state = Memo::new(move |_| {
        let has_some = store
            .blueprints
            .with(|list| list.iter().next().is_some().then_some(true).or(list.is_known().then_some(false)));
        has_some.filter(|_| store.servers.with(Collection::is_known))
    });
    view! {
        <div class="card card--narrow">
            <PageTitle text="New server" />
            {move || match state.get() {
                Some(true) => view! { <NewServerForm /> }.into_any(),
                Some(false) => view! { <NoBlueprint /> }.into_any(),
                None => view! { <StoreLoading /> }.into_any(),
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
    let open = Callback::new(move |address: String| navigate(&address, NavigateOptions::default()));
    let name = RwSignal::new(String::new());
    let typed_port = RwSignal::new(store.servers.with_untracked(|servers| free_port(servers.iter())).to_string());
    let asked =
        use_query_map().with_untracked(|query| query.get(BLUEPRINT).and_then(|id| id.parse().ok())).map(BlueprintId);
    let first = store.blueprints.with_untracked(|list| {
        let asked = asked.filter(|id| list.get(*id).is_some());
        asked.or_else(|| list.iter().next_back().map(|blueprint| blueprint.id))
    });
    let blueprint = RwSignal::new(first);
    let proposed = typed_port.get_untracked();
    let dirty = Signal::derive(move || {
        name.with(|name| !name.is_empty()) || typed_port.with(|typed| *typed != proposed) || blueprint.get() != first
    });
    let sending = Sending::new();
    let port_error = RwSignal::new(None::<String>);
    let submit = move |()| {
        sending.dismiss();
        let port = port(&typed_port.get_untracked());
        port_error.set(port.is_none().then(|| PORT_RULE.to_owned()));
        let (Some(port), Some(blueprint_id)) = (port, blueprint.get_untracked()) else { return };
        let server = CreateServer { name: name.get_untracked().trim().to_owned(), port, blueprint_id };
        sending.start(async move { api.create_server(&server).await }, move |server| {
            let address = server_address(server.id);
            store.accept_server(server);
            open.try_run(address);
        });
    };
    let refused = sending.field("port");
    view! {
        <Form
            sending
            fields=&["name", "port", "blueprint_id"]
            button="Create server"
            primary=true
            dirty
            on_submit=submit
        >
            <Field
                name="name"
                label="Name"
                kind="text"
                autocomplete="off"
                hint="Lower-case letters, digits, - and _; it begins with a letter or digit."
                value=name
                error=sending.field("name")
            />
            <Field
                name="port"
                label="Port"
                kind="text"
                autocomplete="off"
                hint="UDP and TCP, 1024 to 65535."
                value=typed_port
                error=Signal::derive(move || port_error.get().or_else(|| refused.get()))
            />
            <BlueprintChoice chosen=blueprint error=sending.field("blueprint_id") />
        </Form>
    }
}
