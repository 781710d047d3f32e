//! How long the machine stood still as a whole: a limit on what the product takes is none on the machine that it is tested on.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(10);
/// So much later than it wants a thread may run on a machine that is only busy.
const BUSY: Duration = Duration::from_millis(40);

/// Counts from its making to its end.
pub(crate) struct Standstill(Arc<Mutex<Counted>>);

struct Counted {
    ticked: Instant,
    stood: Duration,
}

impl Standstill {
    pub(crate) fn watch() -> Self {
        let counted = Arc::new(Mutex::new(Counted { ticked: Instant::now(), stood: Duration::ZERO }));
        let watched = Arc::downgrade(&counted);
        thread::spawn(move || {
            loop {
                thread::sleep(TICK);
                let Some(counted) = watched.upgrade() else { return };
                let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
                let late = counted.late();
                counted.stood += late;
                counted.ticked = Instant::now();
            }
        });
        Self(counted)
    }

    /// What is left of a time without the standstills since this was made.
    pub(crate) fn without(&self, time: Duration) -> Duration {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who asks may run before the thread that counts does.
        time.saturating_sub(counted.stood + counted.late())
    }
}

impl Counted {
    fn late(&self) -> Duration {
        self.ticked.elapsed().saturating_sub(TICK + BUSY)
    }
}
