//! What the Debian package leaves on a machine, as far as its programs have to know it: where the panel's settings are, and
//! that the panel's directories are the panel's user's alone.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Settings of the panel that the package installs. Both programs read them where nothing else says which panel is meant.
pub const CONFIG: &str = "/etc/l4d2-web/config.toml";

/// The package's settings are there, but not for this user.
#[derive(Debug, thiserror::Error)]
#[error(
    "can't read {CONFIG}, the settings of this machine's panel: be its user (sudo runuser -u l4d2-web -- …), or name another \
     panel with DATA_DIR or L4D2_ROOT"
)]
pub struct Unreadable(#[source] io::Error);

/// Somebody else's directory.
#[derive(Debug, thiserror::Error)]
#[error("{directory} belongs to another user, who can't use what this one makes there: {remedy}", directory = directory.display())]
pub struct WrongUser {
    directory: PathBuf,
    remedy: String,
}

/// The package's settings, where there are any.
pub fn config() -> Result<Option<PathBuf>, Unreadable> {
    match File::open(CONFIG) {
        Ok(_) => Ok(Some(CONFIG.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Unreadable(error)),
    }
}

/// Refuses to go on as another user than the one whom `root` belongs to. A directory that is not there yet is everybody's.
pub fn check_user(root: &Path) -> Result<(), WrongUser> {
    let Ok(metadata) = fs::metadata(root) else { return Ok(()) };
    if metadata.uid() == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let remedy = match user_name(metadata.uid()) {
        Some(name) => format!("sudo runuser -u {name} -- {}", typed()),
        None => format!("run it as the user with the number {}", metadata.uid()),
    };
    Err(WrongUser { directory: root.to_owned(), remedy })
}

/// A user's name, where the machine itself knows it.
pub(crate) fn user_name(number: u32) -> Option<String> {
    name_of(number, &fs::read_to_string("/etc/passwd").ok()?).map(ToOwned::to_owned)
}

/// A group's name, where the machine itself knows it.
pub(crate) fn group_name(number: u32) -> Option<String> {
    // Its lines begin as those of the users do.
    name_of(number, &fs::read_to_string("/etc/group").ok()?).map(ToOwned::to_owned)
}

/// Whether the package's settings are there and have this root, so that a program without other settings finds it.
pub(crate) fn names_root(root: &Path) -> bool {
    let read = || fs::read_to_string(CONFIG).ok()?.parse::<toml::Table>().ok();
    read().is_some_and(|settings| settings.get("l4d2_root").and_then(toml::Value::as_str).map(Path::new) == Some(root))
}

/// This process's command line, to be typed again.
fn typed() -> String {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    // No word of a command line holds a NUL, which is all that can't be quoted.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

fn name_of(number: u32, users: &str) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(number)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nbroken\nl4d2-web:x:998:997::/var/lib/l4d2-web:/usr/sbin/nologin\n";
        assert_eq!(name_of(998, users), Some("l4d2-web"));
        assert_eq!(name_of(0, users), Some("root"));
        assert_eq!(name_of(997, users), None, "that is a group");
    }
}
