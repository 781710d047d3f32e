//! Notices what happens in the instances' directories, without polling: records that were replaced, logs that grew,
//! supervising processes that ended.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::StreamExt;
use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask, Watches};
use tokio::sync::{broadcast, watch};
use tokio::task::AbortHandle;

use super::process;
use super::state::State;
use crate::error::HostError;
use crate::instance;
use crate::layout::Layout;
use crate::name::InstanceName;
use crate::supervisor::InstanceChanged;

/// Room for many events at once; when it is not enough the kernel says so, and everything is looked at.
const EVENT_BYTES: usize = 16 * 1024;

/// What can't be watched, and which of the kernel's limits keeps it from that: the errors have the names of other things.
pub(super) fn failed(what: &str, source: io::Error) -> HostError {
    let limit = match source.raw_os_error() {
        Some(libc::ENOSPC) => "fs.inotify.max_user_watches",
        Some(libc::EMFILE) => "fs.inotify.max_user_instances",
        _ => return HostError::io(what, source),
    };
    HostError::Io { context: format!("{what}: raise {limit}, which is used up (sudo sysctl {limit}=100000)"), source }
}

/// Watches all instances of one layout. Dropping it ends its followers.
#[derive(Debug)]
pub(super) struct Watcher {
    inner: Arc<Inner>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Inner {
    layout: Layout,
    changes: broadcast::Sender<InstanceChanged>,
    watches: Mutex<Watches>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    instances: HashMap<InstanceName, Ticks>,
    directories: HashMap<WatchDescriptor, Place>,
}

/// What a watched directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Instances,
    Instance(InstanceName),
    Log(InstanceName),
}

/// Each counts up when there is something to look at.
#[derive(Debug, Default)]
struct Ticks {
    state: watch::Sender<u64>,
    log: watch::Sender<u64>,
    /// The supervising process whose end is waited for.
    awaited: Option<u32>,
}

impl Watcher {
    /// Begins to watch. Must be called on the async runtime.
    pub(super) fn begin(layout: Layout, changes: broadcast::Sender<InstanceChanged>) -> io::Result<Self> {
        let inotify = Inotify::init()?;
        let inner = Arc::new(Inner {
            layout,
            changes,
            watches: Mutex::new(inotify.watches()),
            known: Mutex::new(Known::default()),
        });
        inner.add(&inner.layout.instances(), Place::Instances)?;
        // Watched first, listed then, so that none slips through.
        for name in instance::names(&inner.layout).map_err(io::Error::other)? {
            inner.watch_instance(&name);
        }
        let mut events = inotify.into_event_stream(vec![0; EVENT_BYTES])?;
        let weak = Arc::downgrade(&inner);
        let task = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let Some(inner) = weak.upgrade() else { return };
                match event {
                    Ok(event) => {
                        let name = event.name.as_ref().and_then(|name| name.to_str());
                        inner.happened(event.mask, &event.wd, name);
                    }
                    Err(error) => tracing::error!(%error, "could not read what happens in the instances' directories"),
                }
            }
        });
        Ok(Self { inner, task: task.abort_handle() })
    }

    // Both subscribe before anything is watched: an instance that goes in between takes what was subscribed along.

    /// Ticks whenever the record of an instance was replaced or its supervising process ended. Ends when the instance is gone.
    pub(super) fn state_ticks(&self, name: &InstanceName) -> watch::Receiver<u64> {
        let ticks = self.inner.known().instances.entry(name.clone()).or_default().state.subscribe();
        self.inner.watch_instance(name);
        ticks
    }

    /// Ticks whenever the log of an instance grew. Ends when the instance is gone.
    pub(super) fn log_ticks(&self, name: &InstanceName) -> io::Result<watch::Receiver<u64>> {
        let ticks = self.inner.known().instances.entry(name.clone()).or_default().log.subscribe();
        self.inner.watch_instance(name);
        match self.inner.add(&self.inner.layout.instance(name).log(), Place::Log(name.clone())) {
            Ok(()) => Ok(ticks),
            Err(error) => {
                self.inner.forget_if(name, is_gone(name));
                Err(error)
            }
        }
    }

    /// Forgets an instance; whoever follows it comes to an end.
    pub(super) fn forget(&self, name: &InstanceName) {
        self.inner.forget(name);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, directory: &std::path::Path, place: Place) -> io::Result<()> {
        let mask = match place {
            Place::Instances => WatchMask::CREATE | WatchMask::MOVED_TO | WatchMask::DELETE | WatchMask::MOVED_FROM,
            Place::Instance(_) => WatchMask::MOVED_TO,
            Place::Log(_) => WatchMask::MODIFY | WatchMask::CREATE,
        };
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let descriptor = watches.add(directory, mask | WatchMask::ONLYDIR)?;
        self.known().directories.insert(descriptor, place);
        Ok(())
    }

    /// Watches an instance, again if it was before: the directory may be a new one. One that is not there yet is seen
    /// when it comes.
    fn watch_instance(self: &Arc<Self>, name: &InstanceName) {
        if self.add(self.layout.instance(name).dir(), Place::Instance(name.clone())).is_ok() {
            self.await_end(name);
        }
    }

    fn happened(self: &Arc<Self>, mask: EventMask, descriptor: &WatchDescriptor, file: Option<&str>) {
        if mask.contains(EventMask::Q_OVERFLOW) {
            self.look_at_all();
            return;
        }
        if mask.contains(EventMask::IGNORED) {
            self.known().directories.remove(descriptor);
            return;
        }
        let place = self.known().directories.get(descriptor).cloned();
        match place {
            Some(Place::Log(name)) => self.tick_log(&name),
            Some(Place::Instance(name)) if file == Some("state.json") => self.changed(&name),
            Some(Place::Instances) => {
                let Some(name) = file.and_then(|name| InstanceName::parse(name).ok()) else { return };
                self.came_or_went(&name);
            }
            Some(Place::Instance(_)) | None => {}
        }
    }

    /// Events were lost, so anything may have happened.
    fn look_at_all(self: &Arc<Self>) {
        let mut names: HashSet<InstanceName> = self.known().instances.keys().cloned().collect();
        match instance::names(&self.layout) {
            Ok(there) => names.extend(there),
            Err(error) => tracing::error!(%error, "could not look for new instances"),
        }
        for name in &names {
            self.came_or_went(name);
        }
    }

    /// An instance may be new, gone, or made anew since: what is watched is what is there.
    fn came_or_went(self: &Arc<Self>, name: &InstanceName) {
        if self.forget_if(name, is_gone(name)) {
            // Nobody listening is fine.
            let _ = self.changes.send(InstanceChanged { name: name.clone() });
        } else {
            self.watch_instance(name);
            self.changed(name);
        }
    }

    /// Something about the instance is new: everybody looks again.
    fn changed(self: &Arc<Self>, name: &InstanceName) {
        self.await_end(name);
        if let Some(ticks) = self.known().instances.get(name) {
            ticks.state.send_modify(|count| *count += 1);
            // The log may have grown too when events were lost.
            ticks.log.send_modify(|count| *count += 1);
        }
        // Nobody listening is fine.
        let _ = self.changes.send(InstanceChanged { name: name.clone() });
    }

    fn tick_log(&self, name: &InstanceName) {
        if let Some(ticks) = self.known().instances.get(name) {
            ticks.log.send_modify(|count| *count += 1);
        }
    }

    fn forget(&self, name: &InstanceName) {
        self.forget_if(name, |_| true);
    }

    /// Forgets an instance if that is still right; says whether it did. Decided while nobody can subscribe: whoever makes an
    /// instance anew makes it before they do.
    fn forget_if(&self, name: &InstanceName, right: impl FnOnce(&Layout) -> bool) -> bool {
        let mut known = self.known();
        if !right(&self.layout) {
            return false;
        }
        known.instances.remove(name);
        let of_it = |place: &Place| matches!(place, Place::Instance(of) | Place::Log(of) if of == name);
        let descriptors: Vec<WatchDescriptor> =
            known.directories.iter().filter(|(_, place)| of_it(place)).map(|(wd, _)| wd.clone()).collect();
        known.directories.retain(|_, place| !of_it(place));
        drop(known);
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        for descriptor in descriptors {
            // The kernel has removed it already when the directory is gone.
            let _ = watches.remove(descriptor);
        }
        true
    }

    /// Waits in the background for the end of the supervising process: one that is killed writes no record of it.
    fn await_end(self: &Arc<Self>, name: &InstanceName) {
        let Ok(Some(state)) = State::read(&self.layout.instance(name).state()) else { return };
        let pid = state.shim.pid;
        if self.known().instances.entry(name.clone()).or_default().awaited == Some(pid) {
            return;
        }
        if let Some(process) = state.shim.open() {
            self.known().instances.entry(name.clone()).or_default().awaited = Some(pid);
            tokio::spawn(ended(process, Arc::downgrade(self), name.clone(), pid));
        }
    }
}

