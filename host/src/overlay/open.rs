//! Opens the layers and checks where they really are.
//!
//! The check reads back the path of the opened directory, so it holds for what will be mounted, whatever happens to
//! the names in the meantime.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::plan::{self, Layer, OverlayError};
use crate::layout::{InstanceLayout, Layout};

/// A layer that may be mounted.
#[derive(Debug)]
pub struct OpenedLayer {
    /// How a message calls it.
    pub label: String,
    /// The directory, opened for its place only.
    pub fd: OwnedFd,
}

/// Opens every read-only layer of an instance, top first. A directory that is named twice counts at its first place.
pub fn open_layers(
    layout: &Layout,
    instance: &InstanceLayout,
    overlays: &[String],
) -> Result<Vec<OpenedLayer>, OverlayError> {
    let root = Resolved::open(layout.overlay_root(), "the overlay root")?;
    let mut opened = Vec::new();
    let mut places: Vec<(String, PathBuf)> = Vec::new();
    for layer in plan::layers(overlays)? {
        let label = layer.label();
        let resolved = match &layer {
            Layer::Generated => Resolved::open(&instance.generated(), &label)?,
            Layer::Overlay(relative) => open_overlay(&root, relative)?,
            Layer::Installation => Resolved::open(&layout.installation(), &label)?,
        };
        if places.iter().any(|(_, path)| *path == resolved.path) {
            continue;
        }
        places.push((label.clone(), resolved.path));
        opened.push(OpenedLayer { label, fd: resolved.fd });
    }
    plan::find_conflict(&places).map_or(Ok(opened), Err)
}

/// Looks at what an overlay path leads to at this moment.
pub fn check(overlay_root: &Path, relative: &str) -> Result<(), OverlayError> {
    let root = Resolved::open(overlay_root, "the overlay root")?;
    open_overlay(&root, relative).map(drop)
}

/// An opened directory and where it really is.
struct Resolved {
    fd: OwnedFd,
    path: PathBuf,
}

impl Resolved {
    fn open(path: &Path, what: &str) -> Result<Self, OverlayError> {
        let fail = |source| OverlayError::Io { what: format!("{what} at {}", path.display()), source };
        Self::open_at(rustix::fs::CWD, path).map_err(fail)
    }

    fn open_at(dir: impl std::os::fd::AsFd, path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(dir, path, flags, Mode::empty())?;
        let path = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()))?;
        Ok(Self { fd, path })
    }
}

fn open_overlay(root: &Resolved, relative: &str) -> Result<Resolved, OverlayError> {
    if relative.is_empty() || relative.contains('\0') || Path::new(relative).is_absolute() {
        return Err(OverlayError::Escapes(relative.to_owned()));
    }
    let opened = Resolved::open_at(&root.fd, Path::new(relative)).map_err(|source| {
        let code = Errno::from_io_error(&source);
        match code {
            Some(Errno::NOENT) => OverlayError::Missing(relative.to_owned()),
            Some(Errno::NOTDIR) => OverlayError::NotADirectory(relative.to_owned()),
            _ => OverlayError::Io { what: format!("overlay {relative:?}"), source },
        }
    })?;
    if plan::is_strictly_below(&root.path, &opened.path) {
        Ok(opened)
    } else {
        Err(OverlayError::Escapes(relative.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn world() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("overlays");
        std::fs::create_dir_all(root.join("good/sub")).expect("a directory");
        std::fs::create_dir_all(dir.path().join("overlays-private")).expect("a directory");
        std::fs::write(root.join("file"), "").expect("a file");
        (dir, root)
    }

    #[test]
    fn plain_directories_strange_names_and_links_within_are_fine() {
        let (_dir, root) = world();
        symlink(root.join("good"), root.join("absolute")).expect("a link");
        symlink("good/sub", root.join("relative")).expect("a link");
        let strange = "a,b:c\\d e=f";
        std::fs::create_dir(root.join(strange)).expect("a directory");
        for path in ["good", "good/sub", "good/../good", "absolute", "relative", strange] {
            check(&root, path).expect(path);
        }
    }

    #[test]
    fn what_leads_out_is_refused_however_it_is_written() {
        let (dir, root) = world();
        symlink(dir.path(), root.join("up")).expect("a link");
        symlink("../overlays-private", root.join("beside")).expect("a link");
        symlink("/", root.join("slash")).expect("a link");
        symlink(".", root.join("itself")).expect("a link");
        let absolute = root.join("good");
        let paths =
            ["", ".", "..", "good/..", "../overlays-private", "up", "up/overlays-private", "beside", "slash/etc"];
        for path in paths.into_iter().chain(["itself", "a\0b", absolute.to_str().expect("UTF-8")]) {
            assert!(matches!(check(&root, path), Err(OverlayError::Escapes(_))), "{path:?}");
        }
    }

    #[test]
    fn what_is_missing_or_no_directory_is_told_apart() {
        let (_dir, root) = world();
        assert!(matches!(check(&root, "nothing"), Err(OverlayError::Missing(_))));
        assert!(matches!(check(&root, "file"), Err(OverlayError::NotADirectory(_))));
        assert!(matches!(check(&root, "file/below"), Err(OverlayError::NotADirectory(_))));
    }

    #[test]
    fn a_link_swapped_in_after_opening_changes_nothing() {
        let (dir, root) = world();
        let opened = open_overlay(&Resolved::open(&root, "root").expect("a root"), "good").expect("a layer");
        std::fs::rename(root.join("good"), root.join("moved")).expect("moved");
        symlink(dir.path(), root.join("good")).expect("a link");
        let seen = std::fs::read_dir(format!("/proc/self/fd/{}", opened.fd.as_raw_fd())).expect("a listing");
        let names: Vec<_> = seen.map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(names, ["sub"]);
    }
}
