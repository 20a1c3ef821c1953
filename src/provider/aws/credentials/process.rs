//! `credential_process` of a profile: a program that prints keys as JSON.
//!
//! Started as AWS's command line starts it: the line is split at white space outside quotes, without a shell.

use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::primitives::{DateTime, DateTimeFormat};
use serde::Deserialize;

use crate::provider::program::{self, split_words};
use crate::provider::{Failure, Surroundings};

/// The longest output that is read, in bytes.
const MAX_OUTPUT: u64 = 64 * 1024;

/// What the program prints (AWS CLI User Guide, "Sourcing credentials with an external process").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// Runs the program of a profile and returns the keys that it prints.
pub(super) async fn run(
    line: &str,
    profile: &str,
    surroundings: Surroundings<'_>,
) -> Result<Credentials, Failure> {
    let failed = |reason: &str| Failure::Denied {
        reason: format!("the `credential_process` of the profile `{profile}` {reason}"),
        hint: format!("run the command from `~/.aws/config`, profile `{profile}`, in a terminal"),
    };
    let words = split_words(line).ok_or_else(|| failed("has an unclosed quote"))?;
    let mut words = words.into_iter();
    let named = words.next().ok_or_else(|| failed("is empty"))?;
    let output = program::output(&named, words, MAX_OUTPUT, surroundings).await;
    let output = output.map_err(|reason| failed(&reason))?;
    keys(&output).ok_or_else(|| failed("prints no keys"))
}

/// The keys in an output of version 1.
fn keys(output: &[u8]) -> Option<Credentials> {
    let printed: Printed = serde_json::from_slice(output).ok()?;
    let ends = match &printed.expiration {
        Some(text) => {
            let time = DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset).ok()?;
            Some(time.try_into().ok()?)
        }
        None => None,
    };
    let Printed { access_key_id, secret_access_key, session_token, .. } = printed;
    (printed.version == 1)
        .then(|| Credentials::new(access_key_id, secret_access_key, session_token, ends, "process"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_version_one_only() {
        let printed = |version: u32| {
            format!(
                r#"{{"Version":{version},"AccessKeyId":"AKIA","SecretAccessKey":"s","Expiration":"2030-01-01T00:00:00+00:00"}}"#
            )
        };
        let found = keys(printed(1).as_bytes()).expect("keys");
        assert_eq!((found.access_key_id(), found.session_token()), ("AKIA", None));
        assert!(found.expiry().is_some());
        assert!(keys(printed(2).as_bytes()).is_none());
        assert!(keys(b"{}").is_none());
    }
}
