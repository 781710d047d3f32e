//! The state of a server or a job at a glance: a shape, a word and a colour, any one of which is enough.

use l4d2_contract::{DisplayState, JobState, Server};
use leptos::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    word: &'static str,
    class: &'static str,
    /// An outline in a box of 12 by 12.
    shape: &'static str,
}

const TRIANGLE: &str = "M3 1 L11 6 L3 11 Z";
const SQUARE: &str = "M2 2 H10 V10 H2 Z";
const RING: &str = "M6 1 A5 5 0 1 1 5.99 1 Z M6 3.5 A2.5 2.5 0 1 0 6.01 3.5 Z";
const WARNING: &str = "M6 1 L11.5 11 H0.5 Z";
const CROSS: &str = "M2.5 1 L6 4.5 L9.5 1 L11 2.5 L7.5 6 L11 9.5 L9.5 11 L6 7.5 L2.5 11 L1 9.5 L4.5 6 L1 2.5 Z";
const DIAMOND: &str = "M6 0.5 L11.5 6 L6 11.5 L0.5 6 Z";
const CHECK: &str = "M1 6.5 L2.8 4.7 L4.8 6.7 L9.4 1.6 L11.2 3.3 L4.9 10.4 Z";
const SLASH: &str =
    "M6 0.5 A5.5 5.5 0 1 1 5.99 0.5 Z M2.6 8 L8 2.6 A3.9 3.9 0 0 0 2.6 8 Z M4 9.4 A3.9 3.9 0 0 0 9.4 4 Z";

fn look(server: &Server) -> Look {
    let busy = |word| Look { word, class: "badge badge--busy", shape: RING };
    match server.display_state {
        DisplayState::Deleting => busy("deleting"),
        DisplayState::Starting => busy("starting"),
        DisplayState::Stopping => busy("stopping"),
        DisplayState::Restarting => busy("restarting"),
        DisplayState::Initializing => busy("initializing"),
        DisplayState::Failed => Look { word: "failed", class: "badge badge--failed", shape: CROSS },
        DisplayState::Unknown => Look { word: "unknown", class: "badge badge--drift", shape: DIAMOND },
        _ if server.drift => Look { word: "drift", class: "badge badge--drift", shape: WARNING },
        DisplayState::Running => Look { word: "running", class: "badge badge--running", shape: TRIANGLE },
        DisplayState::Stopped => Look { word: "stopped", class: "badge badge--stopped", shape: SQUARE },
    }
}

fn job_look(state: JobState) -> Look {
    match state {
        JobState::Queued => Look { word: "queued", class: "badge badge--stopped", shape: RING },
        JobState::Running => Look { word: "running", class: "badge badge--busy", shape: RING },
        JobState::Succeeded => Look { word: "succeeded", class: "badge badge--running", shape: CHECK },
        JobState::Failed => Look { word: "failed", class: "badge badge--failed", shape: CROSS },
        JobState::Cancelled => Look { word: "cancelled", class: "badge badge--drift", shape: SLASH },
    }
}

/// The state of a server.
#[component]
pub fn StateBadge(
    /// The server.
    #[prop(into)]
    server: Signal<Server>,
) -> impl IntoView {
    view! { <Badge look=Memo::new(move |_| server.with(look)) /> }
}

/// The state of a job.
#[component]
pub fn JobBadge(
    /// The state.
    #[prop(into)]
    state: Signal<JobState>,
) -> impl IntoView {
    view! { <Badge look=Memo::new(move |_| job_look(state.get())) /> }
}

#[component]
fn Badge(
    /// Its look.
    look: Memo<Look>,
) -> impl IntoView {
    view! {
        <span class=move || look.get().class>
            <svg class="badge__shape" viewBox="0 0 12 12" aria-hidden="true">
                <path d=move || look.get().shape fill-rule="evenodd" />
            </svg>
            {move || look.get().word}
        </span>
    }
}
