//! Directories that are nobody else's to look into.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::error::HostError;

/// Makes a directory, and those above it, for this user alone. What is there already stays as it is.
pub(crate) fn make_private(directory: &Path) -> Result<(), HostError> {
    create_private(directory).map_err(|source| HostError::io(format!("making {}", directory.display()), source))
}

/// Makes a directory in one that is there, for this user alone. What is there already stays as it is.
pub(crate) fn create_private_below(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// [`make_private`] for whoever says by itself what failed.
pub(crate) fn create_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}
