//! What signing in leaves behind is cleared away: full buckets of the limits often, rows that count no more at times.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::app::AppState;
use crate::domain;
use crate::error::chain;

const SWEEP_EVERY: Duration = Duration::from_secs(30);
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// Runs until the panel shuts down.
pub async fn run(state: Arc<AppState>) {
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    let mut prune = tokio::time::interval(PRUNE_EVERY);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            _ = sweep.tick() => state.auth.limits.sweep(),
            _ = prune.tick() => match domain::auth::prune(&state.db).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, "pruned ended sessions and API tokens"),
                Err(error) => tracing::warn!(error = %chain(&error), "could not prune sessions"),
            },
        }
    }
}
