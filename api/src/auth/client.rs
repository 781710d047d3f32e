//! Where a request comes from.
//!
//! `X-Forwarded-For` counts only when the peer is one of `TRUSTED_PROXIES`, and then it is read from its end: each proxy
//! appends whom it heard, so the last address that is no trusted proxy is the first that nobody could make up.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use ipnet::IpNet;

use crate::app::AppState;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// What is kept of a user agent.
const USER_AGENT_CHARS: usize = 256;

/// Who sent a request, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// What it calls itself; untrusted text.
    pub user_agent: String,
}

impl FromRequestParts<AppState> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let address = address_of(&parts.extensions, &parts.headers, &state.config.trusted_proxies);
        let user_agent = parts.headers.get(header::USER_AGENT).map_or(&b""[..], |value| value.as_bytes());
        let user_agent = String::from_utf8_lossy(user_agent).chars().take(USER_AGENT_CHARS).collect();
        Ok(Self { address, user_agent })
    }
}

/// The address of a request's sender. A request that came over no connection (in tests) is from this machine.
pub fn address_of(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip().to_canonical());
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let mut sender = peer;
    for value in headers.get_all(FORWARDED_FOR).iter().rev() {
        for hop in value.as_bytes().rsplit(|byte| *byte == b',') {
            // What can't be read was not written by a proxy that is trusted: its writer is the sender.
            let Some(hop) = std::str::from_utf8(hop).ok().and_then(hop_address) else { return sender };
            sender = hop;
            if !is_trusted(&sender) {
                return sender;
            }
        }
    }
    sender
}

/// Some proxies add the port, and brackets around IPv6.
fn hop_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn sender(peer: &str, forwarded: &[&str]) -> String {
        let mut extensions = Extensions::new();
        let peer: IpAddr = peer.parse().expect("an address");
        extensions.insert(ConnectInfo(SocketAddr::new(peer, 40_000)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).expect("a header"));
        }
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a network")).to_vec();
        address_of(&extensions, &headers, &trusted).to_string()
    }

    #[test]
    fn an_untrusted_peer_can_claim_nothing() {
        assert_eq!(sender("198.51.100.7", &["203.0.113.9"]), "198.51.100.7");
        assert_eq!(sender("198.51.100.7", &["10.0.0.1"]), "198.51.100.7");
    }

    #[test]
    fn behind_trusted_proxies_the_last_address_that_is_none_of_them_counts() {
        assert_eq!(sender("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(sender("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(sender("10.0.0.1", &["1.1.1.1", "203.0.113.9", "10.0.0.2"]), "203.0.113.9");
        assert_eq!(sender("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(sender("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn forms_that_proxies_write_are_read_and_nonsense_ends_the_search() {
        assert_eq!(sender("10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(sender("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(sender("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(sender("::ffff:10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
        assert_eq!(sender("10.0.0.1", &["203.0.113.9, unknown"]), "10.0.0.1");
        assert_eq!(sender("fd00::1", &["203.0.113.9, , 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn without_a_connection_it_is_this_machine() {
        assert!(address_of(&Extensions::new(), &HeaderMap::new(), &[]).is_loopback());
    }
}
