//! The steps of a stop and when each is due. Pure: the time is given.

use std::time::Instant;

use crate::supervisor::StopLadder;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Type `quit`.
    Console,
    /// SIGTERM to the game's process group.
    Terminate,
    /// SIGKILL to all processes of the game, by the launcher.
    Kill,
    /// SIGKILL to the launcher, and so to everything below it, for a launcher that does nothing.
    KillLauncher,
    /// Tell that it failed.
    GiveUp,
}

impl Step {
    /// What a person is told.
    pub(super) fn words(self) -> Option<&'static str> {
        match self {
            Self::Console => Some("typed quit on the console"),
            Self::Terminate => Some("sent SIGTERM to the game"),
            Self::Kill => Some("ended all processes of the game by SIGKILL"),
            Self::KillLauncher | Self::GiveUp => None,
        }
    }
}

/// The steps to come, each with its time; the next one last.
#[derive(Debug)]
pub(super) struct Ladder {
    steps: Vec<(Instant, Step)>,
}

impl Ladder {
    /// Plans a stop that begins now. A step without time of its own is left out.
    pub(super) fn begin(ladder: StopLadder, now: Instant) -> Self {
        let mut steps = Vec::new();
        let mut at = now;
        for (time, step) in [(ladder.console, Step::Console), (ladder.terminate, Step::Terminate)] {
            if !time.is_zero() {
                steps.push((at, step));
                at = at.checked_add(time).unwrap_or(at);
            }
        }
        steps.push((at, Step::Kill));
        steps.push((at + ladder.kill / 2, Step::KillLauncher));
        steps.push((at + ladder.kill, Step::GiveUp));
        steps.reverse();
        Self { steps }
    }

    /// The next step, if its time has come.
    pub(super) fn due(&mut self, now: Instant) -> Option<Step> {
        self.steps.pop_if(|(at, _)| *at <= now).map(|(_, step)| step)
    }

    /// When the next step is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.steps.last().map(|(at, _)| *at)
    }

    /// When the last step is due; none when it is over.
    pub(super) fn end(&self) -> Option<Instant> {
        self.steps.first().map(|(at, _)| *at)
    }

    /// Takes the next step at once, and the later ones as much earlier.
    pub(super) fn hurry(&mut self, now: Instant) {
        let Some(gain) = self.deadline().map(|at| at.saturating_duration_since(now)) else { return };
        for (at, _) in &mut self.steps {
            *at = at.checked_sub(gain).unwrap_or(*at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ladder(console: u32, terminate: u32, kill: u32) -> StopLadder {
        StopLadder { console: SECOND * console, terminate: SECOND * terminate, kill: SECOND * kill }
    }

    #[test]
    fn each_step_waits_for_the_one_before() {
        let now = Instant::now();
        let mut ladder = Ladder::begin(ladder(10, 5, 2), now);
        let expected =
            [(0, Step::Console), (10, Step::Terminate), (15, Step::Kill), (16, Step::KillLauncher), (17, Step::GiveUp)];
        for (after, step) in expected {
            let at = now + SECOND * after;
            assert_eq!(ladder.deadline(), Some(at));
            assert_eq!(ladder.due(at), Some(step));
        }
        assert_eq!(ladder.due(now + SECOND * 99), None);
    }

    #[test]
    fn without_time_for_manners_it_kills_at_once() {
        let now = Instant::now();
        let mut ladder = Ladder::begin(ladder(0, 0, 2), now);
        assert_eq!(ladder.due(now), Some(Step::Kill));
        assert_eq!(ladder.due(now), None);
        assert_eq!(ladder.deadline(), Some(now + SECOND));
    }

    #[test]
    fn a_console_nobody_reads_is_not_waited_for() {
        let now = Instant::now();
        let mut ladder = Ladder::begin(ladder(10, 5, 2), now);
        assert_eq!(ladder.due(now), Some(Step::Console));
        ladder.hurry(now);
        assert_eq!(ladder.due(now), Some(Step::Terminate));
        assert_eq!(ladder.due(now), None);
        assert_eq!(ladder.deadline(), Some(now + SECOND * 5));
    }
}
