//! What manifests mean, and what each mistake says.

use std::path::Path;

use super::super::error::Error;
use super::*;
use crate::runner::Package;
use crate::secret::{Delivery, SecretRequest};

fn read(text: &str, level: Level, profile: Option<&str>) -> Result<Contents, Error> {
    let source = Source::of(Path::new("m.toml"), text.into()).expect("UTF-8");
    contents(&source, level, profile)
}

/// The server `x` of a user manifest with these lines under `[servers.x]`.
fn server(lines: &str) -> Server {
    let text = format!("version = 1\n[servers.x]\n{lines}");
    let mut contents = read(&text, Level::User, None).unwrap_or_else(|error| panic!("{error}"));
    contents.servers.remove("x").expect("there")
}

/// What a report says of these lines under `[servers.x]`.
fn report_at(lines: &str, level: Level) -> String {
    let text = format!("version = 1\n[servers.x]\n{lines}");
    let error = read(&text, level, None).expect_err(lines);
    crate::error::Error::from(error).report()
}

fn report(lines: &str) -> String {
    report_at(lines, Level::User)
}

fn whole(text: &str) -> String {
    crate::error::Error::from(read(text, Level::User, None).expect_err(text)).report()
}

#[test]
fn a_server_with_everything() {
    let server = server(
        r#"
        npm = "@modelcontextprotocol/server-github@2025.4.8"
        bin = "mcp-server-github"
        runtime = "/opt/node/bin/node"
        args = ["--read-only", "--header", "X: ${TOKEN}"]
        cwd = "/work"
        grace = "800ms"
        drain = "2m"
        frame_limit = "1MiB"
        integrity = "full"
        [servers.x.secrets]
        B = "local://b"
        A = { ref = "env://A", deliver = "file" }
        "U,P" = { ref = "local://db", fields = ["user.name", "password"] }
        V = { provider = "local", path = "a b", version = 3, field = "k" }
        R = { ref = "env://REGION", sensitive = false, default = "eu" }
        NODE_OPTIONS = "local://n"
        [servers.x.env]
        LOG = "info"
        URL = "https://example.com/a"
        pass = ["HTTPS_PROXY", "MY_*"]
        dangerously_pass = ["NODE_OPTIONS"]
        "#,
    );
    assert!(matches!(&server.package, Package::Npm(npm)
        if npm.name == "@modelcontextprotocol/server-github" && npm.version.to_string() == "2025.4.8"));
    assert_eq!(server.bin.as_deref(), Some("mcp-server-github"));
    assert_eq!(server.runtime.as_deref(), Some(Path::new("/opt/node/bin/node")));
    assert_eq!(server.args.len(), 3);
    assert_eq!(server.grace, Duration::from_millis(800));
    assert_eq!(server.drain, Duration::from_secs(120));
    assert_eq!(server.frame_limit, 1 << 20);
    assert_eq!(server.lock_path(), Path::new("hushpipe.lock"));
    assert_eq!(server.env.plain.len(), 2);
    assert_eq!(server.env.pass, ["HTTPS_PROXY", "MY_*"]);
    assert_eq!(server.env.dangerously_pass, ["NODE_OPTIONS"]);

    let line = |secret: &SecretRequest| {
        let all: Vec<_> =
            secret.per_variable().map(|(name, place)| format!("{name}={place}")).collect();
        all.join(" ")
    };
    let lines: Vec<_> = server.secrets.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "B=local://b",
            "A=env://A",
            "U=local://db#user.name P=local://db#password",
            "V=local://a%20b?version=3#k",
            "R=env://REGION",
            "NODE_OPTIONS=local://n",
        ]
    );
    assert_eq!(server.secrets[1].deliver, Delivery::File);
    assert!(!server.secrets[4].sensitive);
    assert_eq!(server.secrets[4].default.as_deref(), Some("eu"));
}

#[test]
fn a_server_with_little_has_the_defaults() {
    let server = server("command = [\"node\", \"/x/index.js\"]");
    assert_eq!(server.package, Package::Command(vec!["node".into(), "/x/index.js".into()]));
    assert_eq!((server.grace, server.drain, server.frame_limit), (GRACE, DRAIN, FRAME_LIMIT));
    assert_eq!(server.cwd, super::super::Cwd::Client);
    assert!(server.secrets.is_empty() && server.env.plain.is_empty());
}

#[test]
fn a_report_has_the_place_the_line_and_the_nearest_key() {
    assert_eq!(
        report("npm = \"a@1.0.0\"\nsecrts = {}"),
        "hushpipe: error: unknown key `secrts`\n\
         hushpipe: cause: m.toml:4:1: secrts = {}\n\
         hushpipe: hint: did you mean `secrets`?\n"
    );
}

