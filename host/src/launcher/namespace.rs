//! The game's own user, mount and process namespace.
//!
//! The user namespace gives the right to mount without any privilege outside. The process namespace ends with its first
//! process, and every process of the game with it, however they detached themselves: nothing can be left behind.

use std::io;

use rustix::process::{getegid, geteuid};

use super::failure::{Failure, FailureKind};
use crate::sys::{self, Cloned};

/// What root is called inside: an ordinary number, so that the game is not root in its own eyes either.
const INSIDE_ROOT: u32 = 1000;

/// Numbers of the user and the group inside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Forks into the new namespaces; the child is their first process.
///
/// # Safety
///
/// The process must have one thread.
pub(crate) unsafe fn enter() -> Result<Cloned, Failure> {
    let namespaces = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID;
    // SAFETY: the caller's promise is the same.
    unsafe { sys::clone_process(namespaces) }.map_err(|error| {
        let context =
            "this machine does not let an ordinary user make a user namespace (l4d2ctl doctor says what to do)";
        Failure::because(FailureKind::Sandbox, context, error)
    })
}

/// Maps the own user and group to themselves (root to an ordinary number) and nobody else. Called inside.
pub(crate) fn map_ids(outside: Ids) -> io::Result<Ids> {
    let inside = Ids { uid: inside_number(outside.uid), gid: inside_number(outside.gid) };
    // Without this the kernel allows no group map to the unprivileged.
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{} {} 1", inside.uid, outside.uid))?;
    std::fs::write("/proc/self/gid_map", format!("{} {} 1", inside.gid, outside.gid))?;
    Ok(inside)
}

/// The numbers outside.
pub(crate) fn current_ids() -> Ids {
    Ids { uid: geteuid().as_raw(), gid: getegid().as_raw() }
}

fn inside_number(outside: u32) -> u32 {
    if outside == 0 { INSIDE_ROOT } else { outside }
}
