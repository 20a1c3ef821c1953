//! Which variables of the login shell the machine record may hold.
//!
//! Start-up files export tokens next to settings, so this is a list of names and nothing else is read. A value that
//! may carry a password (`http://user:password@proxy`) is never written down: the record is a plain file.

use crate::secret::userinfo;

/// The locale, without which Python and many tools fall back to ASCII.
pub const LOCALE: &[&str] = &[
    "LANG",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NUMERIC",
    "LC_TIME",
];

/// Proxies. Programs disagree on the case.
pub const PROXIES: &[&str] = &[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

/// Certificate authorities: of OpenSSL, Node, Requests, curl.
pub const AUTHORITIES: &[&str] = &[
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];

/// Where Docker is and which of its contexts is in use.
pub const DOCKER: &[&str] =
    &["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"];

/// The SSH agent.
pub const SSH: &[&str] = &["SSH_AUTH_SOCK"];

/// Every name that may be recorded.
pub fn names() -> impl Iterator<Item = &'static str> {
    [LOCALE, PROXIES, AUTHORITIES, DOCKER, SSH].into_iter().flatten().copied()
}

/// Whether a value may be written down: a setting, with nothing in it that may be a password.
pub(super) fn is_recordable(name: &str, value: &str) -> bool {
    !userinfo::is_in_variable(name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_password_is_not_written_down() {
        for (name, value) in [
            ("HTTPS_PROXY", "http://me:pw@proxy:8080"),
            ("https_proxy", "me:pw@proxy:8080"),
            ("ALL_PROXY", "socks5h://token@proxy"),
            ("HTTP_PROXY", "http://me:p/w#x?y@proxy"),
            ("HTTPS_PROXY", "http://proxy:8080/?key=k"),
            ("DOCKER_HOST", "tcp://me:pw@docker:2376"),
        ] {
            assert!(!is_recordable(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("HTTPS_PROXY", "http://proxy.corp.example:8080"),
            ("NO_PROXY", "localhost,127.0.0.1,.corp.example"),
            ("DOCKER_HOST", "ssh://me@docker"),
            ("DOCKER_HOST", "unix:///run/user/1000/docker.sock"),
            ("LANG", "de_DE.UTF-8@euro"),
            ("SSL_CERT_FILE", "/etc/ssl/corp@2026.pem"),
        ] {
            assert!(is_recordable(name, value), "{name}={value}");
        }
    }
}
