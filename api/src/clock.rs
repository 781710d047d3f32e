//! Moments: milliseconds since 1970 in the database, RFC 3339 on the wire.
//!
//! Nothing that must keep its order depends on them: ids and seqs do that, so a clock that jumps back harms nothing.

use std::time::SystemTime;

use l4d2_contract::Timestamp;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const FORMAT_OF_SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// Now, in milliseconds since 1970.
pub fn now() -> i64 {
    millis(SystemTime::now())
}

/// A system time in milliseconds since 1970.
pub fn millis(time: SystemTime) -> i64 {
    i64::try_from(OffsetDateTime::from(time).unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The second that a moment lies in, since 1970.
pub fn second(millis: i64) -> i64 {
    millis.div_euclid(1_000)
}

/// A moment as it goes over the wire.
pub fn timestamp(millis: i64) -> Timestamp {
    formatted(millis, FORMAT)
}

/// The second that a moment lies in, as it goes over the wire.
pub fn timestamp_of_second(millis: i64) -> Timestamp {
    formatted(millis, FORMAT_OF_SECOND)
}

fn formatted(millis: i64, format: &[BorrowedFormatItem<'_>]) -> Timestamp {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn moments_are_rfc_3339_with_milliseconds() {
        assert_eq!(super::timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(super::timestamp(1_795_489_264_250), "2026-11-24T03:01:04.250Z");
        assert_eq!(super::timestamp_of_second(1_795_489_264_999), "2026-11-24T03:01:04Z");
    }

    #[test]
    fn every_moment_lies_in_the_second_that_began_last() {
        let seconds = [-1_001, -1_000, -1, 0, 999, 1_000].map(super::second);
        assert_eq!(seconds, [-2, -1, -1, 0, 0, 1]);
    }
}
