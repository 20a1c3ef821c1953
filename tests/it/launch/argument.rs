//! Secrets among the arguments: put in where the user manifest asks for it, withheld like any other, and named as what they
//! are. Credentials that stand there in clear are named and never shown.

use serde_json::json;

use crate::context::{Outcome, TestContext, path_text, write_private};
use crate::fixture;

const ASK_ARGUMENTS: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"arguments","arguments":{}}}"#,
    "\n"
);

/// Long enough to count as a password inside a URL.
const PASSWORD: &str = "canary-9c2e71ab";

fn url() -> String {
    format!("postgres://me:{PASSWORD}@db.example/orders")
}

/// A user with the example server, its words behind the program, and other tables.
fn user(words: &str, tables: &str) -> TestContext {
    let program = json!(path_text(&fixture::example("echo_server")));
    TestContext::with_manifest(&format!(
        "version = 1\n[servers.server]\ncommand = [{program}{words}]\n{tables}"
    ))
}

fn answer(outcome: &Outcome) -> String {
    let text = &outcome.messages()[0]["result"]["content"][0]["text"];
    text.as_str().unwrap_or_else(|| panic!("{}", outcome.everything())).to_owned()
}

#[test]
fn a_server_gets_an_argument_that_is_a_secret_and_its_echo_is_withheld() {
    for reference in ["local://db-url", "env://DB_URL", "file://FOLDER/db-url"] {
        let context = user("", "");
        let reference = reference.replace("FOLDER", &path_text(context.home()));
        let words = format!(r#"args = ["--db", {{ dangerously_arg = "{reference}" }}, "--v"]"#);
        let program = json!(path_text(&fixture::example("echo_server")));
        context.write_manifest(&format!(
            "version = 1\n[servers.server]\ncommand = [{program}, \"first\"]\n{words}\n"
        ));
        context.set_secret("local://db-url", &url());
        write_private(&context.home().join("db-url"), &url());
        let mut command = context.command(["run", "server"]);
        command.env("DB_URL", url());
        let outcome = crate::context::finish(command, ASK_ARGUMENTS.as_bytes());
        assert_eq!(answer(&outcome), "first\n--db\n[hushpipe:args-2]\n--v", "{reference}");
        assert!(!outcome.everything().contains(PASSWORD), "{}", outcome.everything());
    }
}

#[test]
fn a_word_of_a_command_may_be_a_secret_and_its_parts_are_withheld() {
    let context = user(r#", "first", { dangerously_arg = "local://db-url" }, "--last""#, "");
    context.set_secret("local://db-url", &url());
    assert_eq!(
        answer(&context.relay(ASK_ARGUMENTS.as_bytes())),
        "first\n[hushpipe:command-3]\n--last"
    );
    let echo = format!(
        "{}\n",
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "echo", "arguments": {"text": format!("the word is {PASSWORD}!")}}})
    );
    assert_eq!(answer(&context.relay(echo.as_bytes())), "the word is [hushpipe:command-3]!");
}

