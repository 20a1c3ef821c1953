//! `[providers.<name>]` of the three AWS kinds: where, as whom, by which credentials.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::profile::AwsFiles;
use crate::provider::{Failure, Identify, Surroundings};
use crate::secret::SecretRef;
use crate::sys::permission;

/// Settings of the AWS providers. Where a key is missing, the profile of `~/.aws` decides.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    /// The region, as in `eu-central-1`; an ARN names its own, and otherwise the profile does.
    pub(super) region: Option<String>,
    /// The profile of `~/.aws/config` and `~/.aws/credentials`; by default `default`.
    pub(super) profile: Option<String>,
    /// Where the credentials come from, where it is not to be found out: keys, then a web identity, then the profile.
    pub(super) credentials: Option<Source>,
    /// The id of an access key, or a reference to it.
    #[serde(default, deserialize_with = "id_or_reference")]
    #[schemars(with = "Option<String>")]
    pub(super) access_key_id: Option<KeyId>,
    /// A reference to the secret half of the access key.
    #[serde(default, deserialize_with = "reference")]
    #[schemars(with = "Option<String>")]
    pub(super) secret_access_key: Option<SecretRef>,
    /// A reference to the token of temporary keys.
    #[serde(default, deserialize_with = "reference")]
    #[schemars(with = "Option<String>")]
    pub(super) session_token: Option<SecretRef>,
    /// A role to assume with the credentials; with `web_identity_token_file`, the role of that identity.
    pub(super) role_arn: Option<String>,
    /// What the role's trust policy demands of strangers.
    pub(super) external_id: Option<String>,
    /// The name of the session in AWS's logs; by default `hushpipe`.
    pub(super) session_name: Option<String>,
    /// A file with a token of an identity provider, such as a Kubernetes service account's.
    pub(super) web_identity_token_file: Option<PathBuf>,
    /// Where a container gets its credentials from, for `credentials = "container"`.
    pub(super) container_uri: Option<String>,
    /// A file with what `container_uri` wants to see as authorization.
    pub(super) container_token_file: Option<PathBuf>,
    /// Where an instance's metadata is, for `credentials = "instance"`; by default `http://169.254.169.254`.
    pub(super) instance_endpoint: Option<String>,
    /// Another address for the service and for STS: a VPC endpoint, or a server to test with.
    pub(super) endpoint: Option<String>,
    /// A file of certificate authorities in PEM that are trusted besides the system's.
    pub(super) ca_file: Option<PathBuf>,
    /// Another file in the place of `~/.aws/config`.
    pub(super) config_file: Option<PathBuf>,
    /// Another file in the place of `~/.aws/credentials`.
    pub(super) credentials_file: Option<PathBuf>,
    /// Whether the `AWS_*` variables of hushpipe's own environment count, where this table says nothing.
    #[serde(default)]
    pub(super) from_env: bool,
}

/// A place that credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Source {
    /// `access_key_id` and `secret_access_key` of this table.
    Static,
    /// `web_identity_token_file` and `role_arn` of this table.
    WebIdentity,
    /// The profile: its keys, SSO session, role, `credential_process` or web identity.
    Profile,
    /// The container that we run in (ECS, EKS Pod Identity).
    Container,
    /// The EC2 instance that we run on.
    Instance,
}

/// Half of an access key that is no secret.
#[derive(Debug, Clone)]
pub(super) enum KeyId {
    /// The id itself.
    Plain(String),
    /// Where it is.
    Reference(SecretRef),
}

impl Account {
    /// The references of the login.
    pub(super) fn needs(&self) -> Vec<(&'static str, SecretRef)> {
        let id = match &self.access_key_id {
            Some(KeyId::Reference(reference)) => Some(("access_key_id", reference.clone())),
            _ => None,
        };
        let rest = [
            ("secret_access_key", &self.secret_access_key),
            ("session_token", &self.session_token),
        ];
        let rest = rest.into_iter().filter_map(|(key, reference)| Some((key, reference.clone()?)));
        id.into_iter().chain(rest).collect()
    }

    /// What can be said of the table by itself.
    pub(super) fn check(&self, scheme: &'static str) -> Result<(), Failure> {
        let bad = |reason: &str| Err(Failure::NeedsSettings { scheme, reason: reason.to_owned() });
        if self.access_key_id.is_some() != self.secret_access_key.is_some() {
            return bad("`access_key_id` and `secret_access_key` go together");
        }
        if self.session_token.is_some() && self.secret_access_key.is_none() {
            return bad("`session_token` goes with `access_key_id` and `secret_access_key`");
        }
        if self.web_identity_token_file.is_some() && self.role_arn.is_none() {
            return bad("`web_identity_token_file` needs the `role_arn` of the identity");
        }
        if self.external_id.is_some() && self.role_arn.is_none() {
            return bad("`external_id` goes with `role_arn`");
        }
        match self.credentials {
            Some(Source::Static) if self.secret_access_key.is_none() => {
                bad("`credentials = \"static\"` needs `access_key_id` and `secret_access_key`")
            }
            Some(Source::WebIdentity)
                if self.web_identity_token_file.is_none() && !self.from_env =>
            {
                bad(
                    "`credentials = \"web-identity\"` needs `web_identity_token_file` and `role_arn`, or `from_env = true`",
                )
            }
            Some(Source::Container) if self.container_uri.is_none() && !self.from_env => {
                bad("`credentials = \"container\"` needs `container_uri`, or `from_env = true`")
            }
            _ => Ok(()),
        }
    }

