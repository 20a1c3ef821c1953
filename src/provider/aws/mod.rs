//! AWS: Secrets Manager (`awssm`), Parameter Store (`awsssm`) and short-lived credentials of a role (`aws-sts`).
//!
//! `account.rs` is the table of the manifest, `profile.rs` what `~/.aws` says, `credentials/` whom we are, `session.rs` the
//! one maker of the SDK's configuration, `failure.rs` its errors in our own words; then one file for each service.
//!
//! The SDK never looks for anything itself: region, credentials, endpoint and certificates are found here and handed to it
//! whole, because its own search reads the environment, waits for an instance's metadata where there is none, and starts a
//! shell for a `credential_process`. Of our environment only what `from_env = true` lets in is used. Nothing of the SDK is
//! made before a reference is fetched.

mod account;
mod batch;
mod credentials;
mod failure;
mod http;
mod parameter_store;
mod profile;
mod secrets_manager;
mod session;
mod sts;

use std::sync::Arc;

use serde::Deserialize;

use super::{
    Failure, Identify, Leases, LoggingIn, Provider, ProviderKind, Settings, Surroundings, config,
};
use crate::provider::once::Once;
use crate::secret::SecretRef;
use account::Account;
use credentials::Identity;
use session::{AccountFacts, AwsSession};

pub(super) use parameter_store::KIND as PARAMETER_STORE;
pub(super) use secrets_manager::KIND as SECRETS_MANAGER;
pub(super) use sts::KIND as STS;

/// Which service a provider asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    SecretsManager,
    ParameterStore,
    Sts,
}

impl Service {
    /// Its scheme.
    const fn scheme(self) -> &'static str {
        match self {
            Self::SecretsManager => "awssm",
            Self::ParameterStore => "awsssm",
            Self::Sts => "aws-sts",
        }
    }
}

/// The settings of a provider: an account, and the service that is asked with it.
#[derive(Debug)]
struct Aws {
    service: Service,
    account: Account,
}

impl Settings for Aws {
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        let access = AwsAccess::new(self.service, self.account.clone(), surroundings);
        match self.service {
            Service::SecretsManager => Box::new(secrets_manager::Manager::new(access)),
            Service::ParameterStore => Box::new(parameter_store::Store::new(access)),
            Service::Sts => Box::new(sts::Tokens::new(access)),
        }
    }

    fn needs(&self) -> Vec<(&'static str, SecretRef)> {
        self.account.needs()
    }

    /// One table for all three: `[providers.awssm]` says our identity for `awsssm` and `aws-sts` too.
    fn shared_with(&self, kind: &'static ProviderKind) -> Option<Arc<dyn Settings>> {
        let service = [Service::ParameterStore, Service::Sts];
        let service = service.into_iter().find(|service| service.scheme() == kind.scheme)?;
        Some(Arc::new(Self { service, account: self.account.clone() }))
    }

    fn identity(&self, surroundings: Surroundings<'_>) -> Identify {
        self.account.identity(surroundings)
    }
}

/// Reads the settings of one service's provider.
fn parse(service: Service, table: toml::Table) -> Result<Arc<dyn Settings>, String> {
    match Account::deserialize(table) {
        Ok(account) => Ok(Arc::new(Aws { service, account })),
        Err(error) => Err(config::without_value(error.message())),
    }
}

/// The way to a service: an account, and one login however many references are fetched with it.
struct AwsAccess<'a> {
    service: Service,
    account: Account,
    surroundings: Surroundings<'a>,
    facts: Once<AccountFacts>,
    identity: Once<Identity>,
}

impl<'a> AwsAccess<'a> {
    fn new(service: Service, account: Account, surroundings: Surroundings<'a>) -> Self {
        let (facts, identity) = (Once::default(), Once::default());
        Self { service, account, surroundings, facts, identity }
    }

    /// What can be said of the settings without I/O.
    fn check(&self) -> Result<(), Failure> {
        self.account.check(self.service.scheme())
    }

    /// A session in the region that a reference names itself, or in that of the account. That there is none is found
    /// before anybody is asked for credentials.
    async fn session(&self, region: Option<&str>, leases: &Leases) -> Result<AwsSession, Failure> {
        let gather = AccountFacts::gather(&self.account, self.surroundings);
        let facts = self.facts.get_or_try_init(gather).await?;
        let region = region.or(facts.region.as_deref());
        let region = region.ok_or_else(|| facts.no_region(self.service.scheme()))?;
        let find = credentials::find(self, facts, region, leases);
        let identity = self.identity.get_or_try_init(find).await?;
        Ok(AwsSession::new(facts, region, identity))
    }

    /// Logs in and says as whom, for `doctor`.
    fn login<'b>(&'b self, leases: &'b Leases) -> LoggingIn<'b> {
        Box::pin(async { sts::who(&self.session(None, leases).await?).await })
    }
}

/// The region that an ARN names.
fn region_of(path: &str) -> Option<&str> {
    let arn = path.strip_prefix("arn:")?;
    arn.split(':').nth(2).filter(|region| !region.is_empty())
}
