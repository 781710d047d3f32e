//! Moments and durations as a person reads them. Pure.

const SECOND: f64 = 1_000.0;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// How long something took, such as `3.4 s`.
pub fn duration(milliseconds: f64) -> String {
    if (SECOND..10.0 * SECOND).contains(&milliseconds) {
        format!("{:.1} s", (milliseconds / (SECOND / 10.0)).floor() / 10.0)
    } else {
        elapsed(milliseconds)
    }
}

/// How long something has taken, such as `3 min`; one unit, and two where the first is small. It goes on while one reads
/// it, so it is told in whole seconds.
pub fn elapsed(milliseconds: f64) -> String {
    let whole = |unit: f64| (milliseconds / unit).floor();
    if milliseconds < SECOND {
        return "under 1 s".to_owned();
    }
    if milliseconds < MINUTE {
        return format!("{} s", whole(SECOND));
    }
    if milliseconds < HOUR {
        return format!("{} min", whole(MINUTE));
    }
    if milliseconds < DAY {
        let minutes = ((milliseconds % HOUR) / MINUTE).floor();
        return if minutes > 0.0 && milliseconds < 10.0 * HOUR {
            format!("{} h {minutes} min", whole(HOUR))
        } else {
            format!("{} h", whole(HOUR))
        };
    }
    let days = whole(DAY);
    if days < 2.0 { "1 day".to_owned() } else { format!("{days} days") }
}

/// A past moment, such as `3 min ago`. The clocks of two machines never agree wholly: a moment that is still to come
/// is now.
pub fn ago(now: f64, then: f64) -> String {
    let passed = now - then;
    if passed < 10.0 * SECOND { "just now".to_owned() } else { format!("{} ago", duration(passed)) }
}

/// A moment to the second, for those who want it exactly: `2026-11-24 03:01:04 UTC`.
pub fn exact(timestamp: &str) -> String {
    let seconds = timestamp.split('.').next().unwrap_or_default().trim_end_matches('Z');
    format!("{} UTC", seconds.replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_unit_that_fits() {
        let cases = [
            (-5.0, "under 1 s"),
            (999.0, "under 1 s"),
            (1_340.0, "1.3 s"),
            (9_999.0, "9.9 s"),
            (10_000.0, "10 s"),
            (59_999.0, "59 s"),
            (MINUTE, "1 min"),
            (59.0 * MINUTE + 59.0 * SECOND, "59 min"),
            (HOUR, "1 h"),
            (3.0 * HOUR + 12.0 * MINUTE, "3 h 12 min"),
            (11.0 * HOUR + 12.0 * MINUTE, "11 h"),
            (DAY, "1 day"),
            (3.5 * DAY, "3 days"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(duration(milliseconds), text);
        }
    }

    #[test]
    fn what_goes_on_is_told_in_whole_seconds() {
        assert_eq!(elapsed(900.0), "under 1 s");
        assert_eq!(elapsed(3_400.0), "3 s");
        assert_eq!(elapsed(MINUTE), "1 min");
    }

    #[test]
    fn moments_are_told_from_now() {
        assert_eq!(ago(5_000.0, 0.0), "just now");
        assert_eq!(ago(0.0, 5_000.0), "just now");
        assert_eq!(ago(3.0 * MINUTE, 0.0), "3 min ago");
    }

    #[test]
    fn exact_moments_name_their_zone() {
        assert_eq!(exact("2026-11-24T03:01:04.250Z"), "2026-11-24 03:01:04 UTC");
    }
}
