//! What systemd says of a unit, and what that means. Pure.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zbus::zvariant::OwnedValue;

use crate::error::HostError;
use crate::launcher::{FailureKind, end_in_words};
use crate::limits::Memory;
use crate::name::InstanceName;
use crate::supervisor::restart::{MOST_RESTARTS, WINDOW};
use crate::supervisor::{ActualState, InstanceStatus};

/// `CLD_EXITED`: the launcher ended by itself, rather than by a signal.
const EXITED: i32 = 1;
/// What systemd ends a program with that it could not even begin, as in systemd.exec(5).
const NOT_SET_UP: RangeInclusive<i32> = 200..=245;

/// A unit's properties of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unit {
    id: String,
    load: String,
    pub(super) active: String,
    pub(super) sub: String,
    result: String,
    main_code: i32,
    main_status: i32,
    main_pid: u32,
    main_start_usec: u64,
    restarts: u32,
    status_text: String,
    status_errno: i32,
    memory_max: Option<u64>,
    /// The units without which it does not start.
    pub(super) requires: Vec<String>,
    /// What the game's launcher finds in its environment.
    pub(super) environment: Vec<String>,
    /// The files that change its own, such as those of what was set while the machine runs.
    pub(super) drop_ins: Vec<String>,
}

impl Unit {
    pub(super) fn from_properties(mut properties: HashMap<String, OwnedValue>) -> Self {
        fn take<T: TryFrom<OwnedValue> + Default>(properties: &mut HashMap<String, OwnedValue>, name: &str) -> T {
            properties.remove(name).and_then(|value| value.try_into().ok()).unwrap_or_default()
        }
        let from = &mut properties;
        Self {
            id: take(from, "Id"),
            load: take(from, "LoadState"),
            active: take(from, "ActiveState"),
            sub: take(from, "SubState"),
            result: take(from, "Result"),
            main_code: take(from, "ExecMainCode"),
            main_status: take(from, "ExecMainStatus"),
            main_pid: take(from, "MainPID"),
            main_start_usec: take(from, "ExecMainStartTimestamp"),
            restarts: take(from, "NRestarts"),
            status_text: take(from, "StatusText"),
            status_errno: take(from, "StatusErrno"),
            memory_max: Some(take(from, "MemoryMax")).filter(|bytes| !matches!(bytes, 0 | &u64::MAX)),
            requires: take(from, "Requires"),
            environment: take(from, "Environment"),
            drop_ins: take(from, "DropInPaths"),
        }
    }

    /// Whether its file is there and in order.
    pub(super) fn is_loaded(&self) -> bool {
        self.load == "loaded"
    }

    /// Whether the game runs, or is about to, or is being ended.
    pub(super) fn is_active(&self) -> bool {
        !matches!(self.active.as_str(), "inactive" | "failed" | "")
    }

    /// Whether it ended badly and is not started again.
    pub(super) fn has_failed(&self) -> bool {
        self.active == "failed"
    }

    /// Whether it comes up for the first time.
    pub(super) fn is_starting(&self) -> bool {
        self.active == "activating" && self.restarts == 0 && self.sub != "auto-restart"
    }

    /// Whether a game is there that reads its console.
    pub(super) fn is_up(&self) -> bool {
        self.active == "active"
    }

    pub(super) fn is_ending(&self) -> bool {
        self.active == "deactivating"
    }

    /// What the launcher said went wrong, if it was the launcher who ended the game.
    pub(super) fn failure_kind(&self) -> Option<FailureKind> {
        (self.main_code == EXITED).then(|| FailureKind::from_exit_code(self.main_status)).flatten()
    }

    /// The game's own exit status, where it had one.
    pub(super) fn exit_code(&self) -> Option<i32> {
        match self.failure_kind() {
            Some(FailureKind::Ended | FailureKind::Crashed) => (self.status_errno > 0).then_some(self.status_errno),
            _ => (self.main_code == EXITED && self.main_status <= 128).then_some(self.main_status),
        }
    }

    /// Why it failed, in one sentence.
    pub(super) fn reason(&self) -> String {
        let often = self.restarts >= MOST_RESTARTS;
        match self.result.as_str() {
            // systemd starts a crashed game again as long as it may, and keeps the crash as the result when it may no more.
            "start-limit-hit" | "oom-kill" if often => self.too_often(),
            "exit-code" | "signal" | "core-dump" if often && self.failure_kind().is_none_or(FailureKind::is_crash) => {
                self.too_often()
            }
            "resources" => self.not_started(),
            _ => self.end(),
        }
    }

    fn too_often(&self) -> String {
        let (times, window) = (MOST_RESTARTS + 1, WINDOW.as_secs());
        format!("the game crashed {times} times within {window} s; the last time {}", self.end())
    }

    fn not_started(&self) -> String {
        format!("systemd could not start it: see `journalctl -u {}`", self.id)
    }

