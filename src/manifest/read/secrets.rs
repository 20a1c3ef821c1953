//! A server's `secrets` table: which variables are filled, from where, and how.
//!
//! What stands here is a reference or an error, and no error repeats it: the text may be the secret itself.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::super::error::Mistake;
use super::super::mistake::STORE_IT;
use super::super::names;
use super::super::server::Level;
use super::super::table::{Scalar, Secret, SecretTable, Secrets};
use super::env::check_variable;
use super::{Around, Reader};
use crate::error::Fault as _;
use crate::provider::Failure;
use crate::secret::{Delivery, SecretRef, SecretRequest};

/// Reads a `secrets` table; requests stand in the order of the file.
pub(super) fn requests(table: Secrets, reader: &mut Reader<'_>) -> Vec<SecretRequest> {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut seen: Vec<String> = Vec::new();
    let mut requests = Vec::new();
    for (key, secret) in entries {
        let variables = variables(key.get_ref());
        for variable in &variables {
            let name = Spanned::new(key.span(), variable.clone());
            check_variable(&name, reader.dangerously_pass, reader.findings);
            if seen.contains(variable) {
                reader.findings.add(key.span(), Mistake::Twice(variable.clone()));
            }
            seen.push(variable.clone());
        }
        requests.extend(request(&key, variables, secret, reader));
    }
    requests
}

/// The secret that an argument is.
pub(super) fn argument(
    name: String,
    reference: &Spanned<String>,
    reader: &mut Reader<'_>,
) -> Option<SecretRequest> {
    let span = reference.span();
    let request = SecretRequest {
        reference: parse(&name, reference.get_ref(), &span, reader)?,
        variables: vec![name.clone()],
        fields: Vec::new(),
        deliver: Delivery::Argument,
        sensitive: true,
        default: None,
    };
    check_providers(&name, &request, span, reader);
    Some(request)
}

/// The variables of a key: one, or several with commas between.
pub(super) fn variables(key: &str) -> Vec<String> {
    key.split(',').map(|name| name.trim().to_owned()).collect()
}

/// One entry.
fn request(
    key: &Spanned<String>,
    variables: Vec<String>,
    secret: Spanned<Secret>,
    reader: &mut Reader<'_>,
) -> Option<SecretRequest> {
    let span = secret.span();
    let request = match secret.into_inner() {
        Secret::Reference(text) => SecretRequest {
            reference: parse(key.get_ref(), &text, &span, reader)?,
            variables,
            fields: Vec::new(),
            deliver: Delivery::Env,
            sensitive: true,
            default: None,
        },
        Secret::Table(table) => from_table(key, variables, *table, &span, reader)?,
    };
    let counts = (request.variables.len(), request.fields.len());
    let paired = match counts {
        (1, 0) => true,
        (variables, fields) => variables == fields && request.reference.field.is_none(),
    };
    if !paired {
        reader.findings.add(key.span(), Mistake::Fields(key.get_ref().clone()));
    } else {
        check_providers(key.get_ref(), &request, span, reader);
    }
    Some(request)
}

fn from_table(
    key: &Spanned<String>,
    variables: Vec<String>,
    table: SecretTable,
    span: &Range<usize>,
    reader: &mut Reader<'_>,
) -> Option<SecretRequest> {
    let name = key.get_ref();
    let reference = reference(name, &table, span, reader);
    let deliver = table.deliver.unwrap_or_default();
    if deliver == Delivery::File && reader.around.level == Level::Project {
        // Where there is no file in memory, this one is on the disk (design, promise 5).
        let file = Mistake::UserOnly("`deliver = \"file\"`".into());
        reader.findings.add(span.clone(), file);
    }
    let sensitive = table.sensitive.as_ref().is_none_or(|sensitive| *sensitive.get_ref());
    if let (Some(switch), Level::Project, false) =
        (&table.sensitive, reader.around.level, sensitive)
    {
        reader.findings.add(switch.span(), Mistake::UserOnly("`sensitive = false`".into()));
    }
    if let (Some(default), true) = (&table.default, sensitive) {
        reader.findings.add(default.span(), Mistake::Default(name.clone()));
    }
    if let Some(default) = table.default.as_ref().filter(|text| text.get_ref().contains('\0')) {
        reader.findings.add(default.span(), Mistake::Nul("default".into()));
    }
    let fields = table.fields.map(Spanned::into_inner).unwrap_or_default();
    if let Some(empty) = fields.iter().find(|field| field.get_ref().is_empty()) {
        reader.findings.add(empty.span(), Mistake::Empty("fields"));
    }
    Some(SecretRequest {
        variables,
        reference: reference?,
        fields: fields.into_iter().map(Spanned::into_inner).collect(),
        deliver,
        sensitive,
        default: table.default.map(Spanned::into_inner),
    })
}

