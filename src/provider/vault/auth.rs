//! `auth` of a `[providers.<name>]` of type `vault`: how to log in.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::secret::SecretRef;

/// How to log in to a server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "method", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Auth {
    /// With a token that there is already.
    Token {
        /// The token; by default what `vault login` left in `~/.vault-token`.
        token: Option<Credential>,
        /// The namespace that the token is of; by default that of the provider. `root` is the one above all.
        namespace: Option<String>,
    },
    /// As an application.
    AppRole {
        /// Where the method is mounted; by default `approle`.
        mount: Option<String>,
        /// The namespace that the method is in; by default that of the provider. `root` is the one above all.
        namespace: Option<String>,
        /// The role id, which is no secret.
        role_id: String,
        /// The secret id, where the role asks for one.
        secret_id: Option<Credential>,
    },
    /// With a user name and a password.
    Userpass {
        /// Where the method is mounted; by default `userpass`.
        mount: Option<String>,
        /// The namespace that the method is in; by default that of the provider. `root` is the one above all.
        namespace: Option<String>,
        /// The user name.
        username: String,
        /// The password.
        password: Credential,
    },
    /// With a name and a password of a directory.
    Ldap {
        /// Where the method is mounted; by default `ldap`.
        mount: Option<String>,
        /// The namespace that the method is in; by default that of the provider. `root` is the one above all.
        namespace: Option<String>,
        /// The user name.
        username: String,
        /// The password.
        password: Credential,
    },
    /// With a signed token of a CI system or a cloud.
    Jwt {
        /// Where the method is mounted; by default `jwt`.
        mount: Option<String>,
        /// The namespace that the method is in; by default that of the provider. `root` is the one above all.
        namespace: Option<String>,
        /// The role; by default the method's own.
        role: Option<String>,
        /// A reference to the token, as in `file:///run/ci/token`.
        jwt: Credential,
    },
    /// With the service account of a Kubernetes pod.
    Kubernetes {
        /// Where the method is mounted; by default `kubernetes`.
        mount: Option<String>,
        /// The namespace that the method is in; by default that of the provider. `root` is the one above all.
        namespace: Option<String>,
        /// The role.
        role: String,
        /// The file with the account's token; by default where Kubernetes puts it.
        token_file: Option<PathBuf>,
    },
    /// With `client_cert`.
    Cert {
        /// Where the method is mounted; by default `cert`.
        mount: Option<String>,
        /// The namespace that the method is in; by default that of the provider. `root` is the one above all.
        namespace: Option<String>,
        /// The role; by default whichever the certificate fits.
        role: Option<String>,
    },
}

impl Auth {
    /// The namespace of the login, where it is not that of the provider; empty for the root namespace.
    pub(super) fn namespace(&self) -> Option<&str> {
        let (Self::Token { namespace, .. }
        | Self::AppRole { namespace, .. }
        | Self::Userpass { namespace, .. }
        | Self::Ldap { namespace, .. }
        | Self::Jwt { namespace, .. }
        | Self::Kubernetes { namespace, .. }
        | Self::Cert { namespace, .. }) = self;
        let name = namespace.as_deref()?.trim_matches('/');
        // No namespace can be called `root` (Vault's documentation, "Namespaces", "Reserved names").
        Some(if name == "root" { "" } else { name })
    }

    /// The references that it needs, each under the key that names it.
    pub(super) fn needs(&self) -> Vec<(&'static str, SecretRef)> {
        let (key, credential) = match self {
            Self::Token { token: Some(token), .. } => ("auth.token", token),
            Self::AppRole { secret_id: Some(secret_id), .. } => ("auth.secret_id", secret_id),
            Self::Userpass { password, .. } | Self::Ldap { password, .. } => {
                ("auth.password", password)
            }
            Self::Jwt { jwt, .. } => ("auth.jwt", jwt),
            Self::Token { token: None, .. }
            | Self::AppRole { secret_id: None, .. }
            | Self::Kubernetes { .. }
            | Self::Cert { .. } => return Vec::new(),
        };
        vec![(key, credential.0.clone())]
    }
}

/// What a login needs and the manifest must not hold: a reference to it.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent)]
pub(super) struct Credential(
    #[schemars(with = "String", regex(pattern = "^[A-Za-z][A-Za-z0-9._-]*://."))]
    pub(super) SecretRef,
);

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = "invalid value: string, expected a reference such as `keychain://name`, never the secret itself";
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom(wrong))
    }
}

/// Where a method is mounted: where the table says, or under its own name.
pub(super) fn mount_of<'a>(method: &'a str, mount: &'a Option<String>) -> &'a str {
    mount.as_deref().unwrap_or(method).trim_matches('/')
}