fn is_gone(name: &InstanceName) -> impl FnOnce(&Layout) -> bool {
    |layout| !layout.instance(name).dir().exists()
}

async fn ended(process: OwnedFd, inner: Weak<Inner>, name: InstanceName, pid: u32) {
    if process::end(process).await.is_err() {
        return;
    }
    let Some(inner) = inner.upgrade() else { return };
    if let Some(ticks) = inner.known().instances.get_mut(&name)
        && ticks.awaited == Some(pid)
    {
        ticks.awaited = None;
    }
    inner.changed(&name);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On one thread, so that nothing but the test tells the watcher what happened.
    #[tokio::test]
    async fn whatever_events_were_lost_what_is_there_is_watched_and_what_is_gone_is_forgotten() {
        let root = tempfile::tempdir().expect("a directory");
        let layout = Layout::new(root.path(), root.path().join("overlays"));
        let [old, new] = ["old", "new"].map(|name| InstanceName::parse(name).expect("a name"));
        std::fs::create_dir_all(layout.instance(&old).log()).expect("made");
        let watcher = Watcher::begin(layout.clone(), broadcast::Sender::new(8)).expect("watched");
        let ticks = watcher.log_ticks(&old).expect("watched");

        std::fs::remove_dir_all(layout.instance(&old).dir()).expect("removed");
        std::fs::create_dir_all(layout.instance(&new).dir()).expect("made");
        watcher.inner.look_at_all();
        assert!(ticks.has_changed().is_err(), "whoever follows it comes to an end");
        let places: Vec<Place> = watcher.inner.known().directories.values().cloned().collect();
        assert!(places.contains(&Place::Instance(new)), "{places:?}");
    }

    #[test]
    fn a_limit_of_watches_is_no_full_disk() {
        for (errno, limit) in [(libc::ENOSPC, "max_user_watches"), (libc::EMFILE, "max_user_instances")] {
            let error = failed("watch the game's log", io::Error::from_raw_os_error(errno)).to_string();
            assert!(error.contains(limit) && !error.contains("disk"), "{error}");
        }
    }
}
