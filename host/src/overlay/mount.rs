//! Mounts opened layers as one tree. Runs inside the game's own user and mount namespace.
//!
//! No path of a layer ever becomes part of an option string: each is handed over as its open descriptor, so that `,`
//! `:` and `\` in it do no harm and its length does not matter.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;

use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags};

/// Everything an overlay mount consists of; read-only layers top first.
#[derive(Debug)]
pub(crate) struct Stack<'a> {
    /// The read-only layers.
    pub(crate) lower: Vec<BorrowedFd<'a>>,
    /// Takes the writes.
    pub(crate) upper: BorrowedFd<'a>,
    /// Scratch space on the same file system as `upper`.
    pub(crate) work: BorrowedFd<'a>,
}

impl Stack<'_> {
    /// Mounts the stack at `target`. The error tells what the kernel said about it.
    pub(crate) fn mount_at(&self, target: &Path) -> io::Result<()> {
        match self.mount_by_descriptors(target) {
            // Linux before 6.5 has no `lowerdir+`; it takes every option, and says so only when all of them are there.
            // Newer ones say in words what they don't like, which is the better answer where the old way fails too.
            Err(refusal) if refusal.errno == Errno::INVAL => {
                self.mount_by_options(target).map_err(|old| if refusal.words.is_empty() { old } else { refusal.into() })
            }
            Err(refusal) => Err(refusal.into()),
            Ok(()) => Ok(()),
        }
    }

    fn mount_by_descriptors(&self, target: &Path) -> Result<(), Refusal> {
        let fs = rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
        let configure = |key: &str, fd: BorrowedFd<'_>| {
            rustix::mount::fsconfig_set_string(fs.as_fd(), key, path_of(fd))
                .map_err(|errno| Refusal::new(errno, fs.as_fd()))
        };
        rustix::mount::fsconfig_set_string(fs.as_fd(), "source", "overlay")?;
        rustix::mount::fsconfig_set_flag(fs.as_fd(), "userxattr")?;
        for layer in &self.lower {
            configure("lowerdir+", *layer)?;
        }
        configure("upperdir", self.upper)?;
        configure("workdir", self.work)?;
        rustix::mount::fsconfig_create(fs.as_fd()).map_err(|errno| Refusal::new(errno, fs.as_fd()))?;
        let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
        let mount = rustix::mount::fsmount(fs.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        rustix::mount::move_mount(mount.as_fd(), "", rustix::fs::CWD, target, flags)?;
        Ok(())
    }

    /// The old way. Descriptors keep it short: its one page holds some two hundred layers.
    fn mount_by_options(&self, target: &Path) -> io::Result<()> {
        let lower: Vec<String> = self.lower.iter().map(|fd| path_of(*fd)).collect();
        let options = format!(
            "userxattr,lowerdir={},upperdir={},workdir={}",
            lower.join(":"),
            path_of(self.upper),
            path_of(self.work)
        );
        let options = CString::new(options).map_err(io::Error::other)?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        Ok(rustix::mount::mount("overlay", target, "overlay", flags, options.as_c_str())?)
    }
}

/// A refused step and the kernel's own words about it.
struct Refusal {
    errno: Errno,
    words: String,
}

impl Refusal {
    fn new(errno: Errno, fs: BorrowedFd<'_>) -> Self {
        let mut words = String::new();
        let mut buffer = [0_u8; 512];
        // Each read gives one message such as `e overlay: …`, until there is none left.
        while let Ok(length @ 1..) = rustix::io::read(fs, &mut buffer) {
            words.push_str("; ");
            words.push_str(String::from_utf8_lossy(&buffer[..length]).trim_end());
        }
        Self { errno, words }
    }
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self { errno, words: String::new() }
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        let cause = Self::from(refusal.errno);
        if refusal.words.is_empty() { cause } else { Self::new(cause.kind(), format!("{cause}{}", refusal.words)) }
    }
}

fn path_of(fd: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}
