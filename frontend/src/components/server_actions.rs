//! The buttons that make sense in a server's present state.

use l4d2_contract::{ActualState, Job, JobId, Server, ServerOperation};
use leptos::prelude::*;

use crate::api::{Api, ApiError};
use crate::store::Store;

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Run(ServerOperation),
    Cancel(JobId),
}

impl Action {
    /// The buttons of a server, in their order.
    fn for_server(server: &Server) -> Vec<Self> {
        if let Some(job) = server.active_job {
            return vec![Self::Cancel(job)];
        }
        match server.actual_state {
            ActualState::Running => vec![Self::Run(ServerOperation::Restart), Self::Run(ServerOperation::Stop)],
            ActualState::Stopped | ActualState::Failed => vec![Self::Run(ServerOperation::Start)],
            ActualState::Unknown => vec![Self::Run(ServerOperation::Start), Self::Run(ServerOperation::Stop)],
        }
    }

    fn label(self, server: &Server) -> &'static str {
        match self {
            Self::Run(ServerOperation::Start) => "Start",
            Self::Run(ServerOperation::Stop) => "Stop",
            Self::Run(ServerOperation::Restart) if server.pending_changes => "Restart to apply changes",
            Self::Run(ServerOperation::Restart) => "Restart",
            Self::Run(ServerOperation::Initialize) => "Initialize",
            Self::Run(ServerOperation::Delete) => "Delete",
            Self::Cancel(_) => "Cancel",
        }
    }

    async fn perform(self, api: Api, server: &Server) -> Result<Job, ApiError> {
        match self {
            Self::Run(operation) => api.create_server_job(server.id, operation).await,
            Self::Cancel(job) => api.cancel_job(job).await,
        }
    }
}

/// The buttons. What they are answered goes to the store, so it shows at once.
#[component]
pub fn ServerActions(
    /// The server.
    server: Memo<Server>,
    /// Why the last press of a button came to nothing.
    error: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let api: Api = expect_context();
    let store = Store::expect();
    let sending = RwSignal::new(false);
    let actions = Memo::new(move |_| server.with(Action::for_server));
    let press = move |action: Action| {
        if sending.get_untracked() {
            return;
        }
        sending.set(true);
        error.set(None);
        leptos::task::spawn_local(async move {
            let Some(current) = server.try_get_untracked() else { return };
            // The server may be gone by the time of the answer.
            match action.perform(api, &current).await {
                Ok(job) => store.accept_job(&job),
                Err(problem) => drop(error.try_set(Some(problem))),
            }
            sending.try_set(false);
        });
    };
    let button = move |action: Action| {
        view! {
            <button
                class="button"
                type="button"
                aria-disabled=move || sending.get().then_some("true")
                on:click=move |_| press(action)
            >
                {move || server.with(|server| action.label(server))}
                <span class="visually-hidden">" "{move || server.with(|server| server.name.clone())}</span>
            </button>
        }
    };
    move || actions.get().into_iter().map(button).collect_view()
}
