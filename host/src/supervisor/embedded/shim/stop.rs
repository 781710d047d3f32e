//! Stopping, as the supervising process does it: step by step, whether or not somebody still waits for it.

use std::time::Instant;

use rustix::process::Signal;

use super::Shim;
use super::ladder::{Ladder, Step};
use crate::launcher::{KILL_SIGNAL, send_line};
use crate::supervisor::StopLadder;
use crate::supervisor::embedded::control::Answer;
use crate::supervisor::embedded::state::Phase;

impl Shim<'_> {
    /// Begins a stop. One that is under way goes on, unless the new one would be through earlier.
    pub(super) fn begin_stop(&mut self, ladder: StopLadder) {
        let planned = Ladder::begin(ladder, Instant::now());
        if self.ladder.as_ref().is_some_and(|current| current.end() <= planned.end()) {
            return;
        }
        self.ladder = Some(planned);
        self.next_start = None;
        if self.launched.is_none() {
            self.finish(Phase::Stopped, None);
            return;
        }
        self.state.phase = Phase::Stopping;
        self.write_state();
    }

    pub(super) fn take_step(&mut self, step: Step) {
        let Some(launched) = &self.launched else { return };
        match step {
            Step::Console => {
                let typed = send_line(&self.instance.console_socket(), "quit");
                if typed.is_err()
                    && let Some(ladder) = &mut self.ladder
                {
                    // Nobody listens yet, or any more: no use in waiting.
                    ladder.hurry(Instant::now());
                    return;
                }
            }
            Step::Terminate => launched.signal(Signal::TERM),
            Step::Kill => launched.signal(KILL_SIGNAL),
            Step::KillLauncher => launched.signal(Signal::KILL),
            Step::GiveUp => {
                let words = "processes of the game can't be ended".to_owned();
                self.sockets.answer_all(&Answer::Failed(words));
            }
        }
        if let Some(words) = step.words() {
            self.sockets.answer_all(&Answer::Said(words.to_owned()));
        }
    }

    /// What whoever waits is told at the end.
    pub(super) fn last_answer(&self) -> Answer {
        match &self.state.failure {
            Some(failure) if self.ladder.is_some() => Answer::Failed(failure.message.clone()),
            _ => Answer::Done,
        }
    }
}
