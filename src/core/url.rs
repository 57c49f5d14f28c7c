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
    let fail = |message: &str| Err(Issue { path: "baseUrl".into(), message: message.into() });
    if text.is_empty() {
        return fail("must not be empty; leave it out for HighLevel's own address");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) || text.bytes().any(|b| matches!(b, b'?' | b'#' | b'\\' | b'@')) {
        return fail("must not hold spaces, user names, a query, a fragment or a backslash");
    }
    let trimmed = text.trim_end_matches('/');
    if text.starts_with('/') {
        if text.starts_with("//") {
            return fail("must name its scheme: write https:// in front");
        }
        if !same_origin {
            return fail("must be absolute outside a browser page: write https:// and the host in front");
        }
        return dot_segments(trimmed).map(|()| trimmed.into());
    }
    let lower: String = trimmed.bytes().take(8).map(|b| b.to_ascii_lowercase() as char).collect();
    let (scheme, rest) = if lower.starts_with("https://") {
        ("https://", &trimmed[8..])
    } else if lower.starts_with("http://") {
        ("http://", &trimmed[7..])
    } else {
        return fail("must start with https://, or with http:// for a loopback host, or be a path such as /api in a browser");
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host_of(authority);
    if host.is_empty() {
        return fail("names no host");
    }
    if scheme == "http://" && !is_loopback(host) {
        return fail("must be https: http is for loopback hosts only, the token would travel in the clear");
    }
    dot_segments(path)?;
    let mut out = String::from(scheme);
    out.push_str(rest);
    Ok(out)
}

fn dot_segments(path: &str) -> Result<(), Issue> {
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(Issue { path: "baseUrl".into(), message: "must not hold . or .. as a path segment".into() });
    }
    Ok(())
}

/// The host of `host:port` or `[v6]:port`; empty if the port is no port.
fn host_of(authority: &str) -> &str {
    let split = if authority.starts_with('[') {
        authority.find(']').map(|i| authority.split_at(i + 1))
    } else {
        Some(authority.split_at(authority.find(':').unwrap_or(authority.len())))
    };
    match split {
        Some((host, "")) => host,
        Some((host, port)) => match port.strip_prefix(':') {
            Some(digits) if digits.parse::<u16>().is_ok() => host,
            _ => "",
        },
        None => "",
    }
}

fn is_loopback(host: &str) -> bool {
    let quads = || {
        let mut parts = host.split('.');
        parts.next() == Some("127") && parts.clone().count() == 3 && parts.all(|p| p.parse::<u8>().is_ok())
    };
    host.eq_ignore_ascii_case("localhost") || host == "[::1]" || quads()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_that_are_accepted() {
        for (given, expected) in [
            ("https://services.leadconnectorhq.com", "https://services.leadconnectorhq.com"),
            ("https://rest.gohighlevel.com/v1/", "https://rest.gohighlevel.com/v1"),
            ("HTTPS://Example.com:8443/a/b//", "https://Example.com:8443/a/b"),
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
