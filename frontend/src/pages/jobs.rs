//! All jobs that the user may see, newest first, in pages.

use l4d2_contract::{Job, JobId, JobState};
use leptos::prelude::*;

use crate::api::{Api, ApiError, JobFilter};
use crate::components::failed::Failed;
use crate::components::job_list::JobList;
use crate::components::page_title::PageTitle;
use crate::job_pages::JobPages;
use crate::sse::Connection;
use crate::store::Store;

const PAGE: u32 = 50;

/// The list.
#[component]
pub fn JobsPage() -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let filter = RwSignal::new(JobFilter::default());
    let pages = RwSignal::new(JobPages::default());
    let error = RwSignal::new(None::<ApiError>);
    let fetch = move |filter: JobFilter, before: Option<JobId>| {
        error.set(None);
        leptos::task::spawn_local(async move {
            match api.list_jobs(filter, before, PAGE).await {
                // An answer to another filter than the present one, or for a page that was left, is of no use.
                Ok(page) => drop(pages.try_update(|pages| pages.add(filter, before, page))),
                Err(problem) => drop(error.try_set(Some(problem))),
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
        <StateFilter filter />
        {move || error.get().map(|problem| {
            // What failed may be a page further down.
            let again = move |()| fetch(filter.get_untracked(), pages.with_untracked(JobPages::next));
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

#[component]
fn StateFilter(
    /// What the list is narrowed to.
    filter: RwSignal<JobFilter>,
) -> impl IntoView {
    let choose = move |text: String| filter.update(|filter| filter.state = JobState::from_text(&text));
    let options = JobState::ALL.iter().map(|state| view! { <option value=state.as_str()>{state.as_str()}</option> });
    view! {
        <label class="inline-field">
            "State"
            <select class="field__input" on:change:target=move |event| choose(event.target().value())>
                <option value="">"all"</option>
                {options.collect_view()}
            </select>
        </label>
    }
}

#[component]
fn NoJobs(
    /// What the list is narrowed to.
    filter: RwSignal<JobFilter>,
) -> impl IntoView {
    let state = filter.with_untracked(|filter| filter.state);
    match state {
        Some(state) => view! { <p class="muted">{format!("No job is {state}.")}</p> }.into_any(),
        None => view! {
            <p class="muted">
                "No jobs yet. Whatever takes time becomes a job: starting a server, stopping it, installing the game."
            </p>
        }
        .into_any(),
    }
}
