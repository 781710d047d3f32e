//! The buttons that make sense in a server's present state.
//!
//! The one that comes next often takes the place of the one that was pressed: Start, Cancel, Restart. So a press counts
//! only when the buttons have stood for a moment, and the second half of a double click never does.

use std::time::Duration;

use l4d2_contract::{ActualState, DesiredState, Job, JobId, Server, ServerId, ServerOperation};
use leptos::ev::MouseEvent;
use leptos::html;
use leptos::prelude::*;

use crate::api::{Api, ApiError};
use crate::components::focus::hand_on;
use crate::components::sending::Sending;
use crate::store::Store;

/// How long buttons must have stood before they can be pressed: nobody means one that they can't have seen yet.
const SETTLING: Duration = Duration::from_millis(600);

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Run(ServerOperation),
    Cancel(JobId),
}

impl Action {
    /// The buttons of a server, in their order.
    fn for_server(server: &Server, all: bool) -> Vec<Self> {
        if let Some(job) = server.active_job {
            return vec![Self::Cancel(job)];
        }
        let mut operations = match server.actual_state {
            ActualState::Running => vec![ServerOperation::Restart, ServerOperation::Stop],
            // It would be started at the next boot of the host, if nobody said that it may stay down.
            ActualState::Stopped | ActualState::Failed if server.desired_state == DesiredState::Running => {
                vec![ServerOperation::Start, ServerOperation::Stop]
            }
            ActualState::Stopped | ActualState::Failed => vec![ServerOperation::Start],
            ActualState::Unknown => vec![ServerOperation::Start, ServerOperation::Stop],
        };
        if all && can_be_initialized(server) {
            operations.push(ServerOperation::Initialize);
        }
        operations.into_iter().map(Self::Run).collect()
    }

    fn label(self, server: &Server) -> &'static str {
        match self {
            Self::Run(ServerOperation::Start) => "Start",
            Self::Run(ServerOperation::Stop) if is_down(server) => "Leave stopped",
            Self::Run(ServerOperation::Stop) => "Stop",
            Self::Run(ServerOperation::Restart) if server.pending_changes => "Restart to apply changes",
            Self::Run(ServerOperation::Restart) => "Restart",
            Self::Run(ServerOperation::Initialize) => "Initialize",
            Self::Run(ServerOperation::Delete) => "Delete",
            Self::Cancel(_) => "Cancel",
        }
    }

    /// Whether it is what one most likely came for.
    fn is_likely(self, server: &Server) -> bool {
        match self {
            Self::Run(ServerOperation::Start) => true,
            Self::Run(ServerOperation::Restart) => server.pending_changes,
            _ => false,
        }
    }

    async fn perform(self, api: Api, server: ServerId) -> Result<Job, ApiError> {
        match self {
            Self::Run(operation) => api.create_server_job(server, operation).await,
            Self::Cancel(job) => api.cancel_job(job).await,
        }
    }
}

/// Its files are written afresh only while it is down.
pub fn can_be_initialized(server: &Server) -> bool {
    server.active_job.is_none() && is_down(server)
}

fn is_down(server: &Server) -> bool {
    matches!(server.actual_state, ActualState::Stopped | ActualState::Failed)
}

/// The buttons. What they are answered goes to the store, so it shows at once.
#[component]
pub fn ServerActions(
    /// The server.
    server: Memo<Server>,
    /// How the last press of a button went.
    sending: Sending,
    /// Whether they are what the page is about: there is room for what is seldom wanted, too, and one stands out.
    #[prop(optional)]
    all: bool,
) -> impl IntoView {
    let api: Api = expect_context();
    let store = Store::expect();
    let actions = Memo::new(move |_| server.with(|server| Action::for_server(server, all)));
    let root = NodeRef::<html::Span>::new();
    let settled = settled(actions);
    let press = move |event: MouseEvent, action: Action| {
        if event.detail() > 1 || !settled.get_untracked() {
            return;
        }
        let id = server.with_untracked(|server| server.id);
        sending.start(async move { action.perform(api, id).await }, move |job| store.accept_job(&job));
    };
    let button = move |action: Action| {
        view! {
            <button
                class="button"
                class:button--primary=move || all && server.with(|server| action.is_likely(server))
                type="button"
                aria-disabled=move || (!settled.get()).then_some("true").or_else(|| sending.busy_attribute())
                on:click=move |event| press(event, action)
            >
                {move || server.with(|server| action.label(server))}
                <span class="visually-hidden">" "{move || server.with(|server| server.name.clone())}</span>
            </button>
        }
    };
    view! {
        <span class="server__buttons" node_ref=root>
            {move || {
                let actions = actions.get();
                keep_focus(root);
                actions.into_iter().map(button).collect_view()
            }}
        </span>
    }
}

/// Whether the buttons have stood long enough. Those that a page opens with have.
fn settled(actions: Memo<Vec<Action>>) -> RwSignal<bool> {
    let settled = RwSignal::new(true);
    Effect::new(move |last: Option<(Vec<Action>, Option<TimeoutHandle>)>| {
        let now = actions.get();
        let Some((last, mut timer)) = last else { return (now, None) };
        if last != now {
            if let Some(timer) = timer {
                timer.clear();
            }
            settled.set(false);
            let settle = move || {
                // The page may be left by then.
                settled.try_set(true);
            };
            timer = set_timeout_with_handle(settle, SETTLING).ok();
        }
        (now, timer)
    });
    settled
}

/// Gives the focus to the first of the new buttons when the one that has it is about to go.
fn keep_focus(root: NodeRef<html::Span>) {
    let focused = document().active_element();
    if root.get_untracked().is_some_and(|root| root.contains(focused.as_deref())) {
        hand_on(move || root.try_get_untracked().flatten()?.first_element_child());
    }
}
