//! The one maker of the SDK's configuration, and what it is made from.
//!
//! Everything is given explicitly: region, endpoint, credentials, certificates, time limits, no proxy. Times are such that
//! three tries end before the deadline of one provider, so that a dead endpoint is called dead and not late.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{IdentityCache, SharedCredentialsProvider};

use super::account::Account;
use super::credentials::Identity;
use super::http::{self, Http};
use super::profile::{self, Profile};
use crate::provider::detached::detached;
use crate::provider::{Failure, Surroundings};

/// How long making a connection may take.
pub(super) const CONNECT: Duration = Duration::from_millis(1300);
/// How long one try may take.
pub(super) const TRY: Duration = Duration::from_millis(3500);
/// How long all tries together may take: less than a provider has (`resolve::PER_PROVIDER`).
pub(super) const CALL: Duration = Duration::from_millis(4700);
/// How often a call is tried.
const TRIES: u32 = 3;
/// The longest wait before the second try; the third waits up to twice as long.
const BACKOFF: Duration = Duration::from_millis(150);

/// What this machine says of an account, before anybody is asked.
pub(super) struct AccountFacts {
    /// The region of the manifest, of the variables where they count, or of the profile.
    pub(super) region: Option<String>,
    /// The profile and what `~/.aws` says of it.
    pub(super) profile: Profile,
    /// Another address than AWS's own.
    pub(super) endpoint: Option<String>,
    /// The client that every call goes through.
    pub(super) http: Http,
}

impl AccountFacts {
    /// Reads the files of the user.
    pub(super) async fn gather(
        account: &Account,
        surroundings: Surroundings<'_>,
    ) -> Result<Self, Failure> {
        let variable = |name: &str| account.variable(name, surroundings);
        let files = account.files(surroundings);
        let named = account.profile.clone().or_else(|| variable("AWS_PROFILE"));
        let authorities =
            account.ca_file.clone().or_else(|| variable("AWS_CA_BUNDLE").map(Into::into));
        let (profile, authorities) = detached(move || {
            let authorities = authorities.map(|path| http::authorities(&path)).transpose()?;
            Ok((profile::read(&files, named)?, authorities))
        })
        .await?;
        let region = account.region.clone();
        let region =
            region.or_else(|| variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")));
        let endpoint = account.endpoint.clone().or_else(|| variable("AWS_ENDPOINT_URL"));
        Ok(Self {
            region: region.or_else(|| profile.region.clone()),
            profile,
            http: Http::new(authorities, endpoint.as_deref())?,
            endpoint,
        })
    }

    /// No region is known: what to write.
    pub(super) fn no_region(&self, scheme: &'static str) -> Failure {
        Failure::NeedsSettings {
            scheme,
            reason: format!(
                "no region is set in the manifest or in {}: write `region = \"…\"` under `[providers.{scheme}]`",
                self.profile.place()
            ),
        }
    }

    /// The SDK's configuration for a region.
    pub(super) fn sdk(
        &self,
        region: &str,
        credentials: Option<SharedCredentialsProvider>,
    ) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(TRY)
            .operation_timeout(CALL)
            .build();
        let retries =
            RetryConfig::standard().with_max_attempts(TRIES).with_initial_backoff(BACKOFF);
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.client.clone())
            .identity_cache(IdentityCache::no_cache())
            .retry_config(retries)
            .timeout_config(timeouts);
        sdk.set_endpoint_url(self.endpoint.clone());
        sdk.set_credentials_provider(credentials);
        sdk.build()
    }
}

/// Whom we are, where: everything a call needs.
pub(super) struct AwsSession {
    /// For the clients of the SDK.
    pub(super) sdk: SdkConfig,
    /// The region.
    pub(super) region: String,
    /// Whom we are.
    pub(super) identity: Identity,
}

impl AwsSession {
    /// A session of this identity in a region.
    pub(super) fn new(facts: &AccountFacts, region: &str, identity: &Identity) -> Self {
        let credentials = SharedCredentialsProvider::new(identity.credentials.clone());
        Self {
            sdk: facts.sdk(region, Some(credentials)),
            region: region.to_owned(),
            identity: identity.clone(),
        }
    }

    /// What a call goes to, for messages.
    pub(super) fn place(&self, service: &str) -> String {
        match self.sdk.endpoint_url() {
            Some(endpoint) => format!("{service} at `{}`", http::without_userinfo(endpoint)),
            None => format!("{service} in `{}`", self.region),
        }
    }
}
