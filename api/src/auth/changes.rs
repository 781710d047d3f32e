//! Tells open streams that somebody's rights may have changed.
//!
//! It carries no detail: whoever listens asks the database again. Changes made by another process (the command line)
//! are not heard here, which is why streams also ask from time to time.

use tokio::sync::watch;

/// The notifier; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct AuthChanged {
    count: watch::Sender<u64>,
}

impl AuthChanged {
    /// A session or token was revoked, or a user was disabled or lost a right.
    pub fn bump(&self) {
        self.count.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Hears of every change from now on.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }
}
