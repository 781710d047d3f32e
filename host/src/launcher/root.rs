//! The tree that the game sees: its own merged files, the system's libraries, and nothing of the panel.
//!
//! A small file system in memory is mounted on `merged`, filled with bind mounts, and becomes the root directory. The
//! rest of the machine is then not merely forbidden but out of reach, sockets included, which Landlock does not cover.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};

use super::failure::{Failure, FailureKind};
use super::namespace::Ids;
use crate::overlay::mount::Stack;
use crate::sys;

/// Where the game's merged tree lies. Its home too: SteamCMD's client library is looked for in `~/.steam`, and an install
/// puts it there.
pub(crate) const GAME: &str = "/game";

/// Directories with programs and libraries; some are links on most systems.
pub(crate) const SYSTEM: [&str; 8] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec"];
/// What programs look up in `/etc`. Users and groups are not among it: the game gets a list with itself alone.
const ETC: [&str; 16] = [
    "alternatives",
    "ca-certificates",
    "gai.conf",
    "host.conf",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "nsswitch.conf",
    "os-release",
    "protocols",
    "resolv.conf",
    "services",
    // Not all of it: the machine's own private keys lie beside.
    "ssl/certs",
    "ssl/openssl.cnf",
];
/// Harmless devices.
pub(crate) const DEVICES: [&str; 6] = ["full", "null", "random", "tty", "urandom", "zero"];
/// How much the game may write beside its tree: temporary files and shared memory.
const SCRATCH: &std::ffi::CStr = c"mode=0755,size=64m,nr_inodes=8k";

/// What the tree is made of.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    /// The directory that the tree is mounted on.
    pub(crate) base: &'a Path,
    /// The game's layers.
    pub(crate) stack: Stack<'a>,
    /// The game's terminal.
    pub(crate) terminal: &'a Path,
    /// Who the game is.
    pub(crate) ids: Ids,
}

impl Tree<'_> {
    /// Builds the tree and makes it the root directory of this mount namespace.
    pub(crate) fn enter(&self) -> Result<(), Failure> {
        let sandbox = |error| Failure::because(FailureKind::Sandbox, "can't build the game's root directory", error);
        self.begin().map_err(sandbox)?;
        self.stack
            .mount_at(Path::new("game"))
            .map_err(|error| Failure::because(FailureKind::Overlay, "can't mount the layers", error))?;
        self.fill().and_then(|()| pivot()).map_err(sandbox)
    }

    fn begin(&self) -> io::Result<()> {
        let propagation = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        rustix::mount::mount_change("/", propagation)?;
        rustix::mount::mount("game", self.base, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, SCRATCH)?;
        std::env::set_current_dir(self.base)?;
        fs::create_dir("game")
    }

    /// Works on paths relative to the new root.
    fn fill(&self) -> io::Result<()> {
        for name in SYSTEM {
            bind_system_directory(name)?;
        }
        self.fill_etc()?;
        self.fill_dev()?;
        fs::create_dir("tmp")?;
        bind_optional(Path::new("/sys/devices/system/cpu"), Path::new("sys/devices/system/cpu"))?;
        mount_proc()
    }

    fn fill_etc(&self) -> io::Result<()> {
        fs::create_dir("etc")?;
        for name in ETC {
            bind_optional(&Path::new("/etc").join(name), &Path::new("etc").join(name))?;
        }
        let Ids { uid, gid } = self.ids;
        fs::write("etc/passwd", format!("game:x:{uid}:{gid}:game:{GAME}:/bin/sh\n"))?;
        fs::write("etc/group", format!("game:x:{gid}:\n"))
    }

    fn fill_dev(&self) -> io::Result<()> {
        fs::create_dir_all("dev/pts")?;
        fs::create_dir("dev/shm")?;
        for name in DEVICES {
            bind_optional(&Path::new("/dev").join(name), &Path::new("dev").join(name))?;
        }
        // The one terminal only: others may belong to a person at work.
        if let Ok(relative) = self.terminal.strip_prefix("/") {
            bind_optional(self.terminal, relative)?;
        }
        for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
            symlink(format!("/proc/self/fd{target}"), Path::new("dev").join(name))?;
        }
        Ok(())
    }
}

/// Copies a link such as `/lib` as the link it is.
fn bind_system_directory(name: &str) -> io::Result<()> {
    let source = Path::new("/").join(name);
    match fs::read_link(&source) {
        Ok(target) => symlink(target, name),
        Err(_) => bind_optional(&source, Path::new(name)),
    }
}

/// Makes `source` visible at `target`, read-only; what does not exist outside does not exist inside.
///
/// The game may own the files outside, as it does when root started it, and Landlock does not govern modes and owners.
fn bind_optional(source: &Path, target: &Path) -> io::Result<()> {
    let Ok(metadata) = fs::metadata(source) else { return Ok(()) };
    if metadata.is_dir() {
        fs::create_dir_all(target)?;
    } else {
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        File::create(target)?;
    }
    rustix::mount::mount_bind_recursive(source, target).map_err(|errno| describe(errno, source))?;
    sys::make_mount_read_only(target)
}

/// The game's own processes only. Where the kernel refuses a new `/proc`, as in containers that hide parts of theirs,
/// the old one serves: Landlock still keeps foreign processes closed.
fn mount_proc() -> io::Result<()> {
    fs::create_dir("proc")?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    match rustix::mount::mount("proc", "proc", "proc", flags, None) {
        Ok(()) => Ok(()),
        Err(Errno::PERM) => {
            rustix::mount::mount_bind_recursive("/proc", "proc").map_err(|errno| describe(errno, Path::new("/proc")))
        }
        Err(errno) => Err(describe(errno, Path::new("/proc"))),
    }
}

fn pivot() -> io::Result<()> {
    // Both at the same place: the old root then lies on top of the new one and is taken off.
    rustix::process::pivot_root(".", ".")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH)?;
    std::env::set_current_dir(PathBuf::from(GAME))
}

fn describe(errno: Errno, path: &Path) -> io::Error {
    io::Error::new(io::Error::from(errno).kind(), format!("{}: {errno}", path.display()))
}
