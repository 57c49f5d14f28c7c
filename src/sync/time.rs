//! The times of records, however HighLevel or what wrote into it has written them.

use crate::core::instant_ms;
use crate::json::json_text;

/// Above so much a number is one of milliseconds: as seconds it would be the year 5138.
const LEAST_MS: i64 = 100_000_000_000;

/// The last moment that JavaScript has a date for.
const MOST_MS: i64 = 8_640_000_000_000_000;

const DAY_MS: i64 = 86_400_000;

/// After so many years of the calendar the days are the same again.
const CYCLE_YEARS: u32 = 400;
const CYCLE_MS: i64 = 146_097 * DAY_MS;

/// A JSON value as milliseconds since 1970, negative before that.
///
/// Text is a date, or a date with a time, in ISO 8601: `2026-11-01`, `2026-11-01T10:00:00.5Z`, also with a space for the T, without
/// seconds, and without a zone, which is UTC then. 24:00 is the end of the day. A number is milliseconds above 1e11, else seconds.
/// A day that its month does not have is no time: nobody knows which one was meant.
pub(super) fn time_ms(value: &[u8]) -> Option<i64> {
    match json_text(value) {
        Some(text) => text_ms(text.as_bytes()),
        None => number_ms(value),
    }
}

/// A number as JSON writes it; one with an exponent is none that anybody writes for a time.
fn number_ms(number: &[u8]) -> Option<i64> {
    let (negative, digits) = number.strip_prefix(b"-").map_or((false, number), |digits| (true, digits));
    let (whole, fraction) = match digits.iter().position(|byte| *byte == b'.') {
        Some(at) => digits.split_at_checked(at)?,
        None => (digits, &b""[..]),
    };
    if whole.is_empty() || whole.len() > 16 {
        return None;
    }
    let mut units = 0_i64;
    for byte in whole {
        units = units * 10 + i64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
    }
    let mut thousandths = 0;
    let mut scale = 100;
    for byte in fraction.iter().skip(1) {
        thousandths += i64::from(byte.is_ascii_digit().then(|| byte - b'0')?) * scale;
        scale /= 10;
    }
    let ms = if units > LEAST_MS { units } else { units * 1000 + thousandths };
    (ms <= MOST_MS).then_some(if negative { -ms } else { ms })
}

fn text_ms(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let number = |from: usize, to: usize| {
        let add = |sum, byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'));
        date.get(from..to)?.iter().try_fold(0, add)
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if day > days {
        return None;
    }
    let (mut clock, mut zone) = (*b"00:00:00", rest);
    if let [b'T' | b't' | b' ', time @ ..] = rest {
        let (minutes, behind) = time.split_at_checked(5)?;
        clock.iter_mut().zip(minutes).for_each(|(into, byte)| *into = *byte);
        zone = behind;
        if let [b':', tens, ones, behind @ ..] = behind {
            (clock[6], clock[7], zone) = (*tens, *ones, behind);
        }
    } else if !rest.is_empty() {
        return None;
    }
    let mut more = 0;
    let is_whole = !zone.iter().take_while(|byte| matches!(byte, b'.' | b'0'..=b'9')).any(|byte| *byte > b'0');
    if &clock == b"24:00:00" && is_whole {
        more = DAY_MS;
        clock = *b"00:00:00";
    }
    // What reads times knows none before 1970: the calendar is the same some cycles later.
    let cycles = if year < 1970 { (1970 - year).div_ceil(CYCLE_YEARS) + 1 } else { 0 };
    let mut whole = String::new();
    let later = year + cycles * CYCLE_YEARS;
    for digit in [later / 1000, later / 100 % 10, later / 10 % 10, later % 10] {
        whole.push(char::from(b'0' + digit as u8));
    }
    for byte in date.iter().skip(4).chain(b"T").chain(&clock) {
        whole.push(char::from(*byte));
    }
    let has_zone = zone.iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'));
    let (digits, behind) = match zone {
        // `+0530`, as some write it.
        [digits @ .., sign @ (b'+' | b'-'), a, b, c, d] if *c != b':' && *a != b':' && *b != b':' => {
            (digits, &[*sign, *a, *b, b':', *c, *d][..])
        }
        [digits @ .., b'z'] => (digits, &b"Z"[..]),
        digits => (digits, if has_zone { &b""[..] } else { &b"Z"[..] }),
    };
    for byte in digits.iter().chain(behind) {
        whole.push(char::from(*byte));
    }
    let ms = instant_ms(&whole)?;
    Some(ms.floor() as i64 + more - i64::from(cycles) * CYCLE_MS)
}

#[cfg(test)]
mod tests {
    use super::time_ms;

    #[test]
    fn what_people_write_for_a_time_is_one() {
        const NOVEMBER: i64 = 1_793_491_200_000;
        for (value, ms) in [
            ("\"2026-11-01\"", NOVEMBER),
            ("\"2026-11-01T00:00:00\"", NOVEMBER),
            ("\"2026-11-01 00:00:00\"", NOVEMBER),
            ("\"2026-11-01T00:00:00Z\"", NOVEMBER),
            ("\"2026-11-01t00:00z\"", NOVEMBER),
            ("\"2026-11-01T00:00:00.123456Z\"", NOVEMBER + 123),
            ("\"2026-11-01T00:00:00.5\"", NOVEMBER + 500),
            ("\"2026-11-01T05:30:00+05:30\"", NOVEMBER),
            ("\"2026-11-01T05:30:00+0530\"", NOVEMBER),
            ("\"2026-10-31T20:00:00.25-04:00\"", NOVEMBER + 250),
            ("\"2026-10-31T24:00:00Z\"", NOVEMBER),
            ("\"2026-10-31T24:00\"", NOVEMBER),
            ("\"2024-02-29\"", 1_709_164_800_000),
            ("1793491200000", NOVEMBER),
            ("1793491200", NOVEMBER),
            ("1793491200.5", NOVEMBER + 500),
            ("1793491200000.5", NOVEMBER),
            ("0", 0),
            ("-1", -1000),
            ("\"1970-01-01\"", 0),
            ("\"1969-12-31T23:59:59Z\"", -1000),
            ("\"1969-12-31T23:59:59.250Z\"", -750),
            ("\"1900-03-01\"", -2_203_891_200_000),
            ("\"0001-01-01T00:00:00Z\"", -62_135_596_800_000),
        ] {
            assert_eq!(time_ms(value.as_bytes()), Some(ms), "{value}");
        }
    }

    #[test]
    fn what_nobody_can_tell_is_none() {
        for value in [
            "",
            "null",
            "true",
            "{}",
            "1e12",
            "99999999999999999999",
            "\"\"",
            "\"garbage\"",
            "\"2026-02-30T00:00:00Z\"",
            "\"2026-02-29\"",
            "\"1900-02-29\"",
            "\"2026-04-31\"",
            "\"2026-13-01\"",
            "\"2026-00-01\"",
            "\"2026-11-00\"",
            "\"2026-11-01T24:00:01Z\"",
            "\"2026-11-01T24:00:00.5Z\"",
            "\"2026/11/01\"",
            "\"2026-11-01T25:00:00Z\"",
            "\"2026-11-01T\"",
            "\"2026-11-01Z\"",
            "\"2026-11-01T00-00:00Z\"",
            "\"2026-11-01T00:00:00 PST\"",
            "\"Nov 1, 2026\"",
            "\"1793491200\"",
            "\"+010000-01-01T00:00:00Z\"",
        ] {
            assert_eq!(time_ms(value.as_bytes()), None, "{value}");
        }
    }
}
