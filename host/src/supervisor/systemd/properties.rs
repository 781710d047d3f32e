//! The games' limits as properties of a unit. Pure.

use crate::limits::GameLimits;

/// Where systemd keeps what was set while the machine runs.
const RUNTIME_SETTINGS: &str = "/run/systemd/system.control/";
/// No limit, or no weight of its own.
const NONE: u64 = u64::MAX;

/// What is to be set for these limits. What is not limited is left to the unit's files, but for what an earlier setting of
/// the panel has left until the machine is booted anew.
pub(super) fn of_limits(limits: &GameLimits, drop_ins: &[String]) -> Vec<(&'static str, u64)> {
    let wanted = [("MemoryMax", limits.memory_max), ("CPUWeight", limits.cpu_weight), ("TasksMax", limits.tasks_max)];
    let is_left = |name: &str| {
        let file = format!("/50-{name}.conf");
        drop_ins.iter().any(|path| path.starts_with(RUNTIME_SETTINGS) && path.ends_with(&file))
    };
    wanted.into_iter().filter_map(|(name, limit)| Some((name, limit.or(is_left(name).then_some(NONE))?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_limited_or_was_is_set() {
        let limits = GameLimits { memory_max: Some(1 << 30), tasks_max: Some(200), ..GameLimits::default() };
        assert_eq!(of_limits(&limits, &[]), [("MemoryMax", 1 << 30), ("TasksMax", 200)]);
        assert_eq!(of_limits(&GameLimits::default(), &[]), []);
        let left = [
            "/etc/systemd/system/l4d2-server@one.service.d/50-MemoryMax.conf".to_owned(),
            "/run/systemd/system.control/l4d2-server@one.service.d/50-CPUWeight.conf".to_owned(),
        ];
        assert_eq!(of_limits(&GameLimits::default(), &left), [("CPUWeight", u64::MAX)]);
    }
}
