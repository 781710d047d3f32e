//! Jobs as a list: one line each.

use l4d2_contract::{Job, JobId, JobState};
use leptos::prelude::*;
use leptos_router::components::A;

use crate::app::job_address;
use crate::components::badge::JobBadge;
use crate::components::progress::{self, Progress};
use crate::components::time::{Clock, RelativeTime};
use crate::job_words::{how_long, span, title};
use crate::store::Store;
use crate::text::sentence;

/// The lines, in the order of the list.
#[component]
pub fn JobList(
    /// The jobs.
    #[prop(into)]
    jobs: Signal<Vec<Job>>,
    /// What screen readers call it.
    label: &'static str,
) -> impl IntoView {
    let ids = Memo::new(move |_| jobs.with(|jobs| jobs.iter().map(|job| job.id).collect::<Vec<_>>()));
    view! {
        <ul class="jobs" aria-label=label>
            <For each=move || ids.get() key=|id| *id let:id>
                {line(jobs, id)}
            </For>
        </ul>
    }
}

/// One line; nothing when the job left the list already.
fn line(jobs: Signal<Vec<Job>>, id: JobId) -> Option<impl IntoView> {
    let find = move |jobs: &Vec<Job>| jobs.iter().find(|job| job.id == id).cloned();
    let first = jobs.with_untracked(find)?;
    let job =
        Memo::new(move |last: Option<&Job>| jobs.with(find).or_else(|| last.cloned()).unwrap_or_else(|| first.clone()));
    Some(view! { <JobLine job /> })
}

#[component]
fn JobLine(
    /// The job.
    job: Memo<Job>,
) -> impl IntoView {
    let (clock, store) = (Clock::expect(), Store::expect());
    let state = Memo::new(move |_| job.with(|job| job.state));
    let name = Memo::new(move |_| job.with(title));
    let time = move || {
        job.with(|job| {
            let (start, end) = span(job);
            how_long(job.state, &clock.since(start, end))
        })
    };
    let error = move || job.with(|job| sentence(&job.error));
    let (address, user) = job.with_untracked(|job| (job_address(job.id), job.user_id));
    let by = move || store.who(user).map(|who| format!("by {who}"));
    view! {
        <li class="job">
            <span class="job__state">
                <JobBadge state />
            </span>
            <span class="job__name">
                <A href=address attr:class="link">
                    {name}
                </A>
                <span class="job__error" class:muted=move || state.get() == JobState::Cancelled>{error}</span>
            </span>
            <span class="job__facts">
                <span class="job__who muted">{by}</span>
                <span class="job__time muted">
                    {time}
                    <Progress value=Signal::derive(move || job.with(progress::of_job)) label=name />
                </span>
                <span class="job__when muted">
                    <RelativeTime at=Signal::derive(move || job.with(|job| job.created_at.clone())) />
                </span>
            </span>
        </li>
    }
}
