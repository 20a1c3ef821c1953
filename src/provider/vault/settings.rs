//! `[providers.<name>]` of type `vault`: where the server is, who it is, how to log in to it.
//!
//! With `from_env = true` what the table leaves out comes from `VAULT_…` (or OpenBao's `BAO_…`) of the environment that
//! hushpipe was started with; without it no variable means anything. Checking a certificate cannot be switched off.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use reqwest::header::HeaderValue;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::KIND;
use super::address::Address;
use super::auth::{Auth, Credential, mount_of};
use crate::provider::{Failure, Surroundings};
use crate::secret::SecretRef;

/// Settings of the Vault provider.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Vault {
    /// The server, as in `https://vault.example:8200`.
    #[schemars(with = "Option<String>", regex(pattern = "^https?://[^@?#]+$"))]
    address: Option<Address>,
    /// The namespace, of Vault Enterprise or OpenBao. The login may be in another one: `namespace` of `auth`.
    namespace: Option<String>,
    /// A file with the certificates of the only authorities that are trusted, in PEM form; by default the system's.
    ca_cert: Option<PathBuf>,
    /// A file with our own certificate, in PEM form.
    client_cert: Option<PathBuf>,
    /// A file with the key of that certificate, in PEM form.
    client_key: Option<PathBuf>,
    /// The name in the server's certificate, where it is not the one in `address`.
    tls_server_name: Option<String>,
    /// The version of KV, where the server does not tell: of every mount, or of each that is named.
    kv: Option<Kv>,
    /// How to log in; by default with the token in `~/.vault-token`.
    auth: Option<Auth>,
    /// Whether each session gets a token of its own that ends with it.
    child_token: Option<ChildToken>,
    /// Whether what is not given here comes from `VAULT_ADDR`, `VAULT_TOKEN` and their like.
    #[serde(default)]
    from_env: bool,
}

/// Where versions of KV are told and not asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "invalid value: other, expected `1`, `2` or a table of mounts, each with its version"
)]
pub(super) enum Kv {
    /// Every mount.
    Every(Version),
    /// These mounts.
    Of(BTreeMap<String, Version>),
}

/// A version of the key/value engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [1, 2, "1", "2"] })
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum WrittenKv {
            Number(u64),
            Text(String),
        }
        match WrittenKv::deserialize(deserializer)? {
            WrittenKv::Number(1) => Ok(Self::One),
            WrittenKv::Number(2) => Ok(Self::Two),
            WrittenKv::Text(text) if text == "1" => Ok(Self::One),
            WrittenKv::Text(text) if text == "2" => Ok(Self::Two),
            _ => Err(D::Error::custom("invalid value: other, expected `1` or `2`")),
        }
    }
}

impl Kv {
    /// The mount that a path is in and its version, where this says so.
    pub(super) fn mount_of<'a>(&self, path: &'a str) -> Option<(&'a str, Version)> {
        match self {
            Self::Every(version) => Some((path.split('/').next()?, *version)),
            Self::Of(mounts) => {
                let within = |mount: &str| {
                    path.strip_prefix(mount).is_some_and(|rest| rest.starts_with('/'))
                };
                let mounts =
                    mounts.iter().map(|(mount, version)| (mount.trim_matches('/'), version));
                let (mount, version) = mounts
                    .filter(|(mount, _)| within(mount))
                    .max_by_key(|(mount, _)| mount.len())?;
                Some((&path[..mount.len()], *version))
            }
        }
    }
}

/// Whether a session gets a token of its own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "invalid value: other, expected `true`, `false` or a table with `ttl` and `policies`"
)]
pub(super) enum ChildToken {
    /// With the policies of the login, or not at all.
    Switch(bool),
    /// With these limits.
    Limits(Limits),
}

/// What a session's own token may do.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// How long it lasts unless it is renewed, as in `15m`, which is the default.
    #[schemars(regex(pattern = "^[1-9][0-9]*[smh]$"))]
    pub(super) ttl: Option<String>,
    /// Its policies; by default those of the login.
    pub(super) policies: Option<Vec<String>>,
}

/// One server, all that is not given filled in.
#[derive(Clone)]
pub(super) struct VaultServer {
    pub(super) address: Address,
    pub(super) namespace: Option<String>,
    /// The namespace of the login and of its token.
    pub(super) login_namespace: Option<String>,
    pub(super) ca_cert: Option<PathBuf>,
    /// Our certificate and its key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
    pub(super) tls_server_name: Option<String>,
}

/// Why a table is not enough to reach a server.
fn lacking(reason: &str) -> Failure {
    Failure::NeedsSettings { scheme: KIND.scheme, reason: reason.to_owned() }
}

