//! How much of the disk an instance takes.
//!
//! What is counted was written by a program nobody trusts: no link is followed, no right is changed, and the count ends
//! after a number of entries and a time, however much there is.

use std::ffi::{CStr, OsStr};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};
use rustix::io::Errno;
use rustix::path::Arg;

use crate::layout::InstanceLayout;

/// Entries counted at most: a game with its addons writes some thousands.
const MOST_ENTRIES: usize = 200_000;
/// How long a count may take.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// How many directories are open at once.
const MAX_DEPTH: usize = 64;
/// The unit of `st_blocks`, whatever the file system's own blocks are.
const BLOCK: u64 = 512;

/// Disk space that an instance takes; the installation and the overlays, which are shared, are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceUsage {
    /// Bytes of disk.
    pub bytes: u64,
    /// Whether everything was counted. If not, it is that much or more.
    pub complete: bool,
}

/// Counts what the instance takes; nothing when there is no such instance.
pub(crate) fn measure(instance: &InstanceLayout) -> io::Result<Option<InstanceUsage>> {
    let directory = match open(CWD, instance.dir()) {
        Ok(directory) => directory,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // The one is overlayfs' own and closed to everybody, the other is a view of the rest.
    let (work, merged) = (instance.work(), instance.merged());
    let is_left_out = |name: &Path| [&work, &merged].iter().any(|path| path.file_name() == Some(name.as_os_str()));
    let mut count = Count::new(MOST_ENTRIES, TIME_LIMIT);
    count.add(&directory, 0, &is_left_out);
    Ok(Some(InstanceUsage { bytes: count.bytes, complete: count.complete }))
}

fn open(parent: impl AsFd, name: impl Arg) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

struct Count {
    bytes: u64,
    complete: bool,
    entries_left: usize,
    until: Instant,
}

impl Count {
    fn new(most_entries: usize, time_limit: Duration) -> Self {
        Self { bytes: 0, complete: true, entries_left: most_entries, until: Instant::now() + time_limit }
    }

    fn add(&mut self, directory: &OwnedFd, depth: usize, is_left_out: &dyn Fn(&Path) -> bool) {
        let Ok(listing) = Dir::read_from(directory) else {
            self.complete = false;
            return;
        };
        for entry in listing {
            let Ok(entry) = entry else {
                self.complete = false;
                return;
            };
            let name = entry.file_name();
            let path = Path::new(OsStr::from_bytes(name.to_bytes()));
            if name == c"." || name == c".." || is_left_out(path) {
                continue;
            }
            if self.entries_left == 0 || Instant::now() > self.until {
                self.complete = false;
                return;
            }
            self.entries_left -= 1;
            self.complete &= self.add_entry(directory, name, depth).is_ok();
        }
    }

    /// Fails when the entry can't be counted wholly.
    fn add_entry(&mut self, directory: &OwnedFd, name: &CStr, depth: usize) -> Result<(), Errno> {
        let stat = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // It went while we counted.
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.bytes = self.bytes.saturating_add(u64::try_from(stat.st_blocks).unwrap_or_default().saturating_mul(BLOCK));
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            return Ok(());
        }
        if depth == MAX_DEPTH {
            return Err(Errno::NAMETOOLONG);
        }
        match open(directory, name) {
            Ok(inner) => self.add(&inner, depth + 1, &|_| false),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::layout::Layout;
    use crate::name::InstanceName;

    const CHUNK: usize = 64 * 1024;

    fn count(directory: &Path, most_entries: usize, time_limit: Duration) -> (u64, bool) {
        let mut count = Count::new(most_entries, time_limit);
        count.add(&open(CWD, directory).unwrap(), 0, &|_| false);
        (count.bytes, count.complete)
    }

    #[test]
    fn only_what_is_the_instances_own_is_counted() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path(), directory.path().join("overlays"));
        let instance = layout.instance(&InstanceName::parse("alpha").unwrap());
        assert_eq!(measure(&instance).unwrap(), None);

        let elsewhere = directory.path().join("elsewhere");
        fs::create_dir_all(&elsewhere).unwrap();
        fs::write(elsewhere.join("big"), vec![1; 16 * CHUNK]).unwrap();
        fs::create_dir_all(instance.upper().join("left4dead2/logs")).unwrap();
        fs::write(instance.upper().join("left4dead2/logs/one"), vec![1; CHUNK]).unwrap();
        symlink(&elsewhere, instance.upper().join("link")).unwrap();
        symlink("loop", instance.upper().join("loop")).unwrap();
        for left_out in [instance.work(), instance.merged()] {
            fs::create_dir_all(&left_out).unwrap();
            fs::write(left_out.join("scratch"), vec![1; 16 * CHUNK]).unwrap();
        }
        let usage = measure(&instance).unwrap().unwrap();
        assert!(usage.complete);
        let chunk = CHUNK as u64;
        assert!((chunk..4 * chunk).contains(&usage.bytes), "{usage:?}");
    }

    #[test]
    fn a_count_is_bounded_and_says_so() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..20 {
            fs::write(directory.path().join(number.to_string()), vec![1; CHUNK]).unwrap();
        }
        let patience = Duration::from_mins(1);
        let (all, complete) = count(directory.path(), 20, patience);
        assert!(complete);
        let (some, complete) = count(directory.path(), 5, patience);
        assert!(!complete && some < all, "{some} of {all}");
        let (_, complete) = count(directory.path(), 20, Duration::ZERO);
        assert!(!complete);
    }

    #[test]
    fn depth_is_bounded_too() {
        let directory = tempfile::tempdir().unwrap();
        let mut place = directory.path().to_owned();
        for _ in 0..=MAX_DEPTH {
            place.push("d");
        }
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        assert!(count(directory.path(), 1_000, Duration::from_mins(1)).1);
        fs::create_dir_all(&place).unwrap();
        assert!(!count(directory.path(), 1_000, Duration::from_mins(1)).1);
    }
}
