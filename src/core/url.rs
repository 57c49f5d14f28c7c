//! The base URL.

use crate::shape::Issue;

/// Checks a base URL and drops its trailing slashes.
///
/// `https://host[:port][/path]`; `http://` only for loopback hosts; with `same_origin` (a browser page) also a path
/// such as `/api`.
pub fn base_url(text: &str, same_origin: bool) -> Result<String, Issue> {
    match base_url_problem(text, same_origin) {
        "" => Ok(without_slashes(text).into()),
        problem => Err(Issue::new("baseUrl", problem)),
    }
}

pub(crate) fn without_slashes(url: &str) -> &str {
    let mut kept = url.as_bytes();
    while let [shorter @ .., b'/'] = kept {
        kept = shorter;
    }
    url.get(..kept.len()).unwrap_or_default()
}

/// What is wrong with a base URL; empty if nothing is.
pub(crate) fn base_url_problem(url: &str, same_origin: bool) -> &'static str {
    if url.is_empty() {
        return "must not be empty; leave it out for HighLevel's own address";
    }
    if !url.as_bytes().iter().all(|b| is_allowed(*b)) {
        return "must not hold spaces, user names, a query, a fragment, a backslash or other characters that no path has";
    }
    let mut rest = url;
    if url.as_bytes().starts_with(b"/") {
        if url.starts_with("//") {
            return "must name its scheme: write https:// in front";
        }
        if !same_origin {
            return "must be absolute outside a browser page: write https:// and the host in front";
        }
    } else if let Some(behind) = after(url, "https://") {
        if host(behind).is_empty() {
            return "names no host";
        }
        rest = behind;
    } else if let Some(behind) = after(url, "http://") {
        if !is_loopback(host(behind)) {
            return "must be https: http is for loopback hosts only, the token would travel in the clear";
        }
        rest = behind;
    } else {
        return "must start with https://, or with http:// for a loopback host, or be a path such as /api in a browser";
    }
    // The host has been looked at; what is left may hold no brackets, which only an address has.
    (_, rest) = parted(rest, b'/');
    while !rest.is_empty() {
        let (segment, behind) = parted(rest, b'/');
        if is_dots(segment) || segment.as_bytes().iter().any(|b| matches!(b, b'[' | b']')) {
            return "must not hold brackets, or . or .. as a path segment, however they are written";
        }
        rest = behind;
    }
    ""
}

/// What stands for itself in an address or a path; of anything else the URL parser would make something else.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',')
        || matches!(byte, b';' | b'=' | b':' | b'/' | b'%' | b'[' | b']')
}

/// The text before the first such byte and the text behind it; all and nothing if there is none.
pub(crate) fn parted(text: &str, byte: u8) -> (&str, &str) {
    let at = text.as_bytes().iter().position(|b| *b == byte).unwrap_or(text.len());
    (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default())
}

/// Whether it is a path segment that means another one: `.` or `..`. The URL parser reads `%2e` as a dot.
fn is_dots(segment: &str) -> bool {
    let (mut dots, mut rest) = (0, segment.as_bytes());
    while let [b'.', behind @ ..] | [b'%', b'2', b'e' | b'E', behind @ ..] = rest {
        (dots, rest) = (dots + 1, behind);
    }
    rest.is_empty() && matches!(dots, 1 | 2)
}

fn after<'u>(url: &'u str, scheme: &str) -> Option<&'u str> {
    let (start, rest) = url.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The host of `host[:port][/path]` or `[v6][:port][/path]`; empty if there is none or the port is no port.
fn host(rest: &str) -> &str {
    let (authority, _) = parted(rest, b'/');
    let (v6, _) = parted(authority, b']');
    let host = match (authority.as_bytes().starts_with(b"["), v6.len() < authority.len()) {
        (true, true) => authority.get(..v6.len() + 1).unwrap_or_default(),
        (false, false) => parted(authority, b':').0,
        _ => "",
    };
    if !is_name(host) && !is_quad(host) && !is_v6(host) {
        return "";
    }
    match authority.as_bytes().get(host.len()..).unwrap_or_default() {
        [] => host,
        [b':', digits @ ..] if !digits.is_empty() && digits.iter().copied().fold(0, port_with) < TOO_LARGE => host,
        _ => "",
    }
}

const TOO_LARGE: u32 = 65_536;

