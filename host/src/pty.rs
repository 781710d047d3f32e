//! Pseudo terminals: the game and SteamCMD print promptly only to one.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, Winsize};

/// Both ends of a terminal.
#[derive(Debug)]
pub(crate) struct Pty {
    /// The end that reads what a program prints, not blocking.
    pub(crate) master: OwnedFd,
    /// The program's end.
    pub(crate) slave: OwnedFd,
    /// The name of the program's end.
    pub(crate) path: PathBuf,
}

impl Pty {
    /// Opens a terminal that changes nothing on the way: no echo, which would double every console line in the log, no
    /// carriage returns added, no signals made of control characters, and no limit on a line's length.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = rustix::pty::openpt(flags)?;
        rustix::pty::grantpt(&master)?;
        rustix::pty::unlockpt(&master)?;
        let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags)?;
        let name = rustix::pty::ptsname(&master, Vec::new())?;
        let mut attributes = rustix::termios::tcgetattr(slave.as_fd())?;
        attributes.make_raw();
        rustix::termios::tcsetattr(slave.as_fd(), OptionalActions::Now, &attributes)?;
        let size = Winsize { ws_row: 24, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(slave.as_fd(), size)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        Ok(Self { master, slave, path: PathBuf::from(name.to_string_lossy().into_owned()) })
    }
}
