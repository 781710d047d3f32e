//! How far a job is.

use l4d2_contract::Job;
use leptos::prelude::*;

/// What there is to show of a job's progress: once it has ended, its state says more.
pub fn of_job(job: &Job) -> Option<f64> {
    job.progress.filter(|_| !job.state.is_final())
}

/// A bar with per cent. It is there as soon as something is known.
#[component]
pub fn Progress(
    /// 0 to 1, while it is known.
    #[prop(into)]
    value: Signal<Option<f64>>,
    /// What is under way.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let is_known = Memo::new(move |_| value.get().is_some());
    let share = move || value.get().unwrap_or_default().clamp(0.0, 1.0);
    view! {
        <Show when=move || is_known.get()>
            <span class="progress">
                <progress class="progress__bar" max="1" aria-label=label prop:value=share value=share></progress>
                <span class="progress__text">{move || format!("{:.0} %", (share() * 100.0).floor())}</span>
            </span>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use l4d2_contract::{JobState, Operation};

    use super::*;
    use crate::samples;

    #[test]
    fn a_job_that_has_ended_shows_no_bar() {
        let running = Job { state: JobState::Running, progress: Some(0.5), ..samples::job(1, Operation::Install) };
        assert_eq!(of_job(&running), Some(0.5));
        assert_eq!(of_job(&Job { state: JobState::Succeeded, progress: Some(1.0), ..running }), None);
    }
}
