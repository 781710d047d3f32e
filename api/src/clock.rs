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

/// Now, in milliseconds since 1970.
pub fn now() -> i64 {
    millis(SystemTime::now())
}

/// A system time in milliseconds since 1970.
pub fn millis(time: SystemTime) -> i64 {
    i64::try_from(OffsetDateTime::from(time).unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// A moment as it goes over the wire.
pub fn timestamp(millis: i64) -> Timestamp {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .ok()
        .and_then(|time| time.format(FORMAT).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn moments_are_rfc_3339_with_milliseconds() {
        assert_eq!(super::timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(super::timestamp(1_795_489_264_250), "2026-11-24T03:01:04.250Z");
    }
}
