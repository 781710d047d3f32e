//! Processes as the kernel knows them, seen from outside.

use std::fs;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use crate::bench::PATIENCE;

/// A process with all that came of it. Held by handles of the kernel's, which tell an end when it comes and never mean
/// another process that was given the number since.
#[derive(Debug, Clone)]
pub(crate) struct Processes(Arc<Vec<(u32, OwnedFd)>>);

impl Processes {
    pub(crate) fn below(pid: u32) -> Self {
        let opened = |pid: u32| Some((pid, pidfd_open(number(pid), PidfdFlags::empty()).ok()?));
        // One that has ended since it was listed has no handle.
        Self(Arc::new(descendants(pid).into_iter().filter_map(opened).collect()))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Fails unless all have ended at this moment; one that only waits to be reaped has.
    pub(crate) fn have_ended(&self) {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let runs = |fd: &OwnedFd| poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&now)).unwrap() == 0;
        let running: Vec<u32> = self.0.iter().filter(|(_, fd)| runs(fd)).map(|(pid, _)| *pid).collect();
        assert!(running.is_empty(), "{running:?} of {self:?} run");
    }

    /// Waits until all have ended.
    pub(crate) async fn end(&self) {
        let held = self.clone();
        let deadline = Instant::now() + PATIENCE;
        let waiting = tokio::task::spawn_blocking(move || {
            for (_, fd) in held.0.iter() {
                let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).unwrap();
                poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&left)).unwrap();
            }
        });
        waiting.await.unwrap();
        self.have_ended();
    }
}

pub(crate) fn kill(pid: u32, signal: Signal) {
    // It may have ended by itself.
    let _ = rustix::process::kill_process(number(pid), signal);
}

pub(crate) fn all_processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn number(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn descendants(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = all_processes().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = vec![pid];
    let mut next = 0;
    while next < found.len() {
        let above = found[next];
        found.extend(parents.iter().filter(|(_, parent)| *parent == above).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}
