//! UNIX sockets at paths of any length.
//!
//! A socket address holds 107 bytes, less than a root and a long server name may need. So the directory is opened and
//! the address goes through `/proc/self/fd`.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType};

/// How long a connection may take to be queued.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Longest packet that is read.
pub(crate) const MAX_PACKET_BYTES: usize = 16 * 1024;

/// Makes a listening packet socket that only its owner may connect to; one that lies there is replaced.
pub(crate) fn listen(path: &Path) -> io::Result<OwnedFd> {
    let socket = bind(path, SocketType::SEQPACKET)?;
    rustix::net::listen(&socket, 16)?;
    Ok(socket)
}

/// Makes a datagram socket that only its owner may send to; one that lies there is replaced.
pub(crate) fn bind_datagram(path: &Path) -> io::Result<OwnedFd> {
    bind(path, SocketType::DGRAM)
}

/// Connects to a packet socket.
pub(crate) fn connect(path: &Path) -> io::Result<OwnedFd> {
    connect_as(path, SocketType::SEQPACKET)
}

/// Connects to a datagram socket.
pub(crate) fn connect_datagram(path: &Path) -> io::Result<OwnedFd> {
    connect_as(path, SocketType::DGRAM)
}

/// Takes one connection; none waits when it gives an error of kind `WouldBlock`.
pub(crate) fn accept(listener: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(rustix::net::accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?)
}

/// Sends one packet; a peer that is gone is an error, not a signal.
pub(crate) fn send(socket: impl AsFd, packet: &[u8]) -> io::Result<()> {
    rustix::net::send(socket, packet, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Reads one packet; none at the end of the connection.
pub(crate) fn receive(socket: impl AsFd) -> io::Result<Option<Vec<u8>>> {
    let mut buffer = vec![0; MAX_PACKET_BYTES];
    let (length, _) = rustix::net::recv(socket, buffer.as_mut_slice(), RecvFlags::empty())?;
    buffer.truncate(length);
    Ok((length > 0).then_some(buffer))
}

/// Bounds how long reads and writes may wait.
pub(crate) fn set_time_limit(socket: &OwnedFd, limit: Duration) -> io::Result<()> {
    set_socket_timeout(socket, Timeout::Recv, Some(limit))?;
    Ok(set_socket_timeout(socket, Timeout::Send, Some(limit))?)
}

fn bind(path: &Path, kind: SocketType) -> io::Result<OwnedFd> {
    let (directory, address) = address(path)?;
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, flags, None)?;
    rustix::net::bind(&socket, &address)?;
    // The directory is closed to others anyway, so the moment before this is no gap.
    let name = path.file_name().unwrap_or_default();
    rustix::fs::chmodat(&directory, name, Mode::RUSR | Mode::WUSR, rustix::fs::AtFlags::empty())?;
    Ok(socket)
}

fn connect_as(path: &Path, kind: SocketType) -> io::Result<OwnedFd> {
    let (_directory, address) = address(path)?;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
    // A peer that does not accept any more would hold a connection up for ever once its queue is full.
    set_time_limit(&socket, CONNECT_LIMIT)?;
    rustix::net::connect(&socket, &address)?;
    Ok(socket)
}

/// The address of a path; good as long as the directory that comes with it is open.
fn address(path: &Path) -> io::Result<(OwnedFd, SocketAddrUnix)> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(directory, flags, Mode::empty())?;
    let through = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
    Ok((directory, SocketAddrUnix::new(through)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_longer_than_an_address_works_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let deep = dir.path().join("d".repeat(200));
        std::fs::create_dir(&deep).expect("a directory");
        let path = deep.join("some.sock");
        let listener = listen(&path).expect("a listener");
        assert_eq!(std::fs::metadata(&path).expect("a socket").permissions().mode() & 0o777, 0o600);

        let client = connect(&path).expect("a connection");
        send(&client, b"one").expect("sent");
        send(&client, b"two").expect("sent");
        drop(client);
        let server = accept(&listener).expect("a client");
        assert_eq!(receive(&server).expect("a packet").as_deref(), Some(b"one".as_slice()));
        assert_eq!(receive(&server).expect("a packet").as_deref(), Some(b"two".as_slice()));
        assert_eq!(receive(&server).expect("the end"), None);

        drop(listener);
        assert_eq!(connect(&path).expect_err("nobody").kind(), io::ErrorKind::ConnectionRefused);
        listen(&path).expect("a stale socket is replaced");
    }
}
