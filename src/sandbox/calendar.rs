//! Times as milliseconds since 1970 and as ISO 8601 texts.

use crate::sandbox::rng::ascii;

/// Milliseconds of one day.
pub const DAY: i64 = 86_400_000;
/// Milliseconds of one hour.
pub const HOUR: i64 = 3_600_000;
/// Milliseconds of one minute.
pub const MINUTE: i64 = 60_000;

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a count of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// `2026-08-28T10:23:36.515Z`.
pub fn iso(ms: i64) -> String {
    const PATTERN: &[u8; 24] = b"YYYY-MM-DDThh:mm:ss.mmmZ";
    let (year, month, day) = civil(ms.div_euclid(DAY));
    let time = ms.rem_euclid(DAY) as u32;
    let (minutes, milli) = (time / 60_000, time % 60_000);
    let clock = [minutes / 60, minutes % 60, milli / 1000, milli % 1000];
    ascii(24, &mut |i| {
        // The number that the character belongs to, and the power of ten of its digit.
        let (number, power) = match i {
            0..=3 => (year as u32, 3 - i),
            5..=6 => (month as u32, 6 - i),
            8..=9 => (day as u32, 9 - i),
            11..=18 if i % 3 != 1 => (clock[(i - 11) / 3], (18 - i) % 3),
            20..=22 => (clock[3], 22 - i),
            _ => return PATTERN[i],
        };
        b'0' + (number / 10_u32.pow(power as u32) % 10) as u8
    })
}

/// A date (`2026-08-28`, midnight UTC) or an ISO 8601 time, and whether it was only a date.
pub fn parse(text: &str) -> Option<(i64, bool)> {
    let (day, clock) = match text.split_once(['T', ' ']) {
        Some((day, clock)) => (day, Some(clock)),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let (year, month, date) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let since = days(year, month, date);
    // A day that the month does not have comes back as another date.
    if parts.next().is_some() || civil(since) != (year, month, date) {
        return None;
    }
    let Some(clock) = clock else { return Some((since * DAY, true)) };
    let (clock, offset) = zone(clock)?;
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (second, milli) = match parts.next() {
        Some(text) => match text.split_once('.') {
            Some((second, fraction)) => (number(second, 2)?, thousandths(fraction)?),
            None => (number(text, 2)?, 0),
        },
        None => (0, 0),
    };
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((since * DAY + hour * HOUR + minute * MINUTE + second * 1000 + milli - offset, false))
}

/// A clock without its zone, and the zone in milliseconds; no zone counts as UTC.
fn zone(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = clock.rfind(['+', '-']) else { return Some((clock, 0)) };
    let (clock, zone) = (clock.get(..at)?, clock.get(at..)?);
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let offset = number(hours, 2)? * HOUR + number(minutes, 2)? * MINUTE;
    Some((clock, if zone.starts_with('-') { -offset } else { offset }))
}

fn number(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn thousandths(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((0..3).fold(0, |sum, i| sum * 10 + fraction.as_bytes().get(i).map_or(0, |b| i64::from(b - b'0'))))
}

/// The same time of day some months later; a day that the month does not have becomes its last day.
pub fn add_months(ms: i64, months: i64) -> i64 {
    let (year, month, day) = civil(ms.div_euclid(DAY));
    let total = year * 12 + month - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
    let first = days(year, month, 1);
    (first + (day - 1).min(next - first - 1)) * DAY + ms.rem_euclid(DAY)
}
