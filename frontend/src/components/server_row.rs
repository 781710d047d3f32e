//! One server of the dashboard: its state, its facts, and the buttons that make sense now.

use l4d2_contract::{ActualState, Server};
use leptos::prelude::*;
use leptos_router::components::A;

use crate::app::{job_address, server_address};
use crate::components::badge::StateBadge;
use crate::components::form::SendError;
use crate::components::progress::Progress;
use crate::components::sending::Sending;
use crate::components::server_actions::ServerActions;
use crate::components::time::Clock;
use crate::server_list::{drift_text, is_pending};
use crate::store::Store;
use crate::text::sentence;

/// A row of the list of servers.
#[component]
pub fn ServerRow(
    /// The server.
    server: Memo<Server>,
    /// Its blueprint's name.
    blueprint: Memo<String>,
) -> impl IntoView {
    let (sending, store) = (Sending::new(), Store::expect());
    let name = Memo::new(move |_| server.with(|server| server.name.clone()));
    let (address, user) = server.with_untracked(|server| (server_address(server.id), server.user_id));
    let owner = move || store.owner(user).map(|who| format!("owned by {who}"));
    let pending = move || {
        let is_pending = server.with(|server| is_pending(server, || store.was_initialized(server.id)));
        is_pending.then_some("changes pending")
    };
    let last_error = Memo::new(move |_| server.with(last_error));
    view! {
        <li class="server">
            <span class="server__state">
                <StateBadge server />
            </span>
            <span class="server__name">
                <A href=address attr:class="link">
                    {name}
                </A>
                <span class="server__remarks">{owner}</span>
            </span>
            <span class="server__port">
                <span class="visually-hidden">"Port "</span>
                {move || server.with(|server| server.port)}
            </span>
            <span class="server__blueprint">
                <span class="visually-hidden">"Blueprint "</span>
                {blueprint}
                <span class="server__remarks">{pending}</span>
            </span>
            <span class="server__doing">
                <Doing server />
            </span>
            <span class="server__actions">
                <ServerActions server sending />
            </span>
            <Show when=move || last_error.with(|text| !text.is_empty())>
                <p class="server__error">{last_error}</p>
            </Show>
            <SendError sending />
        </li>
    }
}

/// An old error says nothing about the job that is at work now.
pub fn last_error(server: &Server) -> String {
    if server.active_job.is_none() { sentence(&server.last_error) } else { String::new() }
}

/// What it is doing, what is amiss, or how long it has been as it is.
#[component]
pub fn Doing(
    /// The server.
    server: Memo<Server>,
) -> impl IntoView {
    let store = Store::expect();
    let clock = Clock::expect();
    let job = Memo::new(move |_| server.with(|server| server.active_job));
    let progress = Signal::derive(move || {
        let job = job.get()?;
        store.jobs.with(|jobs| jobs.get(job)?.progress)
    });
    let standing = move || {
        server.with(|server| {
            drift_text(server).or_else(|| {
                let since = clock.since(server.actual_state_since.as_deref()?, None);
                match server.actual_state {
                    ActualState::Running => Some(format!("up {since}")),
                    ActualState::Stopped | ActualState::Failed | ActualState::Unknown => Some(format!("for {since}")),
                }
            })
        })
    };
    move || match job.get() {
        Some(id) => view! {
            <A href=job_address(id) attr:class="link">
                "job "
                {id.to_string()}
            </A>
            <Progress value=progress label="Progress" />
        }
        .into_any(),
        None => view! { <span class="muted">{standing}</span> }.into_any(),
    }
}
