//! Writes an instance's directories, files and specification, while the game is down.
//!
//! `generated` is replaced as a whole: whoever looks sees the old one or the new one. What the game left in its own
//! layer is made to hide none of it. Nothing here is synced to the disk, for all of it is written afresh before every
//! start, after a crash of the machine too.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, getxattr, removexattr, renameat_with};
use rustix::io::Errno;

use super::Plan;
use crate::error::HostError;
use crate::layout::InstanceLayout;
use crate::log_mark::LogMark;
use crate::remove::{open_directory, remove_at, remove_tree};

/// What a directory is called while it becomes `generated`.
const NEW_PREFIX: &str = ".generated-";
/// overlayfs' marks on a directory that hides what lies below it, or shows something else's.
const HIDING_ATTRIBUTES: [&str; 2] = ["user.overlay.opaque", "user.overlay.redirect"];

/// Writes everything. The instance's directory must be there, and locked.
pub(crate) fn write(
    instance: &InstanceLayout,
    plan: &Plan,
    yaml: &str,
    start_limit: Duration,
) -> Result<(), HostError> {
    let failed = |source| HostError::io(format!("writing the instance in {}", instance.dir().display()), source);
    for directory in [instance.upper(), instance.work(), instance.merged()] {
        private().recursive(true).create(&directory).map_err(failed)?;
    }
    remove_unfinished(instance.dir()).map_err(failed)?;
    for file in &plan.files {
        unhide(&instance.upper(), file.path).map_err(failed)?;
    }
    replace_generated(instance, plan).map_err(failed)?;
    replace_file(&instance.start_limit(), start_limit.as_secs().to_string().as_bytes()).map_err(failed)?;
    // Not where there is a specification: an instance that was made without a mark has lines without one.
    if !instance.spec().exists() && LogMark::of(instance).is_none() {
        let mark = LogMark::new();
        replace_file(&instance.log_mark(), mark.as_str().as_bytes()).map_err(failed)?;
    }
    replace_file(&instance.spec(), yaml.as_bytes()).map_err(failed)
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// What a killed panel left half written.
fn remove_unfinished(instance: &Path) -> io::Result<()> {
    for entry in fs::read_dir(instance)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(NEW_PREFIX) {
            remove_tree(&entry.path())?;
        }
    }
    Ok(())
}

fn replace_generated(instance: &InstanceLayout, plan: &Plan) -> io::Result<()> {
    let new = tempfile::Builder::new()
        .prefix(NEW_PREFIX)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(instance.dir())?;
    for file in &plan.files {
        let path = new.path().join(file.path);
        private().recursive(true).create(path.parent().unwrap_or(new.path()))?;
        write_private(&path, file.contents.as_bytes())?;
    }
    let generated = instance.generated();
    match renameat_with(CWD, new.path(), CWD, &generated, RenameFlags::EXCHANGE) {
        // The old one is now where the new one was, and goes with it.
        Ok(()) => remove_tree(new.path()),
        Err(Errno::NOENT) => fs::rename(new.path(), &generated),
        // Some file systems can't exchange; the game is down, so nobody sees the moment between.
        Err(Errno::INVAL | Errno::NOSYS) => {
            remove_tree(&generated)?;
            fs::rename(new.path(), &generated)
        }
        Err(error) => Err(error.into()),
    }
}

fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(contents)
}

fn replace_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    // A temporary file is private from its creation on.
    let mut new = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(path))?;
    new.write_all(contents)?;
    new.persist(path)?;
    Ok(())
}

/// Removes whatever in the game's layer would hide a generated file: a copy of it, or on the way to it anything that
/// is no directory (whiteouts are devices or files), and marks that cut a directory off from the layers below.
fn unhide(upper: &Path, file: &str) -> io::Result<()> {
    let mut directory = open_directory(CWD, upper)?;
    let mut names = file.split('/').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            return remove_at(&directory, name);
        }
        directory = match open_directory(&directory, name) {
            Ok(next) => next,
            Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTDIR | Errno::LOOP) => return remove_at(&directory, name),
            Err(error) => return Err(error.into()),
        };
        show_lower(&directory)?;
    }
    Ok(())
}

