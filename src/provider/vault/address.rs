//! Where a server is: a URL of `http` or `https`, without a login, which would be a secret in the manifest.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// A server's address.
#[derive(Debug, Clone)]
pub(super) struct Address(Url);

impl FromStr for Address {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let url = Url::parse(text.trim_end_matches('/')).map_err(drop)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        plain.then_some(Self(url)).ok_or(())
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong =
            "invalid value: string, expected an address such as `https://vault.example:8200`";
        String::deserialize(deserializer)?.parse().map_err(|()| D::Error::custom(wrong))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl Address {
    pub(super) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether what is sent there leaves this machine in clear.
    pub(super) fn is_overheard(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let local = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        !self.is_https() && !local
    }

    /// The name or address of the machine.
    pub(super) fn host(&self) -> String {
        self.0.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned()
    }

    /// The machine and port as the `Host` header has them.
    pub(super) fn authority(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.0.authority()).ok()
    }

    /// The address without a path, the machine under another name if there is one.
    pub(super) fn origin(&self, name: Option<&str>) -> Url {
        let mut url = self.0.clone();
        url.set_path("");
        if let Some(name) = name {
            // A name that cannot be one is refused with the settings.
            let _ = url.set_host(Some(name));
        }
        url
    }

    /// What stands between the machine and `v1`, with a slash at its end.
    pub(super) fn prefix(&self) -> String {
        match self.0.path().trim_matches('/') {
            "" => String::new(),
            path => format!("{path}/"),
        }
    }
}
