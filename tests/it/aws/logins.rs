//! As whom hushpipe logs in: what the manifest and `~/.aws` say, nothing of the environment unasked, and what is said when
//! it cannot.

use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::server::{
    assert_wrong, aws_file, config, credentials, refused, server, tested, tested_with,
};
use crate::context::{TestContext, finish, path_text, write_private};
use crate::fixture;
use crate::process::{runs, signal, wait_until_gone};

const TOKEN: &str = "TOKEN = \"awssm://mcp/token\"";

/// Every secret was fetched.
fn assert_fetched(lines: &[Value]) {
    for line in lines {
        assert_eq!(line["failure"], Value::Null, "{line}");
    }
}

/// Keys of a user as lines of a profile.
fn keys(user: &str) -> String {
    let (id, secret) = server().keys(user);
    format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}

/// A program of the user's own.
fn program(person: &TestContext, name: &str, text: &str) -> String {
    let path = person.home().join(name);
    write_private(&path, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("executable");
    path_text(&path)
}

#[test]
fn a_profile_gives_keys_a_role_and_a_region() {
    let role = server().text("/role");
    let person = server().stranger("profile = \"work\"", TOKEN);
    credentials(&person, &format!("[base]\n{}", keys("reader")));
    config(
        &person,
        &format!(
            "[profile work]\nregion = eu-central-1\nrole_arn = {role}\nsource_profile = base\n"
        ),
    );
    assert_fetched(&tested(&person));
    let person = server().stranger("profile = \"none\"", TOKEN);
    let (failure, outcome) = refused(&person);
    assert!(failure.contains("profile `none` in "), "{failure}");
    assert!(outcome.stderr.contains("`aws configure --profile none`"), "{}", outcome.stderr);
}

#[test]
fn keys_of_the_manifest_are_references_and_a_role_stands_on_top() {
    let (id, secret) = server().keys("reader");
    let settings = format!(
        "region = \"eu-central-1\"\naccess_key_id = \"{id}\"\nsecret_access_key = \"local://aws\"\nrole_arn = \"{}\"",
        server().text("/role")
    );
    let person = server().stranger(&settings, TOKEN);
    person.set_secret("local://aws", secret);
    assert_fetched(&tested(&person));
    let person = server().stranger(&settings, TOKEN);
    let (failure, _) = refused(&person);
    assert!(
        failure.starts_with("its login needs `secret_access_key` from `local://aws`: "),
        "{failure}"
    );
}

#[test]
fn one_table_is_for_all_three_schemes_and_none_of_them_can_log_in_with_itself() {
    let (id, _) = server().keys("reader");
    let settings = format!(
        "region = \"eu-central-1\"\naccess_key_id = \"{id}\"\nsecret_access_key = \"awsssm://key\""
    );
    assert_wrong(
        &server().stranger(&settings, TOKEN),
        "providers log in with each other: `awsssm` → `awsssm`",
    );
}

#[test]
fn a_credential_process_runs_without_a_shell_and_without_our_environment() {
    let (id, secret) = server().keys("reader");
    let person = server().stranger("", TOKEN);
    let answer = format!(r#"{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"{secret}"}}"#);
    let script = format!(
        "#!/bin/sh\nenv > \"$HOME/seen\"\necho canary-stderr >&2\nprintf '%s' \"$1\" > \"$HOME/argument\"\necho '{answer}'\n"
    );
    let path = program(&person, "keys", &script);
    config(
        &person,
        &format!("[default]\nregion = eu-central-1\ncredential_process = {path} 'a b;$(x)'\n"),
    );
    let hostile = [("AWS_SESSION_TOKEN", "x"), ("LD_PRELOAD", ""), ("GREETING", "hello")];
    assert_fetched(&tested_with(&person, &hostile));
    let seen = std::fs::read_to_string(person.home().join("seen")).expect("it ran");
    assert!(seen.contains("HOME=") && seen.contains("PATH="), "{seen}");
    assert!(!seen.contains("AWS_") && !seen.contains("GREETING"), "{seen}");
    let argument = std::fs::read_to_string(person.home().join("argument")).expect("it ran");
    assert_eq!(argument, "a b;$(x)");
    program(&person, "keys", "#!/bin/sh\necho canary-stderr >&2\nexit 3\n");
    let (failure, _) = refused(&person);
    assert!(
        failure.contains("the `credential_process` of the profile `default` ended with 3"),
        "{failure}"
    );
    program(&person, "keys", "#!/bin/sh\necho canary-output\n");
    let (failure, _) = refused(&person);
    assert!(failure.ends_with("prints no keys"), "{failure}");
}

/// It is no part of the server's tree, which the guard ends.
#[test]
fn a_credential_process_ends_with_us_even_when_we_are_killed() {
    let person = server().stranger("", TOKEN);
    let path = program(&person, "keys", "#!/bin/sh\necho $$ > \"$HOME/pid\"\nexec sleep 300\n");
    config(&person, &format!("[default]\nregion = eu-central-1\ncredential_process = {path}\n"));
    let session = person.start();
    let pid = loop {
        let written = std::fs::read_to_string(person.home().join("pid")).unwrap_or_default();
        if let Some(Ok(pid)) = written.strip_suffix('\n').map(str::parse) {
            break pid;
        }
        assert!(runs(session.pid()), "hushpipe ended");
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(runs(pid));
    signal(session.pid(), Signal::SIGKILL);
    wait_until_gone(&[pid]);
}

/// The end of a wrapper alone would leave what it started.
#[test]
fn a_credential_process_that_is_late_is_ended_with_all_that_it_started() {
    let person = server().stranger("", TOKEN);
    for rest in ["wait", "exit 0"] {
        let script = format!("#!/bin/sh\nsleep 300 &\necho $! > \"$HOME/pid\"\n{rest}\n");
        let path = program(&person, "keys", &script);
        config(
            &person,
            &format!("[default]\nregion = eu-central-1\ncredential_process = {path}\n"),
        );
        let lines = tested(&person);
        let failure = lines[0]["failure"].as_str().expect("it was late");
        assert!(failure.contains("within 5000 ms"), "{failure}");
        let pid = std::fs::read_to_string(person.home().join("pid")).expect("it ran");
        wait_until_gone(&[pid.trim().parse().expect("a number")]);
    }
}

#[test]
fn wrong_keys_are_told_apart_without_showing_them() {
    let (id, secret) = server().keys("reader");
    for (id, secret, words) in [
        (id, "wrong", "does not accept the secret access key of the profile `default`"),
        ("AKIAWRONGWRONGWRONG1", secret, "does not know the access key of the profile `default`"),
    ] {
        let person = server().person("reader", TOKEN);
        credentials(
            &person,
            &format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"),
        );
        let (failure, outcome) = refused(&person);
        assert!(failure.contains(words), "{failure}");
        assert_eq!(outcome.code, Some(77), "{}", outcome.stderr);
    }
}

#[test]
fn what_no_header_can_hold_is_no_key() {
    let person = server().person("reader", TOKEN);
    let key = "[default]\naws_access_key_id = AKIA\u{1}X\naws_secret_access_key = canary-key\n";
    credentials(&person, key);
    let words = "the access key of the profile `default` contains characters that are not allowed";
    assert_eq!(refused(&person).0, words);
    let answer = r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"k","SessionToken":"a\\nb"}"#;
    let path = program(&person, "keys", &format!("#!/bin/sh\nprintf '%b' '{answer}'\n"));
    config(&person, &format!("[default]\nregion = eu-central-1\ncredential_process = {path}\n"));
    credentials(&person, "");
    assert_eq!(refused(&person).0, words);
}

#[test]
fn without_credentials_or_a_region_it_is_said_what_was_looked_at() {
    let person = server().stranger("region = \"eu-central-1\"", TOKEN);
    let (failure, outcome) = refused(&person);
    assert!(
        failure.starts_with(
            "there are no AWS credentials: hushpipe looked at the manifest and the profile `default` of "
        ),
        "{failure}"
    );
    assert!(outcome.stderr.contains("`[providers.awssm]`"), "{}", outcome.stderr);
    let person = server().stranger("", TOKEN);
    credentials(&person, &format!("[default]\n{}", keys("reader")));
    let (failure, outcome) = refused(&person);
    assert!(
        failure.contains("no region is set") && failure.contains("`region = \"…\"`"),
        "{failure}"
    );
    assert_eq!(outcome.code, Some(78), "{}", outcome.stderr);
    // An ARN has one.
    let arn = server().arn("mcp/token");
    let person = server().stranger("", &format!("TOKEN = \"awssm://{arn}\""));
    credentials(&person, &format!("[default]\n{}", keys("reader")));
    assert_fetched(&tested(&person));
}

#[test]
fn the_environment_counts_only_where_the_manifest_lets_it() {
    let (id, secret) = server().keys("reader");
    let endpoint = server().text("/endpoint");
    let variables = [
        ("AWS_ACCESS_KEY_ID", id),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    let person = server().stranger("", TOKEN);
    let line = &tested_with(&person, &variables)[0];
    assert!(line["failure"].as_str().expect("refused").contains("no region is set"), "{line}");
    let tables = format!(
        "[providers.awssm]\ntype = \"awssm\"\nfrom_env = true\n[servers.server.secrets]\n{TOKEN}\n"
    );
    let person = TestContext::with_example("echo_server", &[], &tables);
    assert_fetched(&tested_with(&person, &variables));
    // Someone else's endpoint, profile and files are not even looked at.
    let person = server().person("reader", TOKEN);
    let hostile = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9"),
        ("AWS_PROFILE", "evil"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAEVIL"),
        ("AWS_SECRET_ACCESS_KEY", "evil"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("http_proxy", "http://127.0.0.1:9"),
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("SSL_CERT_FILE", "/nonexistent"),
    ];
    assert_fetched(&tested_with(&person, &hostile));
    let mut run = person.command(["run", "server"]);
    run.envs(hostile);
    let outcome = finish(run, b"");
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
}

/// A user with these settings, in which `TOKEN_FILE` is a file that is not there yet.
fn with_token_file(settings: &str) -> (TestContext, std::path::PathBuf) {
    let person = server().stranger(settings, TOKEN);
    let file = person.home().join("identity");
    let manifest = person.config().join("hushpipe.toml");
    let text = std::fs::read_to_string(manifest).expect("a manifest");
    person.write_manifest(&text.replace("TOKEN_FILE", &path_text(&file)));
    (person, file)
}

#[test]
fn a_web_identity_is_a_role_for_a_token_in_a_file() {
    let role = server().text("/role");
    let (person, file) = with_token_file(&format!(
        "region = \"eu-central-1\"\nrole_arn = \"{role}\"\nweb_identity_token_file = \"TOKEN_FILE\""
    ));
    let (failure, _) = refused(&person);
    assert!(failure.contains(&format!("`{}` was not found", file.display())), "{failure}");
    write_private(&file, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.");
    assert_fetched(&tested(&person));
    // What the table says goes before what the environment may add.
    let manifest = std::fs::read_to_string(person.config().join("hushpipe.toml")).expect("read");
    person.write_manifest(&manifest.replace("region =", "from_env = true\nregion ="));
    let others = [("AWS_ACCESS_KEY_ID", "AKIAOTHER"), ("AWS_SECRET_ACCESS_KEY", "other")];
    assert_fetched(&tested_with(&person, &others));
}

#[test]
fn a_container_logs_in_with_the_keys_that_its_agent_gives_for_a_token() {
    let endpoint = server().text("/endpoint");
    let (person, file) = with_token_file(&format!(
        "region = \"eu-central-1\"\ncredentials = \"container\"\ncontainer_uri = \"{endpoint}/agent\"\n\
         container_token_file = \"TOKEN_FILE\""
    ));
    write_private(&file, "wrong");
    let (failure, _) = refused(&person);
    assert!(failure.contains("answered 401 when asked for keys"), "{failure}");
    write_private(&file, "canary-of-the-agent\n");
    assert_fetched(&tested(&person));
    assert_eq!(person.run(&["run", "server"], "").code, Some(0));
}

#[test]
fn an_instance_logs_in_with_the_keys_of_its_role() {
    let metadata = format!("{}/metadata", server().text("/endpoint"));
    let person = server().stranger(
        &format!("region = \"eu-central-1\"\ncredentials = \"instance\"\ninstance_endpoint = \"{metadata}\""),
        TOKEN,
    );
    assert_fetched(&tested(&person));
    assert_eq!(person.run(&["run", "server"], "").code, Some(0));
}

#[test]
fn a_container_and_an_instance_are_asked_only_when_the_manifest_says_so() {
    let endpoint = server().text("/endpoint");
    // moto's metadata gives keys that its own policies do not know, so who was asked is seen in who is refused.
    let instance = format!(
        "region = \"eu-central-1\"\ncredentials = \"instance\"\ninstance_endpoint = \"{endpoint}\""
    );
    let (failure, _) = refused(&server().stranger(&instance, TOKEN));
    assert!(failure.contains("does not know the access key of this instance"), "{failure}");
    let agent = format!("{endpoint}/latest/meta-data/iam/security-credentials/default-role");
    let container = format!(
        "region = \"eu-central-1\"\ncredentials = \"container\"\ncontainer_uri = \"{agent}\""
    );
    let (failure, _) = refused(&server().stranger(&container, TOKEN));
    assert!(failure.contains("does not know the access key of this container"), "{failure}");
    let elsewhere = "region = \"eu-central-1\"\ncredentials = \"container\"\ncontainer_uri = \"http://keys.example/\"";
    let (failure, _) = refused(&server().stranger(elsewhere, TOKEN));
    assert!(failure.contains("container credentials must come over `https`"), "{failure}");
}

#[test]
fn an_sso_session_that_has_ended_says_what_to_run() {
    let person = server().stranger("profile = \"work\"", TOKEN);
    config(
        &person,
        "[profile work]\nregion = eu-central-1\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\n\
         [sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-central-1\n",
    );
    let run = "ask the user to run `aws sso login --profile work`";
    let (failure, outcome) = refused(&person);
    assert_eq!(
        failure,
        "the SSO session `corp` of the profile `work` is not open: nobody has logged in"
    );
    assert!(outcome.stderr.contains(run), "{}", outcome.stderr);
    let login = |ends: &str| {
        format!(
            r#"{{"startUrl":"https://corp.example/start","region":"eu-central-1","accessToken":"canary-sso","expiresAt":"{ends}"}}"#
        )
    };
    aws_file(&person, "sso/cache/0123.json", &login("2020-01-01T00:00:00Z"));
    let (failure, outcome) = refused(&person);
    assert_eq!(failure, "the SSO session `corp` of the profile `work` is not open: it has expired");
    assert!(outcome.stderr.contains(run), "{}", outcome.stderr);
}

#[test]
fn a_certificate_of_nobody_is_not_trusted_until_the_manifest_names_its_authority() {
    let (tls, authority) = (server().text("/tls"), server().text("/authority"));
    let person = |settings: &str| {
        let tables = format!(
            "[providers.awssm]\ntype = \"awssm\"\nregion = \"eu-central-1\"\nendpoint = \"{tls}\"\n{settings}\n\
             [servers.server.secrets]\n{TOKEN}\n"
        );
        let person = TestContext::with_example("echo_server", &[], &tables);
        credentials(&person, &format!("[default]\n{}", keys("reader")));
        person
    };
    let (failure, outcome) = refused(&person(""));
    assert!(
        failure.contains(
            "is not trusted: its certificate is signed by an authority that this machine does not know"
        ),
        "{failure}"
    );
    assert!(outcome.stderr.contains("`ca_file = \"/path\"`"), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(69), "{}", outcome.stderr);
    assert_fetched(&tested(&person(&format!("ca_file = \"{authority}\""))));
    let (failure, _) = refused(&person("ca_file = \"/dev/null\""));
    assert!(failure.contains("is not a regular file"), "{failure}");
    let text = path_text(&fixture::repository().join("README.md"));
    let (failure, _) = refused(&person(&format!("ca_file = \"{text}\"")));
    assert!(failure.contains("contains no PEM certificates"), "{failure}");
}

#[test]
fn an_endpoint_where_nobody_listens_is_unreachable() {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let endpoint = format!("http://{}", port.expect("a port that was free"));
    let tables = format!(
        "[providers.awssm]\ntype = \"awssm\"\nregion = \"eu-central-1\"\nendpoint = \"{endpoint}\"\n\
         [servers.server.secrets]\n{TOKEN}\nOTHER = \"awssm://mcp/json\"\n"
    );
    let person = TestContext::with_example("echo_server", &[], &tables);
    credentials(&person, &format!("[default]\n{}", keys("reader")));
    let (failure, outcome) = refused(&person);
    assert_eq!(
        failure,
        format!("Secrets Manager at `{endpoint}` could not be reached: connection refused")
    );
    assert_eq!(outcome.code, Some(69), "{}", outcome.stderr);
}
