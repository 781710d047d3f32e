//! How often one address may call: a narrow limit each on signing in, on signing up and on changing a password, which cost a
//! hash, and a wide one on the whole API.
//!
//! An address is one bucket of requests that refills steadily. IPv6 counts by /64, which is what one customer gets. The
//! tables forget whoever has a full bucket again, and when one is crowded all the same, whole neighbourhoods share a
//! bucket in it until it is not: nobody can make it grow without end.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::body::Body;
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use governor::clock::QuantaInstant;
use governor::middleware::NoOpMiddleware;
use ipnet::IpNet;
use tower_governor::governor::{GovernorConfig, GovernorConfigBuilder};
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};

use super::client::address_of;
use crate::config::Config;
use crate::error::ApiError;

/// Attempts with a password come back one by one at this pace.
const SIGN_IN_REFILL: Duration = Duration::from_secs(15);
/// Addresses in one table past which neighbours share a bucket: some 10 MB.
const CROWD: usize = 100_000;

/// A layer that counts requests.
pub type LimitLayer = GovernorLayer<ClientKey, NoOpMiddleware<QuantaInstant>, Body>;

/// The limits' tables; cheap to clone, and clones count together.
#[derive(Clone)]
pub struct RateLimits {
    login: Limit,
    signup: Limit,
    password: Limit,
    general: Limit,
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits").finish_non_exhaustive()
    }
}

impl RateLimits {
    /// Empty tables.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let trusted: Arc<[IpNet]> = config.trusted_proxies.clone().into();
        let sign_in = || Limit::new(SIGN_IN_REFILL, config.login_rate_burst, &trusted);
        // The builder's `per_second(n)` is one request every n seconds, hence a period of our own.
        let refill = Duration::from_secs(1) / config.api_rate_per_second;
        Ok(Self {
            login: sign_in()?,
            signup: sign_in()?,
            password: sign_in()?,
            general: Limit::new(refill, config.api_rate_burst, &trusted)?,
        })
    }

    /// For signing in.
    pub fn login_layer(&self) -> LimitLayer {
        self.login.layer()
    }

    /// For signing up. It has buckets of its own: a burst of newcomers keeps nobody from signing in.
    pub fn signup_layer(&self) -> LimitLayer {
        self.signup.layer()
    }

    /// For changing a password. Whoever is signed in must not keep others from that, nor try passwords at will.
    pub fn password_layer(&self) -> LimitLayer {
        self.password.layer()
    }

    /// For the API as a whole. A stream counts once, when it is opened.
    pub fn general_layer(&self) -> LimitLayer {
        self.general.layer()
    }

    /// Forgets addresses whose bucket is full again.
    pub fn sweep(&self) {
        for limit in [&self.login, &self.signup, &self.password, &self.general] {
            limit.sweep(CROWD);
        }
    }
}

#[derive(Clone)]
struct Limit {
    config: Arc<GovernorConfig<ClientKey, NoOpMiddleware<QuantaInstant>>>,
    crowded: Arc<AtomicBool>,
}

impl Limit {
    fn new(refill: Duration, burst: u32, trusted: &Arc<[IpNet]>) -> anyhow::Result<Self> {
        let crowded = Arc::new(AtomicBool::new(false));
        let key = ClientKey { trusted: Arc::clone(trusted), crowded: Arc::clone(&crowded) };
        let config = GovernorConfigBuilder::default()
            .key_extractor(key)
            .period(refill)
            .burst_size(burst)
            .finish()
            .context("a rate limit can't be zero")?;
        Ok(Self { config: Arc::new(config), crowded })
    }

    fn layer(&self) -> LimitLayer {
        GovernorLayer::new(Arc::clone(&self.config)).error_handler(refusal)
    }

    fn sweep(&self, crowd: usize) {
        let table = self.config.limiter();
        table.retain_recent();
        table.shrink_to_fit();
        self.crowded.store(table.len() > crowd, Ordering::Relaxed);
    }
}

fn refusal(error: GovernorError) -> Response {
    match error {
        GovernorError::TooManyRequests { wait_time, .. } => ApiError::TooMany {
            code: "rate_limited",
            detail: "too many requests from your address: wait a little".to_owned(),
            // It was rounded down.
            retry_after_seconds: wait_time + 1,
        }
        .into_response(),
        other => ApiError::internal(other).into_response(),
    }
}

/// Whose bucket a request is taken from.
#[derive(Debug, Clone)]
pub struct ClientKey {
    trusted: Arc<[IpNet]>,
    crowded: Arc<AtomicBool>,
}

impl KeyExtractor for ClientKey {
    type Key = IpAddr;

    fn extract<T>(&self, request: &Request<T>) -> Result<Self::Key, GovernorError> {
        let address = address_of(request.extensions(), request.headers(), &self.trusted);
        Ok(bucket(address, self.crowded.load(Ordering::Relaxed)))
    }
}

/// The first address of the block that shares a bucket.
fn bucket(address: IpAddr, crowded: bool) -> IpAddr {
    match (address, crowded) {
        (IpAddr::V4(address), false) => IpAddr::V4(address),
        (IpAddr::V4(address), true) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & (!0 << 16))),
        (IpAddr::V6(address), false) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (!0 << 64))),
        (IpAddr::V6(address), true) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (!0 << 96))),
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::ConnectInfo;

    use super::*;

    fn key(limit: &Limit, address: IpAddr) -> IpAddr {
        let mut request = Request::new(());
        request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::new(address, 1)));
        let extractor = ClientKey { trusted: Arc::from([]), crowded: Arc::clone(&limit.crowded) };
        extractor.extract(&request).expect("an address")
    }

    fn visit(limit: &Limit, addresses: impl Iterator<Item = u32>) {
        for address in addresses {
            let _ = limit.config.limiter().check_key(&key(limit, IpAddr::V4(Ipv4Addr::from_bits(address))));
        }
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let quick = Limit::new(Duration::from_nanos(1), 20, &Arc::from([])).expect("a limit");
        visit(&quick, 0..1000);
        assert_eq!(quick.config.limiter().len(), 1000);
        quick.sweep(CROWD);
        assert_eq!(quick.config.limiter().len(), 0);

        let slow = Limit::new(Duration::from_hours(1), 20, &Arc::from([])).expect("a limit");
        visit(&slow, 0..1000);
        slow.sweep(CROWD);
        assert_eq!(slow.config.limiter().len(), 1000, "those still count");
    }

    #[test]
    fn a_crowded_table_stops_growing_with_every_address() {
        let limit = Limit::new(Duration::from_hours(1), 20, &Arc::from([])).expect("a limit");
        visit(&limit, 0..1001);
        limit.sweep(1000);
        visit(&limit, 0x0100_0000..0x0100_4000);
        assert_eq!(limit.config.limiter().len(), 1002, "a whole neighbourhood is one more");
        let customer: IpAddr = "2001:db8:1:2::1".parse().expect("an address");
        assert_eq!(key(&limit, customer).to_string(), "2001:db8::");

        limit.sweep(2000);
        assert_eq!(key(&limit, customer).to_string(), "2001:db8:1:2::");
    }
}
