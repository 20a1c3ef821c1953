//! Where a verb asks a store: whom it trusts and which way it goes stands in the manifest, whatever the libraries would find in
//! the environment.

use serde_json::json;

use super::{Nobody, with};
use crate::context::{ASK_ENVIRONMENT, TestContext, finish, path_text};
use crate::vault::stand_in::{Certificates, StandIn};

/// What names authorities to one library or another.
const AUTHORITIES: &str = "\
    SSL_CERT_FILE AWS_CA_BUNDLE VAULT_CACERT BAO_CACERT REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS";

/// What names other servers, or a way to them.
const ELSEWHERE: &str = "\
    HTTP_PROXY http_proxy HTTPS_PROXY https_proxy ALL_PROXY all_proxy VAULT_ADDR VAULT_AGENT_ADDR \
    VAULT_PROXY_ADDR VAULT_HTTP_PROXY BAO_ADDR AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SECRETS_MANAGER AWS_ENDPOINT_URL_STS \
    AWS_EC2_METADATA_SERVICE_ENDPOINT AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// Every verb that asks a store, with the number of stores that it asks.
const VERBS: [(&[&str], usize); 8] = [
    (&["run", "server"], 2),
    (&["secret", "test", "server"], 2),
    (&["secret", "set", "local://wrapped", "--unwrap", "corp"], 1),
    (&["check", "--resolve"], 2),
    (&["doctor"], 2),
    (&["redact", "--server", "server", "--known"], 2),
    (&["tools", "server"], 2),
    (&["call", "server", "environment"], 2),
];

/// A user whose secrets are in two stores behind certificates of nobody's authority.
fn user(vault: &StandIn, aws: &StandIn) -> TestContext {
    let tables = format!(
        "[servers.server.secrets]\nONE = \"corp://secret/app#key\"\nTWO = \"awssm://app\"\n\
         [providers.corp]\ntype = \"vault\"\naddress = \"{}\"\nauth = {{ method = \"token\", token = \"local://token\" }}\n\
         [providers.awssm]\ntype = \"awssm\"\nregion = \"eu-central-1\"\nendpoint = \"{}\"\n\
         access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\nsecret_access_key = \"local://key\"\n",
        vault.address, aws.address
    );
    let user = TestContext::with_example("echo_server", &[], &tables);
    user.set_secret("local://token", &vault.root);
    user.set_secret("local://key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    user
}

#[test]
fn no_verb_that_asks_a_store_takes_an_authority_or_a_way_from_the_environment() {
    let (tls, nobody) = (Certificates::new(), Nobody::new());
    let [vault, aws] = ["vault", "aws"].map(|server| StandIn::certified(server, &tls));
    vault.write("secret/data/app", &json!({"data": {"key": "canary-of-vault"}}));
    aws.tell(&json!({"do": "put", "name": "app", "value": "canary-of-aws"}));
    let user = user(&vault, &aws);
    let (authority, url) = (path_text(&tls.path("authority.pem")), nobody.url());
    let authorities = AUTHORITIES.split(' ').map(|name| (name, authority.as_str()));
    let elsewhere = ELSEWHERE.split(' ').map(|name| (name, url.as_str()));
    let hostile: Vec<_> = authorities.chain(elsewhere).collect();
    for (verb, stores) in VERBS {
        let outcome = finish(with(&mut user.command(verb), &hostile), ASK_ENVIRONMENT.as_bytes());
        let said = outcome.everything();
        assert!(!said.contains("canary"), "{said}");
        let refused = said.matches("is not trusted").count();
        assert!(refused >= stores, "{verb:?} believed the environment: {said}");
        nobody.assert_unreached(&format!("{verb:?}: an address"));
    }
    assert!(aws.state()["requests"].as_array().is_some_and(Vec::is_empty));
}
