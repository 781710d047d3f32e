//! API tokens: a prefix that names them, then 256 random bits. Only the digest is stored.
//!
//! So many random bits can't be guessed or listed, so SHA-256 without salt is enough, and a token is found by its digest.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What every token begins with: people and secret scanners recognize it, and no JWT can begin so.
pub const PREFIX: &str = "l4d2_";

/// A new token.
pub fn generate() -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

/// What is stored of a token.
pub fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_unlike_and_their_digests_do_not_hold_them() {
        let (one, other) = (generate(), generate());
        assert_ne!(one, other);
        assert_eq!(one.len(), PREFIX.len() + 43);
        assert_eq!(digest(&one), digest(&one));
        assert_ne!(digest(&one), digest(&other));
        assert!(!digest(&one).contains(&one[PREFIX.len()..]));
    }
}
