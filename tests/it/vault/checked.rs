//! The stand-in for a Vault server, as clients see it that others made: what they cannot read, no test of ours can be right
//! about.

use std::process::Command;

use crate::fixture;

#[test]
fn hvac_finds_the_stand_in_to_be_a_vault_server() {
    fixture::clients();
    let mut check = Command::new(fixture::folder().join("vault/bin/python"));
    check.args(["-B", "-m", "unittest", "check"]);
    check.current_dir(fixture::repository().join("tests/fixture/vault"));
    let outcome = check.output().expect("python runs");
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success() && said.contains("Ran 12 tests"), "{said}");
}

#[cfg(feature = "vault")]
mod by_vaultrs {
    use std::collections::HashMap;

    use serde_json::{Value, json};
    use vaultrs::api::kv2::responses::SecretVersionMetadata;
    use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};
    use vaultrs::{auth, kv1, kv2, sys, token};

    use crate::vault::stand_in::{Certificates, StandIn};

    fn client(address: &str, token: &str, authority: Vec<String>) -> VaultClient {
        // Somebody else may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut settings = VaultClientSettingsBuilder::default();
        settings.address(address).token(token).ca_certs(authority).verify(true).identity(None);
        VaultClient::new(settings.build().unwrap()).unwrap()
    }

    fn run(asking: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(asking);
    }

    #[test]
    fn vaultrs_reads_what_the_stand_in_answers() {
        let stand_in = StandIn::start();
        stand_in.write("sys/mounts/old", &json!({"type": "kv", "options": {"version": "1"}}));
        let client = client(&stand_in.address, &stand_in.root, Vec::new());
        let value = HashMap::from([("key".to_owned(), "value".to_owned())]);
        run(async {
            let set: SecretVersionMetadata =
                kv2::set(&client, "secret", "app", &value).await.unwrap();
            assert_eq!(set.version, 1);
            let read: HashMap<String, String> =
                kv2::read_version(&client, "secret", "app", 1).await.unwrap();
            assert_eq!(read, value);
            kv1::set(
                &client,
                "old",
                "app",
                &value.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
            )
            .await
            .unwrap();
            let read: HashMap<String, String> = kv1::get(&client, "old", "app").await.unwrap();
            assert_eq!(read, value);
            let mounts = sys::mount::list(&client).await.unwrap();
            assert_eq!(mounts["old/"].mount_type, "kv");
            assert!(!sys::health(&client).await.unwrap().sealed);
            let made = token::new(&client, None).await.unwrap();
            assert_eq!(
                token::lookup(&client, &made.client_token).await.unwrap().id,
                made.client_token
            );
            token::revoke(&client, &made.client_token).await.unwrap();
            assert!(token::lookup(&client, &made.client_token).await.is_err());
        });
    }

    #[test]
    fn vaultrs_logs_in_and_unwraps_over_tls() {
        let tls = Certificates::new();
        let stand_in = StandIn::behind(&tls);
        stand_in.write("sys/auth/approle", &json!({"type": "approle"}));
        stand_in.write("auth/approle/role/app", &json!({"role_id": "role", "token_ttl": "20m"}));
        let secret_id = stand_in.write("auth/approle/role/app/secret-id", &json!({}));
        let secret_id = secret_id["data"]["secret_id"].as_str().unwrap().to_owned();
        let authority = vec![tls.path("authority.pem").display().to_string()];
        let client = client(&stand_in.address, "", authority);
        let wrapped = stand_in.tell(&json!({
            "do": "request", "path": "sys/wrapping/wrap", "body": {"key": "value"}, "wrap": "60s",
        }));
        let wrapped = wrapped["body"]["wrap_info"]["token"].as_str().unwrap();
        run(async {
            let made = auth::approle::login(&client, "approle", "role", &secret_id).await.unwrap();
            assert_eq!((made.lease_duration, made.policies), (1200, vec!["default".to_owned()]));
            let held: Value = sys::wrapping::unwrap(&client, Some(wrapped)).await.unwrap();
            assert_eq!(held, json!({"key": "value"}));
            let again = sys::wrapping::unwrap::<Value>(&client, Some(wrapped)).await;
            assert!(again.is_err());
        });
    }
}
