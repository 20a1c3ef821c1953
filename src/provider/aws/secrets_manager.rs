//! `awssm://name-or-arn?stage=…&version_id=…#json.key`: AWS Secrets Manager.
//!
//! A stage is always sent, `AWSCURRENT` where the reference names neither stage nor version id. Several current secrets of
//! one region are fetched with one call; what such a call does not answer, and everything where the policy does not permit
//! it, is fetched one by one, so that each gets the words that fit it.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::batch_get_secret_value::BatchGetSecretValueError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::primitives::{Blob, DateTime};
use aws_sdk_secretsmanager::types::SecretValueEntry;

use super::batch::Batches;
use super::failure::{self, AwsRequest};
use super::session::AwsSession;
use super::{AwsAccess, Service, account::Account, parse, region_of};
use crate::provider::{
    Failure, Fetched, Fetching, Fields, Leases, LoggingIn, Provider, ProviderKind, config,
};
use crate::secret::{Secret, SecretRef};

pub(in crate::provider) const KIND: ProviderKind = ProviderKind {
    scheme: Service::SecretsManager.scheme(),
    about: "a secret of AWS Secrets Manager",
    query: &["stage", "version_id"],
    fields: Fields::Json,
    built_in_settings: true,
    remote: true,
    settings: |table| parse(Service::SecretsManager, table),
    schema: config::describe::<Account>,
};

/// The service, for messages.
const SERVICE: &str = "Secrets Manager";

/// The stage that is fetched unless a reference names another one or a version.
const CURRENT: &str = "AWSCURRENT";

/// How many secrets one call may ask for.
const BATCH: usize = 20;

/// The provider of an account's secrets.
pub(super) struct Manager<'a> {
    access: AwsAccess<'a>,
    batches: Batches<SecretValueEntry>,
}

impl<'a> Manager<'a> {
    pub(super) fn new(access: AwsAccess<'a>) -> Self {
        Self { access, batches: Batches::new(SERVICE, BATCH) }
    }

    /// What the batch of this secret says of it, if it is in one and there is something.
    async fn batched(&self, id: &str, leases: &Leases) -> Result<Option<Fetched>, Failure> {
        let ask = async |session: &AwsSession, ids| {
            let call = Client::new(&session.sdk).batch_get_secret_value();
            let answer = call.set_secret_id_list(Some(ids)).send().await?;
            Ok(answer.secret_values.unwrap_or_default())
        };
        let found = |entries: &[SecretValueEntry]| {
            let entry = entries.iter().find(|entry| is(id, entry.name(), entry.arn()))?;
            let value = value(entry.secret_string(), entry.secret_binary())?;
            Some(fetched(value, entry.version_id(), entry.created_date()))
        };
        self.batches.fetch::<BatchGetSecretValueError>(id, &self.access, leases, ask, found).await
    }
}

impl Provider for Manager<'_> {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        self.access.check()?;
        let path = coordinate.path.as_str();
        let fits = match path.strip_prefix("arn:") {
            Some(_) => {
                matches!(path.splitn(7, ':').collect::<Vec<_>>()[..], ["arn", _, "secretsmanager", region, _, "secret", name] if !region.is_empty() && is_name(name))
            }
            None => is_name(path),
        };
        fits.then_some(()).ok_or(Failure::BadPath {
            reason: "an `awssm` reference is the name or the ARN of a secret, as in `awssm://prod/mcp/token`",
        })
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, leases: &'a Leases) -> Fetching<'a> {
        Box::pin(async {
            let id = coordinate.path.as_str();
            if is_current(coordinate)
                && let Some(fetched) = self.batched(id, leases).await?
            {
                return Ok(fetched);
            }
            let session = self.access.session(region_of(id), leases).await?;
            get(&session, coordinate).await
        })
    }

    fn announce(&self, coordinates: &[&SecretRef]) {
        self.batches.announce(coordinates.iter().copied().filter(|one| is_current(one)));
    }

    fn login<'a>(&'a self, leases: &'a Leases) -> LoggingIn<'a> {
        self.access.login(leases)
    }
}

