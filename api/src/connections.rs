//! How many connections may be open at once: in total, and from one address.
//!
//! What the process can hold is its limit of open files, of which the database, children and streams need their part;
//! beyond that nothing can be opened any more, by anybody.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};
use ipnet::IpNet;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant};

/// More open files than this are not asked for: some of the programs that are started go through all that they may open.
const MOST_FILES: u64 = 65_536;
/// Open files that are neither connections nor streams: the database, the host's, children's pipes.
const OTHER_FILES: usize = 256;
/// Who is turned away is logged so often at most.
const SILENCE: Duration = Duration::from_mins(1);

/// What may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub connections: usize,
    pub streams: usize,
}

impl Bounds {
    /// What is wanted, as far as so many open files go. Each stream may hold a file beside its connection.
    fn within(self, files: usize) -> Result<Self> {
        let left = files.saturating_sub(OTHER_FILES);
        ensure!(
            left >= 8,
            "only {files} files may be open at once, and the panel needs {}: raise the limit (LimitNOFILE= of a unit, \
             `ulimit -n` of a shell)",
            OTHER_FILES + 8
        );
        if self.connections.saturating_add(self.streams) <= left {
            return Ok(self);
        }
        // A stream needs a connection besides, and whoever streams asks for other things too.
        let streams = self.streams.min(left / 4);
        Ok(Self { connections: self.connections.min(left - streams), streams })
    }
}

/// Raises the limit of open files as far as this process may and needs to, and says what may be open within it.
pub fn reserve(wanted: Bounds) -> Result<Bounds> {
    let needed = (wanted.connections + wanted.streams + OTHER_FILES) as u64;
    let limit = getrlimit(Resource::Nofile);
    // None is no limit at all.
    let most = limit.maximum.unwrap_or(u64::MAX).min(needed.max(MOST_FILES));
    let mut files = limit.current.unwrap_or(u64::MAX);
    if files < most {
        let raised = Rlimit { current: Some(most), maximum: limit.maximum };
        setrlimit(Resource::Nofile, raised).context("could not raise the limit of open files")?;
        files = most;
    }
    let bounds = wanted.within(usize::try_from(files).unwrap_or(usize::MAX))?;
    if bounds != wanted {
        tracing::warn!(
            files,
            connections = bounds.connections,
            streams = bounds.streams,
            "the limit of open files is below what CONNECTIONS_TOTAL and STREAMS_TOTAL ask for"
        );
    }
    Ok(bounds)
}

/// The open connections, counted; cheap to clone.
#[derive(Debug, Clone)]
pub struct Connections {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    total: Arc<Semaphore>,
    /// What one address may have, so that nobody alone has all. Proxies speak for many.
    per_address: usize,
    proxies: Vec<IpNet>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Addresses without a connection are not in the map.
    of_address: HashMap<IpAddr, usize>,
    warned: Option<Instant>,
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub struct Place {
    connections: Connections,
    address: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// At most `total`, and half of that from one address that is none of the proxies'.
    pub fn new(total: usize, proxies: Vec<IpNet>) -> Self {
        let per_address = (total / 2).max(1);
        let total = Arc::new(Semaphore::new(total));
        Self { inner: Arc::new(Inner { total, per_address, proxies, state: Mutex::default() }) }
    }

    /// Waits until another connection may be taken.
    pub async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if self.inner.total.available_permits() == 0 && self.state().may_warn() {
            tracing::warn!("as many connections are open as may be (CONNECTIONS_TOTAL): others wait");
        }
        // Nobody closes it.
        Arc::clone(&self.inner.total).acquire_owned().await.ok()
    }

    /// The place for a connection from an address, unless that has its share.
    pub fn place(&self, permit: Option<OwnedSemaphorePermit>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let is_proxy = self.inner.proxies.iter().any(|proxy| proxy.contains(&address));
        let mut state = self.state();
        let open = state.of_address.get(&address).copied().unwrap_or(0);
        if open >= self.inner.per_address && !is_proxy {
            if state.may_warn() {
                tracing::warn!(%address, open, "an address has as many connections as it may have: more are refused");
            }
            return None;
        }
        state.of_address.insert(address, open + 1);
        Some(Place { connections: self.clone(), address, _permit: permit? })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing between its changes can panic.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_warn(&mut self) -> bool {
        let now = Instant::now();
        let may = self.warned.is_none_or(|warned| now.duration_since(warned) >= SILENCE);
        if may {
            self.warned = Some(now);
        }
        may
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.connections.state();
        match state.of_address.get_mut(&self.address) {
            Some(open) if *open > 1 => *open -= 1,
            _ => drop(state.of_address.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Bounds = Bounds { connections: 4096, streams: 1024 };

    #[test]
    fn what_may_be_open_fits_the_limit_of_open_files() {
        assert_eq!(WANTED.within(65_536).expect("plenty"), WANTED);
        let many = Bounds { connections: 30_000, streams: 30_000 };
        assert_eq!(many.within(65_536).expect("just enough"), many);
        assert_eq!(WANTED.within(1024).expect("the usual one"), Bounds { connections: 576, streams: 192 });
        for files in [264, 300, 1024, 4096, 5376, usize::MAX] {
            let bounds = WANTED.within(files).expect("enough");
            assert!(bounds.connections + bounds.streams + OTHER_FILES <= files, "{files}: {bounds:?}");
            assert!(bounds.streams < bounds.connections && bounds.streams > 0, "{files}: {bounds:?}");
        }
        assert!(WANTED.within(263).expect_err("too few").to_string().contains("LimitNOFILE"));
    }

    #[tokio::test]
    async fn no_address_has_all_places_but_a_proxy_may() {
        let connections = Connections::new(4, vec!["10.0.0.0/8".parse().expect("a network")]);
        let [one, mapped, other, proxy] =
            ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2", "10.1.1.1"].map(|text| text.parse().expect("an address"));
        let take = async |address| connections.place(connections.permit().await, address);
        let (first, second) = (take(one).await.expect("free"), take(mapped).await.expect("free"));
        assert!(take(one).await.is_none() && take(mapped).await.is_none());
        let third = take(other).await.expect("another's");
        drop(first);
        let again = take(one).await.expect("free again");
        drop((second, third, again));
        assert!(connections.state().of_address.is_empty());
        let all: Vec<_> = [take(proxy).await, take(proxy).await, take(proxy).await, take(proxy).await].into();
        assert!(all.iter().all(Option::is_some));
        assert_eq!(connections.inner.total.available_permits(), 0);
    }
}
