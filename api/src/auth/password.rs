//! Passwords: argon2id, computed off the async threads, a bounded number at once.
//!
//! A check costs the same whether the user exists or not: without a user the password is checked against a digest that
//! nothing matches.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::anyhow;
use argon2::password_hash::{Output, ParamsString, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{ApiError, ApiResult};

/// Requests that may wait for a hash; more are turned away, so that a flood holds neither memory nor the people behind it.
const QUEUE: usize = 256;
/// Half the processors, but no more than these: each hash also takes 19 MiB.
const MOST_AT_ONCE: usize = 4;

/// Computes and checks digests; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    at_work: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    nobodys: Arc<str>,
    computed: Arc<AtomicU64>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("computed", &self.computed).finish_non_exhaustive()
    }
}

impl Passwords {
    /// Sized for this machine.
    pub fn new() -> anyhow::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_bounds((processors / 2).clamp(1, MOST_AT_ONCE), QUEUE)
    }

    fn with_bounds(at_once: usize, queue: usize) -> anyhow::Result<Self> {
        let nobodys = nobodys_digest().map_err(|error| anyhow!("could not make the digest of nobody: {error}"))?;
        Ok(Self {
            at_work: Arc::new(Semaphore::new(at_once)),
            queue: Arc::new(Semaphore::new(at_once + queue)),
            nobodys: nobodys.into(),
            computed: Arc::default(),
        })
    }

    /// The digest to store for a password.
    pub async fn hash(&self, password: String) -> ApiResult<String> {
        self.compute(move || {
            let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
            Ok(argon2().hash_password(password.as_bytes(), &salt)?.to_string())
        })
        .await
    }

    /// Whether a password belongs to a digest. `None` takes as long and is never right.
    pub async fn verify(&self, password: String, digest: Option<&str>) -> ApiResult<bool> {
        let known = digest.is_some();
        let digest = digest.unwrap_or(&self.nobodys).to_owned();
        let right = self
            .compute(move || match argon2().verify_password(password.as_bytes(), &PasswordHash::new(&digest)?) {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::Password) => Ok(false),
                Err(error) => Err(error),
            })
            .await?;
        Ok(right && known)
    }

    /// How many digests were computed so far, right or wrong.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    async fn compute<T, F>(&self, work: F) -> ApiResult<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
    {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| busy())?;
        let turn = Arc::clone(&self.at_work).acquire_owned().await.map_err(ApiError::internal)?;
        let computed = Arc::clone(&self.computed);
        let work = move || {
            // Held by the work and not by the request: one that was hung up on still counts until its hash is done.
            let _held = (place, turn);
            computed.fetch_add(1, Ordering::Relaxed);
            work()
        };
        let result = tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)?;
        result.map_err(|error| ApiError::internal(anyhow!("a password could not be hashed: {error}")))
    }
}

fn busy() -> ApiError {
    ApiError::Unavailable { code: "busy", detail: "too many people are signing in right now: try again".to_owned() }
}

/// argon2id with the crate's recommended cost: 19 MiB, two passes.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// A digest with the usual cost and a random output, which no known password has.
fn nobodys_digest() -> Result<String, argon2::password_hash::Error> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
    let digest = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&Params::DEFAULT)?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&rand::random::<[u8; 32]>())?),
    };
    Ok(digest.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn digests_are_salted_argon2id_and_check() {
        let passwords = Passwords::new().expect("made");
        let digest = passwords.hash("correct horse".to_owned()).await.expect("hashed");
        assert!(digest.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{digest}");
        assert_ne!(digest, passwords.hash("correct horse".to_owned()).await.expect("hashed"));
        assert!(passwords.verify("correct horse".to_owned(), Some(&digest)).await.expect("checked"));
        assert!(!passwords.verify("Correct horse".to_owned(), Some(&digest)).await.expect("checked"));
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody() {
        let passwords = Passwords::new().expect("made");
        let digest = passwords.hash("correct horse".to_owned()).await.expect("hashed");
        let somebody = PasswordHash::new(&digest).expect("valid");
        let nobody = PasswordHash::new(&passwords.nobodys).expect("valid");
        assert_eq!((somebody.algorithm, somebody.version), (nobody.algorithm, nobody.version));
        assert_eq!(somebody.params, nobody.params);
        let before = passwords.computed();
        assert!(!passwords.verify("correct horse".to_owned(), None).await.expect("checked"));
        assert_eq!(passwords.computed(), before + 1, "the password was hashed although there is nobody");
    }

    #[tokio::test]
    async fn a_damaged_digest_is_an_error_and_not_a_wrong_password() {
        let passwords = Passwords::new().expect("made");
        passwords.verify("correct horse".to_owned(), Some("$argon2id$")).await.expect_err("damaged");
    }

    #[tokio::test]
    async fn the_queue_is_bounded() {
        let passwords = Passwords::with_bounds(1, 3).expect("made");
        let only_slot = Arc::clone(&passwords.at_work).acquire_owned().await.expect("open");
        let mut attempts = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let passwords = passwords.clone();
            attempts.spawn(async move { passwords.hash("correct horse".to_owned()).await });
        }
        for _ in 0..16 {
            let outcome = attempts.join_next().await.expect("one more").expect("no panic");
            assert_eq!(outcome.expect_err("turned away").code(), "busy");
        }
        assert_eq!(passwords.computed(), 0);
        drop(only_slot);
        while let Some(outcome) = attempts.join_next().await {
            outcome.expect("no panic").expect("waited for its turn");
        }
        assert_eq!(passwords.computed(), 4);
    }

    #[tokio::test]
    async fn a_bounded_number_works_at_once() {
        let passwords = Passwords::with_bounds(2, 20).expect("made");
        let (now, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let mut attempts = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let (passwords, now, most) = (passwords.clone(), Arc::clone(&now), Arc::clone(&most));
            attempts.spawn(async move {
                let work = move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let salt = SaltString::encode_b64(b"as good as any..")?;
                    argon2().hash_password(b"correct horse", &salt)?;
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                };
                passwords.compute(work).await
            });
        }
        while let Some(outcome) = attempts.join_next().await {
            outcome.expect("no panic").expect("hashed");
        }
        assert!(most.load(Ordering::SeqCst) <= 2);
    }

    /// This test has one async thread: work done on it would wait for itself.
    #[tokio::test]
    async fn hashing_leaves_the_async_threads_free() {
        let passwords = Passwords::with_bounds(1, 1).expect("made");
        let (go_on, told) = std::sync::mpsc::channel();
        let work = passwords.compute(move || Ok(told.recv_timeout(Duration::from_secs(10)).is_ok()));
        let request_meanwhile = async move { go_on.send(()) };
        let (went_on, sent) = tokio::join!(work, request_meanwhile);
        sent.expect("the work still waits");
        assert!(went_on.expect("computed"), "nothing else ran until the work gave up");
    }

    #[tokio::test]
    async fn a_request_that_went_away_keeps_its_slot_until_its_hash_is_done() {
        let passwords = Passwords::with_bounds(1, 1).expect("made");
        let (go_on, told) = std::sync::mpsc::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let work = passwords.compute(move || {
            let _ = begun.send(());
            let _ = told.recv_timeout(Duration::from_secs(10));
            Ok(())
        });
        tokio::select! {
            biased;
            _ = work => panic!("the work waits for the test"),
            begun = begins => begun.expect("the work has begun"),
        }
        assert_eq!(passwords.at_work.available_permits(), 0);
        go_on.send(()).expect("the work still waits");
        passwords.compute(|| Ok(())).await.expect("the slot came back");
    }
}