/// A port with one more digit; what is no digit makes it too large.
fn port_with(number: u32, digit: u8) -> u32 {
    if digit.is_ascii_digit() {
        (number * 10 + u32::from(digit - b'0')).min(TOO_LARGE)
    } else {
        TOO_LARGE
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host == "[::1]" || host.starts_with("127.") && is_quad(host)
}

/// Whether a host is a name. One whose last part is a number, be it hexadecimal, is an address to the URL parser.
fn is_name(host: &str) -> bool {
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let mut last = host.as_bytes();
    while let Some(dot) = last.iter().position(|b| *b == b'.') {
        last = last.get(dot + 1..).unwrap_or_default();
    }
    let hexadecimal = matches!(last, [b'0', b'x' | b'X', ..]);
    !last.is_empty() && host.as_bytes().iter().all(in_name) && !hexadecimal && !last.iter().all(u8::is_ascii_digit)
}

/// Whether a host is an IPv4 address of four numbers, each without leading zeros, which would make it octal.
fn is_quad(host: &str) -> bool {
    let (mut dots, mut number) = (0, None);
    for byte in host.as_bytes() {
        number = match (byte, number) {
            (b'.', Some(_)) => {
                dots += 1;
                None
            }
            (b'0'..=b'9', None) => Some(u32::from(byte - b'0')),
            (b'0'..=b'9', Some(before @ 1..=25)) => Some(before * 10 + u32::from(byte - b'0')),
            _ => return false,
        };
        if number > Some(255) {
            return false;
        }
    }
    dots == 3 && number.is_some()
}

/// Whether a host looks like an IPv6 address in brackets. What is none in spite of that, no request will reach.
fn is_v6(host: &str) -> bool {
    host.as_bytes().starts_with(b"[")
        && host.as_bytes().iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'[' | b':' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_that_are_accepted() {
        for (given, expected) in [
            ("https://services.leadconnectorhq.com", "https://services.leadconnectorhq.com"),
            ("https://rest.gohighlevel.com/v1/", "https://rest.gohighlevel.com/v1"),
            ("HTTPS://Example.com:8443/a/b//", "HTTPS://Example.com:8443/a/b"),
            ("http://localhost:8787", "http://localhost:8787"),
            ("http://127.0.0.1:1/api", "http://127.0.0.1:1/api"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://192.168.0.255/a", "https://192.168.0.255/a"),
            ("https://[::]", "https://[::]"),
            ("https://[2001:db8::ff00:42:8329]/a", "https://[2001:db8::ff00:42:8329]/a"),
            ("https://[1:2:3:4:5:6:7:8]", "https://[1:2:3:4:5:6:7:8]"),
            ("https://[1:2:3:4:5:6:7::]:1", "https://[1:2:3:4:5:6:7::]:1"),
            ("https://my_host-1.example:443", "https://my_host-1.example:443"),
            ("https://example.com/a//b", "https://example.com/a//b"),
            ("https://example.com/%20/...", "https://example.com/%20/..."),
            ("https://example.com/a(b)!$&'*+,;=:~", "https://example.com/a(b)!$&'*+,;=:~"),
        ] {
            assert_eq!(base_url(given, false).as_deref(), Ok(expected), "{given}");
        }
        assert_eq!(base_url("/api/", true).as_deref(), Ok("/api"));
        assert_eq!(base_url("/", true).as_deref(), Ok(""));
    }

    #[test]
    fn base_urls_that_would_leak_or_mislead_are_refused() {
        for given in [
            "",
            "http://example.com",
            "http://127.evil.example",
            "http://localhost.evil.example",
            "https://user:pw@example.com",
            "https://example.com?x=1",
            "https://example.com#x",
            "https:///path",
            "https://example.com:99999",
            "https://example.com:",
            "https://:443",
            "http://[::1",
            "http://[::1]evil.example",
            "http://127.0.0.1.evil.example",
            "http://127.1",
            "https://example.com/a/../b",
            "//example.com",
            "/api",
            "ftp://example.com",
            "https://exa mple.com",
            "https:\\\\example.com",
            "https://example.com/v1/%2e%2e",
            "https://example.com/%2E/a",
            "https://example.com/.%2e/a",
            "https://example.com/a/%2E.",
            "https://example.com/a\tb",
            "https://example.com/a\n",
            "https://example.com/\u{e9}",
            "https://example.com/a|b",
            "https://example.com/a[b]",
            "https://example.com/<a>",
            "https://example.com/{a}",
            "https://example.com/`a`",
            "https://example.com/a^b",
            "https://example.com/\"a\"",
            "https://ex%61mple.com",
            "https://example.1",
            "https://example.0x7f",
            "https://1.2.3.256",
            "https://1.2.3.04",
            "https://[::1%25eth0]",
            "https://[g::]",
            "http://127.0.0.999",
        ] {
            let issue = base_url(given, false).expect_err(given);
            assert_eq!(issue.path, "baseUrl");
        }
    }
}
