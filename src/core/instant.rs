//! Times as HighLevel writes them.

use super::retry_after::days_since_1970;

/// An ISO 8601 time with its zone, in milliseconds since 1970: `2026-08-17T09:06:59.366Z`.
pub(crate) fn instant_ms(text: &str) -> Option<f64> {
    let (start, mut zone) = text.as_bytes().split_at_checked(19)?;
    let [year, month, day, hours, minutes, seconds] = numbers(start, b"9999-12-31T23:59:60")?;
    let days = days_since_1970(year, month, day).filter(|_| month > 0 && day > 0)?;
    let (mut fraction, mut scale) = (0.0, 100.0);
    if let [b'.', digits @ ..] = zone {
        zone = digits;
        while let [digit @ b'0'..=b'9', behind @ ..] = zone {
            fraction += f64::from(digit - b'0') * scale;
            scale /= 10.0;
            zone = behind;
        }
    }
    let east = match zone {
        [b'Z'] => 0.0,
        [sign @ (b'+' | b'-'), time @ ..] => {
            let [hours, minutes, ..] = numbers(time, b"23:59")?;
            f64::from(hours * 60 + minutes) * if *sign == b'+' { 1.0 } else { -1.0 }
        }
        _ => return None,
    };
    let minutes = f64::from(days * 1440 + hours * 60 + minutes) - east;
    Some((minutes * 60.0 + f64::from(seconds)) * 1000.0 + fraction)
}

/// The numbers of a text that is written as `limits` is and has none larger than there.
#[inline(never)]
fn numbers(text: &[u8], limits: &[u8]) -> Option<[u32; 6]> {
    let (mut found, mut place, mut limit) = ([0; 6], 0, 0);
    if text.len() != limits.len() {
        return None;
    }
    for (byte, wanted) in text.iter().zip(limits) {
        let number = found.get_mut(place)?;
        if wanted.is_ascii_digit() && byte.is_ascii_digit() {
            *number = *number * 10 + u32::from(byte - b'0');
            limit = limit * 10 + u32::from(wanted - b'0');
            continue;
        }
        if byte != wanted || *number > limit {
            return None;
        }
        (place, limit) = (place + 1, 0);
    }
    (*found.get(place)? <= limit).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::instant_ms;

    #[test]
    fn a_time_has_a_zone() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("2026-08-17T09:06:59.366Z", 1_786_957_619_366.0),
            ("2026-08-17T11:06:59.366+02:00", 1_786_957_619_366.0),
            ("2026-08-17T04:36:59-04:30", 1_786_957_619_000.0),
        ] {
            assert_eq!(instant_ms(text), Some(ms), "{text}");
        }
        for text in [
            "",
            "2026-08-17",
            "2026-08-17T09:06:59",
            "2026-08-17 09:06:59Z",
            "2026-13-17T09:06:59Z",
            "2026-08-00T09:06:59Z",
            "2026-08-17T24:06:59Z",
            "2026-08-17T09:06:59.Z5",
            "2026-08-17T09:06:59+0200",
            "20260817T090659Z",
            "2026-08-17T09:06:59ZZ",
            "1786957619366",
            "+2026-08-17T09:06:59Z",
            "2026-08-17T0\u{e9}:06:59Z",
        ] {
            assert_eq!(instant_ms(text), None, "{text}");
        }
    }
}