impl Vault {
    /// The server, with what the environment may add. Does no I/O.
    ///
    /// # Errors
    /// [`Failure::NeedsSettings`] where something is missing or does not go together.
    pub(super) fn server(&self, surroundings: Surroundings<'_>) -> Result<VaultServer, Failure> {
        let from_env = |name| self.variable(surroundings, name);
        let path = |given: &Option<PathBuf>, name| {
            given.clone().or_else(|| from_env(name).map(PathBuf::from))
        };
        let address = match (&self.address, from_env("ADDR")) {
            (Some(address), _) => address.clone(),
            (None, Some(text)) => {
                text.parse().map_err(|()| lacking("`VAULT_ADDR` is not an address"))?
            }
            (None, None) => {
                return Err(lacking(
                    "set the server's address: `address = \"https://…\"` in its `[providers.…]` table",
                ));
            }
        };
        let client =
            match (path(&self.client_cert, "CLIENT_CERT"), path(&self.client_key, "CLIENT_KEY")) {
                (Some(certificate), Some(key)) => Some((certificate, key)),
                (None, None) => None,
                _ => return Err(lacking("`client_cert` and `client_key` go together")),
            };
        let ca_cert = path(&self.ca_cert, "CACERT");
        let paths =
            ca_cert.iter().chain(client.iter().flat_map(|(certificate, key)| [certificate, key]));
        if paths.into_iter().any(|path| !path.is_absolute()) {
            return Err(lacking("the paths of certificates and keys must be absolute"));
        }
        if matches!(self.auth, Some(Auth::Cert { .. })) && (client.is_none() || !address.is_https())
        {
            return Err(lacking(
                "logging in with a certificate needs `client_cert`, `client_key` and `https`",
            ));
        }
        let namespace = self.namespace.clone().or_else(|| from_env("NAMESPACE"));
        let of_login = self.auth.as_ref().and_then(Auth::namespace).map(str::to_owned);
        let login_namespace = of_login.or_else(|| namespace.clone());
        let namespaces = [&namespace, &login_namespace].into_iter().flatten();
        if namespaces.into_iter().any(|text| HeaderValue::from_str(text).is_err()) {
            return Err(lacking("the namespace contains characters that are not allowed"));
        }
        let tls_server_name = self.tls_server_name.clone().or_else(|| from_env("TLS_SERVER_NAME"));
        if tls_server_name.as_deref().is_some_and(|name| !is_dns_name(name)) {
            return Err(lacking("`tls_server_name` must be a host name, such as `vault.example`"));
        }
        if let Some(ChildToken::Limits(Limits { ttl: Some(ttl), .. })) = &self.child_token
            && !is_duration(ttl)
        {
            return Err(lacking("write the `ttl` of `child_token` like `15m`"));
        }
        Ok(VaultServer { address, namespace, login_namespace, ca_cert, client, tls_server_name })
    }

    /// Whether the environment must still say where the server is. A manifest is checked without one.
    pub(super) fn waits_for_env(&self, surroundings: Surroundings<'_>) -> bool {
        self.from_env && self.address.is_none() && self.variable(surroundings, "ADDR").is_none()
    }

    /// How to log in: as the table says, or with the token that the environment may give.
    pub(super) fn auth(&self) -> Auth {
        self.auth.clone().unwrap_or(Auth::Token { token: None, namespace: None })
    }

    /// A token from the environment, where nothing says how to log in and the environment may.
    pub(super) fn token_from_env(&self, surroundings: Surroundings<'_>) -> Option<String> {
        self.auth.is_none().then(|| self.variable(surroundings, "TOKEN"))?
    }

    /// What the manifest says of versions of KV.
    pub(super) fn kv(&self) -> Option<&Kv> {
        self.kv.as_ref()
    }

    /// The limits of a session's own token, where it gets one.
    pub(super) fn child(&self) -> Option<Limits> {
        match &self.child_token {
            None | Some(ChildToken::Switch(false)) => None,
            Some(ChildToken::Switch(true)) => Some(Limits::default()),
            Some(ChildToken::Limits(limits)) => Some(limits.clone()),
        }
    }

    /// The references that it logs in with.
    pub(super) fn needs(&self) -> Vec<(&'static str, SecretRef)> {
        self.auth.as_ref().map(Auth::needs).unwrap_or_default()
    }

    /// Where the AppRole is mounted that logs in with the secret id at this place, if one does.
    pub(super) fn secret_id_at(&self, place: &SecretRef) -> Option<&str> {
        match &self.auth {
            Some(Auth::AppRole { mount, secret_id: Some(Credential(reference)), .. })
                if reference.coordinate() == place.coordinate() =>
            {
                Some(mount_of("approle", mount))
            }
            _ => None,
        }
    }

    /// What the environment gives, in a fixed order.
    pub(super) fn variables(&self, surroundings: Surroundings<'_>) -> Vec<String> {
        let names = ["ADDR", "NAMESPACE", "TOKEN"];
        names.map(|name| self.variable(surroundings, name).unwrap_or_default()).into()
    }

    /// `BAO_…` before `VAULT_…`, as OpenBao's own tools read them.
    fn variable(&self, surroundings: Surroundings<'_>, name: &str) -> Option<String> {
        let text = |prefix| surroundings.env.text(format!("{prefix}_{name}"));
        self.from_env.then(|| text("BAO").or_else(|| text("VAULT")).map(str::to_owned))?
    }
}

fn is_dns_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    !name.is_empty() && name.bytes().all(plain) && name.parse::<std::net::IpAddr>().is_err()
}

/// Whole seconds, minutes or hours, at least one.
fn is_duration(text: &str) -> bool {
    let number = text.strip_suffix(['s', 'm', 'h']);
    number.and_then(|number| number.parse().ok()).is_some_and(|number: u32| number > 0)
}
