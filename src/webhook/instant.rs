//! Times of deliveries.

use crate::core::days_since_1970;

/// An ISO 8601 time with its zone, in milliseconds since 1970: `2026-08-17T09:06:59.366Z`.
#[inline(never)]
pub(super) fn instant_ms(text: &str) -> Option<f64> {
    let (start, rest) = text.as_bytes().split_at_checked(19)?;
    let [year, month, day, hours, minutes, seconds] = numbers(start, b"9999-12-31T23:59:60")?;
    let days = days_since_1970(year, month, day).filter(|_| month > 0 && day > 0)?;
    let (mut fraction, mut scale, mut zone) = (0.0, 100.0, rest);
    if let [b'.', digits @ ..] = rest {
        zone = digits;
        while let [digit @ b'0'..=b'9', behind @ ..] = zone {
            fraction += f64::from(digit - b'0') * scale;
            scale /= 10.0;
            zone = behind;
        }
    }
    let mut offset = 0.0;
    if zone != b"Z" {
        let (sign, time) = zone.split_first()?;
        let [hours, minutes] = numbers(time, b"23:59")?;
        offset = f64::from(hours * 60 + minutes);
        match sign {
            b'+' => {}
            b'-' => offset = -offset,
            _ => return None,
        }
    }
    let minutes = f64::from(days) * 1440.0 + f64::from(hours * 60 + minutes) - offset;
    Some((minutes * 60.0 + f64::from(seconds)) * 1000.0 + fraction)
}

/// The numbers of a text that is written as `limits` is and has none larger than there.
fn numbers<const N: usize>(text: &[u8], limits: &[u8]) -> Option<[u32; N]> {
    let (mut found, mut allowed, mut place) = ([0; N], [0; N], 0);
    if text.len() != limits.len() {
        return None;
    }
    for (byte, limit) in text.iter().zip(limits) {
        if limit.is_ascii_digit() {
            let (found, allowed) = (found.get_mut(place)?, allowed.get_mut(place)?);
            *found = *found * 10 + u32::from(byte.is_ascii_digit().then(|| byte - b'0')?);
            *allowed = *allowed * 10 + u32::from(limit - b'0');
        } else if byte == limit {
            place += 1;
        } else {
            return None;
        }
    }
    found.iter().zip(allowed).all(|(found, allowed)| *found <= allowed).then_some(found)
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
