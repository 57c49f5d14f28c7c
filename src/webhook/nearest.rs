//! What somebody may have meant who names an event that there is not.

use super::event::Event;
use crate::json::put;

/// Of names that differ by so many letters nobody means the other one.
const FAR: usize = 3;

/// The type of event of this name. Where there is none, what may be meant: those that it is nearest to, such as `PriceCreate or
/// PriceUpdate`, and nothing where it is like none. Capitals make no difference then.
pub fn nearest(name: &str) -> String {
    let (mut best, mut found) = (FAR, String::new());
    for known in Event::TYPES {
        if *known == name {
            return name.into();
        }
        let apart = apart(name.as_bytes(), known.as_bytes());
        if apart < best {
            best = apart;
            found.clear();
        } else if apart > best || apart == FAR {
            continue;
        } else {
            put(&mut found, " or ");
        }
        put(&mut found, known);
    }
    found
}

/// How many letters lie between what two names have in common at their beginning and at their end: one slip, wherever it is.
fn apart(one: &[u8], other: &[u8]) -> usize {
    let alike = |(a, b): &(&u8, &u8)| a.eq_ignore_ascii_case(b);
    let start = one.iter().zip(other).take_while(alike).count();
    let end = one.iter().rev().zip(other.iter().rev()).take_while(alike).count();
    one.len().max(other.len()) - start - end.min(one.len().min(other.len()) - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_type_is_the_nearest_to_itself_and_to_each_slip_of_it() {
        for known in Event::TYPES {
            assert_eq!(nearest(known), *known);
            for at in 0..known.len() {
                let (start, end) = (&known[..at], &known[at + 1..]);
                for slip in [format!("{start}{end}"), format!("{start}x{end}"), format!("{start}x{}", &known[at..])] {
                    assert!(nearest(&slip).split(" or ").any(|found| found == *known), "{slip}: {}", nearest(&slip));
                }
            }
            for slip in [known.to_lowercase(), format!("{known}d"), format!(" {known}"), known.replace('_', "")] {
                assert!(nearest(&slip) == *known, "{slip}: {}", nearest(&slip));
            }
        }
    }

    #[test]
    fn what_is_like_several_names_them_all_and_what_is_like_none_nothing() {
        for (name, expected) in [
            ("order.create", "OrderCreate"),
            ("OrderCraete", "OrderCreate"),
            ("planChange", "PLAN_CHANGE"),
            ("UnInstalled", "UNINSTALL"),
            ("InvoicePayed", "InvoicePaid"),
            ("InvoiceVent", "InvoiceSent"),
            ("InvoicePant", "InvoiceSent or InvoicePaid"),
        ] {
            assert_eq!(nearest(name), expected, "{name}");
        }
        for name in ["", "*", "ContactCreate", "AppUpdate", "PaymentReceived", "constructor", "__proto__", "\u{e9}"] {
            assert_eq!(nearest(name), "", "{name}");
        }
        assert_eq!(nearest(&"OrderCreate".repeat(100_000)), "");
    }

    #[test]
    fn names_are_apart_by_what_lies_between() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("same", "same", 0),
            ("abc", "abxc", 1),
            ("aa", "aaa", 1),
            ("ab", "ba", 2),
            ("abcd", "ad", 2),
        ] {
            assert_eq!(apart(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
            assert_eq!(apart(other.as_bytes(), one.as_bytes()), expected, "{one} {other}");
        }
    }
}