    /// A variable of our own environment, where they count.
    pub(super) fn variable(&self, name: &str, surroundings: Surroundings<'_>) -> Option<String> {
        let counts = self.from_env.then_some(surroundings.env)?;
        counts.text(name).map(str::to_owned)
    }

    /// The variables and the files that say as whom, for what is kept from one run to the next.
    pub(super) fn identity(&self, surroundings: Surroundings<'_>) -> Identify {
        let mut identity = Zeroizing::new(Vec::new());
        if self.from_env {
            let names = surroundings.env.names();
            let names = names.filter(|name| name.as_encoded_bytes().starts_with(b"AWS_"));
            for name in names {
                add(&mut identity, name.as_encoded_bytes());
                add(
                    &mut identity,
                    surroundings.env.var(name).unwrap_or_default().as_encoded_bytes(),
                );
            }
        }
        let files = self.files(surroundings);
        Box::new(move || {
            for file in [files.config, files.credentials] {
                // One that cannot be read or trusted gives no credentials either.
                let text = permission::read_owned(&file).map(Zeroizing::new).unwrap_or_default();
                add(&mut identity, file.as_os_str().as_encoded_bytes());
                add(&mut identity, text.as_bytes());
            }
            identity
        })
    }

    /// Where the profile is.
    pub(super) fn files(&self, surroundings: Surroundings<'_>) -> AwsFiles {
        let folder = surroundings.paths.home.join(".aws");
        let file = |given: &Option<PathBuf>, name: &str, usual: &str| {
            let given = given.clone().or_else(|| self.variable(name, surroundings).map(Into::into));
            given.unwrap_or_else(|| folder.join(usual))
        };
        AwsFiles {
            config: file(&self.config_file, "AWS_CONFIG_FILE", "config"),
            credentials: file(&self.credentials_file, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        }
    }
}

/// Adds a part with its length before it, so that no two rows of parts are the same bytes.
fn add(identity: &mut Vec<u8>, part: &[u8]) {
    identity.extend_from_slice(&part.len().to_le_bytes());
    identity.extend_from_slice(part);
}

fn reference<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretRef>, D::Error> {
    // The words of a reference's error never repeat what was written, which may be the key itself.
    let text = Zeroizing::new(String::deserialize(deserializer)?);
    text.parse().map(Some).map_err(|_| {
        D::Error::custom("invalid value: string, expected a reference such as `keychain://aws`")
    })
}

fn id_or_reference<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KeyId>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain {
        return Ok(Some(KeyId::Plain(text)));
    }
    text.parse().map(|reference| Some(KeyId::Reference(reference))).map_err(|_| {
        D::Error::custom(
            "invalid value: string, expected the id of an access key or a reference to it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(text: &str) -> Result<Account, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_key_in_the_place_of_a_reference_is_not_repeated() {
        for text in [
            "secret_access_key = \"canary/key+of=aws\"",
            "access_key_id = \"canary key\"",
            "session_token = \"canary-token\"",
        ] {
            let error = account(text).expect_err(text);
            assert!(error.contains("reference") && !error.contains("canary"), "{error}");
        }
        let account = account("access_key_id = \"AKIATEST\"\nsecret_access_key = \"local://k\"");
        assert_eq!(account.expect("valid").needs().len(), 1);
    }

    #[test]
    fn keys_that_go_together_are_not_given_alone() {
        for (text, words) in [
            ("access_key_id = \"AKIATEST\"", "go together"),
            ("secret_access_key = \"local://k\"", "go together"),
            ("session_token = \"local://t\"", "goes with"),
            ("web_identity_token_file = \"/t\"", "needs the `role_arn`"),
            ("external_id = \"x\"", "goes with `role_arn`"),
            ("credentials = \"static\"", "needs `access_key_id`"),
            ("credentials = \"web-identity\"", "needs `web_identity_token_file`"),
            ("credentials = \"container\"", "needs `container_uri`"),
        ] {
            let failure = account(text).expect("valid").check("awssm").expect_err(text);
            assert!(failure.to_string().contains(words), "{text}: {failure}");
        }
        for text in
            ["", "credentials = \"instance\"", "credentials = \"container\"\nfrom_env = true"]
        {
            account(text).expect("valid").check("awssm").expect(text);
        }
    }
}
