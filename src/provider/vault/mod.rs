//! `vault://mount/path?version=N#field`: HashiCorp Vault and OpenBao.
//!
//! Where the server is and how to log in stands in `[providers.vault]`, or in `[providers.<name>]` of this type for
//! `<name>://mount/path`. One login for a launch, however many secrets; its token ends with the session, and so does what
//! was given with it. A value is the JSON object of the secret's data, of which `#field` takes one; without a field the
//! object is the value. KV is asked for its version as Vault's own CLI does; every other engine is read as it is, once,
//! and what it gives for a time only becomes a lease.
//!
//! Refuses: to follow a redirect, to check no certificate, to take a secret from the manifest or an address from the
//! environment. The token of the user, which we did not make, is never revoked.
//!
//! Source: Vault's HTTP API, <https://developer.hashicorp.com/vault/api-docs>: "sys/internal/ui/mounts", "KV secrets
//! engine", "sys/leases", "auth/token", "sys/wrapping".

mod address;
mod answer;
mod auth;
mod dynamic;
mod http;
mod kv;
mod login;
mod session;
mod settings;
mod wrapping;

use std::sync::Arc;

use super::{
    Failure, Fetching, Fields, Identify, Leases, LoggingIn, MAX_VALUE, Provider, ProviderKind,
    Settings, Surroundings, Unwrapping, config,
};
use crate::provider::once::Once;
use crate::secret::{Secret, SecretRef};
use http::Link;
use session::VaultSession;
use settings::Vault;

pub(super) const KIND: ProviderKind = ProviderKind {
    scheme: "vault",
    about: "HashiCorp Vault or OpenBao",
    query: &["version"],
    fields: Fields::Json,
    built_in_settings: true,
    remote: true,
    settings: config::parse::<Vault>,
    schema: config::describe::<Vault>,
};

impl Settings for Vault {
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        Box::new(Client { settings: self.clone(), surroundings, connected: Once::default() })
    }

    fn needs(&self) -> Vec<(&'static str, SecretRef)> {
        self.needs()
    }

    fn identity(&self, surroundings: Surroundings<'_>) -> Identify {
        login::identity(self, surroundings)
    }
}

/// One server for one launch.
struct Client<'a> {
    settings: Vault,
    surroundings: Surroundings<'a>,
    connected: Once<Connected>,
}

/// A server that we are logged in to.
struct Connected {
    link: Arc<Link>,
    session: VaultSession,
}

impl Client<'_> {
    async fn connected(&self, leases: &Leases) -> Result<&Connected, Failure> {
        let connect = async {
            let link = Arc::new(Link::open(self.settings.server(self.surroundings)?).await?);
            let session = login::log_in(&link, &self.settings, self.surroundings, leases).await?;
            Ok(Connected { link, session })
        };
        self.connected.get_or_try_init(connect).await
    }
}

impl Provider for Client<'_> {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        if !self.settings.waits_for_env(self.surroundings) {
            self.settings.server(self.surroundings)?;
        }
        kv::KvPlace::of(coordinate, self.settings.kv()).map(drop)
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, leases: &'a Leases) -> Fetching<'a> {
        Box::pin(async move {
            let Connected { link, session } = self.connected(leases).await?;
            let place = kv::KvPlace::of(coordinate, self.settings.kv())?;
            let reading = place.read(link, session, leases);
            let (fetched, uses) = tokio::join!(reading, session.uses_left(link));
            let mut fetched = fetched?;
            let warnings: Vec<String> =
                [session.warning.clone(), uses].into_iter().flatten().collect();
            fetched.warning = (!warnings.is_empty()).then(|| warnings.join("; "));
            Ok(fetched)
        })
    }

    fn login<'a>(&'a self, leases: &'a Leases) -> LoggingIn<'a> {
        Box::pin(async move {
            let Connected { link, session } = self.connected(leases).await?;
            session.describe(link).await
        })
    }

    fn unwrap<'a>(&'a self, token: &'a Secret, place: &'a SecretRef) -> Unwrapping<'a> {
        Box::pin(async move {
            let server = self.settings.server(self.surroundings)?;
            let namespace = server.login_namespace.clone();
            let link = Link::open(server).await?;
            let mount = self.settings.secret_id_at(place);
            wrapping::unwrap(&link, token, mount, namespace.as_deref()).await
        })
    }

    fn caution(&self) -> Option<String> {
        let server = self.settings.server(self.surroundings).ok()?;
        server.address.is_overheard().then(|| {
            format!("traffic to `{}` is not encrypted: the address is not `https`", server.address)
        })
    }
}

/// A value of a secret's data: the JSON as it stands, if it is no longer than a value may be.
fn value(json: &str) -> Result<Secret, Failure> {
    if json.len() as u64 > MAX_VALUE {
        return Err(Failure::Unfit {
            reason: format!("is longer than {MAX_VALUE} bytes"),
            hint: None,
        });
    }
    Ok(Secret::new(json.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests;
