//! The buttons that make sense in a server's present state.

use l4d2_contract::{ActualState, Job, JobId, Server, ServerId, ServerOperation};
use leptos::prelude::*;

use crate::api::{Api, ApiError};
use crate::components::sending::Sending;
use crate::store::Store;

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
    server.active_job.is_none() && matches!(server.actual_state, ActualState::Stopped | ActualState::Failed)
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
    let press = move |action: Action| {
        let id = server.with_untracked(|server| server.id);
        sending.start(async move { action.perform(api, id).await }, move |job| store.accept_job(&job));
    };
    let button = move |action: Action| {
        view! {
            <button
                class="button"
                class:button--primary=move || all && server.with(|server| action.is_likely(server))
                type="button"
                aria-disabled=move || sending.busy_attribute()
                on:click=move |_| press(action)
            >
                {move || server.with(|server| action.label(server))}
                <span class="visually-hidden">" "{move || server.with(|server| server.name.clone())}</span>
            </button>
        }
    };
    move || actions.get().into_iter().map(button).collect_view()
}
