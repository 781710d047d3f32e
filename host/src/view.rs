//! Shows a directory to another user as that user's own, by an idmapped mount.
//!
//! Games that run under another user than the panel still have to own what they see: overlayfs copies no file up whose
//! owner the game's user namespace does not know. So the files belong to the panel's user on the disk, and game servers
//! get a view of them in which they belong to theirs. Whatever a game writes there belongs to the
//! panel, which can therefore read and delete it whatever its mode.
//!
//! The view is a mount of its own and no peer of the directory's: a disk that is mounted there while it is up would otherwise
//! appear in it with its owners untranslated, and taking the view away would take such a disk along.
//!
//! Making the view takes root, once after a boot; systemd does it (`l4d2-view.service`). Linux 5.12 or newer, 5.19 with
//! overlayfs on top.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::mount::{MoveMountFlags, OpenTreeFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions};

use crate::sys::{self, Cloned};

/// Why there is no view.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// A directory can't be looked at.
    #[error("can't look at {path}")]
    Look {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Root must not be one of the two.
    #[error("{0} belongs to root: give it to the user that it is for")]
    Root(PathBuf),
    /// No user namespace that says who stands for whom.
    #[error("can't make a user namespace to translate owners with")]
    Namespace(#[source] io::Error),
    /// The file system or the kernel does not offer it.
    #[error(
        "can't mount {path} with its owners translated: this takes root, Linux 5.19 or newer, and ext4, xfs, btrfs or \
         another file system that allows idmapped mounts"
    )]
    Mount {
        /// What was to be mounted.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A user with its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner {
    user: u32,
    group: u32,
}

/// Mounts `directory` on `at`, where what belongs to the owner of the one belongs to the owner of the other. A view that is
/// there already stays.
///
/// # Safety
///
/// The process must have one thread.
pub unsafe fn show(directory: &Path, at: &Path) -> Result<(), ViewError> {
    let (kept, seen) = (look(directory)?, look(at)?);
    if (kept.dev(), kept.ino()) == (seen.dev(), seen.ino()) {
        return Ok(());
    }
    let (kept, seen) = (owner(&kept, directory)?, owner(&seen, at)?);
    // SAFETY: the caller's promise is the same.
    let namespace = unsafe { namespace(kept, seen) }.map_err(ViewError::Namespace)?;
    mount(directory, at, &namespace).map_err(|source| ViewError::Mount { path: directory.to_owned(), source })
}

fn look(path: &Path) -> Result<fs::Metadata, ViewError> {
    fs::metadata(path).map_err(|source| ViewError::Look { path: path.to_owned(), source })
}

fn owner(metadata: &fs::Metadata, path: &Path) -> Result<Owner, ViewError> {
    let owner = Owner { user: metadata.uid(), group: metadata.gid() };
    if owner.user == 0 || owner.group == 0 { Err(ViewError::Root(path.to_owned())) } else { Ok(owner) }
}

fn mount(directory: &Path, at: &Path, namespace: &OwnedFd) -> io::Result<()> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    let tree = rustix::mount::open_tree(CWD, directory, flags)?;
    sys::translate_owners(tree.as_fd(), namespace.as_fd())?;
    Ok(rustix::mount::move_mount(tree, "", CWD, at, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?)
}

/// A user namespace that makes the second of the first; it lives as long as the descriptor.
///
/// # Safety
///
/// The process must have one thread.
unsafe fn namespace(kept: Owner, seen: Owner) -> io::Result<OwnedFd> {
    let (end, held) = pipe_with(PipeFlags::CLOEXEC)?;
    // SAFETY: the caller's promise is the same.
    match unsafe { sys::clone_process(libc::CLONE_NEWUSER) }? {
        Cloned::Child => {
            drop(held);
            // Until the other side has let go, or is gone.
            let _ = rustix::io::read(&end, &mut [0; 1]);
            std::process::exit(0)
        }
        Cloned::Parent(child) => {
            let opened = open_namespace(child, kept, seen);
            // It has nothing to clean up.
            let _ = rustix::process::kill_process(child, Signal::KILL);
            let _ = rustix::process::waitpid(Some(child), WaitOptions::empty());
            opened
        }
    }
}

fn open_namespace(child: Pid, kept: Owner, seen: Owner) -> io::Result<OwnedFd> {
    let process = PathBuf::from(format!("/proc/{}", child.as_raw_nonzero()));
    // Nobody else is in the map: what belongs to others shows as nobody's, and their modes count as ever.
    fs::write(process.join("uid_map"), format!("{} {} 1\n", kept.user, seen.user))?;
    fs::write(process.join("gid_map"), format!("{} {} 1\n", kept.group, seen.group))?;
    Ok(rustix::fs::open(process.join("ns/user"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}
