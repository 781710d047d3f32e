//! Which of the machine's directories every game sees: nothing that is to be kept from games may lie there.

use std::path::{Path, PathBuf};

use super::root::SYSTEM;

/// The directory with programs and libraries that a path lies in, links resolved as far as the path is there. Games read
/// all of it, and where they run as the panel's own user, its private files too.
pub fn seen_by_games(path: &Path) -> Option<PathBuf> {
    let (there, real) = path.ancestors().find_map(|there| Some((there, there.canonicalize().ok()?)))?;
    let real = real.join(path.strip_prefix(there).ok()?);
    let system = SYSTEM.iter().filter_map(|name| Path::new("/").join(name).canonicalize().ok());
    system.into_iter().find(|system| real.starts_with(system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_among_programs_is_seen_however_it_is_named() {
        let seen = |path: &str| seen_by_games(Path::new(path));
        for path in ["/usr/local/src/panel/data", "/usr", "/usr/share/../lib/x", "/bin/data"] {
            assert!(seen(path).is_some_and(|found| path == "/bin/data" || found == Path::new("/usr")), "{path}");
        }
        for path in ["/var/lib/l4d2-web", "/usrlocal/data", "/opt/usr", "/"] {
            assert_eq!(seen(path), None, "{path}");
        }
        let directory = tempfile::tempdir().expect("a temporary directory");
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("/usr/share", &link).expect("made");
        assert_eq!(seen_by_games(&link.join("none/data")), Some("/usr".into()));
        assert_eq!(seen_by_games(&directory.path().join("none/data")), None);
    }
}
