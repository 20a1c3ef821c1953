//! Whom we are: keys of the manifest, a web identity, the profile, a container or an instance; then a role on top.
//!
//! In this order, unless `credentials` names one: the keys of the table; its web identity; the `AWS_*` keys where
//! `from_env` lets them in; the profile; the web identity and the container of the variables. An instance's metadata is
//! asked only when the manifest or the profile says so: away from EC2 nobody answers there, which costs seconds.

mod container;
mod process;
mod sso;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_sts::config::Credentials;
use zeroize::Zeroizing;

use super::account::{Account, KeyId, Source};
use super::profile::{Base, Chain, Role};
use super::session::{AccountFacts, AwsSession};
use super::{AwsAccess, sts};
use crate::provider::detached::detached;
use crate::provider::{Failure, Leases};
use crate::secret::{Secret, SecretRef};
use crate::sys::{permission, private};

/// The longest token of an identity provider that is read, in bytes.
const MAX_TOKEN: u64 = 64 * 1024;

/// Credentials and where they come from. Holds a secret key: neither shown nor compared.
#[derive(Clone)]
pub(super) struct Identity {
    /// The credentials.
    pub(super) credentials: Credentials,
    /// Where they come from, for messages.
    pub(super) origin: String,
    /// How new ones come about, for messages.
    pub(super) renewal: String,
}

impl Identity {
    /// Everything that logs in comes by here, wherever it is from: the SDK panics when it signs with what no header holds.
    ///
    /// # Errors
    /// These are no credentials.
    fn new(
        credentials: Credentials,
        origin: impl Into<String>,
        renewal: impl Into<String>,
    ) -> Result<Self, Failure> {
        let (origin, renewal) = (origin.into(), renewal.into());
        let keys = [credentials.access_key_id(), credentials.secret_access_key()];
        if !keys.into_iter().chain(credentials.session_token()).all(is_plain) {
            let whose = whose_key(&origin);
            return Err(Failure::Denied {
                reason: format!(
                    "the access key of {whose} contains characters that are not allowed"
                ),
                hint: renewal,
            });
        }
        Ok(Self { credentials, origin, renewal })
    }

    /// How long they are good for, where they end.
    pub(super) fn lasts(&self) -> Option<Duration> {
        self.credentials.expiry()?.duration_since(SystemTime::now()).ok()
    }
}

/// Whose an access key is, as the end of "the access key of …": an origin may be an access key itself.
pub(super) fn whose_key(origin: &str) -> &str {
    origin.strip_prefix("the access key of ").unwrap_or(origin)
}

/// Finds out our identity.
pub(super) async fn find(
    access: &AwsAccess<'_>,
    facts: &AccountFacts,
    region: &str,
    leases: &Leases,
) -> Result<Identity, Failure> {
    let search = CredentialSearch { access, account: &access.account, facts, region };
    let (found, used_role) = search.first(leases).await?;
    let account = &access.account;
    match &account.role_arn {
        Some(arn) if !used_role => {
            let role = Role {
                arn: arn.clone(),
                external_id: account.external_id.clone(),
                session_name: account.session_name.clone(),
            };
            search.assume(found, &role).await
        }
        _ => Ok(found),
    }
}

struct CredentialSearch<'a> {
    access: &'a AwsAccess<'a>,
    account: &'a Account,
    facts: &'a AccountFacts,
    region: &'a str,
}

