//! Finds out when the game has bound its port, and whether it was the game who did.
//!
//! The engine treats its port as a wish and walks up to a free one, so a bound port alone says little: the socket must
//! belong to a process of the game.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrV4, SocketType};
use rustix::process::Pid;

/// The first look comes after this time; each pause is a quarter longer than the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A UDP socket of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UdpSocket {
    port: u16,
    inode: u64,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Look again after this time.
    NotYet(Duration),
    /// The game holds its port.
    Bound,
    /// Another program holds it.
    Taken,
    /// Time is over; the game holds these other ports.
    TooLate(Vec<u16>),
}

/// Waits for one game's port.
#[derive(Debug)]
pub(crate) struct Watch {
    port: u16,
    /// The first process of the game's namespace.
    init: Pid,
    limit: Duration,
    deadline: Instant,
    pause: Duration,
    /// Sockets on the port that the last look found, and no owner in the game.
    strangers: Vec<u64>,
}

impl Watch {
    pub(crate) fn new(port: u16, init: Pid, limit: Duration) -> Self {
        let deadline = Instant::now() + limit;
        Self { port, init, limit, deadline, pause: FIRST_PAUSE, strangers: Vec::new() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How long the game may take.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Looks once.
    pub(crate) fn look(&mut self) -> Finding {
        let sockets = udp_sockets();
        let on_port: Vec<u64> = sockets.iter().filter(|s| s.port == self.port).map(|s| s.inode).collect();
        if !on_port.is_empty() {
            let own = socket_inodes(self.init);
            if on_port.iter().any(|inode| own.contains(inode)) {
                return Finding::Bound;
            }
            // The socket of a game that is just ending has no owner any more, but is soon gone: only one that stays is
            // another program's.
            if on_port.iter().any(|inode| self.strangers.contains(inode)) {
                return Finding::Taken;
            }
            self.strangers = on_port;
            return Finding::NotYet(LONGEST_PAUSE);
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let own = socket_inodes(self.init);
            let mut others: Vec<u16> = sockets.iter().filter(|s| own.contains(&s.inode)).map(|s| s.port).collect();
            others.sort_unstable();
            return Finding::TooLate(others);
        }
        let pause = self.pause.min(left);
        self.pause = (self.pause * 5 / 4).min(LONGEST_PAUSE);
        Finding::NotYet(pause)
    }
}

/// Which protocol of a port is taken before the game was even started.
pub(crate) fn taken_protocol(port: u16) -> io::Result<Option<&'static str>> {
    for (kind, name) in [(SocketType::DGRAM, "UDP"), (SocketType::STREAM, "TCP")] {
        let socket = rustix::net::socket(AddressFamily::INET, kind, None)?;
        if kind == SocketType::STREAM {
            // Connections of the last run that are still fading away do not hinder the game either.
            rustix::net::sockopt::set_socket_reuseaddr(&socket, true)?;
        }
        match rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port)) {
            Ok(()) => {}
            Err(Errno::ADDRINUSE) => return Ok(Some(name)),
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(None)
}

fn udp_sockets() -> Vec<UdpSocket> {
    ["/proc/self/net/udp", "/proc/self/net/udp6"]
        .into_iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|table| parse_udp(&table))
        .collect()
}

/// Reads the kernel's table: the local address is the second field, the inode the tenth.
fn parse_udp(table: &str) -> Vec<UdpSocket> {
    let parse = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (_, port) = fields.nth(1)?.rsplit_once(':')?;
        let inode = fields.nth(7)?;
        Some(UdpSocket { port: u16::from_str_radix(port, 16).ok()?, inode: inode.parse().ok()? })
    };
    table.lines().skip(1).filter_map(parse).collect()
}

/// The sockets of all processes in the process namespace of `init`, by inode.
fn socket_inodes(init: Pid) -> Vec<u64> {
    let namespace = |pid: &Path| fs::read_link(pid.join("ns/pid")).ok();
    let Some(wanted) = namespace(Path::new(&format!("/proc/{init}"))) else { return Vec::new() };
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit())
        .map(|entry| entry.path())
        .filter(|path| namespace(path).is_some_and(|found| found == wanted))
        .filter_map(|path| fs::read_dir(path.join("fd")).ok())
        .flat_map(Iterator::flatten)
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter_map(|target| target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
             \x20 217: 00000000:6987 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 26041 2 000000006e1d5a7c 0\n\
             \x20 300: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2 0 0\n\
             garbage\n";
        let expected = [UdpSocket { port: 27015, inode: 26041 }, UdpSocket { port: 53, inode: 7 }];
        assert_eq!(parse_udp(table), expected);
    }

    #[test]
    fn pauses_grow_but_stay_bounded_and_end_with_the_limit() {
        let own = rustix::process::getpid();
        let mut watch = Watch::new(1, own, Duration::from_hours(1));
        let pauses: Vec<Duration> = (0..60)
            .map(|_| match watch.look() {
                Finding::NotYet(pause) => pause,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(pauses.is_sorted());
        assert_eq!((pauses[0], pauses[59]), (FIRST_PAUSE, LONGEST_PAUSE));
        assert!(matches!(Watch::new(1, own, Duration::ZERO).look(), Finding::TooLate(_)));
    }

    #[test]
    fn a_socket_of_another_process_does_not_count() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let port = socket.local_addr().expect("an address").port();
        let limit = Duration::from_mins(1);
        // This process shares its namespace with the socket's owner, which is itself.
        assert_eq!(Watch::new(port, rustix::process::getpid(), limit).look(), Finding::Bound);
        // A process that does not exist owns nothing.
        let nobody = Pid::from_raw(i32::MAX).expect("a number");
        let mut watch = Watch::new(port, nobody, limit);
        assert_eq!([watch.look(), watch.look()], [Finding::NotYet(LONGEST_PAUSE), Finding::Taken]);
        assert_eq!(taken_protocol(port).expect("a look"), Some("UDP"));
    }

    #[test]
    fn a_socket_that_is_gone_at_the_next_look_was_that_of_a_game_that_ended() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = socket.local_addr().expect("an address");
        let nobody = Pid::from_raw(i32::MAX).expect("a number");
        let mut watch = Watch::new(address.port(), nobody, Duration::from_mins(1));
        assert_eq!(watch.look(), Finding::NotYet(LONGEST_PAUSE));
        // The next one on the port is another socket.
        drop(socket);
        let _next = std::net::UdpSocket::bind(address).expect("the same address");
        assert_eq!(watch.look(), Finding::NotYet(LONGEST_PAUSE));
        assert_eq!(watch.look(), Finding::Taken);
    }

    #[test]
    fn a_port_taken_on_tcp_alone_is_found_before_the_start() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        assert_eq!(taken_protocol(port).expect("a look"), Some("TCP"));
    }
}
