//! What the documentation says is true: README commands exist, examples parse, generated files are current.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::context::TestContext;
use crate::fixture;

fn file(name: &str) -> (PathBuf, String) {
    let path = fixture::repository().join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
    (path, text)
}

/// What people read: the README and its pages.
const PAGES: [&str; 2] = ["README.md", "src/manual/providers.md"];

/// Every `hushpipe VERB …` in a code block or in backticks of a page.
fn commands(page: &str) -> Vec<String> {
    let (_, text) = file(page);
    let mut commands = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            commands
                .extend(line.trim_start_matches("$ ").strip_prefix("hushpipe ").map(str::to_owned));
        } else {
            let quoted = line.split('`').skip(1).step_by(2);
            commands.extend(
                quoted.filter_map(|code| code.strip_prefix("hushpipe ")).map(str::to_owned),
            );
        }
    }
    assert!(!commands.is_empty(), "{page} names no command");
    commands
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    heading.chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_inside_the_readme_and_to_its_pages_leads_to_a_heading() {
    let (_, readme) = file("README.md");
    for page in PAGES {
        let (_, text) = file(page);
        let headings = text.lines().filter(|line| line.starts_with('#'));
        let anchors: Vec<_> = headings.map(anchor).collect();
        let start = if page == "README.md" { "](#".to_owned() } else { format!("]({page}#") };
        let links = readme.split(&start).skip(1).filter_map(|rest| rest.split(')').next());
        let links: Vec<_> = links.collect();
        assert!(!links.is_empty(), "the README has no link into {page}");
        for link in links {
            assert!(anchors.iter().any(|anchor| anchor == link), "`#{link}`: {anchors:?}");
        }
    }
}

#[test]
fn every_command_on_a_page_exists() {
    let context = TestContext::new();
    for command in PAGES.into_iter().flat_map(commands) {
        let verb = command.split_whitespace().next().unwrap();
        let outcome = context.run(&[verb, "--help"], "");
        assert_eq!(outcome.code, Some(0), "`hushpipe {command}`: {}", outcome.stderr);
        for flag in command.split_whitespace().filter(|word| word.starts_with("--")) {
            let flag = flag.split(['=', '`', '…']).next().unwrap();
            let known =
                outcome.text().contains(flag) || context.run(&["--help"], "").text().contains(flag);
            assert!(known, "`hushpipe {command}`: no {flag}");
        }
    }
}

#[test]
fn every_example_manifest_is_accepted() {
    let mut seen = 0;
    for entry in fs::read_dir(fixture::repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            let listed = TestContext::with_manifest(&text).run(&["list", "--json"], "");
            assert_eq!(listed.code, Some(0), "{}: {}", path.display(), listed.everything());
            let servers: Value = serde_json::from_slice(&listed.stdout).unwrap();
            assert!(!servers.as_array().unwrap().is_empty(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 2, "examples/*.toml: {seen}");
}

#[test]
fn committed_completions_are_what_the_program_prints() {
    let context = TestContext::new();
    let files = [
        ("bash", "completions/hushpipe.bash"),
        ("zsh", "completions/_hushpipe"),
        ("fish", "completions/hushpipe.fish"),
        ("elvish", "completions/hushpipe.elv"),
        ("powershell", "completions/_hushpipe.ps1"),
    ];
    for (shell, name) in files {
        let printed = context.run(&["completions", shell], "");
        assert_eq!(printed.code, Some(0), "{shell}: {}", printed.stderr);
        if std::env::var_os("HUSHPIPE_UPDATE").is_some() {
            fs::write(fixture::repository().join(name), &printed.stdout).unwrap();
        }
        let renew = "renew it with `HUSHPIPE_UPDATE=1 cargo test --test it docs::`";
        assert!(file(name).1 == printed.text(), "{name} differs: {renew}");
    }
}

#[test]
fn the_manual_page_names_every_verb() {
    let context = TestContext::new();
    let page = context.run(&["man"], "");
    assert_eq!(page.code, Some(0), "{}", page.stderr);
    for verb in ["run", "lock", "sync", "secret", "check", "explain", "verify", "tools", "call"] {
        assert!(page.text().contains(&format!("hushpipe\\-{verb}")), "no {verb}: {}", page.text());
    }
}

#[test]
fn the_schema_is_json_and_describes_servers() {
    let printed = TestContext::new().run(&["schema"], "");
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(schema["properties"]["servers"].is_object(), "{schema}");
}
