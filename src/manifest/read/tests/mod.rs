//! What manifests mean, and how mistakes are reported.

mod mistakes;
mod redact;

use std::path::Path;

use super::super::error::Error;
use super::super::server::RuntimeChoice;
use super::*;
use crate::relay::wire::frame;
use crate::runner::Package;
use crate::secret::{Delivery, SecretRequest};

fn read(text: &str, level: Level, profile: Option<&str>) -> Result<Contents, Error> {
    let source = Source::of(Path::new("m.toml"), text.into()).expect("UTF-8");
    let (providers, paths) = (BTreeMap::new(), Paths::below(Path::new("/home/u")));
    contents(&source, Reading { level, profile, providers: &providers, paths: &paths, only: None })
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
        V = { provider = "file", path = "/a b/c", field = "k" }
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
    let node = RuntimeChoice::Path("/opt/node/bin/node".into());
    assert_eq!(server.runtime, Some(node));
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
            "V=file:///a%20b/c#k",
            "R=env://REGION",
            "NODE_OPTIONS=local://n",
        ]
    );
    assert_eq!(server.secrets[1].deliver, Delivery::File);
    assert!(!server.secrets[4].sensitive);
    assert_eq!(server.secrets[4].default.as_deref(), Some("eu"));
}

#[test]
fn an_argument_may_be_a_secret() {
    let server = server(
        r#"command = ["node", "/x/index.js", { dangerously_arg = "local://key" }]
        args = ["--db", { dangerously_arg = "file:///db#url" }]"#,
    );
    let shown: Vec<_> = server.args.iter().map(|a| format!("{}: {}", a.place, a.shown())).collect();
    assert_eq!(
        shown,
        [
            "word 2 of `command`: /x/index.js",
            r#"word 3 of `command`: { dangerously_arg = "local://key" }"#,
            "word 1 of `args`: --db",
            r#"word 2 of `args`: { dangerously_arg = "file:///db#url" }"#,
        ]
    );
    let names: Vec<_> = server.secrets.iter().map(|secret| &*secret.variables[0]).collect();
    assert_eq!(names, ["command-3", "args-2"]);
    assert!(server.secrets.iter().all(|secret| secret.deliver == Delivery::Argument));
}

#[test]
fn a_server_with_little_has_the_defaults() {
    let server = server("command = [\"node\", \"/x/index.js\"]");
    assert_eq!(server.package, Package::Command("node".into()));
    let defaults = (GRACE, DRAIN, frame::DEFAULT_LIMIT);
    assert_eq!((server.grace, server.drain, server.frame_limit), defaults);
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
         hushpipe: error: `grace` takes a duration from 0s to 1h, such as `1.5s`, `800ms` or `2m`\n\
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
        ("@$(id)", "`npm view m version` shows it; write `m@VERSION`"),
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
        assert!(report.contains("takes a registry package"), "{foreign}: {report}");
    }
}

#[test]
fn a_project_manifest_may_not_loosen() {
    for (lines, message) in [
        ("command = [\"a\"]", "`command` is for the user manifest, not for a project's"),
        (
            "npm = \"m@1.0.0\"\nruntime = \"/bin/sh\"",
            "the path of a `runtime` is for the user manifest",
        ),
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
            "npm = \"m@1.0.0\"\nsecrets = { A = { ref = \"local://a\", deliver = \"file\" } }",
            "`deliver = \"file\"` is for the user manifest",
        ),
        (
            "npm = \"m@1.0.0\"\nsecrets = { A = \"local://a\" }\n\
             [profiles.p.x]\nA = { ref = \"local://a\", deliver = \"file\" }",
            "`deliver = \"file\"` is for the user manifest",
        ),
        (
            "pypi = \"m==1.0.0\"\nallow_sdist = [\"m==1.0.0\"]",
            "`allow_sdist` is for the user manifest",
        ),
        (
            "npm = \"m@1.0.0\"\nallow_scripts = [\"m@1.0.0\"]",
            "`allow_scripts` is for the user manifest",
        ),
        (
            "npm = \"m@1.0.0\"\nframe_limit = \"65MiB\"",
            "a `frame_limit` above 64MiB is for the user manifest",
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
fn a_project_manifest_may_tighten() {
    let lines = "npm = \"m@1.0.0\"\nintegrity = \"full\"\nframe_limit = \"1MiB\"\ngrace = \"1s\"\n\
                 secrets = { A = { ref = \"local://a\", sensitive = true } }";
    let contents = read(&format!("version = 1\n[servers.x]\n{lines}"), Level::Project, None);
    assert_eq!(contents.expect("valid").servers["x"].frame_limit, 1 << 20);
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