/// The characters of a secret's name.
fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@!-".contains(&byte);
    !text.is_empty() && text.len() <= 512 && text.bytes().all(fits)
}

/// Whether a reference asks for what a batch brings.
fn is_current(coordinate: &SecretRef) -> bool {
    let stage = coordinate.query.get("stage").is_none_or(|stage| stage == CURRENT);
    stage && !coordinate.query.contains_key("version_id")
}

/// Whether this is the secret that was asked for, by name, by ARN, or by ARN without the six characters that AWS adds.
fn is(id: &str, name: Option<&str>, arn: Option<&str>) -> bool {
    let partial = |arn: &str| {
        let added = arn.strip_prefix(id).and_then(|added| added.strip_prefix('-'));
        id.starts_with("arn:") && added.is_some_and(|added| added.len() == 6)
    };
    name == Some(id) || arn.is_some_and(|arn| arn == id || partial(arn))
}

/// Fetches one secret.
async fn get(session: &AwsSession, coordinate: &SecretRef) -> Result<Fetched, Failure> {
    let query = |key: &str| coordinate.query.get(key).cloned();
    let version = query("version_id");
    let stage = query("stage").or_else(|| version.is_none().then(|| CURRENT.to_owned()));
    let call = Client::new(&session.sdk)
        .get_secret_value()
        .secret_id(&coordinate.path)
        .set_version_stage(stage)
        .set_version_id(version);
    let answer = call.send().await.map_err(|error| not_got(&error, session, coordinate))?;
    let found = value(answer.secret_string(), answer.secret_binary());
    let found = found.ok_or_else(|| Failure::BadAnswer {
        place: session.place(SERVICE),
        reason: "gave an answer without a value".to_owned(),
        hint: None,
    })?;
    Ok(fetched(found, answer.version_id(), answer.created_date()))
}

fn value(text: Option<&str>, binary: Option<&Blob>) -> Option<Secret> {
    let bytes = text.map(str::as_bytes).or_else(|| binary.map(AsRef::as_ref))?;
    Some(Secret::new(bytes.to_vec()))
}

fn fetched(value: Secret, version: Option<&str>, created: Option<&DateTime>) -> Fetched {
    Fetched {
        version: version.map(str::to_owned),
        created: created.and_then(|created| u64::try_from(created.secs()).ok()),
        ..Fetched::of(value)
    }
}

fn not_got(
    error: &SdkError<GetSecretValueError>,
    session: &AwsSession,
    coordinate: &SecretRef,
) -> Failure {
    let id = &coordinate.path;
    let action = "secretsmanager:GetSecretValue";
    let selected = |key: &str, word: &str| {
        let value = coordinate.query.get(key);
        value.map(|value| format!(" in {word} `{value}`")).unwrap_or_default()
    };
    let selected = selected("stage", "stage") + &selected("version_id", "version");
    let asked = AwsRequest::by(session, SERVICE, format!("the secret `{id}`{selected}"), action);
    let refused = match failure::refused(error, &asked.place) {
        Ok(refused) => refused,
        Err(failure) => return failure,
    };
    let AwsRequest { what, place, .. } = &asked;
    let message = refused.message.as_str();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let not_found = |hint: String| Failure::NotFound { place: format!("{what} in {place}"), hint };
    let versions = || {
        format!("ask the user to run `aws secretsmanager list-secret-version-ids --secret-id {id}`")
    };
    match refused.code.as_str() {
        "ResourceNotFoundException" if !selected.is_empty() => not_found(versions()),
        "ResourceNotFoundException" => {
            not_found("check its name, its region and its account".to_owned())
        }
        "InvalidRequestException" | "InvalidParameterException"
            if says(&["VersionStage", "staging label", "VersionId"]) =>
        {
            not_found(versions())
        }
        "InvalidRequestException" if says(&["deletion", "deleted"]) => Failure::Denied {
            reason: format!(
                "{what} in {place} is scheduled for deletion and can no longer be read"
            ),
            hint: format!(
                "ask the user to run `aws secretsmanager restore-secret --secret-id {id}`, or name another"
            ),
        },
        _ => failure::common(&refused, &asked),
    }
}
