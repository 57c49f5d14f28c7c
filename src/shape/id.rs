//! What can be an id. One rule for all: the ids in paths and parameters, the location, codes and names.

/// What is said of a text that is none.
pub(crate) const NO_ID: &str =
    "must be text that is not empty, without control characters, line breaks or broken Unicode";

/// Whether a text can name something: it shows at least one character, and holds no control character, no line break of
/// Unicode's and no U+FFFD. That one stands where half of a surrogate pair was, and two different texts with it would name
/// the same record.
pub(crate) fn is_id(text: &str) -> bool {
    let wrong = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | char::REPLACEMENT_CHARACTER);
    !is_blank(text) && !text.chars().any(wrong)
}

/// Whether nothing of a text can be seen.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Whether something is seen of each part of a text between its commas.
pub(crate) fn are_shown(list: &str) -> bool {
    let mut shown = false;
    for c in list.chars() {
        if c == ',' && !shown {
            return false;
        }
        shown = c != ',' && (shown || !is_invisible(c));
    }
    shown
}

/// Unicode's white space, and the characters without a width. A match, as `char::is_whitespace` would bring its own table
/// and leaves out the latter.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r'
            | ' '
            | '\u{85}'
            | '\u{a0}'
            | '\u{ad}'
            | '\u{1680}'
            | '\u{180e}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{3000}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_white_space_and_no_control_character_is_an_id() {
        for c in '\0'..=char::MAX {
            let alone = c.to_string();
            let outside = format!("{c}{c}");
            if c.is_whitespace() || c.is_control() {
                assert!(!is_id(&alone) && !is_id(&outside), "{c:?}");
            }
            let wrong = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffd}');
            assert_eq!(is_id(&format!("a{c}b")), !wrong, "{c:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_no_id() {
        for blank in ["", " ", "\u{a0}", "\u{2003}\u{3000}", "\u{200b}", "\u{feff}", "\u{2060}\u{200d}", "\u{ad} "] {
            assert!(is_blank(blank) && !is_id(blank), "{blank:?}");
        }
        for id in ["a", "653f6ba4d84bcc7b3d5bb8a1", "a b", " a", "\u{e9}", "\u{1f600}", "-", "."] {
            assert!(is_id(id), "{id:?}");
        }
    }
}
