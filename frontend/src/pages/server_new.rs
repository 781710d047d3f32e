//! Making a server: a name, a port and a blueprint.

use l4d2_contract::CreateServer;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;

use crate::api::Api;
use crate::app::{NEW_BLUEPRINT, server_address};
use crate::components::blueprint_choice::BlueprintChoice;
use crate::components::failed::StoreLoading;
use crate::components::field::Field;
use crate::components::form::Form;
use crate::components::page_title::PageTitle;
use crate::components::sending::Sending;
use crate::server_form::{PORT_RULE, free_port, port};
use crate::store::Store;

/// The page. Without a blueprint it says what comes first.
#[component]
pub fn NewServerPage() -> impl IntoView {
    let store = Store::expect();
    // Not more than this: what is typed in the form must outlive a list that is fetched anew.
    let state = Memo::new(move |_| {
        store.blueprints.with(|list| list.iter().next().is_some().then_some(true).or(list.is_known().then_some(false)))
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
    let first = store.blueprints.with_untracked(|list| list.iter().next_back().map(|blueprint| blueprint.id));
    let blueprint = RwSignal::new(first);
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
            button="Make server"
            primary=true
            on_submit=submit
        >
            <Field
                name="name"
                label="Name"
                kind="text"
                autocomplete="off"
                hint="Small letters, digits, - and _; it begins with a letter or digit."
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
