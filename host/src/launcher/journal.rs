//! Prints to systemd's journal under the instance's mark, where the journal is what the output goes to.
//!
//! A stream's identifier is said when it begins, and systemd knows none that is an instance's own. So the launcher begins
//! another stream, by the protocol of `sd_journal_stream_fd(3)`, and puts it in the place of systemd's.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::net::{AddressFamily, Shutdown, SocketAddrUnix, SocketFlags, SocketType};
use rustix::stdio::{dup2_stderr, dup2_stdout, stderr, stdout};

use crate::log_mark::LogMark;

/// Where the journal takes streams.
const JOURNAL: &str = "/run/systemd/journal/stdout";
/// What systemd gives a stream, for a journal that is late; the kernel may allow less.
const SEND_BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// Marks what this process prints from now on. What goes elsewhere than to the journal stays as it is.
pub(super) fn mark_output(mark: &LogMark) -> io::Result<()> {
    let (out, err) = (is_journal(stdout()), is_journal(stderr()));
    if !out && !err {
        return Ok(());
    }
    let stream = begin_stream(mark)?;
    if out {
        dup2_stdout(&stream)?;
    }
    if err {
        dup2_stderr(&stream)?;
    }
    Ok(())
}

fn is_journal(fd: impl AsFd) -> bool {
    let peer = rustix::net::getpeername(fd).ok().flatten().and_then(|peer| SocketAddrUnix::try_from(peer).ok());
    peer.is_some_and(|peer| peer.path_bytes() == Some(JOURNAL.as_bytes()))
}

fn begin_stream(mark: &LogMark) -> io::Result<OwnedFd> {
    let stream = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    rustix::net::connect(&stream, &SocketAddrUnix::new(JOURNAL)?)?;
    rustix::net::shutdown(&stream, Shutdown::Read)?;
    set_socket_send_buffer_size(&stream, SEND_BUFFER_BYTES)?;
    // The identifier; the unit, which the journal finds by itself; the priority of what says none; whether lines may say
    // one, as the unit has it too; and whether they go to syslog, the kernel's log or the console as well.
    let header = format!("{}\n\n6\n0\n0\n0\n0\n", mark.as_str());
    if rustix::io::write(&stream, header.as_bytes())? < header.len() {
        return Err(io::Error::from(io::ErrorKind::WriteZero));
    }
    Ok(stream)
}