#[test]
fn every_mistake_of_meaning_is_reported_at_once_in_the_order_of_the_file() {
    assert_eq!(
        report("npm = \"mcp-x@^1.2.3\"\ncwd = \"here\"\ngrace = \"soon\""),
        "hushpipe: error: `mcp-x` has no exact version\n\
         hushpipe: error: `cwd` takes an absolute path or `client`\n\
         hushpipe: error: `grace` takes a time from 0s to 1h, such as `1.5s`, `800ms` or `2m`\n\
         hushpipe: cause: m.toml:3:7: npm = \"mcp-x@^1.2.3\"\n\
         hushpipe: cause: m.toml:4:7: cwd = \"here\"\n\
         hushpipe: cause: m.toml:5:9: grace = \"soon\"\n\
         hushpipe: hint: write `mcp-x@1.2.3`\n"
    );
}

#[test]
fn a_version_is_exact_or_the_error_says_what_to_write() {
    for (asked, hint) in [
        ("@^1.2.3", "write `m@1.2.3`"),
        ("@~1.2.3", "write `m@1.2.3`"),
        ("@v1.2.3", "write `m@1.2.3`"),
        ("@>=1.2.3 <2.0.0", "write `m@1.2.3`"),
        ("@1.2.3-rc.1+build", "write `m@1.2.3-rc.1`"),
        ("@1.2", "`npm view m@1.2 version` shows it; write `m@VERSION`"),
        ("@1.x", "`npm view m@1.x version` shows it; write `m@VERSION`"),
        ("@latest", "`npm view m@latest version` shows it; write `m@VERSION`"),
        ("@", "`npm view m version` shows it; write `m@VERSION`"),
        ("", "`npm view m version` shows it; write `m@VERSION`"),
    ] {
        let report = report(&format!("npm = \"m{asked}\""));
        assert!(report.contains("error: `m` has no exact version\n"), "{report}");
        assert!(report.ends_with(&format!("hint: {hint}\n")), "{asked}: {report}");
    }
    for foreign in [
        "npm:m@1.0.0",
        "git+ssh://h/m",
        "file:../m",
        "https://h/m.tgz",
        "a/b@1.0.0",
        "m@npm:x@1.0.0",
        "",
    ] {
        let report = report(&format!("npm = \"{foreign}\""));
        assert!(report.contains("takes a package of the registry"), "{foreign}: {report}");
    }
}

#[test]
fn structure_is_judged_without_showing_values() {
    for (text, message) in [
        ("", "the key `version` is missing"),
        ("version = 2\nnew_key = 1", "manifest version 2 is not one that this hushpipe reads"),
        ("version = \"one\"", "expected a whole number, found a string"),
        ("version = 1\n[server.x]", "unknown key `server`"),
        (
            "version = 1\n[servers.x]\npypi = \"m==1\"",
            "`pypi` (PyPI packages): not in this version of hushpipe",
        ),
        ("version = 1\n[servers.x.policy]", "`policy` (policies): not in this version of hushpipe"),
        ("version = 1\n[servers.x]\nnpm = 7", "expected a string, found an integer"),
        ("version = 1\n[servers]\nx = \"hunter2\"", "expected a table, found a string"),
        ("version = 1\n[servers.x]\nargs = \"hunter2\"", "expected a list, found a string"),
        ("version = 1\n[servers.x]\nargs = [1234567]", "expected a string, found an integer"),
        ("version = 1\n[servers.x]\nintegrity = \"fats\"", "`fats` is not one of `fast`, `full`"),
        (
            "version = 1\n[servers.x.secrets]\nA = 1234567",
            "expected a reference in a string, or a table, found an integer",
        ),
        (
            "version = 1\n[servers.x.secrets]\nA = [\"hunter2\"]",
            "expected a reference in a string, or a table, found a list",
        ),
        ("version = 1\n[servers.x.secrets]\nA = { rf = \"hunter2\" }", "unknown key `rf`"),
        (
            "version = 1\n[servers.x.secrets]\nA = { deliver = \"stdin\" }",
            "`deliver = \"stdin\"`: not in this version of hushpipe",
        ),
        ("version = 1\n[servers.x.env]\nPIN = 1234567", "expected a string, found an integer"),
        (
            "version = 1\n[servers.x.env]\nA = { b = \"hunter2\" }",
            "expected a string, found a table",
        ),
        ("version = 1\n[servers.x.env]\nTOKEN = hunter2", "the manifest is not valid TOML: "),
        ("version = 1\n[servers.x.env]\nTOKEN = \"hunter2", "the manifest is not valid TOML: "),
        (
            "version = 1\n[servers.x.env]\nA = \"hunter2\"\nA = \"hunter2\"",
            "the manifest is not valid TOML: duplicate key",
        ),
    ] {
        let report = whole(text);
        assert!(report.starts_with(&format!("hushpipe: error: {message}")), "{text}: {report}");
        assert!(report.contains("\nhushpipe: cause: m.toml:"), "{text}: {report}");
        assert!(!report.contains("hunter2") && !report.contains("1234567"), "{text}: {report}");
    }
    assert!(whole("version = 1\n[servers.x.env]\nA = 1").contains("hint: put the value in quotes"));
}

