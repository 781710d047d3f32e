//! Which instances there are.

use std::{fs, io};

use crate::error::HostError;
use crate::layout::Layout;
use crate::name::InstanceName;

/// The names of the instances there are, in order; other things in their directory are left alone.
pub(crate) fn names(layout: &Layout) -> Result<Vec<InstanceName>, HostError> {
    let path = layout.instances();
    let failed = |source| HostError::io(format!("reading {}", path.display()), source);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        names.extend(name.to_str().and_then(|name| InstanceName::parse(name).ok()));
    }
    names.sort();
    Ok(names)
}
