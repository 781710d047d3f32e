//! Tries what a game server needs of the kernel: namespaces for an ordinary user, overlayfs within, and Landlock.
//!
//! A process of its own (`l4d2ctl probe DIRECTORY`), for it changes its namespaces and rights for good. Trying beats asking:
//! whether it works hangs on the kernel, its settings, security modules and the file system at once.

use std::fmt;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use landlock::{ABI, Access, AccessFs, LandlockStatus, Ruleset, RulesetAttr, RulesetCreated};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::{getegid, geteuid};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use crate::overlay::mount::Stack;

/// What the tried file holds before and after.
const BELOW: &str = "from below";
const ABOVE: &str = "from above";

/// Which step failed.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No user namespace for an ordinary user.
    #[error("an ordinary user may make no user namespace: {0}")]
    Namespace(#[source] io::Error),
    /// No overlayfs there.
    #[error("overlayfs can't be mounted: {0}")]
    Mount(#[source] io::Error),
    /// It is mounted and does not work.
    #[error("the mounted overlayfs does not work: {0}")]
    Use(#[source] io::Error),
    /// The directory to try in can't be prepared.
    #[error("nothing can be written there: {0}")]
    Prepare(#[source] io::Error),
}

/// What came of it. Its text is one line for each, `NAME: ok` or `NAME: reason`.
#[derive(Debug)]
pub struct Report {
    /// The AppArmor profile that this program has, or `unconfined`; none where there is no AppArmor.
    apparmor: Option<String>,
    overlayfs: Result<(), ProbeError>,
    landlock: Result<i32, String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(profile) = &self.apparmor {
            writeln!(f, "apparmor: {profile}")?;
        }
        match &self.overlayfs {
            Ok(()) => writeln!(f, "overlayfs: ok")?,
            Err(error) => writeln!(f, "overlayfs: {error}")?,
        }
        match &self.landlock {
            Ok(abi) => writeln!(f, "landlock: ok, ABI {abi}"),
            Err(reason) => writeln!(f, "landlock: {reason}"),
        }
    }
}

/// Mounts a small overlay in `directory`, which the caller made and removes, writes through it, and then closes the
/// file system to itself. The process is good for nothing else afterwards.
pub fn probe(directory: &Path) -> Report {
    // A new namespace may change it, and Landlock comes last: it forbids mounting.
    let apparmor = fs::read_to_string("/proc/self/attr/apparmor/current").ok();
    let apparmor = apparmor.map(|profile| profile.trim_end().to_owned());
    Report { apparmor, overlayfs: try_overlayfs(directory), landlock: try_landlock() }
}

fn try_landlock() -> Result<i32, String> {
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create)
        .and_then(RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    match restricted.landlock {
        LandlockStatus::Available { effective_abi, .. } => Ok(effective_abi as i32),
        LandlockStatus::NotEnabled => Err("it is switched off".to_owned()),
        LandlockStatus::NotImplemented => Err("the kernel is built without it".to_owned()),
    }
}

fn try_overlayfs(directory: &Path) -> Result<(), ProbeError> {
    let path = |name: &str| directory.join(name);
    let prepare = || -> io::Result<()> {
        for name in ["lower", "upper", "work", "merged"] {
            fs::create_dir(path(name))?;
        }
        fs::write(path("lower/file"), BELOW)
    };
    prepare().map_err(ProbeError::Prepare)?;
    enter_namespaces().map_err(ProbeError::Namespace)?;
    // Opened within, for the kernel stacks no directories of another mount namespace.
    let open = |name| {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(CWD, path(name), flags, Mode::empty()).map_err(|error| ProbeError::Mount(error.into()))
    };
    let (lower, upper, work) = (open("lower")?, open("upper")?, open("work")?);
    let stack = Stack { lower: vec![lower.as_fd()], upper: upper.as_fd(), work: work.as_fd() };
    stack.mount_at(&path("merged")).map_err(ProbeError::Mount)?;
    use_overlay(directory).map_err(ProbeError::Use)
}

fn enter_namespaces() -> io::Result<()> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    // SAFETY: file descriptors stay shared with nobody, for this process has one thread; new namespaces alone change
    // nothing that Rust relies on.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNS | UnshareFlags::NEWPID)? };
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    Ok(mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?)
}

/// Reads through to the lower layer, and checks that a write goes to the upper one.
fn use_overlay(directory: &Path) -> io::Result<()> {
    let merged = directory.join("merged/file");
    let seen = fs::read_to_string(&merged)?;
    fs::write(&merged, ABOVE)?;
    let (lower, upper) =
        (fs::read_to_string(directory.join("lower/file"))?, fs::read_to_string(directory.join("upper/file"))?);
    if (seen.as_str(), lower.as_str(), upper.as_str()) == (BELOW, BELOW, ABOVE) {
        Ok(())
    } else {
        Err(io::Error::other("its layers are mixed up"))
    }
}
