//! What a server's state looks like, and the loop that keeps looking.

use std::sync::Arc;

use futures::StreamExt;
use l4d2_contract::{ActualState, DesiredState, DisplayState, Operation, ServerId};
use l4d2_host::supervisor::{ActualState as Found, InstanceStatus};
use l4d2_host::{HostError, InstanceName};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;

use crate::app::AppState;
use crate::clock;
use crate::db::entity::servers;
use crate::db::server_state as queries;
use crate::domain::publish;
use crate::error::{ApiResult, chain};
use crate::facade;

/// What to show: the active job first, else what was found.
pub fn display_state(active: Option<Operation>, actual: ActualState) -> DisplayState {
    match active {
        Some(Operation::Delete) => DisplayState::Deleting,
        Some(Operation::Start) => DisplayState::Starting,
        Some(Operation::Stop) => DisplayState::Stopping,
        Some(Operation::Restart) => DisplayState::Restarting,
        Some(Operation::Initialize) => DisplayState::Initializing,
        Some(Operation::Install) | None => match actual {
            ActualState::Running => DisplayState::Running,
            ActualState::Stopped => DisplayState::Stopped,
            ActualState::Failed => DisplayState::Failed,
            ActualState::Unknown => DisplayState::Unknown,
        },
    }
}

/// Whether a server is not as it should be and nothing is being done about it.
pub fn drift(active: Option<Operation>, desired: DesiredState, actual: ActualState) -> bool {
    let as_desired = match desired {
        DesiredState::Running => actual == ActualState::Running,
        DesiredState::Stopped => actual == ActualState::Stopped,
    };
    active.is_none() && !as_desired
}

/// What a look at a server found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The state.
    pub state: ActualState,
    /// Why, where something is wrong; empty otherwise.
    pub reason: String,
    /// When the present run of the game began, in milliseconds since 1970.
    pub since: Option<i64>,
}

impl Look {
    /// From what the host answered.
    pub fn new(found: Result<InstanceStatus, HostError>) -> Self {
        let status = match found {
            Ok(status) => status,
            Err(error) => return Self { state: ActualState::Unknown, reason: chain(&error), since: None },
        };
        let since = status.since.map(clock::millis);
        let restarts = status.recent_restarts;
        let (state, reason) = match status.state {
            Found::Running if restarts > 0 => (
                ActualState::Running,
                format!("the game crashed and was started again ({restarts} in the last minute)"),
            ),
            Found::Running => (ActualState::Running, String::new()),
            Found::Stopped => (ActualState::Stopped, String::new()),
            Found::Failed { reason } => (ActualState::Failed, reason),
            Found::Unknown { reason } => (ActualState::Unknown, reason),
        };
        Self { state, reason, since: since.filter(|_| state == ActualState::Running) }
    }

    /// Since when the state holds, where that is new: a game's own start, else this moment if the state was another.
    pub fn since_moment(&self, was: &str) -> Option<i64> {
        self.since.or_else(|| (was != self.state.as_str()).then(clock::now))
    }
}

/// Looks at one server; a look that takes too long finds it in an unknown state.
pub async fn look(state: &AppState, name: &str) -> Look {
    match InstanceName::parse(name) {
        Ok(name) => Look::new(facade::look(&state.host, &name).await),
        Err(error) => Look { state: ActualState::Unknown, reason: error.to_string(), since: None },
    }
}

/// How many servers are looked at at once.
pub const PARALLEL_LOOKS: usize = 16;

/// Looks at all servers, writes what changed and tells everyone.
pub async fn refresh_all(state: &AppState) -> ApiResult<()> {
    let rows = queries::all(state.db.read()).await?;
    let looks: Vec<(servers::Model, Look)> = futures::stream::iter(rows)
        .map(|row| async move {
            let found = look(state, &row.name).await;
            (row, found)
        })
        .buffered(PARALLEL_LOOKS)
        .collect()
        .await;
    let (same, changed): (Vec<_>, Vec<_>) = looks.into_iter().partition(|(row, look)| is_known(row, look));
    let same: Vec<ServerId> = same.iter().map(|(row, _)| ServerId(row.id)).collect();
    queries::touch_actual_state(state.db.write(), &same).await?;
    for (row, look) in changed {
        record(state, &row, &look).await?;
    }
    Ok(())
}

/// Looks at one server, writes what changed and tells everyone.
pub async fn refresh_one(state: &AppState, name: &InstanceName) -> ApiResult<()> {
    let Some(row) = queries::find_by_name(state.db.read(), name.as_str()).await? else {
        return Ok(());
    };
    let found = look(state, &row.name).await;
    if is_known(&row, &found) {
        return Ok(());
    }
    record(state, &row, &found).await
}

fn is_known(row: &servers::Model, look: &Look) -> bool {
    row.actual_state == look.state.as_str()
        && (look.reason.is_empty() || row.last_error == look.reason)
        && (look.since.is_none() || row.actual_state_since == look.since)
}

/// Writes a look that began when the server was as in `row`. What was written since comes from a later look and stays.
async fn record(state: &AppState, row: &servers::Model, look: &Look) -> ApiResult<()> {
    if queries::replace_actual_state(state.db.write(), row, look).await? {
        publish::server(state, ServerId(row.id)).await?;
    }
    Ok(())
}

/// Looks every so often and whenever the supervisor says that something happened, until the panel shuts down.
pub async fn run(state: Arc<AppState>) {
    let mut changes = state.host.changes();
    let mut tick = tokio::time::interval(state.config.status_refresh);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let result = tokio::select! {
            () = state.shutdown.cancelled() => return,
            _ = tick.tick() => refresh_all(&state).await,
            change = changes.recv() => match change {
                Ok(change) => refresh_one(&state, &change.name).await,
                Err(RecvError::Lagged(_)) => refresh_all(&state).await,
                Err(RecvError::Closed) => return,
            },
        };
        if let Err(error) = result {
            tracing::warn!(error = %chain(&error), "could not refresh the servers' state");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_active_job_is_shown_first() {
        assert_eq!(display_state(Some(Operation::Start), ActualState::Stopped), DisplayState::Starting);
        assert_eq!(display_state(Some(Operation::Delete), ActualState::Running), DisplayState::Deleting);
        assert_eq!(display_state(None, ActualState::Failed), DisplayState::Failed);
    }

    #[test]
    fn drift_needs_a_difference_and_nothing_being_done() {
        for actual in ActualState::ALL {
            for desired in DesiredState::ALL {
                let differs = actual.as_str() != desired.as_str();
                assert_eq!(drift(None, *desired, *actual), differs);
                assert!(!drift(Some(Operation::Stop), *desired, *actual));
            }
        }
    }
}
