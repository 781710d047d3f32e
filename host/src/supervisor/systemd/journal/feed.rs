//! The followers of the journal: one program for each instance that is looked at, shared by all its viewers.
//!
//! A feed reads as fast as lines come and keeps the newest in memory, so that no viewer holds it up; a viewer that can't
//! keep up finds its next line gone and reads the journal by itself. The program ends with the last viewer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Journal;
use super::reading::{Extent, Reading};
use super::ring::Ring;
use crate::error::HostError;
use crate::supervisor::LogCursor;

/// What a feed keeps of the newest lines: some seconds of a game that prints thousands of them each second.
const RING_BYTES: usize = 4 * 1024 * 1024;

/// Ticks when lines were pushed; holds why no more will be, once that is so.
pub(super) type Pushed = watch::Receiver<Option<String>>;

/// The feeds that somebody looks at.
#[derive(Debug, Default)]
pub(in crate::supervisor::systemd) struct Feeds {
    open: Mutex<HashMap<Journal, Weak<Feed>>>,
}

/// A followed journal.
#[derive(Debug)]
pub(super) struct Feed {
    ring: Arc<Mutex<Ring>>,
    pushed: Pushed,
    task: JoinHandle<()>,
}

impl Feeds {
    /// The feed of a journal, if there is one that goes on.
    pub(super) fn find(&self, journal: &Journal) -> Option<Arc<Feed>> {
        live(self.lock().get(journal))
    }

    /// The feed of a journal, wherever it began; without one, a new one that begins behind a line.
    pub(super) fn open(&self, journal: &Journal, last: Option<&LogCursor>) -> Result<Arc<Feed>, HostError> {
        let mut open = self.lock();
        if let Some(feed) = live(open.get(journal)) {
            return Ok(feed);
        }
        // Those whose last viewer has left.
        open.retain(|_, feed| feed.strong_count() > 0);
        let feed = Arc::new(Feed::begin(journal.clone(), last.cloned())?);
        open.insert(journal.clone(), Arc::downgrade(&feed));
        Ok(feed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Journal, Weak<Feed>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn live(feed: Option<&Weak<Feed>>) -> Option<Arc<Feed>> {
    feed.and_then(Weak::upgrade).filter(|feed| feed.pushed.borrow().is_none())
}

impl Feed {
    fn begin(journal: Journal, last: Option<LogCursor>) -> Result<Self, HostError> {
        let ring = Arc::new(Mutex::new(Ring::behind(last.clone(), RING_BYTES)));
        let (tick, pushed) = watch::channel(None);
        let reading = Reading::behind(journal, last, Extent::Following)?;
        let task = tokio::spawn(feed(reading, Arc::clone(&ring), tick));
        Ok(Self { ring, pushed, task })
    }

    pub(super) fn ring(&self) -> MutexGuard<'_, Ring> {
        lock(&self.ring)
    }

    pub(super) fn pushed(&self) -> Pushed {
        self.pushed.clone()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        // With the task goes the program.
        self.task.abort();
    }
}

fn lock(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn feed(mut reading: Reading, ring: Arc<Mutex<Ring>>, tick: watch::Sender<Option<String>>) {
    let failure = loop {
        match reading.next().await {
            Ok(Some(events)) => {
                {
                    let mut ring = lock(&ring);
                    for event in events {
                        ring.push(event);
                    }
                }
                tick.send_modify(|_| ());
            }
            Ok(None) => break "journalctl ended while it followed the journal".to_owned(),
            Err(error) => break error.to_string(),
        }
    };
    tick.send_replace(Some(failure));
}
