//! The unit through which games see the panel's files as theirs, looked at for the doctor: nobody but systemd may manage it.

use super::SystemdSupervisor;
use super::unit::Unit;
use crate::error::HostError;

/// The package's name for it.
pub const VIEW: &str = "l4d2-view.service";

/// What has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Games have it.
    Up,
    /// The next start of a game brings it up.
    Down,
    /// It was tried in vain, so no game starts.
    Failed,
    /// There is no such unit.
    Missing,
}

impl View {
    fn of(unit: &Unit) -> Self {
        if !unit.is_loaded() {
            Self::Missing
        } else if unit.has_failed() {
            Self::Failed
        } else if unit.is_up() {
            Self::Up
        } else {
            Self::Down
        }
    }
}

impl SystemdSupervisor {
    /// Looks at the view; none where the games' units do without one.
    pub async fn view(&self) -> Result<Option<View>, HostError> {
        let bus = self.bus().await?;
        let game = bus.look(&format!("{}probe.service", self.template)).await?;
        if !game.requires.iter().any(|unit| unit == VIEW) {
            return Ok(None);
        }
        Ok(Some(View::of(&bus.look(VIEW).await?)))
    }
}