impl CredentialSearch<'_> {
    /// The first credentials, and whether they are those of the manifest's role already.
    async fn first(&self, leases: &Leases) -> Result<(Identity, bool), Failure> {
        let account = self.account;
        let wanted = |source| account.credentials.is_none_or(|named| named == source);
        if wanted(Source::Static)
            && let Some(found) = self.keys(leases).await?
        {
            return Ok((found, false));
        }
        if wanted(Source::WebIdentity)
            && let (Some(file), Some(arn)) = (&account.web_identity_token_file, &account.role_arn)
        {
            let session_name = account.session_name.clone();
            let role = Role { arn: arn.clone(), external_id: None, session_name };
            return Ok((self.web_identity(&role, file).await?, true));
        }
        if wanted(Source::Static)
            && let Some(found) = self.keys_of_environment()?
        {
            return Ok((found, false));
        }
        if wanted(Source::Profile)
            && let Some(chain) = &self.facts.profile.chain
        {
            return Ok((self.profile(chain).await?, false));
        }
        if wanted(Source::WebIdentity)
            && let (Some(file), Some(arn)) =
                (self.variable("AWS_WEB_IDENTITY_TOKEN_FILE"), self.variable("AWS_ROLE_ARN"))
        {
            let session_name = self.variable("AWS_ROLE_SESSION_NAME");
            let role = Role { arn, external_id: None, session_name };
            return Ok((self.web_identity(&role, file.as_ref()).await?, false));
        }
        if wanted(Source::Container)
            && let Some(found) = self.container().await?
        {
            return Ok((found, false));
        }
        if account.credentials == Some(Source::Instance) {
            return Ok((self.instance().await?, false));
        }
        Err(self.nothing())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.account.variable(name, self.access.surroundings)
    }

    async fn keys(&self, leases: &Leases) -> Result<Option<Identity>, Failure> {
        let account = self.account;
        let (Some(id), Some(secret)) = (&account.access_key_id, &account.secret_access_key) else {
            return Ok(None);
        };
        let id = match id {
            KeyId::Plain(id) => id.clone(),
            KeyId::Reference(reference) => self.text("access_key_id", reference, leases).await?,
        };
        let secret = self.text("secret_access_key", secret, leases).await?;
        let token = match &account.session_token {
            Some(reference) => Some(self.text("session_token", reference, leases).await?),
            None => None,
        };
        let keys = Credentials::new(id, secret, token, None, "manifest");
        let renewal =
            "store a current key under the provider's `access_key_id` and `secret_access_key`";
        Identity::new(keys, "the access key of the manifest", renewal).map(Some)
    }

    async fn text(
        &self,
        key: &'static str,
        reference: &SecretRef,
        leases: &Leases,
    ) -> Result<String, Failure> {
        let value = self.access.surroundings.credential(key, reference, leases).await?;
        text(&value).ok_or_else(|| Failure::Login {
            key,
            reference: reference.clone(),
            source: Arc::new(Failure::Unfit {
                reason: "is not the text of an access key".to_owned(),
                hint: Some("store the key as AWS shows it".to_owned()),
            }),
        })
    }

    fn keys_of_environment(&self) -> Result<Option<Identity>, Failure> {
        let both = (self.variable("AWS_ACCESS_KEY_ID"), self.variable("AWS_SECRET_ACCESS_KEY"));
        let (Some(id), Some(secret)) = both else { return Ok(None) };
        // A profile that the manifest names is meant more than what the environment happens to hold.
        if self.account.profile.is_some() && self.account.credentials.is_none() {
            return Ok(None);
        }
        let keys =
            Credentials::new(id, secret, self.variable("AWS_SESSION_TOKEN"), None, "environment");
        let renewal = "set new `AWS_*` variables where hushpipe is started";
        Identity::new(keys, "`AWS_ACCESS_KEY_ID`", renewal).map(Some)
    }

    async fn profile(&self, chain: &Chain) -> Result<Identity, Failure> {
        let name = &chain.profile;
        let origin = format!("the profile `{name}`");
        let renewal = format!("renew the keys of the profile `{name}` in `~/.aws`");
        let base = match &chain.base {
            Base::Keys(keys) => Identity::new(keys.clone(), origin, renewal)?,
            Base::Process(command) => {
                let keys = process::run(command, name, self.access.surroundings).await?;
                Identity::new(
                    keys,
                    origin,
                    format!(
                        "log in to the service behind the `credential_process` of the profile `{name}`"
                    ),
                )?
            }
            Base::WebIdentity { role, file } => self.web_identity(role, file).await?,
            Base::Sso(sso) => {
                let folder = self.access.surroundings.paths.home.join(".aws/sso/cache");
                let asking = sso::Asking {
                    http: &self.facts.http,
                    endpoint: self.facts.endpoint.as_deref(),
                    sso,
                    profile: name,
                };
                let keys = asking.credentials(folder).await?;
                Identity::new(keys, origin, asking.renewal())?
            }
            Base::Named(source) => self.named(name, source).await?,
        };
        let mut found = base;
        for role in &chain.roles {
            found = self.assume(found, role).await?;
        }
        Ok(found)
    }

    /// `credential_source` of a profile.
    async fn named(&self, profile: &str, source: &str) -> Result<Identity, Failure> {
        match source {
            "Environment" => self.keys_of_environment()?.ok_or_else(|| Failure::Denied {
                reason: format!("the profile `{profile}` takes its keys from the environment, and the provider does not read that"),
                hint: "write `from_env = true` into the provider's table, or keys into the profile".to_owned(),
            }),
            "EcsContainer" => self.container().await?.ok_or_else(|| Failure::Denied {
                reason: format!("the profile `{profile}` takes its keys from a container, and the provider has no container address"),
                hint: "write `container_uri = \"…\"` or `from_env = true` into the provider's table".to_owned(),
            }),
            "Ec2InstanceMetadata" => self.instance().await,
            _ => Err(Failure::Denied {
                reason: format!("the profile `{profile}` has an unknown `credential_source`"),
                hint: "write `Environment`, `EcsContainer` or `Ec2InstanceMetadata`".to_owned(),
            }),
        }
    }

    /// The container that we run in, where the manifest or its variables say where to ask.
    async fn container(&self) -> Result<Option<Identity>, Failure> {
        let account = self.account;
        let relative = || {
            let path = self.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")?;
            Some(format!("{}{path}", container::ECS))
        };
        let full = || self.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        let uri = account.container_uri.clone().or_else(relative).or_else(full);
        let Some(uri) = uri else { return Ok(None) };
        let file = account.container_token_file.clone();
        let file = file
            .or_else(|| self.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(Into::into));
        let token = match file {
            Some(file) => Some(token(&file).await?),
            None => self.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Zeroizing::new),
        };
        let token = token.as_ref().map(|token| token.as_str());
        let keys = container::credentials(&self.facts.http, &uri, token).await?;
        Identity::new(keys, "this container", "give the container's task a role").map(Some)
    }

    async fn instance(&self) -> Result<Identity, Failure> {
        let endpoint = self.account.instance_endpoint.clone();
        let endpoint = endpoint.or_else(|| self.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
        let keys = container::of_instance(&self.facts.http, endpoint.as_deref()).await?;
        Identity::new(keys, "this instance", "give the instance a role")
    }

    async fn web_identity(&self, role: &Role, file: &Path) -> Result<Identity, Failure> {
        let token = token(file).await?;
        let by = Identity::new(
            Credentials::new("", "", None, None, "anonymous"),
            format!("the token in `{}`", file.display()),
            format!("check whether `{}` contains a current token", file.display()),
        )?;
        let credentials = sts::assume_with_token(&self.session(&by), role, &token).await?;
        Identity::new(credentials, format!("the role `{}`", role.arn), by.renewal)
    }

    async fn assume(&self, by: Identity, role: &Role) -> Result<Identity, Failure> {
        let credentials = sts::assume(&self.session(&by), role, None).await?;
        Identity::new(credentials, format!("the role `{}`", role.arn), by.renewal)
    }

    fn session(&self, by: &Identity) -> AwsSession {
        AwsSession::new(self.facts, self.region, by)
    }

    /// There are no credentials: what was looked at, and what to write.
    fn nothing(&self) -> Failure {
        let profile = self.facts.profile.place();
        let looked = match self.account.credentials {
            None if self.account.from_env => {
                format!("hushpipe looked at the manifest, the `AWS_*` variables and {profile}")
            }
            None => format!("hushpipe looked at the manifest and {profile}"),
            Some(Source::Profile) => format!("{profile} has none"),
            Some(_) => "the source that `credentials` names has none".to_owned(),
        };
        let scheme = self.access.service.scheme();
        Failure::Denied {
            reason: format!("there are no AWS credentials: {looked}"),
            hint: format!(
                "write `profile = \"…\"`, or `access_key_id` and `secret_access_key` as references, under `[providers.{scheme}]`; on EC2 `credentials = \"instance\"`"
            ),
        }
    }
}

/// The text of a value, white space around it left out.
#[expect(clippy::disallowed_methods, reason = "the provider's own login")]
fn text(value: &Secret) -> Option<String> {
    let text = std::str::from_utf8(value.expose()).ok()?.trim();
    (!text.is_empty() && is_plain(text)).then(|| text.to_owned())
}

/// Whether nothing is in a part of an access key that a header cannot hold, or no key has.
fn is_plain(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Reads a token that something else keeps in a file.
async fn token(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let path = path.to_owned();
    detached(move || {
        let mut file = permission::open_owned(&path)
            .map_err(|insecure| Failure::of_opening(&path, insecure))?;
        let bytes = private::read_limited(&mut file, MAX_TOKEN)
            .map_err(|error| Failure::of_file("reading", &path, error))?;
        let token = std::str::from_utf8(&bytes).ok().map(str::trim);
        let token = token.filter(|token| !token.is_empty());
        token.map(|token| Zeroizing::new(token.to_owned())).ok_or_else(|| Failure::Unfit {
            reason: format!("in `{}` is not the text of a token", path.display()),
            hint: None,
        })
    })
    .await
}
