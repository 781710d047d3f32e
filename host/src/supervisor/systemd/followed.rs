//! The instances whose logs are followed: their followers end when the instance is deleted, by whichever program.
//!
//! A deletion moves the instance's directory away, which the kernel tells everybody who watches the directory it was in. An
//! instance is its directory here, not its name: another may have the name by the time that this is heard.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use futures::StreamExt;
use inotify::{EventMask, Inotify, WatchMask};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::layout::Layout;
use crate::name::InstanceName;

/// Room for many events at once; when it is not enough the kernel says so, and everything is looked at.
const EVENT_BYTES: usize = 16 * 1024;

/// What is followed, by name.
#[derive(Debug, Default)]
pub(super) struct Followed {
    known: Known,
    watching: Mutex<Option<JoinHandle<()>>>,
}

type Known = Arc<Mutex<HashMap<InstanceName, Instance>>>;

#[derive(Debug)]
struct Instance {
    directory: Identity,
    deleted: CancellationToken,
}

/// Which directory it is, whatever its path: device and inode.
type Identity = (u64, u64);

impl Followed {
    /// Cancelled when the instance that has this name now is deleted. Must be called on the async runtime.
    pub(super) fn deletion(&self, layout: &Layout, name: &InstanceName) -> io::Result<CancellationToken> {
        // Before the look, so that what happens after it is heard.
        self.watch(layout);
        let directory = identity(layout.instance(name).dir())?;
        let mut known = lock(&self.known);
        if known.get(name).is_some_and(|instance| instance.directory != directory) {
            end(&mut known, name);
        }
        let new = || Instance { directory, deleted: CancellationToken::new() };
        Ok(known.entry(name.clone()).or_insert_with(new).deleted.clone())
    }

    /// Ends whoever follows an instance.
    pub(super) fn end(&self, name: &InstanceName) {
        end(&mut lock(&self.known), name);
    }

    /// Watches the instances' directory, unless that is done already.
    fn watch(&self, layout: &Layout) {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if watching.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let begun = begin(layout, Arc::clone(&self.known));
        // Logs are followed all the same; what is lost is that they end when another program deletes the instance.
        let begun = begun.inspect_err(|error| tracing::warn!(%error, "deletions of instances can't be watched"));
        *watching = begun.ok();
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        if let Some(task) = self.watching.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

fn begin(layout: &Layout, known: Known) -> io::Result<JoinHandle<()>> {
    let inotify = Inotify::init()?;
    let mask = WatchMask::MOVED_FROM | WatchMask::DELETE | WatchMask::ONLYDIR;
    inotify.watches().add(layout.instances(), mask)?;
    let mut events = inotify.into_event_stream(vec![0; EVENT_BYTES])?;
    let layout = layout.clone();
    Ok(tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                Ok(event) if event.mask.contains(EventMask::IGNORED) => return,
                Ok(_) => end_the_deleted(&layout, &known),
                Err(error) => {
                    tracing::error!(%error, "could not read which instances are deleted");
                    return;
                }
            }
        }
    }))
}

/// Looks at all that are followed, which are few, whatever it was that happened: events may have been lost.
fn end_the_deleted(layout: &Layout, known: &Known) {
    let mut known = lock(known);
    let is_there = |name: &InstanceName, instance: &Instance| {
        identity(layout.instance(name).dir()).is_ok_and(|directory| directory == instance.directory)
    };
    let deleted: Vec<InstanceName> =
        known.iter().filter(|(name, instance)| !is_there(name, instance)).map(|(name, _)| name.clone()).collect();
    for name in &deleted {
        end(&mut known, name);
    }
}

fn end(known: &mut HashMap<InstanceName, Instance>, name: &InstanceName) {
    if let Some(instance) = known.remove(name) {
        instance.deleted.cancel();
    }
}

fn identity(directory: &Path) -> io::Result<Identity> {
    let metadata = fs::metadata(directory)?;
    Ok((metadata.dev(), metadata.ino()))
}

fn lock(known: &Known) -> MutexGuard<'_, HashMap<InstanceName, Instance>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_that_goes_ends_its_followers_and_no_others() {
        let directory = tempfile::tempdir().expect("a directory");
        let layout = Layout::new(directory.path(), directory.path());
        let [one, two] = ["one", "two"].map(|name| InstanceName::parse(name).expect("a name"));
        let path = |name| layout.instance(name).dir().to_owned();
        for name in [&one, &two] {
            fs::create_dir_all(path(name)).expect("an instance");
        }
        fs::create_dir(layout.deleted()).expect("a place for deleted ones");
        let followed = Followed::default();
        let follow = |name| followed.deletion(&layout, name).expect("it is there");
        let (first, other) = (follow(&one), follow(&two));
        // Deleted and made anew, before anybody could hear of the first.
        fs::rename(path(&one), layout.deleted().join("one")).expect("moved");
        fs::create_dir(path(&one)).expect("made anew");
        let second = follow(&one);
        first.cancelled().await;
        fs::remove_dir(path(&two)).expect("removed");
        other.cancelled().await;
        assert!(!second.is_cancelled(), "it is another one");
        followed.end(&one);
        second.cancelled().await;
        assert!(followed.deletion(&layout, &two).is_err(), "there is nothing to follow");
    }
}
