//! What settings and references become, without a server.

use super::*;
use crate::provider::{ProviderConfig, Providers};
use crate::sys::env::OwnEnv;
use crate::sys::path::Paths;

/// Checks a reference against the provider `corp`, whose table is `type = "vault"` and this.
fn check(table: &str, reference: &str, env: &[(&str, &str)]) -> Result<(), String> {
    let table = format!("[corp]\ntype = \"vault\"\n{table}");
    let named = toml::from_str(&table).map_err(|error| error.message().to_owned())?;
    let env = OwnEnv::of(env.iter().copied());
    let paths = Paths::below("/home/me".as_ref());
    let providers = Providers::new(&named, &env, &paths);
    providers.check(&reference.parse().expect(reference)).map(drop).map_err(|e| e.to_string())
}

const ADDRESS: &str = "address = \"https://vault.example:8200\"";

#[test]
fn a_reference_is_a_mount_and_a_path() {
    for reference in
        ["corp://kv/a#f", "corp://kv/a/b/c", "corp://kv/a?version=3#f", "corp://database/creds/ro"]
    {
        assert_eq!(check(ADDRESS, reference, &[]), Ok(()), "{reference}");
    }
    for (reference, expected) in [
        ("corp://kv", "is a mount and a path"),
        ("corp://kv/", "is a mount and a path"),
        ("corp:///kv/a", "is a mount and a path"),
        ("corp://kv//a", "is a mount and a path"),
        ("corp://kv/../sys/x", "is a mount and a path"),
        ("corp://kv/%2e%2e/x", "is a mount and a path"),
        ("corp://kv/a%0ab", "control characters"),
        ("corp://sys/mounts", "contain no secrets"),
        ("corp://auth/token/lookup-self", "contain no secrets"),
        ("corp://kv/a?version=0", "is a number from 1"),
        ("corp://kv/a?version=new", "is a number from 1"),
        ("corp://kv/a?stage=x", "cannot have `?stage=`"),
    ] {
        let said = check(ADDRESS, reference, &[]).expect_err(reference);
        assert!(said.contains(expected), "{reference}: {said}");
    }
    let old = format!("{ADDRESS}\nkv = 1");
    let said = check(&old, "corp://kv/a?version=2", &[]).expect_err("no versions");
    assert!(said.contains("only KV version 2 keeps versions"), "{said}");
}

#[test]
fn settings_that_cannot_work_are_named() {
    for (table, expected) in [
        ("", "set the server's address"),
        ("address = \"https://me:pw-canary@vault.example\"", "expected an address such as"),
        ("address = \"vault.example:8200\"", "expected an address such as"),
        ("address = \"ftp://vault.example\"", "expected an address such as"),
        ("client_cert = \"/c.pem\"", "go together"),
        ("ca_cert = \"ca.pem\"", "must be absolute"),
        ("tls_server_name = \"127.0.0.1\"", "must be a host name"),
        ("namespace = \"a\\nb\"", "contains characters that are not allowed"),
        ("child_token = { ttl = \"soon\" }", "like `15m`"),
        ("child_token = \"pw-canary\"", "expected `true`, `false` or a table"),
        ("kv = 3", "expected `1`, `2` or a table of mounts"),
        ("auth = { method = \"cert\" }", "needs `client_cert`, `client_key` and `https`"),
        ("auth = { method = \"pw-canary\" }", "expected one of `token`, `approle`"),
        ("auth = { method = \"token\", token = \"pw-canary\" }", "never the secret itself"),
        (
            "auth = { method = \"approle\", role_id = \"r\", secret_id = \"pw-canary\" }",
            "never the secret itself",
        ),
        ("auth = { method = \"userpass\", username = \"me\" }", "missing field `password`"),
        (
            "auth = { method = \"approle\", role_id = \"r\", secret = \"pw-canary\" }",
            "unknown field `secret`",
        ),
        ("adress = \"pw-canary\"", "unknown field `adress`"),
    ] {
        let table = if table.contains("address") || table.is_empty() {
            table.to_owned()
        } else {
            format!("{ADDRESS}\n{table}")
        };
        let said = check(&table, "corp://kv/a", &[]).expect_err(&table);
        assert!(said.contains(expected) && !said.contains("pw-canary"), "{table}: {said}");
    }
    for table in [
        "auth = { method = \"token\" }",
        "auth = { method = \"kubernetes\", role = \"mcp\" }",
        "auth = { method = \"jwt\", mount = \"ci\", role = \"mcp\", jwt = \"file:///run/ci/token\" }",
        "auth = { method = \"ldap\", username = \"me\", password = \"keychain://ldap\" }",
        "kv = \"2\"",
        "kv = { \"team/kv\" = 2, old = \"1\" }",
        "child_token = true",
        "child_token = { ttl = \"5m\", policies = [\"read\"] }",
    ] {
        assert_eq!(check(&format!("{ADDRESS}\n{table}"), "corp://kv/a", &[]), Ok(()), "{table}");
    }
}

#[test]
fn the_environment_counts_only_where_the_manifest_says_so() {
    let env = [("VAULT_ADDR", "https://elsewhere.example")];
    assert!(check("", "corp://kv/a", &env).is_err());
    assert!(check("from_env = false", "corp://kv/a", &env).is_err());
    assert_eq!(check("from_env = true", "corp://kv/a", &env), Ok(()));
    let wrong = [("VAULT_ADDR", "canary"), ("BAO_ADDR", "https://elsewhere.example")];
    assert_eq!(
        check("from_env = true", "corp://kv/a", &wrong),
        Ok(()),
        "OpenBao's name goes first"
    );
    let said = check("from_env = true", "corp://kv/a", &wrong[..1]).expect_err("no address");
    assert!(said.contains("`VAULT_ADDR` is not an address") && !said.contains("canary"), "{said}");
}

#[test]
fn what_it_logs_in_with_is_known_and_a_cycle_is_shown() {
    let table = format!(
        "{ADDRESS}\nauth = {{ method = \"approle\", role_id = \"r\", secret_id = \"corp://kv/id#id\" }}"
    );
    let said = check(&table, "corp://kv/a", &[]).expect_err("a cycle");
    assert_eq!(said, "providers log in with each other: `corp` → `corp`");
    let table = table.replace("corp://kv/id#id", "local://no/such?key=1");
    let said = check(&table, "corp://kv/a", &[]).expect_err("a wrong reference");
    assert!(said.contains("its login needs `auth.secret_id`"), "{said}");
}

#[test]
fn a_name_of_its_own_needs_settings_and_is_built_in_under_its_type() {
    let config: Result<ProviderConfig, _> = toml::from_str("type = \"vault\"");
    assert!(config.expect("a table").configures(&KIND));
}