/// The reference of a table: `ref`, or `provider` and `path` with what pins them.
fn reference(
    name: &str,
    table: &SecretTable,
    span: &Range<usize>,
    reader: &mut Reader<'_>,
) -> Option<SecretRef> {
    let parts = [&table.stage, &table.version_id, &table.field, &table.provider, &table.path];
    let has_parts = parts.iter().any(|part| part.is_some()) || table.version.is_some();
    match (&table.reference, &table.provider, &table.path) {
        (Some(text), _, _) if !has_parts => parse(name, text.get_ref(), &text.span(), reader),
        (None, Some(provider), Some(path)) => {
            let reference = assemble(table, provider.get_ref(), path.get_ref());
            // Through the URI and back: what a table can say, a URI can say, and is judged by the same rules.
            parse(name, &reference.to_string(), &provider.span(), reader)
        }
        _ => {
            reader.findings.add(span.clone(), Mistake::ReferenceForm(name.to_owned()));
            None
        }
    }
}

fn assemble(table: &SecretTable, provider: &str, path: &str) -> SecretRef {
    let text = |part: &Option<Spanned<String>>| part.as_ref().map(|text| text.get_ref().clone());
    let version = table.version.as_ref().map(|version| match version.get_ref() {
        Scalar::Text(text) => text.clone(),
        Scalar::Number(number) => number.to_string(),
    });
    let pins = [
        ("version", version),
        ("stage", text(&table.stage)),
        ("version_id", text(&table.version_id)),
    ];
    let query: BTreeMap<String, String> =
        pins.into_iter().filter_map(|(key, pin)| Some((key.to_owned(), pin?))).collect();
    SecretRef {
        provider: provider.to_owned(),
        path: path.to_owned(),
        query,
        field: text(&table.field),
    }
}

fn parse(
    name: &str,
    text: &str,
    span: &Range<usize>,
    reader: &mut Reader<'_>,
) -> Option<SecretRef> {
    let reference =
        text.parse().map_err(|error| Mistake::Reference { variable: name.to_owned(), error });
    reader.findings.keep(span.clone(), reference)
}

/// Whether each variable's reference is one that its provider could honour.
fn check_providers(
    name: &str,
    request: &SecretRequest,
    span: Range<usize>,
    reader: &mut Reader<'_>,
) {
    let failure = request
        .per_variable()
        .find_map(|(_, reference)| reader.around.providers.check(&reference).err());
    match failure {
        // The user's table of the provider has the mistake, and is where it is shown.
        None | Some(Failure::Login { .. } | Failure::Cycle { .. }) => {}
        Some(failure) => {
            let variable = name.to_owned();
            let (reason, hint) = (failure.to_string(), hint(&failure, reader.around));
            reader.findings.add(span, Mistake::Provider { variable, reason, hint });
        }
    }
}

/// What to do about a reference that its provider could not honour.
pub(super) fn hint(failure: &Failure, around: Around<'_>) -> Option<String> {
    let failure = innermost(failure);
    match failure {
        // A URL with a password in it reads as a reference to a provider called `postgres`.
        Failure::UnknownProvider { scheme, .. } => {
            let nearest = names::nearest(scheme, around.providers.schemes());
            let did_you_mean = nearest.map(|name| format!("did you mean `{name}`?"));
            did_you_mean.or_else(|| Some(STORE_IT.to_owned()))
        }
        failure => failure.hint(),
    }
}

/// The failure at the end of a chain of logins.
fn innermost(failure: &Failure) -> &Failure {
    match failure {
        Failure::Login { source, .. } => innermost(source),
        failure => failure,
    }
}
