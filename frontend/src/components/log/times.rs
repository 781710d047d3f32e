//! When a line was written, as the gutter beside it shows it: by the clock here, to the second.

use std::num::NonZeroU32;

use js_sys::Date;
use wasm_bindgen::JsValue;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MILLISECONDS: f64 = 1_000.0;
const MILLISECONDS_OF_MINUTE: f64 = 60.0 * MILLISECONDS;

/// A second, counted from the beginning of 1970. A page keeps one for each of its lines, so it takes four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Second(NonZeroU32);

impl Second {
    /// Reads what a stream says; nothing where that is no moment.
    pub fn parse(timestamp: &str) -> Option<Self> {
        Self::from_milliseconds(Date::parse(timestamp))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is no such second becomes 0")]
    fn from_milliseconds(milliseconds: f64) -> Option<Self> {
        NonZeroU32::new((milliseconds / MILLISECONDS) as u32).map(Self)
    }

    fn milliseconds(self) -> f64 {
        f64::from(self.0.get()) * MILLISECONDS
    }

    /// The day here.
    pub fn day(self) -> Day {
        Day::of(&local(self.milliseconds()))
    }

    /// For the gutter.
    pub fn label(self, today: Day) -> String {
        label(&local(self.milliseconds()), today)
    }

    /// The moment as the stream said it.
    pub fn exact(self) -> String {
        iso(self.milliseconds()).replace(".000", "")
    }

    /// Whether another minute goes on than at the line before.
    pub fn begins_minute(self, before: Option<Self>) -> bool {
        before.is_none_or(|before| before.0.get() / 60 != self.0.get() / 60)
    }
}

/// A day as a number whose digits are those of its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Day(u32);

impl Day {
    /// The day on which somebody here looks at the clock.
    pub fn at(milliseconds: f64) -> Self {
        Self::of(&local(milliseconds))
    }

    fn of(iso: &str) -> Self {
        let digits = iso.bytes().take("2026-11-24".len()).filter(u8::is_ascii_digit);
        Self(digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }
}

/// How the times stand beside the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gutter {
    today: Day,
    /// Some lines are of another day, so there is room for dates.
    pub is_dated: bool,
}

impl Gutter {
    /// For lines of which these are the first and the last.
    pub fn new(today: Day, first: Option<Day>, last: Option<Day>) -> Self {
        Self { today, is_dated: [first, last].into_iter().flatten().any(|day| day != today) }
    }

    /// The columns that it takes; also in logs.css.
    pub fn columns(self) -> usize {
        if self.is_dated { 17 } else { 10 }
    }

    /// What stands in it beside a line of this second.
    pub fn label(self, second: Second) -> String {
        second.label(self.today)
    }
}

fn iso(milliseconds: f64) -> String {
    Date::new(&JsValue::from(milliseconds)).to_iso_string().into()
}

/// The date and the time that the clock here shows, in the form of RFC 3339 though in no zone that could be named.
fn local(milliseconds: f64) -> String {
    let minutes_behind = Date::new(&JsValue::from(milliseconds)).get_timezone_offset();
    iso(milliseconds - minutes_behind * MILLISECONDS_OF_MINUTE)
}

fn label(local: &str, today: Day) -> String {
    let time = local.get(11..19).unwrap_or_default();
    if Day::of(local) == today {
        return time.to_owned();
    }
    let month = local.get(5..7).and_then(|month| month.parse::<usize>().ok()).unwrap_or_default();
    let month = month.checked_sub(1).and_then(|month| MONTHS.get(month)).copied().unwrap_or_default();
    format!("{month} {} {time}", local.get(8..10).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day(20_261_124);
    const YESTERDAY: Day = Day(20_261_123);
    const TOMORROW: Day = Day(20_261_125);

    fn second(number: u32) -> Second {
        Second(NonZeroU32::new(number).expect("not the first"))
    }

    #[test]
    fn a_time_of_another_day_has_its_date() {
        assert_eq!(label("2026-11-24T03:01:04.000Z", TODAY), "03:01:04");
        assert_eq!(label("2026-11-23T23:59:59.000Z", TODAY), "Nov 23 23:59:59");
        assert_eq!(label("2025-11-24T03:01:04.000Z", TODAY), "Nov 24 03:01:04");
        assert_eq!(label("2026-01-02T00:00:00.000Z", TODAY), "Jan 02 00:00:00");
    }

    #[test]
    fn what_stands_in_the_gutter_has_room_there() {
        for (first, last) in [(Some(TODAY), Some(TODAY)), (None, None), (Some(YESTERDAY), Some(TODAY))] {
            let gutter = Gutter::new(TODAY, first, last);
            assert_eq!(gutter.is_dated, first == Some(YESTERDAY));
            let longest =
                if gutter.is_dated { label("2026-11-23T23:59:59.000Z", TODAY) } else { "03:01:04".to_owned() };
            assert_eq!(gutter.columns(), longest.len() + 2, "two columns lie between it and the line");
        }
        let ahead = Gutter::new(TODAY, Some(TODAY), Some(TOMORROW));
        assert!(ahead.is_dated, "the panel's clock may be ahead of the one here");
    }

    #[test]
    fn no_moment_is_no_second() {
        assert_eq!(Second::from_milliseconds(f64::NAN), None);
        assert_eq!(Second::from_milliseconds(-1_000.0), None);
        assert_eq!(Second::from_milliseconds(1_500.0), Some(second(1)));
        assert_eq!(size_of::<Option<Second>>(), 4);
    }

    #[test]
    fn minutes_begin_with_their_first_line() {
        assert!(second(61).begins_minute(None));
        assert!(second(61).begins_minute(Some(second(59))));
        assert!(!second(61).begins_minute(Some(second(60))));
        assert!(second(61).begins_minute(Some(second(125))), "a clock may go back");
    }
}
