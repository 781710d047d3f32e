//! What keeps the games, and whether it is what the settings ask for.

use super::Check;
use crate::host::{HostConfig, SupervisorChoice};
use crate::limits::GameLimits;
use crate::supervisor::systemd::{Obstacle, SystemdSupervisor, TEMPLATE};

const ID: &str = "supervisor";

/// Asks systemd again, whatever was found at the start: rights and units come and go.
pub(super) async fn tried(config: &HostConfig, kind: &'static str) -> Check {
    let obstacle = match config.supervisor {
        SupervisorChoice::Embedded => None,
        SupervisorChoice::Auto | SupervisorChoice::Systemd => SystemdSupervisor::new(config, TEMPLATE).obstacle().await,
    };
    judge(config.supervisor, config.game_limits, kind, obstacle)
}

fn judge(choice: SupervisorChoice, limits: GameLimits, kind: &'static str, obstacle: Option<Obstacle>) -> Check {
    let kept = format!("game servers are kept by the {kind} supervisor");
    match obstacle {
        Some(obstacle) if kind == "systemd" => {
            Check::failed(ID, format!("{kept}, but {}", obstacle.reason()), obstacle.remedy())
        }
        Some(obstacle) if obstacle != Obstacle::NotBooted => {
            Check::warning(ID, format!("{kept}, because {}", obstacle.reason()), obstacle.remedy())
        }
        None if kind != "systemd" && choice == SupervisorChoice::Auto => {
            let remedy = "stop the servers, and restart the panel";
            Check::warning(ID, format!("{kept}, though systemd is there for them by now"), remedy)
        }
        _ if kind != "systemd" && limits.any() => {
            let message =
                format!("{kept}, which can't hold games to GAME_MEMORY_MAX, GAME_CPU_WEIGHT or GAME_TASKS_MAX");
            Check::warning(ID, message, "unset them, or let systemd keep the servers")
        }
        _ => Check::ok(ID, kept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::CheckStatus;

    #[test]
    fn what_keeps_the_games_is_judged_by_what_was_asked_for() {
        let right = Obstacle::NoRight { template: TEMPLATE.to_owned() };
        let found = |choice, kind, obstacle| judge(choice, GameLimits::default(), kind, obstacle);
        let (auto, embedded) = (SupervisorChoice::Auto, SupervisorChoice::Embedded);
        assert_eq!(found(auto, "systemd", None).status, CheckStatus::Ok);
        assert_eq!(found(auto, "embedded", Some(Obstacle::NotBooted)).status, CheckStatus::Ok);
        assert_eq!(found(embedded, "embedded", None).status, CheckStatus::Ok);
        // A right that was taken away, one that lacked from the beginning, and one that came later.
        let taken = found(auto, "systemd", Some(right.clone()));
        assert_eq!(taken.status, CheckStatus::Failed);
        assert!(taken.message.contains("may not manage") && taken.remedy.contains("polkit"), "{taken:?}");
        let lacks = found(auto, "embedded", Some(right));
        assert_eq!(lacks.status, CheckStatus::Warning);
        assert!(lacks.message.contains("because the panel's user"), "{lacks:?}");
        assert_eq!(found(auto, "embedded", None).status, CheckStatus::Warning);
    }

    #[test]
    fn limits_that_have_no_effect_are_told() {
        let limits = GameLimits { tasks_max: Some(100), ..GameLimits::default() };
        let found = judge(SupervisorChoice::Embedded, limits, "embedded", None);
        assert!(found.status == CheckStatus::Warning && found.message.contains("GAME_TASKS_MAX"), "{found:?}");
        assert_eq!(judge(SupervisorChoice::Auto, limits, "systemd", None).status, CheckStatus::Ok);
    }
}
