//! `awsssm://name?version=N`, `awsssm:///path/of/name?label=L`: AWS Systems Manager Parameter Store.
//!
//! Always decrypted: without that AWS gives a `SecureString` as its ciphertext. Several parameters of one region are
//! fetched with one call; what such a call does not answer, versions and labels are fetched one by one.

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::SdkError;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::operation::get_parameters::GetParametersError;
use aws_sdk_ssm::types::Parameter;

use super::batch::Batches;
use super::failure::{self, AwsRequest};
use super::session::AwsSession;
use super::{AwsAccess, Service, account::Account, parse, region_of};
use crate::provider::{
    Failure, Fetched, Fetching, Fields, Leases, LoggingIn, Provider, ProviderKind, config,
};
use crate::secret::{Secret, SecretRef};

pub(in crate::provider) const KIND: ProviderKind = ProviderKind {
    scheme: Service::ParameterStore.scheme(),
    about: "a parameter of AWS Systems Manager Parameter Store, decrypted",
    query: &["version", "label"],
    fields: Fields::Json,
    built_in_settings: true,
    remote: true,
    settings: |table| parse(Service::ParameterStore, table),
    schema: config::describe::<Account>,
};

/// The service, for messages.
const SERVICE: &str = "Parameter Store";

/// How many parameters one call may ask for.
const BATCH: usize = 10;

/// The provider of an account's parameters.
pub(super) struct Store<'a> {
    access: AwsAccess<'a>,
    batches: Batches<Parameter>,
}

impl<'a> Store<'a> {
    pub(super) fn new(access: AwsAccess<'a>) -> Self {
        Self { access, batches: Batches::new(SERVICE, BATCH) }
    }

    /// What the batch of this parameter says of it, if it is in one and there is something.
    async fn batched(&self, name: &str, leases: &Leases) -> Result<Option<Fetched>, Failure> {
        let ask = async |session: &AwsSession, names| {
            let call = Client::new(&session.sdk).get_parameters().with_decryption(true);
            let answer = call.set_names(Some(names)).send().await?;
            Ok(answer.parameters.unwrap_or_default())
        };
        let found = |parameters: &[Parameter]| {
            parameters.iter().find(|parameter| is(name, parameter)).and_then(fetched)
        };
        self.batches.fetch::<GetParametersError>(name, &self.access, leases, ask, found).await
    }
}

impl Provider for Store<'_> {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        self.access.check()?;
        let bad = |reason| Err(Failure::BadPath { reason });
        let path = coordinate.path.as_str();
        let name = match path.strip_prefix("arn:") {
            Some(_) => match path.splitn(6, ':').collect::<Vec<_>>()[..] {
                ["arn", _, "ssm", region, _, name] if !region.is_empty() => {
                    name.strip_prefix("parameter")
                }
                _ => None,
            },
            None => Some(path),
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.-".contains(&byte);
        if !name.is_some_and(|name| !name.is_empty() && name.bytes().all(fits)) {
            return bad(
                "an `awsssm` reference is the name or the ARN of a parameter, as in `awsssm:///prod/mcp/token`",
            );
        }
        if path.contains('/') && !path.starts_with('/') && !path.starts_with("arn:") {
            return bad(
                "a parameter with `/` in its name starts with one, as in `awsssm:///prod/mcp/token`",
            );
        }
        let query = |key: &str| coordinate.query.get(key);
        match (query("version"), query("label")) {
            (Some(_), Some(_)) => {
                bad("an `awsssm` reference has a `?version=` or a `?label=`, not both")
            }
            (Some(version), None) if !version.parse::<u64>().is_ok_and(|version| version > 0) => {
                bad("the `?version=` of an `awsssm` reference is a number from 1 on")
            }
            (None, Some(label))
                if !label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) =>
            {
                bad(
                    "the `?label=` of an `awsssm` reference holds letters, digits, `.`, `-` and `_`",
                )
            }
            _ => Ok(()),
        }
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, leases: &'a Leases) -> Fetching<'a> {
        Box::pin(async {
            let batched = coordinate.query.is_empty();
            if batched && let Some(fetched) = self.batched(&coordinate.path, leases).await? {
                return Ok(fetched);
            }
            let session = self.access.session(region_of(&coordinate.path), leases).await?;
            get(&session, &selected(coordinate)).await
        })
    }

    fn announce(&self, coordinates: &[&SecretRef]) {
        // AWS takes a parameter once in a call, so versions and labels are asked for one by one.
        self.batches.announce(coordinates.iter().copied().filter(|one| one.query.is_empty()));
    }

    fn login<'a>(&'a self, leases: &'a Leases) -> LoggingIn<'a> {
        self.access.login(leases)
    }
}

/// A parameter's name with its version or label, as AWS takes it.
fn selected(coordinate: &SecretRef) -> String {
    let path = &coordinate.path;
    match coordinate.query.get("version").or_else(|| coordinate.query.get("label")) {
        Some(selector) => format!("{path}:{selector}"),
        None => path.clone(),
    }
}

/// Whether this is the parameter that was asked for.
fn is(name: &str, parameter: &Parameter) -> bool {
    [parameter.name(), parameter.arn()].contains(&Some(name))
}

/// Fetches one parameter.
async fn get(session: &AwsSession, name: &str) -> Result<Fetched, Failure> {
    let call = Client::new(&session.sdk).get_parameter().name(name).with_decryption(true);
    let answer = call.send().await.map_err(|error| not_got(&error, session, name))?;
    answer.parameter().and_then(fetched).ok_or_else(|| Failure::BadAnswer {
        place: session.place(SERVICE),
        reason: "gave an answer without a value".to_owned(),
        hint: None,
    })
}

fn fetched(parameter: &Parameter) -> Option<Fetched> {
    let value = parameter.value()?;
    let changed = parameter.last_modified_date();
    Some(Fetched {
        version: Some(parameter.version().to_string()),
        created: changed.and_then(|changed| u64::try_from(changed.secs()).ok()),
        ..Fetched::of(Secret::new(value.as_bytes().to_vec()))
    })
}

fn not_got(error: &SdkError<GetParameterError>, session: &AwsSession, name: &str) -> Failure {
    let asked =
        AwsRequest::by(session, SERVICE, format!("the parameter `{name}`"), "ssm:GetParameter");
    let refused = match failure::refused(error, &asked.place) {
        Ok(refused) => refused,
        Err(failure) => return failure,
    };
    let AwsRequest { what, place, .. } = &asked;
    match refused.code.as_str() {
        "ParameterNotFound" => Failure::NotFound {
            place: format!("{what} in {place}"),
            hint: "check its name, its region and its account".to_owned(),
        },
        "ParameterVersionNotFound" | "ParameterVersionLabelLimitExceeded" => Failure::NotFound {
            place: format!("this version of {what} in {place}"),
            hint: "ask the user to run `aws ssm get-parameter-history --name NAME`".to_owned(),
        },
        _ => failure::common(&refused, &asked),
    }
}
