//! The signing key: 32 random bytes in the data directory, made at the first start. There is no default key.
//!
//! A key that others could read is not used: whoever has it can sign in as anybody.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The key's file in the data directory.
pub const KEY_FILE: &str = "session.key";
const KEY_BYTES: usize = 32;

/// What session and CSRF tokens are signed with.
#[derive(Clone)]
pub struct SigningKey([u8; KEY_BYTES]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(secret)")
    }
}

impl SigningKey {
    /// Reads the key, or makes one where there is none.
    pub fn open(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(KEY_FILE);
        match File::open(&path) {
            Ok(file) => Self::read(file, &path),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::create(data_dir, &path),
            Err(error) => Err(error).with_context(|| format!("could not open the signing key {}", path.display())),
        }
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn read(file: File, path: &Path) -> Result<Self> {
        let shown = path.display();
        let metadata = file.metadata().with_context(|| format!("could not look at the signing key {shown}"))?;
        let mode = metadata.mode() & 0o7777;
        let for_others = mode & 0o077;
        ensure!(
            for_others == 0,
            "the signing key {shown} is open to other users (mode {mode:04o}): remove it to get a new one, which signs \
             everybody out, or run `chmod 600 {shown}` if nobody else can have read it"
        );
        let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
        let limit = u64::try_from(KEY_BYTES + 1).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes).with_context(|| format!("could not read the signing key {shown}"))?;
        let bytes = bytes.try_into().ok();
        bytes.map(Self).with_context(|| {
            format!("the signing key {shown} is damaged: remove it to get a new one, which signs everybody out")
        })
    }

    /// The file appears under its name only when it is whole, and never replaces one that another process made meanwhile.
    fn create(data_dir: &Path, path: &Path) -> Result<Self> {
        let failed = || format!("could not make the signing key {}", path.display());
        let key = Self(rand::random());
        let mut file = tempfile::Builder::new()
            .prefix(KEY_FILE)
            .permissions(std::fs::Permissions::from_mode(0o600))
            .tempfile_in(data_dir)
            .with_context(failed)?;
        file.write_all(&key.0).and_then(|()| file.as_file().sync_all()).with_context(failed)?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(key),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                Self::read(File::open(path).with_context(failed)?, path)
            }
            Err(error) => Err(error.error).with_context(failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_dir() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the mode is set");
    }

    #[test]
    fn the_key_is_made_once_for_its_user_only() {
        let directory = data_dir();
        let first = SigningKey::open(directory.path()).expect("made");
        let second = SigningKey::open(directory.path()).expect("read");
        assert_eq!(first.bytes(), second.bytes());
        let mode = std::fs::metadata(directory.path().join(KEY_FILE)).expect("there").mode();
        assert_eq!(mode & 0o777, 0o600);
        let files = std::fs::read_dir(directory.path()).expect("readable").count();
        assert_eq!(files, 1, "nothing is left beside the key");
    }

    #[test]
    fn every_directory_has_its_own_key() {
        let (one, other) = (data_dir(), data_dir());
        let one = SigningKey::open(one.path()).expect("made");
        assert_ne!(one.bytes(), SigningKey::open(other.path()).expect("made").bytes());
        assert_ne!(one.bytes(), [0; KEY_BYTES]);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_remedy() {
        let directory = data_dir();
        SigningKey::open(directory.path()).expect("made");
        let path = directory.path().join(KEY_FILE);
        for mode in [0o640, 0o604, 0o620, 0o644] {
            set_mode(&path, mode);
            let error = SigningKey::open(directory.path()).expect_err("open to others").to_string();
            assert!(error.contains("chmod 600") && error.contains(&format!("{mode:04o}")), "{error}");
        }
        set_mode(&path, 0o600);
        SigningKey::open(directory.path()).expect("private again");
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for length in [0, KEY_BYTES - 1, KEY_BYTES + 1] {
            let directory = data_dir();
            let path = directory.path().join(KEY_FILE);
            std::fs::write(&path, vec![7; length]).expect("written");
            set_mode(&path, 0o600);
            let error = SigningKey::open(directory.path()).expect_err("damaged").to_string();
            assert!(error.contains("damaged"), "{error}");
        }
    }

    #[test]
    fn the_key_does_not_show() {
        assert_eq!(format!("{:?}", SigningKey([7; KEY_BYTES])), "SigningKey(secret)");
    }
}
