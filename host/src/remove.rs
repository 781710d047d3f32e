//! Removes trees that a program nobody trusts has written.
//!
//! Never follows a link, opens directories whose rights were taken away, and copes with any depth: it holds a bounded
//! number of open directories and moves what lies deeper to the top.

use std::ffi::{CStr, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, chmod, openat, renameat, unlinkat};
use rustix::io::Errno;

/// How many directories are open at once.
const MAX_DEPTH: usize = 64;

/// Removes whatever is at `path`; nothing there is fine.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    remove_at(CWD, path)
}

/// Removes whatever is called `name` in a directory; nothing there is fine.
pub(crate) fn remove_at(parent: impl AsFd, name: impl AsRef<Path>) -> io::Result<()> {
    let (parent, name) = (parent.as_fd(), name.as_ref());
    let Some(top) = unlink_or_open(parent, name)? else { return Ok(()) };
    loop {
        let removed = empty(&top, &top, 0)?;
        match unlinkat(parent, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            // What was moved up, or written meanwhile, is still there.
            Err(Errno::NOTEMPTY | Errno::EXIST) if removed > 0 => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Opens a directory for its place, with the rights to read and change it. Fails for anything else, links included.
pub(crate) fn open_directory(parent: impl AsFd, name: impl AsRef<Path>) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let place = openat(parent, name.as_ref(), flags, Mode::empty())?;
    // Changed through the opened directory, never through a name that may have become a link. Whether it was needed
    // and allowed shows when the directory is used.
    let _ = chmod(format!("/proc/self/fd/{}", place.as_raw_fd()), Mode::RWXU);
    Ok(place)
}

/// Removes what is no directory; opens what is one.
fn unlink_or_open(parent: BorrowedFd<'_>, name: &Path) -> Result<Option<OwnedFd>, Errno> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(None),
        Err(Errno::ISDIR | Errno::PERM) => open_directory(parent, name).map(Some),
        Err(error) => Err(error),
    }
}

/// Removes or moves to the top what is in a directory; says how many entries that were.
fn empty(directory: &OwnedFd, top: &OwnedFd, depth: usize) -> io::Result<u64> {
    let listing = openat(directory, c".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut count = 0;
    for entry in Dir::new(listing)? {
        let entry = entry?;
        let name: &CStr = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        count += 1;
        let path = Path::new(OsStr::from_bytes(name.to_bytes()));
        let Some(inner) = unlink_or_open(directory.as_fd(), path)? else { continue };
        if depth == MAX_DEPTH {
            // A name that is not there yet: neither from a run that broke off, nor by somebody who wants this one to fail.
            renameat(directory, name, top, format!(".deep-{:032x}", rand::random::<u128>()))?;
            continue;
        }
        empty(&inner, top, depth + 1)?;
        match unlinkat(directory, name, AtFlags::REMOVEDIR) {
            // It is looked at again from the top.
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (kept, tree) = (directory.path().join("kept"), directory.path().join("tree"));
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "").unwrap();
        fs::create_dir(&tree).unwrap();
        symlink(&kept, tree.join("link")).unwrap();
        remove_tree(&tree).unwrap();
        assert!(kept.join("file").exists() && !tree.exists());
        symlink(&kept, &tree).unwrap();
        remove_tree(&tree).unwrap();
        assert!(kept.join("file").exists() && !tree.exists());
        remove_tree(&tree).unwrap();
    }

    #[test]
    fn what_was_made_unreadable_goes_too() {
        let directory = tempfile::tempdir().unwrap();
        let tree = directory.path().join("tree");
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::write(tree.join("a/b/file"), "").unwrap();
        for path in ["a/b", "a", ""] {
            fs::set_permissions(tree.join(path), fs::Permissions::from_mode(0o000)).unwrap();
        }
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
    }

    #[test]
    fn what_a_run_that_broke_off_moved_is_in_nobodys_way() {
        let directory = tempfile::tempdir().unwrap();
        let tree = directory.path().join("tree");
        for number in 1..20 {
            // As it was called, by a process of the same number.
            fs::create_dir_all(tree.join(format!(".deep-{number}-{}", std::process::id())).join("full")).unwrap();
            fs::create_dir_all(tree.join(number.to_string()).join("d/".repeat(2 * MAX_DEPTH))).unwrap();
        }
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
    }

    #[test]
    fn depth_and_width_are_no_matter() {
        let directory = tempfile::tempdir().unwrap();
        let mut place = openat(CWD, directory.path(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        rustix::fs::mkdirat(&place, "tree", Mode::RWXU).unwrap();
        place = open_directory(&place, "tree").unwrap();
        // Deeper than any path may be long.
        for _ in 0..500 {
            rustix::fs::mkdirat(&place, "a long name of a directory", Mode::RWXU).unwrap();
            rustix::fs::mkdirat(&place, "beside", Mode::empty()).unwrap();
            place = open_directory(&place, "a long name of a directory").unwrap();
        }
        for number in 0..3_000 {
            fs::write(directory.path().join("tree").join(number.to_string()), "").unwrap();
        }
        remove_tree(&directory.path().join("tree")).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
