//! When lines were written, told between the lines to a reader that asks for it.
//!
//! What is sent of a line stays as it is for everybody. Before the first line of a connection, and before each line of
//! another second than the one before it, `event: time` names the second; so a flood costs one small event a second. It
//! has no id: a reader that comes back names a line, and is told that line's successor's time again.

use bytes::BytesMut;

use super::frame;
use crate::clock;

/// What one reader was told of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineTimes {
    asked: bool,
    /// The second of the line that was sent last.
    told: Option<i64>,
}

impl LineTimes {
    /// For a reader at its beginning, who wants to be told or not.
    pub fn new(asked: bool) -> Self {
        Self { asked, told: None }
    }

    /// Whether a line of this moment, in milliseconds since 1970, needs an event before it.
    pub(crate) fn is_news(self, millis: i64) -> bool {
        self.asked && self.told != Some(clock::second(millis))
    }

    /// Appends the event that a line of this moment needs before it, if it needs one.
    pub(crate) fn tell(&mut self, frames: &mut BytesMut, millis: i64) {
        if self.is_news(millis) {
            self.told = Some(clock::second(millis));
            frame::event(frames, "time", &clock::timestamp_of_second(millis));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(times: &mut LineTimes, moments: &[i64]) -> String {
        let mut frames = BytesMut::new();
        for millis in moments {
            times.tell(&mut frames, *millis);
        }
        String::from_utf8(frames.to_vec()).expect("valid UTF-8")
    }

    #[test]
    fn a_second_is_told_once_until_another_comes_be_it_an_earlier_one() {
        let mut times = LineTimes::new(true);
        let event = |second: u32| format!("event: time\ndata: 1970-01-01T00:00:0{second}Z\n\n");
        assert_eq!(told(&mut times, &[1_000, 1_999]), event(1));
        assert_eq!(told(&mut times, &[1_000, 2_000, 2_500]), event(2));
        assert_eq!(told(&mut times, &[999]), event(0));
    }

    #[test]
    fn who_does_not_ask_is_told_nothing() {
        assert_eq!(told(&mut LineTimes::new(false), &[1_000, 2_000]), "");
    }
}
