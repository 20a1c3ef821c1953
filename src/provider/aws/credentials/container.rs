//! Keys from where we run: the container's agent (ECS, EKS Pod Identity) and an EC2 instance's metadata, in the way that
//! asks for a token first (IMDSv2). Both answer in one form.

use std::net::IpAddr;

use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::primitives::{DateTime, DateTimeFormat};
use serde::Deserialize;

use crate::provider::Failure;
use crate::provider::aws::http::{AwsAnswer, Http, request, without_userinfo};

/// Where ECS answers.
pub(super) const ECS: &str = "http://169.254.170.2";

/// Where an instance's metadata is.
const METADATA: &str = "http://169.254.169.254";

/// Hosts that may be asked without TLS, besides this machine's own addresses: ECS, and EKS in both families.
const PLAIN: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/// What both answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerCredentials {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<String>,
}

/// Asks the container's agent, with what it wants to see as authorization.
pub(super) async fn credentials(
    http: &Http,
    uri: &str,
    token: Option<&str>,
) -> Result<Credentials, Failure> {
    if !may_be_asked(uri) {
        return Err(Failure::BadPath {
            reason: "container credentials must come over `https`, from this machine, or from the addresses of ECS and EKS",
        });
    }
    let place = format!("the container's agent at `{}`", without_userinfo(uri));
    let mut headers = vec![("accept", "application/json")];
    headers.extend(token.map(|token| ("authorization", token)));
    let answer = ask(http, &place, "GET", uri, &headers).await?;
    keys(&answer).ok_or_else(|| odd(&place, &answer, "give the container's task a role"))
}

/// Asks the instance's metadata for the keys of its role.
pub(super) async fn of_instance(
    http: &Http,
    endpoint: Option<&str>,
) -> Result<Credentials, Failure> {
    let endpoint = endpoint.unwrap_or(METADATA).trim_end_matches('/');
    let place = format!("the instance's metadata at `{}`", without_userinfo(endpoint));
    let uri = format!("{endpoint}/latest/api/token");
    let lasts = [("x-aws-ec2-metadata-token-ttl-seconds", "60")];
    let token = ask(http, &place, "PUT", &uri, &lasts).await?;
    let text = |answer: &AwsAnswer| {
        let text = std::str::from_utf8(&answer.body).ok()?.lines().next()?.trim().to_owned();
        (answer.status == 200 && !text.is_empty()).then_some(text)
    };
    let hint = "give the instance a role";
    let token = text(&token).ok_or_else(|| odd(&place, &token, hint))?;
    let headers = [("x-aws-ec2-metadata-token", token.as_str())];
    let roles = format!("{endpoint}/latest/meta-data/iam/security-credentials/");
    let role = ask(http, &place, "GET", &roles, &headers).await?;
    let role = text(&role).ok_or_else(|| odd(&place, &role, hint))?;
    let answer = ask(http, &place, "GET", &format!("{roles}{role}"), &headers).await?;
    keys(&answer).ok_or_else(|| odd(&place, &answer, hint))
}

async fn ask(
    http: &Http,
    place: &str,
    method: &str,
    uri: &str,
    headers: &[(&'static str, &str)],
) -> Result<AwsAnswer, Failure> {
    let request = request(method, uri, headers, None);
    let request = request
        .ok_or(Failure::BadPath { reason: "the address of an AWS provider is not a URL" })?;
    http.send(place, request).await
}

fn keys(answer: &AwsAnswer) -> Option<Credentials> {
    let given: ContainerCredentials =
        serde_json::from_slice(&answer.body).ok().filter(|_| answer.status == 200)?;
    let ends = given.expiration.and_then(|text| {
        DateTime::from_str(&text, DateTimeFormat::DateTimeWithOffset).ok()?.try_into().ok()
    });
    Some(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        given.token,
        ends,
        "container",
    ))
}

fn odd(place: &str, answer: &AwsAnswer, hint: &str) -> Failure {
    let reason = match answer.status {
        200 => "gave no keys".to_owned(),
        status => format!("answered {status} when asked for keys"),
    };
    Failure::BadAnswer { place: place.to_owned(), reason, hint: Some(hint.to_owned()) }
}

/// Whether keys may be asked for at this address, as the SDKs decide it: by TLS, or where no network is crossed.
fn may_be_asked(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else { return uri.starts_with("https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let loopback = || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    !authority.contains('@') && (PLAIN.contains(&host) || loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_asked_for_without_tls_only_where_no_network_is_crossed() {
        for uri in [
            "https://anywhere.example/keys",
            "http://169.254.170.2/v2/credentials/1",
            "http://127.0.0.1:51679/keys",
            "http://[::1]:80/keys",
            "http://[fd00:ec2::23]/v1/credentials",
        ] {
            assert!(may_be_asked(uri), "{uri}");
        }
        for uri in [
            "http://anywhere.example/keys",
            "http://169.254.170.2.example/keys",
            "http://169.254.170.2@anywhere.example/keys",
            "http://127.0.0.1.example/keys",
            "ftp://127.0.0.1/keys",
            "",
        ] {
            assert!(!may_be_asked(uri), "{uri}");
        }
    }
}
