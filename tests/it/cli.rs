//! The command line as a whole: its recorded reference, exit codes, where words and data go.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::context::TestContext;
use crate::fixture;

/// Every `-h` and `--help`, verb by verb, in one text, so that a change of wording is seen in review.
fn reference() -> String {
    let context = TestContext::new();
    let mut reference = String::new();
    let mut verbs = vec![vec![]];
    while let Some(verb) = verbs.pop() {
        for flag in ["-h", "--help"] {
            let args: Vec<&str> = verb.iter().map(String::as_str).chain([flag]).collect();
            let outcome = context.run(&args, "");
            assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.everything());
            assert_eq!(outcome.stderr, "", "{args:?}");
            let _ = writeln!(reference, "$ hushpipe {}\n{}", args.join(" "), outcome.text());
        }
        let short =
            context.run(&verb.iter().map(String::as_str).chain(["-h"]).collect::<Vec<_>>(), "");
        for name in subcommands(short.text()).into_iter().rev() {
            verbs.push(verb.iter().cloned().chain([name]).collect());
        }
    }
    reference
}

/// The names below `Commands:` in a help text.
fn subcommands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    // A description that wraps stands far to the right; a name stands two columns in.
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = named.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn the_recorded_reference_is_what_the_program_says() {
    let path = fixture::repository().join("tests/fixture/cli.txt");
    let reference = reference();
    if std::env::var_os("HUSHPIPE_UPDATE").is_some() {
        fs::write(&path, &reference).unwrap();
    }
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    let renew = "renew it with `HUSHPIPE_UPDATE=1 cargo test --test it cli::`";
    for (recorded, now) in recorded.lines().zip(reference.lines()) {
        assert_eq!(recorded, now, "tests/fixture/cli.txt differs: {renew}");
    }
    assert_eq!(recorded.len(), reference.len(), "tests/fixture/cli.txt differs: {renew}");
}

#[test]
fn a_wrong_command_line_is_2_and_says_what_is_right() {
    let context = TestContext::new();
    for args in [&["chek", "x"][..], &["run"], &["run", "x", "--no-such-flag"], &[]] {
        let outcome = context.run(args, "");
        assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.everything());
        assert_eq!(outcome.text(), "", "{args:?}");
        assert!(outcome.stderr.contains("hushpipe"), "{args:?}: {}", outcome.stderr);
    }
    assert!(context.run(&["chek"], "").stderr.contains("'check'"), "the nearest verb is named");
}

#[cfg(target_os = "linux")]
#[test]
fn data_that_cannot_be_written_is_a_failure() {
    let context = TestContext::new();
    for args in [&["schema"][..], &["redact", "--report"], &["redact"], &["completions", "zsh"]] {
        let mut command = context.command(args);
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut child =
            command.stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        // One that needs no input may have ended.
        let _ = child.stdin.take().unwrap().write_all(b"password = \"Xk93hd72ksl0pqz\"\n");
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(74), "{args:?}: {stderr}");
        assert!(stderr.contains("cannot write to stdout"), "{args:?}: {stderr}");
    }
}

#[test]
fn errors_have_their_prefix_and_a_next_step() {
    let context = TestContext::new();
    for args in [&["list"][..], &["check"], &["explain", "x"], &["lock"], &["sync"]] {
        let outcome = context.run(args, "");
        assert_eq!(outcome.code, Some(78), "{args:?}: {}", outcome.everything());
        assert!(outcome.stderr.starts_with("hushpipe: error: "), "{args:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("hushpipe: hint: "), "{args:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("hushpipe init"), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_new_user_comes_from_nothing_to_a_manifest_that_checks() {
    let home = tempfile::tempdir().unwrap();
    let run =
        |args: &[&str]| crate::context::finish(crate::servers::hushpipe(home.path(), args), b"");
    let made = run(&["init"]);
    assert_eq!(made.code, Some(0), "{}", made.everything());
    let again = run(&["init"]);
    assert_eq!(again.code, Some(0), "it can be run again: {}", again.everything());
    assert!(again.stderr.contains("kept"), "it never overwrites: {}", again.everything());
    let listed = run(&["list", "--json"]);
    assert_eq!(listed.code, Some(0), "{}", listed.everything());
    let checked = run(&["check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.everything());
}
