//! What keeps the games, and whether it is what the settings ask for.

use super::Check;
use crate::host::{HostConfig, SupervisorChoice};
use crate::limits::GameLimits;
use crate::supervisor::systemd::{Obstacle, PACKAGE, SystemdSupervisor, TEMPLATE, VIEW, View};

const ID: &str = "supervisor";

/// Asks systemd again, whatever was found at the start: rights and units come and go. The second check is whether games see
/// their files; there is none where they need no view of them, or where systemd can't be asked, which the first one tells.
pub(super) async fn tried(config: &HostConfig, kind: &'static str) -> (Check, Option<Check>) {
    let systemd = SystemdSupervisor::new(config, TEMPLATE);
    let obstacle = match config.supervisor {
        SupervisorChoice::Embedded => None,
        SupervisorChoice::Auto | SupervisorChoice::Systemd => systemd.obstacle().await,
    };
    let view = if kind == "systemd" { systemd.view().await.ok().flatten() } else { None };
    (judge(config.supervisor, config.game_limits, kind, obstacle), view.map(judge_view))
}

fn judge_view(view: View) -> Check {
    const ID: &str = "view";
    match view {
        View::Up => Check::ok(ID, format!("games see their files through {VIEW}")),
        View::Down => {
            Check::ok(ID, format!("games see their files through {VIEW}, which comes up with the first of them"))
        }
        View::Failed => Check::failed(
            ID,
            format!("{VIEW}, through which games see their files, did not come up"),
            format!(
                "see `journalctl -u {VIEW}` for the reason: it takes Linux 5.19 and a file system with idmapped mounts"
            ),
        ),
        View::Missing => Check::failed(
            ID,
            format!("systemd has no unit {VIEW}, through which games see their files"),
            format!("{PACKAGE}, or put packaging/{VIEW} into /etc/systemd/system and run systemctl daemon-reload"),
        ),
    }
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
    fn a_view_that_lacks_is_told_and_one_that_no_game_needs_yet_is_no_matter() {
        for (view, status) in [(View::Up, CheckStatus::Ok), (View::Down, CheckStatus::Ok)] {
            assert_eq!(judge_view(view).status, status, "{view:?}");
        }
        for (view, remedy) in
            [(View::Failed, "journalctl -u l4d2-view.service"), (View::Missing, "/etc/systemd/system")]
        {
            let check = judge_view(view);
            assert!(check.status == CheckStatus::Failed && check.remedy.contains(remedy), "{check:?}");
        }
    }

    #[test]
    fn limits_that_have_no_effect_are_told() {
        let limits = GameLimits { tasks_max: Some(100), ..GameLimits::default() };
        let found = judge(SupervisorChoice::Embedded, limits, "embedded", None);
        assert!(found.status == CheckStatus::Warning && found.message.contains("GAME_TASKS_MAX"), "{found:?}");
        assert_eq!(judge(SupervisorChoice::Auto, limits, "systemd", None).status, CheckStatus::Ok);
    }
}
