//! What marks an instance's lines in systemd's journal.
//!
//! A unit's entries stay when its instance is deleted, and a new one of the same name has the same unit. The journal's times
//! don't tell them apart: a clock is put right, and a root copied. So whoever makes an instance gives it a mark that no other
//! has, the launcher prints under it, and the journal is asked for the unit's entries with the mark. An instance that was
//! made without one goes by the clock.

use crate::layout::InstanceLayout;

/// So that a person knows whose lines they are.
const PREFIX: &str = "l4d2-";

/// One instance's mark.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LogMark(String);

impl LogMark {
    /// One that nobody has.
    pub(crate) fn new() -> Self {
        Self(format!("{PREFIX}{:032x}", rand::random::<u128>()))
    }

    /// That of an instance, if it has one.
    pub(crate) fn of(instance: &InstanceLayout) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(instance.log_mark()).ok()?)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let mark = text.trim_end();
        let random = mark.strip_prefix(PREFIX)?;
        let fits = !random.is_empty() && random.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        fits.then(|| Self(mark.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_new_each_time_and_survives_its_file() {
        let (one, two) = (LogMark::new(), LogMark::new());
        assert_ne!(one, two);
        assert_eq!(LogMark::parse(&format!("{}\n", one.as_str())), Some(one));
    }

    #[test]
    fn what_would_be_more_than_a_mark_is_none() {
        for text in ["", "l4d2-", "l4d2-0f\n_PID=1", "l4d2-0 1", "l4d2-\0", "other-0f"] {
            assert_eq!(LogMark::parse(text), None, "{text:?}");
        }
    }
}