#[test]
fn every_verb_names_the_reference_and_check_the_limit() {
    let context = user(r#", "--db", { dangerously_arg = "local://db-url" }"#, "");
    let missing = context.relay(ASK_ARGUMENTS.as_bytes());
    assert_eq!(missing.code, Some(77), "{}", missing.everything());
    assert!(missing.stderr.contains("secret `command-3` for server `server` is not available"));

    context.set_secret("local://db-url", &url());
    let check = context.run(&["check", "--resolve"], "");
    let note = "note  server: word 3 of `command` is the secret `local://db-url`: while the server runs, every process of \
                yours can read it, on Linux in `/proc/PID/cmdline`";
    assert!(check.text().contains(note), "{}", check.text());
    assert!(check.text().contains("`command-3` from `local://db-url`: "), "{}", check.text());

    let explain = context.run(&["explain", "server"], "");
    assert!(explain.text().contains(r#"{ dangerously_arg = "local://db-url" }"#));
    let line = "  command-3  secret  local://db-url, readable by all your processes";
    assert!(explain.text().contains(line), "{}", explain.text());

    assert!(context.run(&["list"], "").text().contains("command-3"));
    assert!(context.run(&["secret", "test", "server"], "").text().contains("command-3"));
    let again = context.run(&["secret", "set", "local://db-url"], &url());
    assert!(again.stderr.contains("keep the old value until they are restarted: `server`"));
    for outcome in [check, explain, again, missing] {
        assert!(!outcome.everything().contains(PASSWORD), "{}", outcome.everything());
    }
}

#[test]
fn a_project_gets_no_secret_into_an_argument() {
    let context = TestContext::new();
    let project = context.home().join("project");
    std::fs::create_dir(&project).expect("a folder");
    let manifest = "version = 1\n[servers.server]\nnpm = \"m@1.0.0\"\n\
                    args = [{ dangerously_arg = \"local://db-url\" }]\n";
    std::fs::write(project.join("hushpipe.toml"), manifest).expect("a manifest");
    let outcome = context.run(&["--project", &path_text(&project), "run", "server"], "");
    assert_eq!(outcome.code, Some(78), "{}", outcome.stderr);
    let mistake = "`dangerously_arg` is for the user manifest, not for a project's";
    assert!(outcome.stderr.contains(mistake), "{}", outcome.stderr);
}

#[test]
fn a_credential_in_clear_is_named_by_check_and_shown_by_nothing() {
    let token = ["gh", "p_", "9aB3xQ7kLm2PvR8sTu", "4WyZ6cDf1GhJ5nKb0E"].concat();
    let words = json!([
        "--db",
        url(),
        "--password",
        "hunter2",
        format!("--header=Authorization: Bearer {PASSWORD}9aB3xQ7k"),
        token,
        "--url",
        "https://api.example/v1",
        "--max-tokens",
        "500",
        "--token-file",
        "/run/secrets/token",
        "--header",
        "X-Key: ${KEY}",
        "--tenant-id",
        "8f14e45f-ceea-467f-a7d2-52e35d2ac9f6",
        "--image=ghcr.io/x/y@sha256:9f86d081884c7d659a2feaa0c55ad015",
        "Qm7xK2pL9vRt4WzY6cDf1",
    ]);
    let in_command = format!(r#", "-e", "API_KEY", "--token=abc-{PASSWORD}""#);
    let context = user(&in_command, &format!("args = {words}\n"));
    let check = context.run(&["check"], "");
    let named: Vec<_> =
        check.text().lines().filter(|line| line.contains("looks like a credential")).collect();
    let place = |line: &&str| line.split(' ').skip(4).take(3).collect::<Vec<_>>().join(" ");
    let of_args = ["2", "4", "5", "6", "18"].map(|number| format!("{number} of `args`"));
    let expected = [vec!["4 of `command`".to_owned()], of_args.to_vec()].concat();
    assert_eq!(named.iter().map(place).collect::<Vec<_>>(), expected, "{}", check.text());
    assert!(named[1].contains("`{ dangerously_arg = \"keychain://ITEM\" }`"), "{}", named[1]);

    let explain = context.run(&["explain", "server", "--json"], "");
    let argv: serde_json::Value = serde_json::from_str(explain.text()).expect("JSON");
    let of_args = &argv["argv"].as_array().expect("a list")[4..];
    assert_eq!(of_args[1], "postgres://[withheld]@db.example/orders");
    assert_eq!(of_args[6..17], words.as_array().expect("a list")[6..17]);
    assert_eq!(of_args[17], "…");
    for outcome in [check, explain] {
        for secret in [PASSWORD, "hunter2", &token] {
            assert!(!outcome.everything().contains(secret), "{secret}: {}", outcome.everything());
        }
    }
}

#[test]
fn what_a_shell_or_a_host_was_to_replace_is_a_mistake_that_names_the_way() {
    for words in [r#"["--token", "${TOKEN}"]"#, r#"["${input:token}"]"#, r#"["local://token"]"#] {
        let context = user("", &format!("args = {words}\n"));
        let outcome = context.run(&["check"], "");
        assert_eq!(outcome.code, Some(78), "{words}: {}", outcome.everything());
        assert!(
            outcome.stderr.contains("write `{ dangerously_arg = \"keychain://ITEM\" }`"),
            "{}",
            outcome.stderr
        );
    }
    // Servers such as mcp-remote replace it inside a word.
    let context = user("", "args = [\"--header\", \"Authorization: Bearer ${TOKEN}\"]\n");
    assert_eq!(context.run(&["check"], "").code, Some(0));
}
