//! One job: what it does, how far it is, and its log.

use std::str::FromStr;

use l4d2_contract::{Job, JobId, JobState, Operation};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

use crate::api::Api;
use crate::app::{JOBS, server_address};
use crate::components::badge::JobBadge;
use crate::components::form::SendError;
use crate::components::found::FoundPage;
use crate::components::log::{LogSource, LogView};
use crate::components::page_title::PageTitle;
use crate::components::progress::{self, Progress};
use crate::components::sending::Sending;
use crate::components::time::{Clock, RelativeTime};
use crate::job_words::{span, standing, title};
use crate::pages::not_found::NotFoundPage;
use crate::sse::{Message, ReadAlong};
use crate::steamcmd::{self, Said};
use crate::store::{Lookup, Store};
use crate::text::sentence;

/// The page of the job that the address names.
#[component]
pub fn JobPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| JobId::from_str(&id).ok())));
    move || match id.get() {
        Some(id) => view! { <JobById id /> }.into_any(),
        None => view! { <NotFoundPage /> }.into_any(),
    }
}

#[component]
fn JobById(
    /// Which one.
    id: JobId,
) -> impl IntoView {
    let api: Api = expect_context();
    let lookup = Lookup::new(Store::expect().jobs, id, move |id| api.get_job(id));
    let said = RwSignal::new(None::<Said>);
    provide_context(ReadAlong::new(move |messages| {
        if let Some(last) = last_said(messages) {
            said.try_set(Some(last));
        }
    }));
    view! {
        <FoundPage found=lookup.found what="this job" all=(JOBS, "All jobs") retry=move |()| lookup.retry()>
            {lookup.expect().map(|job| view! { <JobHead job said /> })}
            <LogView
                source=LogSource::Job(id)
                label=format!("Log of job {id}")
                empty="Nothing was written yet."
            />
        </FoundPage>
    }
}

/// The last that SteamCMD said of an update, if it said something.
fn last_said(messages: &[Message]) -> Option<Said> {
    messages.iter().rev().filter(|message| message.event == "stdout").find_map(|message| steamcmd::read(&message.data))
}

#[component]
fn JobHead(
    /// The job.
    job: Memo<Job>,
    /// The last that SteamCMD said in its log.
    said: RwSignal<Option<Said>>,
) -> impl IntoView {
    let (clock, store) = (Clock::expect(), Store::expect());
    let name = Memo::new(move |_| job.with(title));
    let state = Memo::new(move |_| job.with(|job| job.state));
    let how = move || {
        job.with(|job| {
            let (start, end) = span(job);
            standing(job.state, &clock.since(start, end))
        })
    };
    let error = Memo::new(move |_| job.with(|job| sentence(&job.error)));
    // To be cancelled is no failure.
    let why = move || if state.get() == JobState::Cancelled { "hint" } else { "job__why" };
    let exit =
        move || job.with(|job| job.exit_code.filter(|code| *code != 0)).map(|code| format!(" · exit status {code}"));
    let user = job.with_untracked(|job| job.user_id);
    let by = move || store.who(user).map(|who| format!(" by {who}"));
    view! {
        <PageTitle text=name />
        <div class="facts-line">
            <JobBadge state />
            <span class="muted">
                {how} {exit} " · filed "
                <RelativeTime at=Signal::derive(move || job.with(|job| job.created_at.clone())) />
                {by}
            </span>
            <ServerLink job />
            <Cancel job />
        </div>
        <HowFar job said label=name />
        <Show when=move || error.with(|error| !error.is_empty())>
            <p class=why>{error}</p>
        </Show>
    }
}

/// The bar, and what SteamCMD is doing; before and after its downloads there is no share to show.
#[component]
fn HowFar(
    /// The job.
    job: Memo<Job>,
    /// The last that SteamCMD said in its log.
    said: RwSignal<Option<Said>>,
    /// What is under way.
    label: Memo<String>,
) -> impl IntoView {
    let share = Memo::new(move |_| job.with(progress::of_job));
    let is_install = Memo::new(move |_| job.with(|job| job.operation == Operation::Install && !job.state.is_final()));
    let doing = Memo::new(move |_| match said.get() {
        Some(Said::Doing(words)) if is_install.get() => Some(words),
        _ => None,
    });
    let is_known = Memo::new(move |_| share.get().is_some() || doing.with(Option::is_some));
    view! {
        <Show when=move || is_known.get()>
            <div class="facts-line">
                <Progress value=share label />
                <span class="progress__text muted">{doing}</span>
            </div>
        </Show>
    }
}

#[component]
fn ServerLink(
    /// The job.
    job: Memo<Job>,
) -> impl IntoView {
    move || {
        let (id, name) = job.with(|job| (job.server_id, job.server_name.clone()));
        Some(view! {
            <A href=server_address(id?) attr:class="link">
                {name}
            </A>
        })
    }
}

#[component]
fn Cancel(
    /// The job.
    job: Memo<Job>,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let sending = Sending::new();
    let asked = RwSignal::new(false);
    let is_open = Memo::new(move |_| job.with(|job| !job.state.is_final()));
    let cancel = move |_| {
        if asked.get_untracked() {
            return;
        }
        let id = job.with_untracked(|job| job.id);
        sending.start(async move { api.cancel_job(id).await }, move |job| {
            asked.try_set(true);
            store.accept_job(&job);
        });
    };
    // It may take a moment to give up after it was asked to.
    let is_asked = move || asked.get() || sending.is_busy();
    view! {
        <Show when=move || is_open.get()>
            <button
                class="button facts-line__end"
                type="button"
                aria-disabled=move || is_asked().then_some("true")
                on:click=cancel
            >
                {move || if is_asked() { "Cancelling…" } else { "Cancel job" }}
            </button>
        </Show>
        <SendError sending />
    }
}
