//! When a server wants the next request.

/// What an answer says about when to ask again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RetryAfter {
    /// After so many milliseconds.
    In(f64),
    /// At this time, in milliseconds since 1970, where the answer does not say what time it was for the server.
    At(f64),
}

const DAY_MS: f64 = 86_400_000.0;

impl RetryAfter {
    /// Reads `retry-after-ms`, else `Retry-After`: seconds, also with decimals, or a date. A date counts from the answer's
    /// own `Date`, so that the caller's clock may be wrong; browsers hide that header across origins. A `Date` that lies more
    /// than a day away from it cannot be right. What cannot be read is `None`.
    pub fn read(header: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        if let Some(ms) = header("retry-after-ms").and_then(|text| decimal(&text, 1.0)) {
            return Some(Self::In(ms.ceil()));
        }
        let text = header("retry-after")?;
        if let Some(ms) = decimal(&text, 1000.0) {
            return Some(Self::In(ms.ceil()));
        }
        let at = http_date(&text)?;
        let sent = header("date").and_then(|text| http_date(&text));
        let sent = sent.filter(|sent| (at - sent).abs() <= DAY_MS);
        Some(sent.map_or(Self::At(at), |sent| Self::In((at - sent).max(0.0))))
    }

    /// Milliseconds from now on; 0 for what is over. `now_ms` is the caller's clock, in milliseconds since 1970.
    pub fn ms(self, now_ms: f64) -> f64 {
        match self {
            Self::In(ms) => ms,
            Self::At(at) => (at - now_ms).ceil().max(0.0),
        }
    }
}

/// A number from 0 in decimal digits, perhaps with a fraction and spaces around it, times `factor`. One that is too large
/// is as large as can be.
pub(super) fn decimal(text: &str, factor: f64) -> Option<f64> {
    let text = text.as_bytes().trim_ascii();
    let (mut number, mut scale, mut fraction) = (0.0, 1.0, false);
    // A digit has to stand at both ends.
    let mut before = b'.';
    for byte in text {
        if byte.is_ascii_digit() {
            // Further digits of a fraction are nothing that a number can hold.
            if !fraction || scale < 1e15 {
                number = number * 10.0 + f64::from(byte - b'0');
                scale *= if fraction { 10.0 } else { 1.0 };
            }
        } else if *byte == b'.' && before != b'.' && !fraction {
            fraction = true;
        } else {
            return None;
        }
        before = *byte;
    }
    // Multiplied first: 1.1 s are 1100 ms, not a little more.
    (before != b'.').then(|| (number * factor / scale).min(f64::MAX))
}

/// A date in one of the three forms that RFC 9110 wants to be understood, in milliseconds since 1970:
/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
pub fn http_date(text: &str) -> Option<f64> {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words: [&[u8]; 7] = [b""; 7];
    let mut places = words.iter_mut();
    for word in text.as_bytes().split(|byte| matches!(byte, b' ' | b',' | b'-')).filter(|word| !word.is_empty()) {
        *places.next()? = word;
    }
    let (day, month, year, time) = match words {
        [_, day, month, year, time, b"GMT", b""] => (day, month, year, time),
        [_, month, day, time, year @ [_, _, _, _], b"", b""] => (day, month, year, time),
        _ => return None,
    };
    let month = MONTHS.chunks_exact(3).position(|known| known == month)? as u32 + 1;
    let (day, years) = (digits(day)?, digits(year)?);
    let year = match (year.len(), years) {
        (2, 0..70) => 2000 + years,
        (2, _) => 1900 + years,
        (4, 1970..) => years,
        _ => return None,
    };
    let [h, hh, b':', m, mm, b':', s, ss] = *time else { return None };
    let (hours, minutes, seconds) = (digits(&[h, hh])?, digits(&[m, mm])?, digits(&[s, ss])?);
    // 60: a leap second.
    if !(1..=31).contains(&day) || hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    Some((f64::from(days) * 86_400.0 + f64::from((hours * 60 + minutes) * 60 + seconds)) * 1000.0)
}

