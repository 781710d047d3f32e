//! What the doctor found on the machine.

use l4d2_contract::{DoctorCheck, DoctorStatus};
use leptos::prelude::*;

use crate::components::copy::CopyText;
use crate::components::mark::{Mark, Tone};
use crate::text::sentence;

/// The list of checks, those that need a person first.
#[component]
pub fn Checks(
    /// The checks.
    checks: Vec<DoctorCheck>,
) -> impl IntoView {
    let mut checks = checks;
    checks.sort_by_key(|check| match check.status {
        DoctorStatus::Failed => 0,
        DoctorStatus::Warning => 1,
        DoctorStatus::Ok => 2,
    });
    view! {
        <ul class="rows rows--plain" aria-label="Checks">
            {checks.into_iter().map(|check| view! { <Check check /> }).collect_view()}
        </ul>
    }
}

#[component]
fn Check(
    /// The check.
    check: DoctorCheck,
) -> impl IntoView {
    let (tone, word) = match check.status {
        DoctorStatus::Ok => (Tone::Good, "ok"),
        DoctorStatus::Warning => (Tone::Warning, "warning"),
        DoctorStatus::Failed => (Tone::Bad, "failed"),
    };
    let remedy = match (check.remedy.is_empty(), check.remedy_is_command) {
        (true, _) => ().into_any(),
        (false, true) => view! { <CopyText label="What to do" text=check.remedy /> }.into_any(),
        (false, false) => view! { <span>{sentence(&check.remedy)}</span> }.into_any(),
    };
    view! {
        <li class="row row--top">
            <span class="check__mark">
                <Mark tone word />
            </span>
            <span class="row__main">
                <span>{sentence(&check.message)}</span>
                <span class="row__detail">{check.id}</span>
                {remedy}
            </span>
        </li>
    }
}
