//! Whether the game has been up since it was asked for.
//!
//! Only then is its end in a boot a crash, behind which it is started again. systemd tells no program whether it is started
//! for the first time or once more, so a file of the instance does: made when the game has bound its port, removed by
//! whoever asks for a start.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::layout::InstanceLayout;

/// What has become of an instance so far.
#[derive(Debug)]
pub(crate) struct Past {
    path: PathBuf,
}

impl Past {
    pub(crate) fn of(instance: &InstanceLayout) -> Self {
        Self { path: instance.was_up() }
    }

    /// Whether the game has been up.
    pub(crate) fn was_up(&self) -> bool {
        self.path.exists()
    }

    /// The game is up.
    pub(crate) fn remember(&self) -> io::Result<()> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path).map(drop)
    }

    /// The next start is the first one again.
    pub(crate) fn forget(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;
    use crate::name::InstanceName;

    #[test]
    fn what_is_remembered_can_be_forgotten() {
        let root = tempfile::tempdir().expect("a directory");
        let instance = Layout::new(root.path(), root.path()).instance(&InstanceName::parse("one").expect("a name"));
        let past = Past::of(&instance);
        assert!(!past.was_up());
        past.forget().expect("nothing to forget");
        assert!(past.remember().is_err(), "an instance that is gone is not made anew");
        fs::create_dir_all(instance.dir()).expect("a directory");
        past.remember().expect("to remember");
        past.remember().expect("to remember twice");
        assert!(Past::of(&instance).was_up());
        past.forget().expect("to forget");
        assert!(!past.was_up());
    }
}
