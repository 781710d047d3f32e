//! Jobs: filing, scheduling, running, recovering, and their logs.
//!
//! The database is the only truth about a job's state. What is kept in memory is how to reach the jobs at work in this
//! process, and a wake-up for the scheduler; both vanish with the process and nothing is stuck because of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use l4d2_contract::JobId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

mod boot;
mod end;
pub(crate) mod follow;
pub mod log;
pub mod prune;
mod recent;
pub mod recovery;
pub mod rules;
pub mod scheduler;
pub mod submit;
mod worker;

/// How to reach the jobs at work; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Jobs {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Wakes the scheduler: something was filed, or ended.
    wake: Notify,
    /// A job is entered before it is marked as running and leaves after it has ended, so a running job of this process
    /// can always be reached.
    at_work: Mutex<HashMap<JobId, AtWork>>,
    /// Wakes whoever waits until nothing is at work.
    idle: Notify,
}

/// The lever on one job at work.
#[derive(Debug, Clone, Default)]
struct AtWork {
    cancel: CancellationToken,
    /// Why it was cancelled; the first reason stays.
    reason: Arc<OnceLock<String>>,
}

impl Jobs {
    /// Makes the scheduler look again.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// Asks a job at work to give up. False when it is not at work here.
    pub fn interrupt(&self, id: JobId, reason: &str) -> bool {
        let Some(at_work) = self.at_work().get(&id).cloned() else {
            return false;
        };
        // A second reason changes nothing.
        let _ = at_work.reason.set(reason.to_owned());
        at_work.cancel.cancel();
        true
    }

    /// Asks all jobs at work to give up.
    pub fn interrupt_all(&self, reason: &str) {
        let ids: Vec<JobId> = self.at_work().keys().copied().collect();
        for id in ids {
            self.interrupt(id, reason);
        }
    }

    /// Returns once no job is at work.
    pub async fn idle(&self) {
        loop {
            let idle = self.inner.idle.notified();
            tokio::pin!(idle);
            // Registered before looking, so that no end slips through between.
            idle.as_mut().enable();
            if self.at_work().is_empty() {
                return;
            }
            idle.await;
        }
    }

    fn is_at_work(&self, id: JobId) -> bool {
        self.at_work().contains_key(&id)
    }

    fn enter(&self, id: JobId) -> AtWork {
        let at_work = AtWork::default();
        self.at_work().insert(id, at_work.clone());
        at_work
    }

    fn leave(&self, id: JobId) {
        self.at_work().remove(&id);
        self.inner.idle.notify_waiters();
        self.wake();
    }

    fn at_work(&self) -> MutexGuard<'_, HashMap<JobId, AtWork>> {
        // The map is whole after every statement, so a panic elsewhere can't have left it broken.
        self.inner.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a job out of the map however its task ends, a panic included: no lock outlives its holder. The scheduler, woken
/// by that, ends a job whose row still says that it runs.
#[derive(Debug)]
struct Entered {
    jobs: Jobs,
    id: JobId,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.jobs.leave(self.id);
    }
}
