//! All jobs that the user may see, newest first, in pages.

use l4d2_contract::{Job, JobId, JobState, Server, ServerId};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::api::{Api, ApiError, JobFilter};
use crate::app::JOBS;
use crate::components::failed::Failed;
use crate::components::job_list::JobList;
use crate::components::page_title::PageTitle;
use crate::job_pages::JobPages;
use crate::sse::Connection;
use crate::store::Store;
use crate::text::compare_names;

const PAGE: u32 = 50;
/// What the filter is called in the address.
const SERVER: &str = "server";
const STATE: &str = "state";

/// Where the jobs are that a filter leaves.
pub fn filtered_jobs_address(filter: JobFilter) -> String {
    let server = filter.server.map(|server| format!("{SERVER}={server}"));
    let state = filter.state.map(|state| format!("{STATE}={state}"));
    let query: Vec<String> = [server, state].into_iter().flatten().collect();
    if query.is_empty() { JOBS.to_owned() } else { format!("{JOBS}?{}", query.join("&")) }
}

/// The list.
#[component]
pub fn JobsPage() -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    // In the address, so that it can be kept, sent to others and gone back to.
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        query.with(|query| JobFilter {
            server: query.get(SERVER).and_then(|id| id.parse().ok()).map(ServerId),
            state: query.get(STATE).and_then(|text| JobState::from_text(&text)),
            operation: None,
        })
    });
    let pages = RwSignal::new(JobPages::default());
    // What went wrong, and with which page.
    let error = RwSignal::new(None::<(ApiError, Option<JobId>)>);
    let fetch = move |filter: JobFilter, before: Option<JobId>| {
        error.set(None);
        leptos::task::spawn_local(async move {
            match api.list_jobs(filter, before, PAGE).await {
                // An answer to another filter than the present one, or for a page that was left, is of no use.
                Ok(page) => drop(pages.try_update(|pages| pages.add(filter, before, page))),
                Err(problem) => drop(error.try_set(Some((problem, before)))),
            }
        });
    };
    // Begun anew by another filter, and when the stream began again: what happened in between was not heard.
    let live = Memo::new(move |_| store.connection.get() == Connection::Live);
    Effect::new(move |last: Option<JobFilter>| {
        let (filter, live) = (filter.get(), live.get());
        let is_new = last != Some(filter);
        if is_new {
            pages.set(JobPages::new(filter));
        }
        // What was fetched before a break stays in view until there is something newer.
        if is_new || live {
            fetch(filter, None);
        }
        filter
    });
    let jobs: Memo<Option<Vec<Job>>> =
        Memo::new(move |_| pages.with(|pages| store.jobs.with(|live| pages.merged(live))));
    let more = move || {
        let before = pages.with(JobPages::next)?;
        let show = move |_| fetch(filter.get_untracked(), Some(before));
        Some(view! {
            <button class="button button--start" type="button" on:click=show>
                "Show more"
            </button>
        })
    };
    view! {
        <PageTitle text="Jobs" />
        <div class="facts-line">
            <StateFilter filter />
            <ServerFilter filter />
        </div>
        {move || error.get().map(|(problem, before)| {
            let again = move |()| fetch(filter.get_untracked(), before);
            view! { <Failed why=problem.to_string() retry=again /> }
        })}
        {move || match jobs.with(|jobs| jobs.as_ref().map(Vec::is_empty)) {
            None if error.with(Option::is_some) => ().into_any(),
            None => view! { <div class="jobs skeleton" role="status" aria-label="Loading"></div> }.into_any(),
            Some(true) => view! { <NoJobs filter /> }.into_any(),
            Some(false) => {
                view! { <JobList jobs=Signal::derive(move || jobs.get().unwrap_or_default()) label="Jobs" /> }.into_any()
            }
        }}
        {more}
    }
}

/// Goes to the address of a filter.
fn go_to_filter() -> impl Fn(JobFilter) + Clone {
    let navigate = use_navigate();
    move |filter: JobFilter| navigate(&filtered_jobs_address(filter), NavigateOptions::default())
}

#[component]
fn StateFilter(
    /// What the list is narrowed to.
    filter: Memo<JobFilter>,
) -> impl IntoView {
    let go = go_to_filter();
    let choose = move |text: String| go(JobFilter { state: JobState::from_text(&text), ..filter.get_untracked() });
    let option = move |state: &'static JobState| {
        view! {
            <option value=state.as_str() selected=move || filter.with(|filter| filter.state == Some(*state))>
                {state.as_str()}
            </option>
        }
    };
    view! {
        <label class="inline-field">
            "State"
            <select class="field__input" on:change:target=move |event| choose(event.target().value())>
                <option value="" selected=move || filter.with(|filter| filter.state.is_none())>
                    "all"
                </option>
                {JobState::ALL.iter().map(option).collect_view()}
            </select>
        </label>
    }
}

#[component]
fn ServerFilter(
    /// What the list is narrowed to.
    filter: Memo<JobFilter>,
) -> impl IntoView {
    let store = Store::expect();
    let go = go_to_filter();
    let choose = move |text: String| {
        go(JobFilter { server: text.parse().ok().map(ServerId), ..filter.get_untracked() });
    };
    let servers = Memo::new(move |_| {
        let named = |server: &Server| (server.id, server.name.clone());
        let mut servers: Vec<_> = store.servers.with(|list| list.iter().map(named).collect());
        servers.sort_by(|a, b| compare_names(&a.1, &b.1));
        // It may be gone by now.
        if let Some(id) = filter.with(|filter| filter.server)
            && !servers.iter().any(|(known, _)| *known == id)
        {
            servers.push((id, format!("server {id}")));
        }
        servers
    });
    let option = move |(id, name): (ServerId, String)| {
        view! {
            <option value=id.to_string() selected=move || filter.with(|filter| filter.server == Some(id))>
                {name}
            </option>
        }
    };
    view! {
        <label class="inline-field">
            "Server"
            <select class="field__input" on:change:target=move |event| choose(event.target().value())>
                <option value="" selected=move || filter.with(|filter| filter.server.is_none())>
                    "all"
                </option>
                {move || servers.get().into_iter().map(option).collect_view()}
            </select>
        </label>
    }
}

#[component]
fn NoJobs(
    /// What the list is narrowed to.
    filter: Memo<JobFilter>,
) -> impl IntoView {
    match filter.get_untracked() {
        JobFilter { state: None, server: Some(_), .. } => {
            view! { <p class="muted">"No jobs of this server."</p> }.into_any()
        }
        JobFilter { state: Some(state), .. } => {
            view! { <p class="muted">{format!("No job is {state}.")}</p> }.into_any()
        }
        JobFilter { state: None, server: None, .. } => view! {
            <p class="muted">
                "No jobs yet. Whatever takes time becomes a job: starting a server, stopping it, installing the game."
            </p>
        }
        .into_any(),
    }
}
