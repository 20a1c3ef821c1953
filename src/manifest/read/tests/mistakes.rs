//! What each mistake says, and that none says more.

use super::*;

#[test]
fn structure_is_judged_without_showing_values() {
    for (text, message) in [
        ("", "the key `version` is missing"),
        ("version = 2\nnew_key = 1", "manifest version 2 is not one that this hushpipe reads"),
        ("version = \"one\"", "expected a whole number, found a string"),
        ("version = 1\n[server.x]", "unknown key `server`"),
        (
            "version = 1\n[servers.x]\noci = \"m:1\"",
            "`oci` (container images): not in this version of hushpipe",
        ),
        ("version = 1\n[servers.x.policy]", "`policy` (policies): not in this version of hushpipe"),
        ("version = 1\n[servers.x]\nnpm = 7", "expected a string, found an integer"),
        ("version = 1\n[servers]\nx = \"hunter2\"", "expected a table, found a string"),
        ("version = 1\n[servers.x]\nargs = \"hunter2\"", "expected a list, found a string"),
        (
            "version = 1\n[servers.x]\ncommand = \"npx hunter2\"",
            "`command` is a list of words here, not one string",
        ),
        ("version = 1\n[servers.x]\nargs = [1234567]", "expected a string, found an integer"),
        ("version = 1\n[servers.x]\nintegrity = \"fats\"", "`fats` is not one of `fast`, `full`"),
        (
            "version = 1\n[providers.p]\ntype = \"hunter2\"",
            "settings of a provider: expected one of `keychain`, `local`",
        ),
        ("version = 1\n[providers.p]\ntype = \"file\"\nrooot = \"hunter2\"", "unknown key `rooot`"),
        ("version = 1\n[providers.https]\ntype = \"file\"", "a provider cannot be called `https`"),
        ("version = 1\n[providers.vault]\ntype = \"file\"", "a provider cannot be called `vault`"),
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

/// Entries of a host's JSON, written down as they stand there.
#[test]
fn keys_of_hosts_say_what_to_write() {
    use crate::error::Fault as _;
    for (entry, hint) in [
        ("command = \"npx -y hunter2\"", "write each word by itself"),
        ("type = \"stdio\"", "leave it out: every server here speaks MCP on its stdio"),
        ("disabled = false", "leave it out: the host's own entry"),
        ("alwaysAllow = [\"hunter2\"]", "leave it in the host's own entry"),
        ("envFile = \"hunter2\"", "`[servers.NAME.secrets]`"),
        ("environment = {}", "call it `env`"),
    ] {
        let text = format!("version = 1\n[servers.x]\n{entry}");
        let error = read(&text, Level::User, None).expect_err(entry);
        let hints = error.hint().unwrap_or_default();
        assert!(hints.contains(hint) && !hints.contains("hunter2"), "{entry}: {hints}");
    }
}

#[test]
fn mistakes_in_packages_and_settings() {
    assert_reports([
        (
            "".into(),
            "server `x` needs exactly one of `npm`, `pypi`, `binary`, `command`, and has 0",
        ),
        (
            npm("command = [\"a\"]"),
            "server `x` needs exactly one of `npm`, `pypi`, `binary`, `command`, and has 2",
        ),
        ("command = []".into(), "`command` is empty"),
        ("command = [\"\"]".into(), "`command` is empty"),
        ("command = [\"./a\"]".into(), "`command` takes an absolute path or the name of a program"),
        ("command = [\"a\", \"\\u0000\"]".into(), "`command` contains a NUL character"),
        ("pypi = \"m>=1\"".into(), "`m` has no exact version"),
        ("pypi = \"m @ https://e.example/m.whl\"".into(), "`pypi` takes PyPI packages"),
        ("pypi = \"m==1\"\nwith = [\"b\"]".into(), "`b` has no exact version"),
        (
            "pypi = \"m==1\"\nruntime = \"3\"".into(),
            "`runtime` takes an absolute path or a version",
        ),
        (npm("with = [\"b==1\"]"), "`with` is for `pypi` servers"),
        (npm("allow_sdist = [\"b==1\"]"), "`allow_sdist` is for `pypi` servers"),
        (
            "pypi = \"m==1\"\nallow_scripts = [\"b@1.0.0\"]".into(),
            "`allow_scripts` is for `npm` servers",
        ),
        (npm("allow_scripts = [\"b\"]"), "`b` has no exact version"),
        ("command = [\"a\"]\nbin = \"b\"".into(), "`bin` is for `npm` and `pypi` servers"),
        (
            "binary = { path = \"a\", sha256 = \"1\" }".into(),
            "`path` takes an absolute path\nhushpipe: error: `sha256` takes 64",
        ),
        (npm("bin = \"../x\""), "`../x` cannot be the name of a program"),
        (npm("runtime = \"22.x\""), "`runtime` takes an absolute path or a version such as `22`"),
        (npm("runtime = \"node\""), "`runtime` takes an absolute path"),
        (npm("frame_limit = \"1MB\""), "`frame_limit` takes a size"),
        (npm("frame_limit = 12"), "`frame_limit` takes a size"),
        (
            npm("args = [\"--token=op://v/i/hunter2\"]"),
            "`args` has a word that looks like a reference",
        ),
        (npm("args = [\"${hunter2}\"]"), "`args` has a word that is only `${…}`"),
        (
            npm("args = [{ dangerously_arg = \"hunter2\" }]"),
            "secret `args-1`: a secret must be a reference",
        ),
        (
            npm("args = [{ dangerously_arg = \"nowhere://hunter2\" }]"),
            "secret `args-1`: there is no provider",
        ),
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
        (npm("env = { LD_PRELOAD = \"hunter2\" }"), "variable `LD_PRELOAD` can make a loader"),
        (npm("env = { PATH = \"hunter2\" }"), "variable `PATH` can make a loader"),
        (npm("env = { A = [\"hunter2\"] }"), "expected a string, found a list"),
        (npm("env = { pass = \"NAME\" }"), "expected a list of names, found a string"),
        (npm("env = { pass = [\"LD_PRELOAD\"] }"), "variable `LD_PRELOAD` can make a loader"),
        (npm("env = { pass = [\"A B\"] }"), "`A B` is not a pattern"),
        (npm("env = { dangerously_pass = [\"LD_*\"] }"), "`dangerously_pass` takes full names"),
        (npm("env = { presets = [\"pyton\"] }"), "`pyton` is not one of `node`, `python`"),
        (npm("secrets = { A = \"hunter2\" }"), "secret `A`: a secret must be a reference"),
        (npm("secrets = { A = \"1x://hunter2\" }"), "secret `A`: the part before `://`"),
        (
            npm("secrets = { A = \"postgres://u:hunter2@h/d\" }"),
            "secret `A`: there is no provider `postgres`",
        ),
        (
            npm("secrets = { A = \"op://v/i/hunter2\" }"),
            "secret `A`: provider `op` is not in this version",
        ),
        (
            npm("secrets = { A = { provider = \"local\", path = \"a\", version = 3 } }"),
            "secret `A`: a `local` reference cannot have `?version=`",
        ),
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
        (
            npm("secrets = { BASH_ENV = \"local://hunter2\" }"),
            "variable `BASH_ENV` can make a loader",
        ),
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
