//! The last jobs of one server.

use l4d2_contract::ServerId;
use leptos::prelude::*;

use crate::api::{Api, ApiError, JobFilter};
use crate::components::job_list::JobList;
use crate::components::notice::Notice;
use crate::job_pages::JobPages;
use crate::store::Store;

const MOST: usize = 5;

/// The newest few, with those that are at work.
#[component]
pub fn ServerJobs(
    /// Whose.
    server: ServerId,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let filter = JobFilter { server: Some(server), state: None };
    let pages = RwSignal::new(JobPages::new(filter));
    let error = RwSignal::new(None::<ApiError>);
    leptos::task::spawn_local(async move {
        match api.list_jobs(filter, None, 5).await {
            Ok(page) => drop(pages.try_update(|pages| pages.add(filter, page))),
            Err(problem) => drop(error.try_set(Some(problem))),
        }
    });
    let jobs = Memo::new(move |_| {
        let mut jobs = pages.with(|pages| store.jobs.with(|live| pages.merged(live))).unwrap_or_default();
        jobs.truncate(MOST);
        jobs
    });
    view! {
        {move || error.get().map(|problem| view! { <Notice>{problem.to_string()}</Notice> })}
        <Show
            when=move || jobs.with(|jobs| !jobs.is_empty())
            fallback=|| view! { <p class="muted">"None yet."</p> }
        >
            <JobList jobs label="Last jobs" />
        </Show>
    }
}
