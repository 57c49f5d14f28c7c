//! What a proxy is told once.

use crate::core::{base_url_problem, parted, report};
use crate::shape::Issue;

/// Where a proxy stands, and which other origins' pages may use it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The path below which the operations are, such as `/api`; empty for the root.
    pub base_path: String,
    /// Origins beside its own whose pages may call, as browsers write them: `https://app.example`.
    pub origins: Vec<String>,
}

impl Settings {
    /// Checks everything and drops the slashes behind the path. An origin is given by scheme, host and port alone.
    pub fn check(mut self) -> Result<Self, Vec<Issue>> {
        let mut issues = Vec::new();
        while self.base_path.as_bytes().ends_with(b"/") {
            self.base_path.pop();
        }
        let path = &self.base_path;
        if !path.is_empty() && (!path.as_bytes().starts_with(b"/") || !is_settled(path)) {
            report(
                &mut issues,
                "basePath",
                "must be a path such as /api, as the URL parser leaves it and without escapes",
            );
        }
        for origin in &self.origins {
            let (scheme, host) = parted(origin, b':');
            let address = host.strip_prefix("//").unwrap_or("/");
            if scheme.is_empty() || address.as_bytes().iter().any(|byte| *byte == b'/') || !is_settled(origin) {
                let problem =
                    "must hold origins as browsers send them, such as https://shop.example; not *, not null, \
                               http for loopback hosts only";
                report(&mut issues, "origins", problem);
                break;
            }
        }
        if issues.is_empty() {
            Ok(self)
        } else {
            Err(issues)
        }
    }

    /// What stands behind the base path, with its slash.
    pub(super) fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.base_path.as_str()).filter(|rest| rest.as_bytes().starts_with(b"/"))
    }
}

/// Whether the URL parser would change nothing: neither escapes nor, in an origin, upper case.
fn is_settled(url: &str) -> bool {
    let path = url.as_bytes().starts_with(b"/");
    let changed = |byte: &u8| *byte == b'%' || !path && byte.is_ascii_uppercase();
    base_url_problem(url, true).is_empty() && !url.as_bytes().iter().any(changed)
}
