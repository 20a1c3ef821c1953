//! Passwords inside URLs: `scheme://user:password@host`.
//!
//! A proxy's address, a connection string: settings by their name, credentials by what stands in them. Whoever shows,
//! records or hands on a plain setting asks here first. Nothing here keeps or returns the password.

use std::ops::Range;

/// Whether a text is a URL that carries a password. A lone name before `@` counts, because tokens stand there too, but not
/// for schemes in which it is a login (`ssh://git@host`).
pub fn has_password(text: &str) -> bool {
    login(text).is_some()
}

/// A URL with `instead` for what stands before its `@`; `None` for a text that is no URL with a password.
pub fn without_login(text: &str, instead: &str) -> Option<String> {
    let login = login(text)?;
    Some(format!("{}{instead}{}", &text[..login.start], &text[login.end..]))
}

/// Where the login of a URL with a password stands: the text between `://` and `@`.
fn login(text: &str) -> Option<Range<usize>> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let userinfo = match (authority.rsplit_once('@'), authority.split_once(':')) {
        (Some((userinfo, _)), _) => userinfo,
        // A password with `/`, `?` or `#` in it, which clients accept: what follows the colon is no port.
        (None, Some((_, port))) if !port.bytes().all(|b| b.is_ascii_digit()) => {
            rest.rsplit_once('@').map_or("", |(userinfo, _)| userinfo)
        }
        (None, _) => "",
    };
    let is_login = |scheme: &str| scheme.ends_with("ssh") || scheme == "sftp";
    let start = text.len() - rest.len();
    let counts = !userinfo.is_empty() && (userinfo.contains(':') || !is_login(scheme));
    counts.then_some(start..start + userinfo.len())
}

/// Whether a variable may hold a credential by what stands in its value. Addresses of proxies need no scheme, and nobody
/// writes `@` into one but to part a login from it; a query or a fragment tells a client nothing about a proxy, so what
/// stands there is for the proxy alone, as a key is.
pub fn is_in_variable(name: &str, value: &str) -> bool {
    let is_proxy = name.to_ascii_lowercase().ends_with("_proxy");
    has_password(value) || (is_proxy && value.contains(['@', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_seen() {
        for text in [
            "postgres://me:pw@host/db",
            "http://me:pw@proxy:8080",
            "https://token@host/path",
            "http://me:p/w@proxy:8080",
            "ssh://me:pw@host",
        ] {
            assert!(has_password(text), "{text}");
        }
        for text in [
            "https://example.com/@me",
            "https://example.com:8080/a@b",
            "ssh://git@host/repo",
            "git+ssh://git@host/repo",
            "mailto:me@example.com",
            "me@example.com",
            "http://proxy:8080",
            "http://[::1]:8080/",
        ] {
            assert!(!has_password(text), "{text}");
        }
    }

    #[test]
    fn a_login_is_cut_out_and_the_host_stays() {
        let cut = |text| without_login(text, "…");
        assert_eq!(cut("--db=postgres://me:pw@host/db").unwrap(), "--db=postgres://…@host/db");
        assert_eq!(cut("http://me:p/w@proxy:8080").unwrap(), "http://…@proxy:8080");
        assert_eq!(cut("ssh://git@host/repo"), None);
    }

    #[test]
    fn a_proxy_needs_no_scheme() {
        assert!(is_in_variable("https_proxy", "me:pw@proxy:8080"));
        assert!(is_in_variable("https_proxy", "http://proxy:8080/?key=k"));
        assert!(is_in_variable("ALL_PROXY", "proxy:8080#k"));
        assert!(!is_in_variable("DOCKER_HOST", "tcp://docker:2376/?a=b"));
        assert!(!is_in_variable("GREETING", "me:you@home"));
        assert!(!is_in_variable("NO_PROXY", "localhost,.example.com"));
    }
}