/// Of a day from 1970 on; months and days count from 1.
pub(crate) fn days_since_1970(year: u32, month: u32, day: u32) -> Option<u32> {
    // With March as the first month of the year leap days come last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    (year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day).checked_sub(719_469)
}

/// A number of at most four digits.
fn digits(text: &[u8]) -> Option<u32> {
    let mut number = 0;
    for byte in text {
        if !byte.is_ascii_digit() || number > 999 {
            return None;
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    const NOW: f64 = 784_111_777_000.0;

    /// What these headers say at [`NOW`].
    fn asked(headers: &[(&str, &str)]) -> Option<f64> {
        let header = |name: &str| Some(headers.iter().find(|(known, _)| *known == name)?.1.to_owned());
        RetryAfter::read(&header).map(|after| after.ms(NOW))
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        for (text, expected) in [
            ("3", Some(3000.0)),
            (" 0 ", Some(0.0)),
            ("1.5", Some(1500.0)),
            ("1.1", Some(1100.0)),
            ("0.0001", Some(1.0)),
            ("2.000000000000000000000000000000000001", Some(2000.0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000.0)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10_000.0)),
            ("Sun Nov  6 08:49:47 1994", Some(10_000.0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0.0)),
            ("Mon, 01 Jan 1990 00:00:00 GMT", Some(0.0)),
            ("Monday, 01-Jan-90 00:00:00 GMT", Some(0.0)),
            ("Friday, 01-Jan-38 00:00:00 GMT", Some(2_145_916_800_000.0 - NOW)),
            ("Thu, 29 Feb 1996 00:00:00 GMT", Some(825_552_000_000.0 - NOW)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799_000.0 - NOW)),
            ("-1", None),
            ("+1", None),
            ("1.", None),
            (".5", None),
            ("1.2.3", None),
            ("1,5", None),
            ("1e3", None),
            ("soon", None),
            ("", None),
            (".", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT GMT GMT", None),
            ("Sun, 32 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1969 08:49:37 GMT", None),
            ("Sun, 06 Nov 19940 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun Nov  6 08:49:47 94", None),
        ] {
            assert_eq!(asked(&[("retry-after", text)]), expected, "{text}");
        }
    }

    #[test]
    fn no_number_wraps_or_is_cut() {
        for seconds in [5_000_000u64, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 32) + 1, 1 << 43, 1_000_000_000_000] {
            assert_eq!(asked(&[("retry-after", &seconds.to_string())]), Some((seconds * 1000) as f64));
            assert_eq!(asked(&[("retry-after-ms", &seconds.to_string())]), Some(seconds as f64));
        }
        for (text, expected) in [
            ("9007199254740992", 9_007_199_254_740_992e3),
            ("1000000000000000000000", 1e24),
            ("99999999999999999999", 1e23),
        ] {
            let ms = asked(&[("retry-after", text)]).expect("a number");
            assert!((ms / expected - 1.0).abs() < 1e-15, "{text}: {ms}");
        }
        assert_eq!(asked(&[("retry-after", &"9".repeat(400))]), Some(f64::MAX));
    }

    #[test]
    fn milliseconds_go_first_and_a_date_counts_from_that_of_the_answer() {
        let date = "Sun, 06 Nov 1994 08:49:47 GMT";
        assert_eq!(asked(&[("retry-after-ms", "250"), ("retry-after", "3")]), Some(250.0));
        assert_eq!(asked(&[("retry-after-ms", "0.5")]), Some(1.0));
        assert_eq!(asked(&[("retry-after-ms", "soon"), ("retry-after", "3")]), Some(3000.0));
        // Clocks that are an hour slow or fast.
        for (sent, expected) in [
            ("Sun, 06 Nov 1994 08:49:44 GMT", 3000.0),
            ("Sun, 06 Nov 1994 09:49:44 GMT", 0.0),
            ("Sun, 06 Nov 1994 07:49:47 GMT", 3_600_000.0),
            ("yesterday", 10_000.0),
        ] {
            assert_eq!(asked(&[("date", sent), ("retry-after", date)]), Some(expected), "{sent}");
        }
        assert_eq!(asked(&[("date", date), ("retry-after", "3")]), Some(3000.0));
        assert_eq!(asked(&[("date", date)]), None);
    }
}
