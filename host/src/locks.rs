//! File locks between programs on the same root: the panel, and `l4d2ctl` beside it.
//!
//! The kernel lets go of them when their holder ends, however it ends.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::HostError;

/// How long a lock is waited for. A supervisor that saw its game's end may need a moment to end itself, and a child
/// that is being started holds the locks of its parent until its exec.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);

/// Takes a lock for as long as the file is kept; none when somebody keeps it from being taken for a while.
pub(crate) async fn lock(path: &Path, operation: FlockOperation) -> Result<Option<File>, HostError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match try_lock(path, operation)? {
            Some(file) => return Ok(Some(file)),
            None if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            None => return Ok(None),
        }
    }
}

/// Takes a lock if nobody keeps it from being taken at this moment.
pub(crate) fn try_lock(path: &Path, operation: FlockOperation) -> Result<Option<File>, HostError> {
    let failed = |source| HostError::io(format!("locking {}", path.display()), source);
    let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
    match flock(&file, operation) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(failed(error.into())),
    }
}
