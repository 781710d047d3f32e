//! How many streams may be open: in total, and of one user.
//!
//! A permit lives in its stream and is given back when the stream is dropped, however that comes about.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use l4d2_contract::UserId;

use crate::error::{ApiError, ApiResult};

/// Seconds after which a refused client may try again: by then a revoked or broken stream has ended.
const RETRY_AFTER_SECONDS: u64 = 5;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// A job's log, as events or as a file.
    JobLog,
    /// A game's output.
    ServerLog,
    /// Changes.
    Events,
}

impl StreamKind {
    /// The label in the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobLog => "job_log",
            Self::ServerLog => "server_log",
            Self::Events => "events",
        }
    }
}

/// The open streams, counted; cheap to clone.
#[derive(Debug, Clone)]
pub struct Streams {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    per_user: usize,
    total: usize,
    open: Mutex<Open>,
}

/// Users without an open stream are not in the map, so it never holds more entries than `total`.
#[derive(Debug, Default)]
struct Open {
    total: usize,
    of_user: HashMap<UserId, usize>,
}

impl Inner {
    fn open(&self) -> MutexGuard<'_, Open> {
        // The counts are changed together and nothing between can panic.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    /// At most `total` at once, and `per_user` of one user.
    pub fn new(per_user: usize, total: usize) -> Self {
        Self { inner: Arc::new(Inner { per_user, total, open: Mutex::default() }) }
    }

    /// Takes a place, or answers 429.
    pub fn open(&self, kind: StreamKind, user: UserId) -> ApiResult<StreamPermit> {
        let mut open = self.inner.open();
        if open.total >= self.inner.total {
            return Err(too_many(format!("{} streams are open, and that is as many as may be", open.total)));
        }
        let own = open.of_user.get(&user).copied().unwrap_or(0);
        if own >= self.inner.per_user {
            return Err(too_many(format!("you have {own} streams open, and that is as many as one user may have")));
        }
        open.total += 1;
        open.of_user.insert(user, own + 1);
        metrics::gauge!("l4d2_streams_open", "kind" => kind.as_str()).increment(1.0);
        Ok(StreamPermit { inner: Arc::clone(&self.inner), kind, user })
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.inner.open().total
    }
}

fn too_many(detail: String) -> ApiError {
    ApiError::TooMany { code: "too_many_streams", detail, retry_after_seconds: RETRY_AFTER_SECONDS }
}

/// The place of one stream.
#[derive(Debug)]
pub struct StreamPermit {
    inner: Arc<Inner>,
    kind: StreamKind,
    user: UserId,
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.inner.open();
        open.total -= 1;
        if let Some(own) = open.of_user.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                open.of_user.remove(&self.user);
            }
        }
        metrics::gauge!("l4d2_streams_open", "kind" => self.kind.as_str()).decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_and_all_users_have_their_bounds_and_a_dropped_stream_gives_its_place_back() {
        let streams = Streams::new(2, 3);
        let open = |user| streams.open(StreamKind::Events, UserId(user));
        let first = open(1).expect("free");
        let _second = open(1).expect("free");
        let refused = open(1).expect_err("the user has two");
        assert_eq!((refused.status().as_u16(), refused.code()), (429, "too_many_streams"));
        let third = open(2).expect("another user");
        assert!(open(3).is_err(), "three are open in total");
        drop(first);
        let _fourth = open(3).expect("a place was given back");
        drop(third);
        assert_eq!(streams.count(), 2);
        assert!(!streams.inner.open().of_user.contains_key(&UserId(2)), "the map forgets who has none");
    }
}
