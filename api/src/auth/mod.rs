//! Who calls, and what that caller may do.
//!
//! A token only says which row to look at: whether the session stands, whether the user is disabled and whether it is an
//! admin is read from the database at every request. Secrets are kept as digests (API tokens, passwords) or are derived
//! from the signing key (session tokens, CSRF tokens), and none shows itself in `Debug`.

pub mod caller;
pub mod changes;
pub mod client;
pub mod housekeeping;
pub mod key;
pub mod limits;
pub mod password;
pub mod session;
pub mod token;

pub use caller::{Admin, Caller, Credential, still_valid};
pub use changes::AuthChanged;
pub use client::Client;

use anyhow::Result;

use crate::config::Config;
use key::SigningKey;
use limits::RateLimits;
use password::Passwords;
use session::Sessions;

/// Everything signing in needs besides the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Auth {
    /// Session tokens, CSRF tokens and the cookie.
    pub sessions: Sessions,
    /// Hashing of passwords.
    pub passwords: Passwords,
    /// How often one address may call.
    pub limits: RateLimits,
}

impl Auth {
    /// Reads the signing key from the data directory, or makes it there. The directory must exist.
    pub fn load(config: &Config) -> Result<Self> {
        let key = SigningKey::open(&config.data_dir)?;
        Ok(Self {
            sessions: Sessions::new(&key, config.session_lifetime, config.insecure_cookies),
            passwords: Passwords::new()?,
            limits: RateLimits::new(config)?,
        })
    }
}
