//! What an overlay path of the catalog leads to.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use crate::overlay::{self, OverlayError};

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

/// What an overlay path of the catalog leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlayCheck {
    /// A directory below the overlay root.
    Present,
    /// Nothing is there (yet).
    Missing,
    /// There is something, but no directory.
    NotADirectory,
    /// It leads out of the overlay root.
    Escapes,
}

/// Looks at a path at this moment. Whatever the answer, the launcher checks the directories that it opens once more.
pub(crate) fn check_overlay(overlay_root: &Path, relative: &str) -> OverlayCheck {
    match overlay::check(overlay_root, relative) {
        Ok(()) => OverlayCheck::Present,
        Err(OverlayError::Escapes(_)) => OverlayCheck::Escapes,
        Err(_) if !stays_below(overlay_root, relative) => OverlayCheck::Escapes,
        Err(OverlayError::NotADirectory(_)) => OverlayCheck::NotADirectory,
        Err(_) => OverlayCheck::Missing,
    }
}

/// Whether a path that can't be opened would lie below the root if all of it were there.
fn stays_below(overlay_root: &Path, relative: &str) -> bool {
    let Ok(root) = fs::canonicalize(overlay_root) else {
        // Without a root there are no links either.
        return lexically_below(relative);
    };
    let resolved = resolve(&root, Path::new(relative), &mut 0);
    resolved.is_ok_and(|path| path != root && path.starts_with(&root))
}

fn lexically_below(relative: &str) -> bool {
    let mut depth = 0_usize;
    for component in Path::new(relative).components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::CurDir => {}
            _ => return false,
        }
    }
    depth > 0
}

/// Resolves links and `..` as the kernel does, taking what is missing for plain directories.
fn resolve(from: &Path, path: &Path, links: &mut usize) -> io::Result<PathBuf> {
    let mut place = from.to_owned();
    for component in path.components() {
        match component {
            Component::RootDir | Component::Prefix(_) => place = PathBuf::from("/"),
            Component::CurDir => {}
            Component::ParentDir => {
                place.pop();
            }
            Component::Normal(name) => {
                let next = place.join(name);
                match fs::read_link(&next) {
                    Ok(target) => {
                        *links += 1;
                        if *links > MAX_LINKS {
                            return Err(io::Error::from(Errno::LOOP));
                        }
                        place = resolve(&place, &target, links)?;
                    }
                    // Missing, or no link.
                    Err(_) => place = next,
                }
            }
        }
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_there_yet_may_still_lead_out() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("overlays");
        fs::create_dir_all(root.join("real")).unwrap();
        fs::write(root.join("file"), "").unwrap();
        symlink("/nowhere/at/all", root.join("dangling-out")).unwrap();
        symlink("later", root.join("dangling-in")).unwrap();
        symlink(directory.path(), root.join("up")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let check = |path| check_overlay(&root, path);
        assert_eq!(check("real"), OverlayCheck::Present);
        assert_eq!(check("later/than/now"), OverlayCheck::Missing);
        assert_eq!(check("dangling-in"), OverlayCheck::Missing);
        assert_eq!(check("file"), OverlayCheck::NotADirectory);
        assert_eq!(check("file/below"), OverlayCheck::NotADirectory);
        for path in ["dangling-out", "up/later", "later/../../x", "../x", "/etc", "", ".", "later/..", "loop"] {
            assert_eq!(check(path), OverlayCheck::Escapes, "{path:?}");
        }
    }

    #[test]
    fn a_missing_root_has_nothing_but_ways_out() {
        let directory = tempfile::tempdir().unwrap();
        let check = |path| check_overlay(&directory.path().join("none"), path);
        assert_eq!(check("maps"), OverlayCheck::Missing);
        assert_eq!(check("maps/../.."), OverlayCheck::Escapes);
    }

    proptest! {
        /// Whatever is called present really lies below the root, by the kernel's own account.
        #[test]
        fn present_is_always_below(parts in prop::collection::vec(prop::sample::select(vec!["..", ".", "a", "b", "in", "out", "up", ""]), 0..8)) {
            let directory = tempfile::tempdir().unwrap();
            let root = directory.path().join("overlays");
            fs::create_dir_all(root.join("a/b")).unwrap();
            fs::create_dir_all(directory.path().join("a/b")).unwrap();
            symlink(root.join("a"), root.join("in")).unwrap();
            symlink(directory.path(), root.join("out")).unwrap();
            symlink("..", root.join("a/up")).unwrap();
            let path = parts.join("/");
            let real = fs::canonicalize(root.join(&path));
            let below = |real: &Path| real != root && real.starts_with(&root);
            match check_overlay(&root, &path) {
                OverlayCheck::Present => prop_assert!(below(&real.unwrap())),
                OverlayCheck::Escapes => prop_assert!(path.starts_with('/') || !real.is_ok_and(|real| below(&real))),
                _ => prop_assert!(real.is_err()),
            }
        }
    }
}
