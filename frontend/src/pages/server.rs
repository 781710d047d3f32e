//! One server: its state, its game's log and console, its settings and its jobs.

use std::str::FromStr;

use l4d2_contract::{Server, ServerId};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

use crate::api::Api;
use crate::app::{HOME, blueprint_address};
use crate::components::badge::StateBadge;
use crate::components::confirm::{Confirm, Question};
use crate::components::form::SendError;
use crate::components::found::FoundPage;
use crate::components::log::{LogSource, LogView};
use crate::components::page_title::PageTitle;
use crate::components::sending::Sending;
use crate::components::server_actions::{ServerActions, can_be_initialized};
use crate::components::server_console::ServerConsole;
use crate::components::server_facts::{ServerFacts, ServerPreview};
use crate::components::server_jobs::ServerJobs;
use crate::components::server_row::{Doing, last_error};
use crate::components::server_settings::ServerSettings;
use crate::pages::not_found::NotFoundPage;
use crate::server_list::is_pending;
use crate::store::{Lookup, Store};

/// The page of the server that the address names.
#[component]
pub fn ServerPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| ServerId::from_str(&id).ok())));
    move || match id.get() {
        Some(id) => view! { <ServerById id /> }.into_any(),
        None => view! { <NotFoundPage /> }.into_any(),
    }
}

#[component]
fn ServerById(
    /// Which one.
    id: ServerId,
) -> impl IntoView {
    let api: Api = expect_context();
    let lookup = Lookup::new(Store::expect().servers, id, move |id| api.get_server(id));
    view! {
        <FoundPage found=lookup.found what="this server" all=(HOME, "All servers") retry=move |()| lookup.retry()>
            {lookup.expect().map(|server| view! { <ServerParts server /> })}
        </FoundPage>
    }
}

/// The parts in the order of a phone; a desk has the log on the left.
#[component]
fn ServerParts(
    /// The server.
    server: Memo<Server>,
) -> impl IntoView {
    let name = Memo::new(move |_| server.with(|server| server.name.clone()));
    let id = server.with_untracked(|server| server.id);
    let remark = RwSignal::new(None::<String>);
    view! {
        <PageTitle text=name />
        <div class="server-page">
            <StateBlock server />
            <div class="server-page__log">
                <LogView
                    source=LogSource::Server(id)
                    label=Signal::derive(move || format!("Log of {}", name.get()))
                    empty="Nothing was printed yet. The game's output appears here once it has been started."
                    remark
                />
                <ServerConsole server on_remark=move |words| remark.set(Some(words)) />
            </div>
            <div class="server-page__rest">
                <section class="card">
                    <h2 class="part__title">"Facts"</h2>
                    <ServerFacts server />
                </section>
                <section class="card">
                    <h2 class="part__title">"Settings"</h2>
                    <ServerSettings server />
                    <ServerPreview server />
                </section>
                <section class="card">
                    <h2 class="part__title">"Last jobs"</h2>
                    <ServerJobs server=id />
                </section>
                <Delete server />
            </div>
        </div>
    }
}

#[component]
fn StateBlock(
    /// The server.
    server: Memo<Server>,
) -> impl IntoView {
    let store = Store::expect();
    let sending = Sending::new();
    let last_error = Memo::new(move |_| server.with(last_error));
    let should = move || server.with(|server| server.desired_state.as_str());
    let is = move || server.with(|server| server.actual_state.as_str());
    let blueprint = Memo::new(move |_| server.with(|server| server.blueprint_id));
    let blueprint_name = Memo::new(move |_| store.blueprint_name(blueprint.get()));
    // Somebody else's is private, for admins too.
    let is_own = Memo::new(move |_| store.blueprints.with(|list| list.get(blueprint.get()).is_some()));
    let blueprint = move || {
        if !is_own.get() {
            return blueprint_name.into_any();
        }
        view! {
            <A href=blueprint_address(blueprint.get()) attr:class="link">
                {blueprint_name}
            </A>
        }
        .into_any()
    };
    let user = server.with_untracked(|server| server.user_id);
    let owner = move || {
        store.owner(user).map(|who| {
            view! {
                <dt>"Owner"</dt>
                <dd>{who}</dd>
            }
        })
    };
    let pending = move || {
        server.with(|server| is_pending(server, || store.was_initialized(server.id))).then(|| {
            view! {
                <p class="hint">
                    "What it runs from was changed since it was last applied. The next start or restart applies it."
                </p>
            }
        })
    };
    view! {
        <section class="card server-page__state" aria-label="State">
            <div class="facts-line">
                <StateBadge server />
                <Doing server />
            </div>
            <dl class="facts">
                <dt>"Should be"</dt>
                <dd>{should}</dd>
                <dt>"Is"</dt>
                <dd>{is}</dd>
                {owner}
                <dt>"Blueprint"</dt>
                <dd>{blueprint}</dd>
                <dt>"Port"</dt>
                <dd class="code">{move || server.with(|server| server.port)}</dd>
            </dl>
            <Show when=move || last_error.with(|text| !text.is_empty())>
                <p class="job__why">{last_error}</p>
            </Show>
            {pending}
            <div class="facts-line">
                <ServerActions server sending all=true />
            </div>
            <Show when=move || server.with(can_be_initialized)>
                <p class="muted">"Initialize writes its files afresh without starting it."</p>
            </Show>
            <SendError sending />
        </section>
    }
}

#[component]
fn Delete(
    /// The server.
    server: Memo<Server>,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let sending = Sending::new();
    let question = RwSignal::new(None::<Question>);
    let delete = Callback::new(move |()| {
        let id = server.with_untracked(|server| server.id);
        sending.start(async move { api.delete_server(id).await }, move |job| store.accept_job(&job));
    });
    let ask = move |_| {
        let name = server.with_untracked(|server| server.name.clone());
        question.set(Some(Question {
            title: format!("Delete the server “{name}”?"),
            text: "It is stopped, and its files on the host go with it, also those that the game wrote. \
                   Its blueprint and the logs of its jobs stay."
                .to_owned(),
            button: "Delete server",
            keep: "Keep it",
            then: delete,
        }));
    };
    view! {
        <button class="button button--danger button--start" type="button" on:click=ask>
            "Delete server…"
        </button>
        <SendError sending />
        <Confirm question />
    }
}
