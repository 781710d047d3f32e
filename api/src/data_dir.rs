//! The data directory: private, and owned by one serving process at a time.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Holds the data directory until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

/// Refuses a place that games see: they could read the database and the signing key there.
pub fn keep_from_games(data_dir: &Path) -> Result<()> {
    let Some(seen) = l4d2_host::launcher::seen_by_games(data_dir) else { return Ok(()) };
    let (data_dir, seen) = (data_dir.display(), seen.display());
    bail!(
        "DATA_DIR is {data_dir}, but games see all of {seen}: stop the panel and the servers, move it elsewhere, such as to \
         /var/lib/l4d2-web, and set DATA_DIR to that"
    )
}

/// Makes the directory if needed, for this user only.
pub fn prepare(data_dir: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .with_context(|| format!("could not make the data directory {}", data_dir.display()))?;
    std::fs::set_permissions(data_dir, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("could not make the data directory {} private", data_dir.display()))
}

/// Takes the directory. A file lock and no pid file: the kernel lets go of it even after a crash.
pub fn lock(data_dir: &Path) -> Result<DataDirLock> {
    let path = data_dir.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("could not open {}", path.display()))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(DataDirLock { _file: file }),
        Err(Errno::WOULDBLOCK) => bail!(
            "another l4d2-web serves from {}: stop it, or give this one a DATA_DIR of its own",
            data_dir.display()
        ),
        Err(error) => Err(error).with_context(|| format!("could not lock {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_owner_at_a_time_and_free_again_afterwards() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data_dir = directory.path().join("data");
        prepare(&data_dir).expect("prepared");
        assert_eq!(std::fs::metadata(&data_dir).expect("there").permissions().mode() & 0o777, 0o700);
        let first = lock(&data_dir).expect("free");
        let error = lock(&data_dir).expect_err("taken");
        assert!(error.to_string().contains("another l4d2-web"), "{error}");
        drop(first);
        lock(&data_dir).expect("free again");
    }
}
