//! Space on the file system that holds the root.

use std::path::Path;

use rustix::fs::statvfs;
use rustix::io::Errno;

use crate::error::HostError;

/// Space of the file system that holds the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// Its size.
    pub total_bytes: u64,
    /// What is free for the panel's user.
    pub free_bytes: u64,
}

/// Looks at the file system that holds `path`, or will hold it once it is made.
pub(crate) fn disk_space(path: &Path) -> Result<DiskSpace, HostError> {
    for place in path.ancestors() {
        match statvfs(place) {
            Ok(stat) => {
                let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
                return Ok(DiskSpace { total_bytes: bytes(stat.f_blocks), free_bytes: bytes(stat.f_bavail) });
            }
            Err(Errno::NOENT) => {}
            Err(error) => {
                return Err(HostError::io(format!("looking at the disk of {}", path.display()), error.into()));
            }
        }
    }
    Err(HostError::io(format!("looking at the disk of {}", path.display()), Errno::NOENT.into()))
}
