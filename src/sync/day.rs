//! Days as HighLevel's filters take them.

use crate::json::{push_decimal, put};

/// The day of a time in UTC, `YYYY-MM-DD`, as the parameter `startAt` takes it.
pub(super) fn day(ms: u64) -> String {
    // Days since 0000-03-01: with March as the first month of the year leap days come last.
    let days = ms / 86_400_000 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let mut out = String::new();
    push_decimal(&mut out, year + era * 400 + next);
    for number in [month, day] {
        put(&mut out, if number < 10 { "-0" } else { "-" });
        push_decimal(&mut out, number);
    }
    out
}

/// A time in UTC as ISO 8601 writes it, in whole seconds: `2026-12-01T00:00:00Z`. What is within a second comes to its end.
pub(super) fn instant(ms: u64) -> String {
    // The last day of the year 9999: what is later has no such text.
    let seconds = ms.div_ceil(1000).min(253_402_300_799);
    let mut out = day(seconds * 1000);
    for (mark, number) in [("T", seconds / 3600 % 24), (":", seconds / 60 % 60), (":", seconds % 60)] {
        put(&mut out, mark);
        put(&mut out, if number < 10 { "0" } else { "" });
        push_decimal(&mut out, number);
    }
    put(&mut out, "Z");
    out
}

#[cfg(test)]
mod tests {
    use super::{day, instant};
    use crate::core::instant_ms;

    #[test]
    fn every_day_is_the_one_that_its_own_text_names() {
        for days in (0..30_000).chain([47_481, 47_482, 47_483]) {
            let ms = days * 86_400_000;
            let text = day(ms);
            assert_eq!(instant_ms(&format!("{text}T00:00:00Z")), Some(ms as f64), "{text}");
            assert_eq!(day(ms + 86_399_999), text);
        }
        assert_eq!(day(1_796_014_131_000), "2026-11-30");
    }
    #[test]
    fn a_time_is_the_one_that_its_own_text_names() {
        for seconds in (0..2_000_000).step_by(977).chain([1_796_083_199, 1_796_083_200, 253_402_300_799]) {
            let ms = seconds * 1000;
            assert_eq!(instant_ms(&instant(ms)), Some(ms as f64), "{}", instant(ms));
        }
        for (ms, text) in [
            (1_796_083_200_000, "2026-12-01T00:00:00Z"),
            (1_796_083_199_001, "2026-12-01T00:00:00Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(instant(ms), text);
        }
    }
}
