//! What servers take up on the host, counted when somebody asks.
//!
//! A count walks over a tree that a game wrote. However often it is asked for, one is made at a time, off the async
//! threads, and its answer serves for some seconds; the host bounds each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use l4d2_contract::{ServerId, ServerUsage};
use l4d2_host::InstanceName;

use crate::app::AppState;
use crate::auth::Caller;
use crate::domain::access;
use crate::error::{ApiError, ApiResult};

/// How old an answer may be.
const COUNT_LASTS: Duration = Duration::from_secs(10);

/// The last counts; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Usages {
    /// Held while a count is made.
    counting: Arc<tokio::sync::Mutex<()>>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// How often something was forgotten.
    generation: u64,
    /// By server, with the moment it was counted.
    counts: HashMap<ServerId, (Instant, ServerUsage)>,
}

/// What a server takes up.
pub async fn get(state: &AppState, caller: &Caller, id: ServerId) -> ApiResult<ServerUsage> {
    let row = access::visible_server(state.db.read(), caller, id).await?;
    let name = InstanceName::parse(&row.name).map_err(ApiError::internal)?;
    let host = state.host.clone();
    let count = async move {
        let counted = host.usage(&name).await.map_err(ApiError::internal)?;
        Ok(ServerUsage {
            instance_bytes: counted.map(|usage| usage.bytes),
            complete: counted.is_none_or(|usage| usage.complete),
        })
    };
    state.usages.of(id, count).await
}

impl Usages {
    /// Must be called after every job: it has changed what there is to count.
    pub fn forget(&self, id: ServerId) {
        let mut kept = self.lock();
        kept.generation += 1;
        kept.counts.remove(&id);
    }

    async fn of(
        &self,
        id: ServerId,
        count: impl Future<Output = ApiResult<ServerUsage>> + Send + 'static,
    ) -> ApiResult<ServerUsage> {
        let turn = Arc::clone(&self.counting).lock_owned().await;
        let generation = {
            let mut kept = self.lock();
            kept.counts.retain(|_, (made, _)| made.elapsed() < COUNT_LASTS);
            if let Some((_, usage)) = kept.counts.get(&id) {
                return Ok(*usage);
            }
            kept.generation
        };
        // Whoever asked may leave; the count that was begun goes on, and holds the next one off until it is done.
        let this = self.clone();
        let counting = tokio::spawn(async move {
            let usage = count.await?;
            let mut kept = this.lock();
            // What was counted beside a change may be half of before and half of after.
            if kept.generation == generation {
                kept.counts.insert(id, (Instant::now(), usage));
            }
            drop((kept, turn));
            Ok(usage)
        });
        counting.await.map_err(ApiError::internal)?
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // What is in it is whole at every moment.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const SOME: ServerUsage = ServerUsage { instance_bytes: Some(512), complete: true };

    #[tokio::test]
    async fn of_many_who_ask_one_counts() {
        let (usages, counts) = (Usages::default(), Arc::new(AtomicUsize::new(0)));
        let ask = |id| {
            let counts = Arc::clone(&counts);
            usages.of(ServerId(id), async move {
                counts.fetch_add(1, Ordering::Relaxed);
                Ok(SOME)
            })
        };
        let answers = futures::future::join_all((0..20).map(|number| ask(number % 2))).await;
        assert!(answers.into_iter().all(|answer| answer.is_ok_and(|usage| usage == SOME)));
        assert_eq!(counts.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn who_leaves_does_not_let_a_second_count_in_beside_the_first() {
        let usages = Usages::default();
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = {
            let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
            async move {
                begun.notify_one();
                go_on.notified().await;
                Ok(SOME)
            }
        };
        tokio::select! {
            _ = usages.of(ServerId(1), slow) => panic!("nothing let it end"),
            () = begun.notified() => {}
        }
        assert!(usages.counting.try_lock().is_err(), "the count that was left goes on");
        go_on.notify_one();
        let late = usages.of(ServerId(1), async { Err(ApiError::internal(anyhow::anyhow!("a second count"))) }).await;
        assert_eq!(late.expect("the first count's answer"), SOME);
    }

    #[tokio::test]
    async fn what_was_counted_beside_a_job_is_not_kept() {
        let usages = Usages::default();
        let meanwhile = usages.clone();
        let first = usages.of(ServerId(1), async move {
            meanwhile.forget(ServerId(1));
            Ok(SOME)
        });
        first.await.expect("a count");
        let other = ServerUsage { instance_bytes: Some(1_024), complete: true };
        assert_eq!(usages.of(ServerId(1), async move { Ok(other) }).await.expect("a count"), other);
        assert_eq!(usages.of(ServerId(1), async { Ok(SOME) }).await.expect("the kept one"), other);
        usages.forget(ServerId(1));
        assert_eq!(usages.of(ServerId(1), async { Ok(SOME) }).await.expect("a count"), SOME);
    }
}
