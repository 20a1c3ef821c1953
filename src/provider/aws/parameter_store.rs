//! `awsssm://name?version=N`, `awsssm:///path/of/name?label=L`: AWS Systems Manager Parameter Store.
//!
//! Always decrypted: without that AWS gives a `SecureString` as its ciphertext. Several parameters of one region are
//! fetched with one call; what such a call does not answer, versions and labels are fetched one by one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::SdkError;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::types::Parameter;
use tokio::sync::OnceCell;

use super::failure::{self, Asked};
use super::session::Session;
use super::{Access, Service, account::Account, parse, region_of, same};
use crate::provider::{
    Failure, Fetched, Fetching, Fields, Kind, Leases, LoggingIn, Provider, config,
};
use crate::secret::{Secret, SecretRef};

pub(in crate::provider) const KIND: Kind = Kind {
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
    access: Access<'a>,
    batches: RefCell<Vec<Rc<Batch>>>,
}

/// Parameters that are fetched with one call, and its answer.
struct Batch {
    region: Option<String>,
    names: Vec<String>,
    answer: OnceCell<Result<Vec<Parameter>, Missed>>,
}

/// Why a batch brought nothing.
enum Missed {
    /// It was refused: each is asked for by itself.
    Refused,
    /// There is no login, or nobody to ask: so it would be for each.
    All(Arc<Failure>),
}

impl<'a> Store<'a> {
    pub(super) fn new(access: Access<'a>) -> Self {
        Self { access, batches: RefCell::default() }
    }

    /// What the batch of this parameter says of it, if it is in one and there is something.
    async fn batched(&self, name: &str, leases: &Leases) -> Result<Option<Fetched>, Failure> {
        let has = |batch: &&Rc<Batch>| batch.names.iter().any(|one| one == name);
        let batch = self.batches.borrow().iter().find(has).cloned();
        let Some(batch) = batch else { return Ok(None) };
        match batch.answer.get_or_init(|| self.ask(&batch, leases)).await {
            Ok(parameters) => {
                let found = parameters.iter().find(|parameter| is(name, parameter));
                Ok(found.and_then(fetched))
            }
            Err(Missed::Refused) => Ok(None),
            Err(Missed::All(failure)) => Err(same(failure)),
        }
    }

    async fn ask(&self, batch: &Batch, leases: &Leases) -> Result<Vec<Parameter>, Missed> {
        let all = |failure| Missed::All(Arc::new(failure));
        let session = self.access.session(batch.region.as_deref(), leases).await.map_err(all)?;
        let call = Client::new(&session.sdk).get_parameters().with_decryption(true);
        match call.set_names(Some(batch.names.clone())).send().await {
            Ok(answer) => Ok(answer.parameters.unwrap_or_default()),
            Err(error) => {
                let asked = Asked::by(
                    &session,
                    SERVICE,
                    "several parameters".to_owned(),
                    "ssm:GetParameters",
                );
                Err(match failure::refused(&error, &asked) {
                    Ok(_) => Missed::Refused,
                    Err(failure) => all(failure),
                })
            }
        }
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

    fn expect(&self, coordinates: &[&SecretRef]) {
        let mut by_region: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        // AWS takes a parameter once in a call, so versions and labels are asked for one by one.
        for coordinate in coordinates.iter().filter(|coordinate| coordinate.query.is_empty()) {
            by_region.entry(region_of(&coordinate.path)).or_default().push(coordinate.path.clone());
        }
        let batches = by_region.into_iter().flat_map(|(region, names)| {
            let batch = move |names: &[String]| Batch {
                region: region.map(str::to_owned),
                names: names.to_vec(),
                answer: OnceCell::new(),
            };
            let several = names.chunks(BATCH).filter(|names| names.len() > 1);
            several.map(|names| Rc::new(batch(names))).collect::<Vec<_>>()
        });
        self.batches.replace(batches.collect());
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
async fn get(session: &Session, name: &str) -> Result<Fetched, Failure> {
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

fn not_got(error: &SdkError<GetParameterError>, session: &Session, name: &str) -> Failure {
    let asked = Asked::by(session, SERVICE, format!("the parameter `{name}`"), "ssm:GetParameter");
    let refused = match failure::refused(error, &asked) {
        Ok(refused) => refused,
        Err(failure) => return failure,
    };
    let Asked { what, place, origin, .. } = &asked;
    match refused.code.as_str() {
        "ParameterNotFound" => Failure::NotFound {
            place: format!("{what} in {place}"),
            hint: "look at its name, its region and its account".to_owned(),
        },
        "ParameterVersionNotFound" | "ParameterVersionLabelLimitExceeded" => Failure::NotFound {
            place: format!("this version of {what} in {place}"),
            hint: "ask the user to run `aws ssm get-parameter-history --name NAME`".to_owned(),
        },
        "InvalidKeyId" => Failure::Denied {
            reason: format!(
                "{place} cannot decrypt {what}: its key is disabled, gone, or not for {origin}"
            ),
            hint: format!(
                "let the policy of {origin} allow `kms:Decrypt` on the parameter's key, and look whether the key is enabled"
            ),
        },
        _ => failure::common(&refused, &asked),
    }
}
