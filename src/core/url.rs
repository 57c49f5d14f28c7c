//! The base URL and percent-encoding.

use crate::shape::Issue;

/// Whether a byte may stand unencoded in a path segment or a query value (RFC 3986, unreserved).
fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Appends `text`, percent-encoded for a path segment or a query value.
pub fn encode_component(text: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if unreserved(byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)] as char);
            out.push(DIGITS[usize::from(byte & 15)] as char);
        }
    }
}

/// Checks a base URL and drops its trailing slashes.
///
/// `https://host[:port][/path]`; `http://` only for loopback hosts; with `same_origin` (a browser page) also a path
/// such as `/api`.
pub fn base_url(text: &str, same_origin: bool) -> Result<String, Issue> {
    match problem(text.as_bytes(), same_origin) {
        "" => {
            let slashes = text.bytes().rev().take_while(|b| *b == b'/').count();
            Ok(text.get(..text.len() - slashes).unwrap_or_default().into())
        }
        problem => Err(Issue::new("baseUrl", problem)),
    }
}

/// What is wrong with a base URL; empty if nothing is.
fn problem(url: &[u8], same_origin: bool) -> &'static str {
    if url.is_empty() {
        return "must not be empty; leave it out for HighLevel's own address";
    }
    if !url.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\' | b'@')) {
        return "must not hold spaces, user names, a query, a fragment or a backslash";
    }
    let rest = if url.starts_with(b"/") {
        if url.starts_with(b"//") {
            return "must name its scheme: write https:// in front";
        }
        if !same_origin {
            return "must be absolute outside a browser page: write https:// and the host in front";
        }
        url
    } else if let Some(rest) = after(url, b"https://") {
        if host(rest).is_empty() {
            return "names no host";
        }
        rest
    } else if let Some(rest) = after(url, b"http://") {
        if !is_loopback(host(rest)) {
            return "must be https: http is for loopback hosts only, the token would travel in the clear";
        }
        rest
    } else {
        return "must start with https://, or with http:// for a loopback host, or be a path such as /api in a browser";
    };
    if rest.split(|b| *b == b'/').any(|segment| matches!(segment, b"." | b"..")) {
        return "must not hold . or .. as a path segment";
    }
    ""
}

fn after<'u>(url: &'u [u8], scheme: &[u8]) -> Option<&'u [u8]> {
    let (start, rest) = url.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The host of `host[:port][/path]` or `[v6][:port][/path]`; empty if there is none or the port is no port.
fn host(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    let v6 = authority.iter().position(|b| *b == b']').map_or(0, |i| i + 1);
    let colon = authority.iter().skip(v6).position(|b| *b == b':').map_or(authority.len(), |i| i + v6);
    let (host, port) = authority.split_at(colon);
    let number = port.iter().skip(1).fold(0, |n: u32, b| {
        if b.is_ascii_digit() {
            n.saturating_mul(10).saturating_add(u32::from(b - b'0'))
        } else {
            u32::MAX
        }
    });
    let port_is_fine = port.is_empty() || port.len() > 1 && number <= 65_535;
    let v6_is_whole = (v6 > 0) == host.starts_with(b"[") && (v6 == 0 || v6 == host.len());
    if port_is_fine && v6_is_whole {
        host
    } else {
        b""
    }
}

fn is_loopback(host: &[u8]) -> bool {
    let quad = |host: &[u8]| {
        let mut parts = 0;
        let numbers = host.split(|b| *b == b'.').all(|part| {
            parts += 1;
            matches!(part.len(), 1..=3) && part.iter().all(u8::is_ascii_digit)
        });
        numbers && parts == 4
    };
    host.eq_ignore_ascii_case(b"localhost") || host == b"[::1]" || host.starts_with(b"127.") && quad(host)
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
        ] {
            let issue = base_url(given, false).expect_err(given);
            assert_eq!(issue.path, "baseUrl");
        }
    }

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        let mut out = String::new();
        encode_component("a/b?c=d&e %2e\u{e9}~", &mut out);
        assert_eq!(out, "a%2Fb%3Fc%3Dd%26e%20%252e%C3%A9~");
    }
}
