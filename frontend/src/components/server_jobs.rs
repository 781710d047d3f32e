//! The last jobs of one server.

use l4d2_contract::ServerId;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::{Api, ApiError, JobFilter};
use crate::components::failed::{Failed, Loading};
use crate::components::job_list::JobList;
use crate::job_pages::JobPages;
use crate::pages::jobs::filtered_jobs_address;
use crate::store::Store;

const MOST: u32 = 5;

/// The newest few, with those that are at work.
#[component]
pub fn ServerJobs(
    /// Whose.
    server: ServerId,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let filter = JobFilter { server: Some(server), ..JobFilter::default() };
    let pages = RwSignal::new(JobPages::new(filter));
    let error = RwSignal::new(None::<ApiError>);
    let fetch = Callback::new(move |()| {
        error.set(None);
        leptos::task::spawn_local(async move {
            match api.list_jobs(filter, None, MOST).await {
                Ok(page) => drop(pages.try_update(|pages| pages.add(filter, None, page))),
                Err(problem) => drop(error.try_set(Some(problem))),
            }
        });
    });
    fetch.run(());
    let jobs = Memo::new(move |_| {
        let mut jobs = pages.with(|pages| store.jobs.with(|live| pages.merged(live)))?;
        jobs.truncate(MOST as usize);
        Some(jobs)
    });
    view! {
        {move || error.get().map(|problem| view! { <Failed why=problem.to_string() retry=fetch /> })}
        {move || match jobs.with(|jobs| jobs.as_ref().map(Vec::is_empty)) {
            None => error.with(Option::is_none).then(|| view! { <Loading /> }).into_any(),
            Some(true) => view! { <p class="muted">"None yet."</p> }.into_any(),
            Some(false) => {
                view! {
                    <JobList jobs=Signal::derive(move || jobs.get().unwrap_or_default()) label="Last jobs" />
                    <p>
                        <A href=filtered_jobs_address(filter) attr:class="link">
                            "All jobs of this server"
                        </A>
                    </p>
                }
                .into_any()
            }
        }}
    }
}