/// Each of these lines makes a report that starts so, and that shows no value.
fn assert_reports<const N: usize>(cases: [(String, &str); N]) {
    for (lines, message) in cases {
        let report = report(&lines);
        assert!(report.starts_with(&format!("hushpipe: error: {message}")), "{lines}: {report}");
        assert!(!report.contains("hunter2"), "{lines}: {report}");
    }
}

fn npm(lines: &str) -> String {
    format!("npm = \"m@1.0.0\"\n{lines}")
}

#[test]
fn mistakes_in_packages_and_settings() {
    assert_reports([
        ("".into(), "server `x` needs exactly one of `npm`, `binary`, `command`, and has 0"),
        (
            npm("command = [\"a\"]"),
            "server `x` needs exactly one of `npm`, `binary`, `command`, and has 2",
        ),
        ("command = []".into(), "`command` is empty"),
        ("command = [\"\"]".into(), "`command` is empty"),
        ("command = [\"./a\"]".into(), "`command` takes an absolute path or the name of a program"),
        ("command = [\"a\", \"\\u0000\"]".into(), "`command` holds a NUL character"),
        ("command = [\"a\"]\nbin = \"b\"".into(), "`bin` is for `npm` servers"),
        (
            "binary = { path = \"a\", sha256 = \"1\" }".into(),
            "`path` takes an absolute path\nhushpipe: error: `sha256` takes 64",
        ),
        (npm("bin = \"../x\""), "`../x` cannot be the name of a program"),
        (npm("runtime = \"22\""), "choosing `runtime` by version: not in this version of hushpipe"),
        (npm("runtime = \"node\""), "`runtime` takes an absolute path"),
        (npm("frame_limit = \"1MB\""), "`frame_limit` takes a size"),
        (npm("frame_limit = 12"), "`frame_limit` takes a size"),
        (npm("args = [\"--token=op://v/i/hunter2\"]"), "`args` looks like a reference"),
    ]);
    assert!(
        whole("version = 1\n[servers.\"a b\"]\nnpm = \"m@1.0.0\"")
            .contains("`a b` cannot be the name of a server")
    );
}

#[test]
fn mistakes_in_variables_and_secrets() {
    assert_reports([
        (npm("env = { A = \"${hunter2}\" }"), "`A` looks like a reference"),
        (npm("env = { A = \"vault://hunter2\" }"), "`A` looks like a reference"),
        (npm("env = { \"A-B\" = \"hunter2\" }"), "`A-B` cannot be the name of a variable"),
        (npm("env = { LD_PRELOAD = \"hunter2\" }"), "variable `LD_PRELOAD` redirects a loader"),
        (npm("env = { PATH = \"hunter2\" }"), "variable `PATH` redirects a loader"),
        (npm("env = { A = [\"hunter2\"] }"), "expected a string, found a list"),
        (npm("env = { pass = \"NAME\" }"), "expected a list of names, found a string"),
        (npm("env = { pass = [\"LD_PRELOAD\"] }"), "variable `LD_PRELOAD` redirects a loader"),
        (npm("env = { pass = [\"A B\"] }"), "`A B` is not a pattern"),
        (npm("env = { dangerously_pass = [\"LD_*\"] }"), "`dangerously_pass` takes full names"),
        (npm("env = { presets = [\"python\"] }"), "`presets`: not in this version of hushpipe"),
        (npm("secrets = { A = \"hunter2\" }"), "secret `A`: a secret must be a reference"),
        (npm("secrets = { A = \"1x://hunter2\" }"), "secret `A`: the part before `://`"),
        (npm("secrets = { A = {} }"), "secret `A` needs either `ref`, or `provider` and `path`"),
        (
            npm("secrets = { A = { ref = \"local://hunter2\", path = \"b\" } }"),
            "secret `A` needs either `ref`",
        ),
        (
            npm("secrets = { A = { ref = \"local://a\", default = \"hunter2\" } }"),
            "secret `A` has a `default`",
        ),
        (npm("secrets = { \"A,B\" = \"local://hunter2\" }"), "secret `A,B` needs `fields`"),
        (
            npm("secrets = { \"A,B\" = { ref = \"local://x\", fields = [\"hunter2\"] } }"),
            "secret `A,B` needs `fields`",
        ),
        (
            npm("secrets = { A = { ref = \"local://x#f\", fields = [\"hunter2\"] } }"),
            "secret `A` needs `fields`",
        ),
        (npm("secrets = { BASH_ENV = \"local://hunter2\" }"), "variable `BASH_ENV` redirects"),
        (
            npm(
                "secrets = { A = \"local://a\", \"A,B\" = { ref = \"local://x\", fields = [\"a\", \"b\"] } }",
            ),
            "variable `A` is set twice",
        ),
        (
            npm("env = { A = \"hunter2\" }\nsecrets = { A = \"local://a\" }"),
            "variable `A` is set twice",
        ),
    ]);
}

