//! What each game may use of the machine, as the panel's administrator wants it. Pure.
//!
//! Only systemd can hold a game to it: the limits are those of the unit's cgroup.

use std::fmt;
use std::ops::RangeInclusive;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// What is not set stays as the unit has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GameLimits {
    /// Bytes of memory; a game that wants more is ended by the kernel. `GAME_MEMORY_MAX`.
    pub memory_max: Option<u64>,
    /// The share of the processor beside others who want it, of which everybody has 100 without more ado.
    /// `GAME_CPU_WEIGHT`.
    pub cpu_weight: Option<u64>,
    /// Processes and threads. `GAME_TASKS_MAX`.
    pub tasks_max: Option<u64>,
}

impl GameLimits {
    /// What the memory may be, in bytes. The game does not even boot with less.
    pub const MEMORY_MAX: RangeInclusive<u64> = 64 * MIB..=64 * TIB;
    /// What the weight may be.
    pub const CPU_WEIGHT: RangeInclusive<u64> = 1..=10_000;
    /// How many tasks there may be; launcher and game have some from the beginning.
    pub const TASKS_MAX: RangeInclusive<u64> = 16..=4_000_000;

    /// Whether there is any.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// What `GAME_MEMORY_MAX` says.
pub fn game_memory(text: &str) -> Result<u64, String> {
    let bytes = parse_memory(text)?;
    if GameLimits::MEMORY_MAX.contains(&bytes) {
        return Ok(bytes);
    }
    let (least, most) = (Memory(*GameLimits::MEMORY_MAX.start()), Memory(*GameLimits::MEMORY_MAX.end()));
    Err(format!("must be between {least} and {most}, not {text}"))
}

/// An amount of memory from what a person writes, such as `2G`; the suffixes are powers of 1,024.
pub fn parse_memory(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no amount of memory, such as 2G or 1500M");
    let (digits, unit) = match text.char_indices().last() {
        Some((index, 'K' | 'k')) => (&text[..index], KIB),
        Some((index, 'M' | 'm')) => (&text[..index], MIB),
        Some((index, 'G' | 'g')) => (&text[..index], GIB),
        _ => (text, 1),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = is_number.then(|| digits.parse().ok()).flatten().ok_or_else(wrong)?;
    number.checked_mul(unit).ok_or_else(wrong)
}

/// Bytes in the largest unit that leaves no rest, as [`parse_memory`] reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory(pub u64);

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, suffix) in [(GIB, "G"), (MIB, "M"), (KIB, "K")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{suffix}", self.0 / unit);
            }
        }
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let read = [("2G", 2 * GIB), ("1500M", 1500 * MIB), ("512k", 512 * KIB), ("65536", 65_536), ("0", 0)];
        for (text, bytes) in read {
            assert_eq!(parse_memory(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "-1", "+1M", "1.5G", "2GB", "2 G", "infinity", "99999999999G", "1ä", "٣"] {
            assert!(parse_memory(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_game_gets_no_less_than_it_needs_to_boot() {
        assert_eq!(game_memory("64M"), Ok(64 * MIB));
        for text in ["2", "63M", "65537G", "much"] {
            assert!(game_memory(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in 0..u64::MAX, unit in prop::sample::select(vec![1, KIB, MIB, GIB])) {
            let bytes = bytes / unit * unit;
            prop_assert_eq!(parse_memory(&Memory(bytes).to_string()), Ok(bytes));
        }
    }
}