    fn end(&self) -> String {
        if self.result == "oom-kill" {
            let may_use = self.memory_max.map(|bytes| format!(" (it may use {})", Memory(bytes))).unwrap_or_default();
            return format!("the kernel ended the game because memory ran out{may_use}");
        }
        // Empty until the launcher has begun its work.
        let said_nothing = self.status_text.is_empty();
        match (self.main_code, u8::try_from(self.main_status)) {
            // What goes before the launcher failed, or the next try has begun already.
            (0, _) => self.not_started(),
            (EXITED, Ok(code)) if said_nothing && NOT_SET_UP.contains(&code.into()) => {
                format!("systemd could not set up the unit (status {code}): see `journalctl -u {}`", self.id)
            }
            (EXITED, _) if !said_nothing && self.failure_kind().is_some() => self.status_text.clone(),
            (EXITED, Ok(code)) => format!("the game {}", end_in_words(code)),
            _ => format!("the launcher was ended by signal {}", self.main_status),
        }
    }

    pub(super) fn status(&self, name: &InstanceName) -> InstanceStatus {
        if self.is_active() {
            let since = UNIX_EPOCH + Duration::from_micros(self.main_start_usec);
            return InstanceStatus {
                state: ActualState::Running,
                pid: (self.main_pid > 0).then_some(self.main_pid),
                since: (self.main_start_usec > 0).then_some(since),
                recent_restarts: self.recent_restarts(since),
            };
        }
        let state = if self.has_failed() {
            ActualState::Failed { reason: self.reason() }
        } else if self.load == "loaded" {
            ActualState::Stopped
        } else {
            ActualState::Unknown { reason: format!("systemd has no unit for {name} ({})", self.load) }
        };
        InstanceStatus { state, pid: None, since: None, recent_restarts: 0 }
    }

    /// systemd counts all restarts since the start that was asked for; those of a game that has been up for longer than
    /// the window are of the past.
    fn recent_restarts(&self, since: SystemTime) -> u32 {
        if since.elapsed().is_ok_and(|up| up < WINDOW) { self.restarts.min(MOST_RESTARTS) } else { 0 }
    }
}

/// When systemd can't be asked.
pub(super) fn unknown(error: &HostError) -> InstanceStatus {
    let state = ActualState::Unknown { reason: error.to_string() };
    InstanceStatus { state, pid: None, since: None, recent_restarts: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(result: &str, main_code: i32, main_status: i32) -> Unit {
        Unit { active: "failed".into(), result: result.into(), main_code, main_status, ..Unit::default() }
    }

    #[test]
    fn a_failure_is_told_with_its_reason() {
        let crashed = Unit { restarts: 5, ..failed("exit-code", EXITED, 134) }.reason();
        assert_eq!(crashed, "the game crashed 6 times within 60 s; the last time the game was ended by signal 6");
        let early = Unit { status_text: "too early".into(), status_errno: 3, ..failed("exit-code", EXITED, 70) };
        assert_eq!((early.reason().as_str(), early.exit_code()), ("too early", Some(3)));
        assert_eq!(early.failure_kind(), Some(FailureKind::Ended));
        let killed = failed("signal", 2, 9);
        assert_eq!((killed.reason().as_str(), killed.exit_code()), ("the launcher was ended by signal 9", None));
        let again = Unit { restarts: 5, status_text: "too early".into(), ..failed("exit-code", EXITED, 76) }.reason();
        assert_eq!(again, "the game crashed 6 times within 60 s; the last time too early");
        let final_word =
            Unit { restarts: 7, status_text: "no port".into(), ..failed("exit-code", EXITED, 75) }.reason();
        assert_eq!(final_word, "no port", "restarts of the days before are not its reason");
        let starved = Unit { memory_max: Some(2 << 30), ..failed("oom-kill", EXITED, 137) };
        assert_eq!(starved.reason(), "the kernel ended the game because memory ran out (it may use 2G)");
        let often = Unit { restarts: 5, ..failed("oom-kill", 2, 9) }.reason();
        let expected = "the last time the kernel ended the game because memory ran out";
        assert!(often.starts_with("the game crashed 6 times") && often.ends_with(expected), "{often}");
    }

    #[test]
    fn what_systemd_could_not_begin_is_told_with_where_to_look() {
        let unit = |result: &str, code, status| Unit { id: "a@b.service".into(), ..failed(result, code, status) };
        let namespace = unit("exit-code", EXITED, 226);
        let expected = "systemd could not set up the unit (status 226): see `journalctl -u a@b.service`";
        assert_eq!((namespace.reason().as_str(), namespace.exit_code()), (expected, None));
        let expected = "systemd could not start it: see `journalctl -u a@b.service`";
        for before in [unit("exit-code", 0, 0), unit("resources", 0, 0), unit("timeout", 0, 0)] {
            assert_eq!(before.reason(), expected, "{before:?}");
        }
        let game = Unit { status_text: "the game has bound its port".into(), ..namespace };
        assert_eq!(game.reason(), "the game ended with exit status 226");
    }

    #[test]
    fn only_what_ended_is_not_active() {
        for (active, expected) in
            [("active", true), ("activating", true), ("deactivating", true), ("inactive", false), ("failed", false)]
        {
            assert_eq!(Unit { active: active.into(), ..Unit::default() }.is_active(), expected, "{active}");
        }
    }
}