fn show_lower(directory: &OwnedFd) -> io::Result<()> {
    let path = format!("/proc/self/fd/{}", directory.as_raw_fd());
    for name in HIDING_ATTRIBUTES {
        let mut value = [0; 1];
        match getxattr(&path, name, &mut value) {
            // An `x` only says that whiteouts inside are attributes.
            Ok(1) if value == *b"x" => {}
            Ok(_) | Err(Errno::RANGE) => removexattr(&path, name)?,
            Err(Errno::NODATA | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use rustix::fs::{FileType, Mode, XattrFlags, mknodat, setxattr};

    use super::*;
    use crate::instance::GeneratedFile;
    use crate::layout::Layout;
    use crate::name::InstanceName;

    struct World {
        _root: tempfile::TempDir,
        instance: InstanceLayout,
    }

    fn world() -> World {
        let root = tempfile::tempdir().unwrap();
        let instance = Layout::new(root.path(), root.path()).instance(&InstanceName::parse("one").unwrap());
        fs::create_dir_all(instance.dir()).unwrap();
        let world = World { _root: root, instance };
        world.write("first");
        world
    }

    impl World {
        fn write(&self, contents: &str) {
            let files = vec![GeneratedFile { path: "left4dead2/cfg/server.cfg", contents: contents.to_owned() }];
            write(&self.instance, &Plan { files, command: Vec::new() }, "name: one\n", Duration::from_secs(9)).unwrap();
            let written = fs::read_to_string(self.instance.generated().join("left4dead2/cfg/server.cfg")).unwrap();
            assert_eq!(written, contents);
        }

        fn upper(&self, path: &str) -> PathBuf {
            self.instance.upper().join(path)
        }
    }

    #[test]
    fn everything_written_is_private() {
        let world = world();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&world.instance.spec()), 0o600);
        assert_eq!(mode(&world.instance.generated()), 0o700);
        assert_eq!(mode(&world.instance.generated().join("left4dead2/cfg/server.cfg")), 0o600);
        assert_eq!(mode(&world.instance.upper()), 0o700);
    }

    #[test]
    fn the_mark_of_its_lines_comes_with_the_instance_and_stays() {
        let world = world();
        let mark = LogMark::of(&world.instance);
        assert!(mark.is_some());
        world.write("second");
        assert_eq!(LogMark::of(&world.instance), mark);
        // One that was made without a mark, by an older version, gets none.
        fs::remove_file(world.instance.log_mark()).unwrap();
        world.write("third");
        assert_eq!(LogMark::of(&world.instance), None);
    }

    #[test]
    fn nothing_of_an_older_generation_stays() {
        let world = world();
        fs::write(world.instance.generated().join("old.cfg"), "").unwrap();
        fs::create_dir(world.instance.dir().join(".generated-half")).unwrap();
        world.write("second");
        assert!(!world.instance.generated().join("old.cfg").exists());
        let names = fs::read_dir(world.instance.dir()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, ["generated", "log-mark", "merged", "spec.yaml", "start-limit", "upper", "work"]);
    }

    #[test]
    fn a_copied_up_server_cfg_goes_and_the_rest_stays() {
        let world = world();
        fs::create_dir_all(world.upper("left4dead2/cfg")).unwrap();
        fs::write(world.upper("left4dead2/cfg/server.cfg"), "mine").unwrap();
        fs::write(world.upper("left4dead2/cfg/banned_user.cfg"), "kept").unwrap();
        world.write("second");
        assert!(!world.upper("left4dead2/cfg/server.cfg").exists());
        assert!(world.upper("left4dead2/cfg/banned_user.cfg").exists());
    }

    #[test]
    fn whatever_stands_in_the_way_goes() {
        let world = world();
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir_all(outside.path().join("cfg")).unwrap();
        fs::write(outside.path().join("cfg/server.cfg"), "not ours").unwrap();
        // A link must not lead the removal out of the layer.
        symlink(outside.path(), world.upper("left4dead2")).unwrap();
        world.write("second");
        assert!(!world.upper("left4dead2").is_symlink());
        assert!(outside.path().join("cfg/server.cfg").exists());
        // A plain file, as which xattr whiteouts appear, where a directory should be.
        fs::create_dir(world.upper("left4dead2")).unwrap();
        fs::write(world.upper("left4dead2/cfg"), "").unwrap();
        world.write("third");
        assert!(!world.upper("left4dead2/cfg").exists());
        // A directory where the file should be, closed to everybody.
        fs::create_dir_all(world.upper("left4dead2/cfg/server.cfg/deep")).unwrap();
        for path in ["left4dead2/cfg/server.cfg", "left4dead2/cfg", "left4dead2"] {
            fs::set_permissions(world.upper(path), fs::Permissions::from_mode(0o000)).unwrap();
        }
        world.write("fourth");
        assert!(!world.upper("left4dead2/cfg/server.cfg").exists());
    }

    #[test]
    fn a_whiteout_goes() {
        let world = world();
        fs::create_dir_all(world.upper("left4dead2/cfg")).unwrap();
        // A device 0/0, which anybody may make.
        let whiteout = world.upper("left4dead2/cfg/server.cfg");
        mknodat(CWD, &whiteout, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
        world.write("second");
        assert!(fs::symlink_metadata(&whiteout).is_err());
        fs::remove_dir(world.upper("left4dead2/cfg")).unwrap();
        mknodat(CWD, world.upper("left4dead2/cfg"), FileType::CharacterDevice, Mode::empty(), 0).unwrap();
        world.write("third");
        assert!(fs::symlink_metadata(world.upper("left4dead2/cfg")).is_err());
    }

    #[test]
    fn an_opaque_directory_becomes_transparent() {
        let world = world();
        let cfg = world.upper("left4dead2/cfg");
        fs::create_dir_all(&cfg).unwrap();
        setxattr(&cfg, "user.overlay.opaque", b"y", XattrFlags::empty()).unwrap();
        world.write("second");
        let mut value = [0; 8];
        assert_eq!(getxattr(&cfg, "user.overlay.opaque", &mut value), Err(Errno::NODATA));
        assert!(cfg.exists());
    }
}