#[test]
fn a_token_in_the_wrong_place_is_never_repeated() {
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    for lines in [
        format!("npm = \"{token}\""),
        format!("npm = \"m@{token}\""),
        format!("npm = \"m@1.0.0\"\n{token} = 1"),
        format!("npm = \"m@1.0.0\"\ncwd = \"{token}\""),
        format!("npm = \"m@1.0.0\"\nintegrity = \"{token}\""),
        format!("npm = \"m@1.0.0\"\nsecrets = {{ A = \"{token}\" }}"),
        format!("npm = \"m@1.0.0\"\nsecrets = {{ {token} = \"a\" }}"),
        format!("npm = \"m@1.0.0\"\nsecrets = {{ A = {{ deliver = \"{token}\" }} }}"),
        format!("npm = \"m@1.0.0\"\nenv = {{ pass = [\"{token}!\"] }}"),
        format!("npm = \"m@1.0.0\"\n{token}"),
        format!("npm = \"m@1.0.0\" # {token}\nargs = 1 # {token}"),
    ] {
        let report = report(&lines);
        assert!(!report.contains(&token[4..12]), "{lines}: {report}");
    }
}

#[test]
fn a_project_manifest_may_not_loosen() {
    for (lines, message) in [
        ("command = [\"a\"]", "`command` is for the user manifest, not for a project's"),
        ("npm = \"m@1.0.0\"\nruntime = \"/bin/sh\"", "`runtime` is for the user manifest"),
        (
            "npm = \"m@1.0.0\"\nenv = { dangerously_pass = [\"PATH\"] }",
            "`dangerously_pass` is for the user manifest",
        ),
        (
            "npm = \"m@1.0.0\"\nenv = { pass = [\"*\"] }",
            "`*` passes too much for a project manifest",
        ),
        (
            "npm = \"m@1.0.0\"\nenv = { pass = [\"A*\"] }",
            "`A*` passes too much for a project manifest",
        ),
        (
            "npm = \"m@1.0.0\"\nsecrets = { A = { ref = \"local://a\", sensitive = false } }",
            "`sensitive = false` is for the user manifest",
        ),
        (
            "npm = \"m@1.0.0\"\n[providers.corp]\ntype = \"file\"",
            "`providers` is for the user manifest",
        ),
    ] {
        let report = report_at(lines, Level::Project);
        assert!(report.starts_with(&format!("hushpipe: error: {message}")), "{lines}: {report}");
        read(&format!("version = 1\n[servers.x]\n{lines}"), Level::User, None)
            .unwrap_or_else(|error| panic!("the user may: {error}"));
    }
}

#[test]
fn a_profile_overrides_references_of_the_same_variables() {
    let text = r#"
        version = 1
        [servers.x]
        npm = "m@1.0.0"
        secrets = { A = "local://a", B = "local://b" }
        [profiles.staging.x]
        A = { ref = "env://A", deliver = "file" }
        "#;
    let base = read(text, Level::User, None).expect("valid");
    assert_eq!(base.servers["x"].secrets[0].reference.to_string(), "local://a");
    assert_eq!(base.profiles, ["staging"]);
    let staging = read(text, Level::User, Some("staging")).expect("valid");
    let secrets = &staging.servers["x"].secrets;
    assert_eq!(secrets[0].reference.to_string(), "env://A");
    assert_eq!(secrets[0].deliver, Delivery::File);
    assert_eq!(secrets[1].reference.to_string(), "local://b");

    for (from, to, message) in [
        (
            "A = {",
            "AA = {",
            "profile `staging` overrides secret `AA`, which is not in the manifest",
        ),
        (
            "staging.x",
            "staging.y",
            "profile `staging` overrides server `y`, which is not in the manifest",
        ),
        ("ref = \"env://A\"", "ref = \"hunter2\"", "secret `A`: a secret must be a reference"),
    ] {
        let report = whole(&text.replace(from, to));
        assert!(report.starts_with(&format!("hushpipe: error: {message}")), "{report}");
        assert!(!report.contains("hunter2"));
    }
}
