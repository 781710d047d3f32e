//! What the forms about servers know before the panel is asked. Pure.

use l4d2_contract::Server;

/// The lowest and the usual first port of a game server.
const LOWEST_PORT: u16 = 1024;
const USUAL_PORT: u16 = 27015;

/// What is said of a port that is none.
pub const PORT_RULE: &str = "Must be a number between 1024 and 65535.";

/// A port as a person types it.
pub fn port(typed: &str) -> Option<u16> {
    typed.trim().parse().ok().filter(|port| *port >= LOWEST_PORT)
}

/// The first port from the usual one on that none of the known servers has.
pub fn free_port<'a>(servers: impl Iterator<Item = &'a Server>) -> u16 {
    let taken: Vec<u16> = servers.map(|server| server.port).collect();
    (USUAL_PORT..=u16::MAX).find(|port| !taken.contains(port)).unwrap_or(USUAL_PORT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn ports_are_numbers_in_range() {
        assert_eq!(port(" 27015 "), Some(27015));
        for wrong in ["", "x", "80", "70000", "-1", "27015.5"] {
            assert_eq!(port(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_next_free_port_is_proposed() {
        let server = |id, port| Server { port, ..samples::server(id, "x") };
        assert_eq!(free_port([].iter()), 27015);
        assert_eq!(free_port([server(1, 27015), server(2, 27017)].iter()), 27016);
    }
}
