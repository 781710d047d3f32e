//! The few calls that neither the standard library nor rustix offers: all `unsafe` of the crate that is not a
//! `pre_exec` stands here.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::process::{Pid, Signal};

/// Which side of a [`clone_process`] this is.
#[derive(Debug)]
pub(crate) enum Cloned {
    /// The new process.
    Child,
    /// The old one; names the new one.
    Parent(Pid),
}

/// Blocked signals, to be read like a file.
#[derive(Debug)]
pub(crate) struct SignalFd(OwnedFd);

/// Forks into new namespaces.
///
/// # Safety
///
/// The process must have one thread: locks that others hold would stay locked in the child for ever.
pub(crate) unsafe fn clone_process(namespaces: libc::c_int) -> io::Result<Cloned> {
    let flags = libc::c_long::from(namespaces | libc::SIGCHLD);
    // SAFETY: without a stack of its own the child goes on with a copy of the parent's, like fork; the other pointers
    // are only used with flags that are not set. That there is one thread is the caller's promise.
    let result = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match i32::try_from(result) {
        Ok(0) => Ok(Cloned::Child),
        Ok(pid @ 1..) => Pid::from_raw(pid).map(Cloned::Parent).ok_or_else(io::Error::last_os_error),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Marks every descriptor from `first` on to be closed by the next `execve`, whoever opened it.
pub(crate) fn close_on_exec_from(first: libc::c_uint) -> io::Result<()> {
    // SAFETY: only sets a flag on descriptors of this process.
    let result = unsafe {
        libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::c_uint::from(CLOSE_RANGE_CLOEXEC))
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

const CLOSE_RANGE_CLOEXEC: u8 = 4;

/// Makes a mount and all below it read-only and deaf to set-user-ID bits, modes and owners included. Devices and
/// terminals on it can still be written to. Linux 5.12 or newer; the fence asks for a newer one anyway.
pub(crate) fn make_mount_read_only(target: &Path) -> io::Result<()> {
    let path = CString::new(target.as_os_str().as_bytes())?;
    set_mount_attributes(libc::AT_FDCWD, &path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0)
}

/// Makes a detached mount and all below it show owners as a user namespace maps them, deaf to set-user-ID bits and devices,
/// and private: what is mounted or unmounted on the directory that it was cloned from must not reach it, nor the other way.
pub(crate) fn translate_owners(tree: BorrowedFd<'_>, namespace: BorrowedFd<'_>) -> io::Result<()> {
    let userns_fd = u64::try_from(namespace.as_raw_fd()).map_err(io::Error::other)?;
    let attributes = MOUNT_ATTR_IDMAP | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    set_mount_attributes(tree.as_raw_fd(), c"", attributes, libc::MS_PRIVATE, userns_fd)
}

/// With all mounts below; an empty path means the directory itself.
fn set_mount_attributes(
    directory: RawFd,
    path: &CStr,
    attr_set: u64,
    propagation: u64,
    userns_fd: u64,
) -> io::Result<()> {
    let attributes = libc::mount_attr { attr_set, attr_clr: 0, propagation, userns_fd };
    // SAFETY: the path ends in NUL, and the structure is as large as said; both outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            directory,
            path.as_ptr(),
            libc::AT_RECURSIVE | libc::AT_EMPTY_PATH,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

const MOUNT_ATTR_RDONLY: u64 = 1;
const MOUNT_ATTR_NOSUID: u64 = 2;
const MOUNT_ATTR_NODEV: u64 = 4;
const MOUNT_ATTR_IDMAP: u64 = 0x0010_0000;

/// Gives every signal its default effect, for an ignored one would stay ignored in whatever is executed later.
pub(crate) fn reset_signal_dispositions() {
    // A broken pipe stays an error for this process; the standard library sets it back for what it spawns.
    for signal in (1..=libc::SIGRTMAX()).filter(|signal| *signal != libc::SIGPIPE) {
        // SAFETY: installs no handler. Signals that can't be changed are refused, which is as well.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Takes back what a panel that holds many connections raised: a game may be older than more than 1,024 open files, the
/// limit that everything begins with and that `select` can't go beyond. To be called in a child before `execve`.
pub(crate) fn lower_open_files() -> io::Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(limit.current.map_or(1024, |current| current.min(1024)));
    setrlimit(Resource::Nofile, limit).map_err(Into::into)
}

/// Lets every signal through again. To be called in a child before `execve`, for the mask is inherited.
pub(crate) fn unblock_signals() -> io::Result<()> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is made by sigemptyset before it is read.
    let result = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut())
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

impl SignalFd {
    /// Blocks these signals and gives the descriptor that they can be read from. Children inherit the mask, see
    /// [`unblock_signals`]; a forked child reads its own signals from the same descriptor.
    pub(crate) fn block(signals: &[Signal]) -> io::Result<Self> {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the set is made by sigemptyset before anything reads it, and the numbers are those of signals.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in signals {
                libc::sigaddset(set.as_mut_ptr(), signal.as_raw());
            }
            if libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(OwnedFd::from_raw_fd(fd)))
        }
    }

    /// Waits for the next signal.
    pub(crate) fn read(&self) -> io::Result<Option<Signal>> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        loop {
            // SAFETY: the buffer is as large as said.
            let length = unsafe { libc::read(self.0.as_raw_fd(), info.as_mut_ptr().cast(), size) };
            if usize::try_from(length) == Ok(size) {
                // SAFETY: the kernel has filled it.
                let number = unsafe { info.assume_init() }.ssi_signo;
                return Ok(i32::try_from(number).ok().and_then(Signal::from_named_raw));
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

impl std::os::fd::AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// How many bytes the other end of a socket has still to read. Fails for what is no socket or terminal.
pub(crate) fn unread_by_peer(socket: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open, and the kernel writes one number to where it is told.
    match unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) } {
        0 => Ok(bytes),
        _ => Err(io::Error::last_os_error()),
    }
}
