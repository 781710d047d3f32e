//! Whether this machine's systemd is there for the panel's games, and what to do where it is not.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::SystemdSupervisor;
use crate::layout::Layout;
use crate::package;

/// Where what is missing comes from.
pub(crate) const PACKAGE: &str = "install the Debian package of the panel";

/// What keeps systemd from keeping the games.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Something else runs the machine, as in most containers.
    NotBooted,
    /// It does not answer.
    Unreachable {
        /// Why.
        reason: String,
    },
    /// The template of the units is not installed.
    NoTemplate {
        /// Its name.
        template: String,
    },
    /// The units are made for other directories.
    OtherDirectory {
        /// The setting that says otherwise.
        setting: &'static str,
        /// What it says.
        here: PathBuf,
        /// What the units have.
        there: PathBuf,
    },
    /// The panel's user may not read what games print.
    NoJournal,
    /// The panel's user may not manage the units.
    NoRight {
        /// The template's name.
        template: String,
    },
}

impl Obstacle {
    /// What is the matter, as a fragment of a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::NotBooted => "systemd does not run this machine".to_owned(),
            Self::Unreachable { reason } => format!("systemd can't be asked: {reason}"),
            Self::NoTemplate { template } => format!("systemd has no unit {template}.service"),
            Self::OtherDirectory { setting, here, there } => {
                format!("{setting} is {}, while the units of game servers have {}", here.display(), there.display())
            }
            Self::NoJournal => "the panel's user may not read the journal, where the output of games is".to_owned(),
            Self::NoRight { template } => {
                let user = rustix::process::geteuid().as_raw();
                format!("the panel's user (number {user}) may not manage the units {template}NAME.service")
            }
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotBooted => "set SUPERVISOR to embedded".to_owned(),
            Self::Unreachable { .. } => "apt-get install dbus, and systemctl start dbus".to_owned(),
            Self::NoTemplate { template } => {
                format!(
                    "{PACKAGE}, or put packaging/{template}.service into /etc/systemd/system and run systemctl daemon-reload"
                )
            }
            Self::OtherDirectory { setting, there, .. } => {
                format!("unset {setting}, and mount a disk on {} if it is to lie elsewhere", there.display())
            }
            Self::NoJournal => {
                let user = package::user_name(rustix::process::geteuid().as_raw());
                format!(
                    "usermod -aG systemd-journal {}, and restart the panel",
                    user.as_deref().unwrap_or("THE_PANELS_USER")
                )
            }
            Self::NoRight { .. } => {
                format!(
                    "{PACKAGE}, or apt-get install polkitd and put packaging/l4d2-web.rules into /etc/polkit-1/rules.d with the panel's user in it"
                )
            }
        }
    }
}

/// A directory of ours that the units do not have. What their environment leaves open is theirs to know.
fn other_directory(layout: &Layout, environment: &[String]) -> Option<Obstacle> {
    let of = |name: &str| environment.iter().find_map(|variable| variable.strip_prefix(name)?.strip_prefix('='));
    let root = PathBuf::from(of("L4D2_ROOT")?);
    let overlays = of("OVERLAY_ROOT").map_or_else(|| root.join("overlays"), PathBuf::from);
    let ours = [("L4D2_ROOT", layout.root(), root), ("OVERLAY_ROOT", layout.overlay_root(), overlays)];
    let mut others = ours.into_iter().filter(|(_, here, there)| here != there);
    others.next().map(|(setting, here, there)| Obstacle::OtherDirectory { setting, here: here.to_owned(), there })
}

/// journalctl shows nothing, and complains little, where its files can't be opened. One that is not there yet says nothing.
fn may_read_journal() -> bool {
    let directories = ["/var/log/journal", "/run/log/journal"].into_iter().filter_map(|path| fs::read_dir(path).ok());
    let mut files =
        directories.flat_map(|machines| machines.flatten().map(|machine| machine.path().join("system.journal")));
    !files.any(|file| File::open(file).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied))
}

impl SystemdSupervisor {
    /// What keeps systemd from keeping the games; nothing where systemd runs the machine, an administrator has installed
    /// the template, and this process may manage its units.
    pub async fn obstacle(&self) -> Option<Obstacle> {
        // What sd_booted(3) looks at.
        if !Path::new("/run/systemd/system").is_dir() {
            return Some(Obstacle::NotBooted);
        }
        let template = self.template.clone();
        let unit = format!("{template}probe.service");
        let asked = async {
            let bus = self.bus().await?;
            let found = bus.look(&unit).await?;
            if !found.is_loaded() {
                return Ok(Some(Obstacle::NoTemplate { template: template.clone() }));
            }
            if let Some(other) = other_directory(&self.layout, &found.environment) {
                return Ok(Some(other));
            }
            if !bus.may_manage(&unit).await? {
                return Ok(Some(Obstacle::NoRight { template }));
            }
            Ok::<_, crate::error::HostError>((!may_read_journal()).then_some(Obstacle::NoJournal))
        };
        asked.await.unwrap_or_else(|error| Some(Obstacle::Unreachable { reason: error.to_string() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_compared_with_those_of_the_units() {
        let shipped = ["L4D2_ROOT=/opt/l4d2".to_owned()];
        let found = |root: &str, overlays: &str| other_directory(&Layout::new(root, overlays), &shipped);
        assert_eq!(found("/opt/l4d2", "/opt/l4d2/overlays"), None);
        let other = |setting, here: &str, there: &str| {
            Some(Obstacle::OtherDirectory { setting, here: here.into(), there: there.into() })
        };
        assert_eq!(found("/opt/l4d2", "/srv/maps"), other("OVERLAY_ROOT", "/srv/maps", "/opt/l4d2/overlays"));
        assert_eq!(found("/srv/l4d2", "/srv/l4d2/overlays"), other("L4D2_ROOT", "/srv/l4d2", "/opt/l4d2"));
        // By a drop-in of the units.
        let both = [shipped[0].clone(), "OVERLAY_ROOT=/srv/maps".to_owned()];
        assert_eq!(other_directory(&Layout::new("/opt/l4d2", "/srv/maps"), &both), None);
        assert_eq!(other_directory(&Layout::new("/x", "/y"), &[]), None);
    }
}
