//! How often a crashed game is started again. Pure: the time is given, on a clock that never goes back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many restarts are allowed…
pub(crate) const MOST_RESTARTS: u32 = 5;
/// …within this time; one crash more and the game stays down.
pub(crate) const WINDOW: Duration = Duration::from_mins(1);

/// What to do about a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Start it again; the number counts the restarts in the window, this one included.
    Again(u32),
    /// It crashed too often.
    GiveUp,
}

/// Remembers the restarts of the last minute.
#[derive(Debug, Default)]
pub(crate) struct RestartLimit {
    restarts: VecDeque<Instant>,
}

impl RestartLimit {
    /// The game crashed at `now`.
    pub(crate) fn crashed(&mut self, now: Instant) -> Verdict {
        while self.restarts.front().is_some_and(|at| now.saturating_duration_since(*at) >= WINDOW) {
            self.restarts.pop_front();
        }
        let count = u32::try_from(self.restarts.len()).unwrap_or(u32::MAX);
        if count >= MOST_RESTARTS {
            return Verdict::GiveUp;
        }
        self.restarts.push_back(now);
        Verdict::Again(count + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_sixth_crash_within_a_minute_is_the_last() {
        let begin = Instant::now();
        let mut limit = RestartLimit::default();
        for number in 1..=5 {
            assert_eq!(limit.crashed(begin + Duration::from_secs(number.into())), Verdict::Again(number));
        }
        assert_eq!(limit.crashed(begin + WINDOW), Verdict::GiveUp);
    }

    #[test]
    fn a_crash_now_and_then_never_counts_up() {
        let begin = Instant::now();
        let mut limit = RestartLimit::default();
        for number in 0..100 {
            assert_eq!(limit.crashed(begin + WINDOW * number), Verdict::Again(1));
        }
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_five_restarts(gaps in prop::collection::vec(0_u64..40_000, 1..60)) {
            let mut now = Instant::now();
            let mut limit = RestartLimit::default();
            let mut restarts: Vec<Instant> = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                if matches!(limit.crashed(now), Verdict::Again(_)) {
                    restarts.push(now);
                }
                let recent = restarts.iter().filter(|at| now.duration_since(**at) < WINDOW).count();
                prop_assert!(recent <= 5);
            }
        }
    }
}
