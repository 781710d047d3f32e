//! Whether this machine's systemd is there for the panel's games, and what to do where it is not.

use std::path::Path;

use super::SystemdSupervisor;

/// Where the package puts what is missing.
const PACKAGE: &str = "install the Debian package of the panel";

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
            Self::NoRight { .. } => {
                format!(
                    "{PACKAGE}, or apt-get install polkitd and put packaging/l4d2-web.rules into /etc/polkit-1/rules.d with the panel's user in it"
                )
            }
        }
    }
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
            if !bus.look(&unit).await?.is_loaded() {
                return Ok(Some(Obstacle::NoTemplate { template: template.clone() }));
            }
            let may = bus.may_manage(&unit).await?;
            Ok::<_, crate::error::HostError>((!may).then_some(Obstacle::NoRight { template }))
        };
        asked.await.unwrap_or_else(|error| Some(Obstacle::Unreachable { reason: error.to_string() }))
    }
}
