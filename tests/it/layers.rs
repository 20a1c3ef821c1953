//! What the source tree must look like.
//!
//! Imports point down (words ← parts ← joining ← surface) and parts do not know each other, so that each can be read,
//! tested and replaced alone. The tree is read as text with comments and strings blanked: no compiler is asked, and no
//! macro of ours writes a path. Always true: a file these tests cannot place in a layer fails them.

mod cycles;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const WORDS: &[&str] = &["error", "secret", "mcp", "sys"];
const PARTS: &[&str] =
    &["provider", "runner", "store", "trust", "launch", "redact", "policy", "audit", "host"];
const JOINING: &[&str] = &["manifest", "plan", "relay"];
const SURFACE: &[&str] = &["cli"];

/// Parts and joining folders that are handed plain data and must never look at the manifest themselves.
const MANIFEST_BLIND: &[&str] = &["relay"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every committed or about to be committed file, so that build output and scratch files are left out.
fn committed_files() -> Vec<PathBuf> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(listing.status.success(), "git ls-files failed: {listing:?}");
    let names = String::from_utf8(listing.stdout).expect("file names are UTF-8");
    let files = names.split('\0').filter(|name| !name.is_empty()).map(|name| root().join(name));
    files.filter(|file| file.is_file()).collect()
}

fn rust_files(below: &str) -> Vec<PathBuf> {
    let folder = root().join(below);
    let mut files = committed_files();
    files.retain(|file| file.starts_with(&folder) && file.extension().is_some_and(|e| e == "rs"));
    assert!(!files.is_empty(), "no Rust files below {below}");
    files
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// The folder (or file) below `src` that a source file belongs to; `None` for `lib.rs` and `main.rs`.
fn part_of(file: &Path) -> Option<String> {
    let below = file.strip_prefix(root().join("src")).expect("a file below src");
    let first = below.components().next()?.as_os_str().to_str()?.to_owned();
    let name = first.trim_end_matches(".rs").to_owned();
    (name != "lib" && name != "main").then_some(name)
}

fn rank(part: &str) -> usize {
    let layers = [WORDS, PARTS, JOINING, SURFACE];
    layers
        .iter()
        .position(|layer| layer.contains(&part))
        .unwrap_or_else(|| panic!("`src/{part}` is in no layer: add it to tests/it/layers.rs"))
}

/// Whether a file of part `from` may name anything of part `to`.
fn may_import(from: &str, to: &str) -> bool {
    let joins = JOINING.contains(&from) && JOINING.contains(&to);
    let words = WORDS.contains(&from) && WORDS.contains(&to);
    let blind = to == "manifest" && MANIFEST_BLIND.contains(&from);
    from == to || (!blind && (joins || words || rank(to) < rank(from)))
}

/// The source with comments, string and character literals blanked; line breaks stay.
fn code_only(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let skipped = skip_comment(rest).or_else(|| skip_literal(rest, code.as_bytes().last()));
        let taken = skipped.unwrap_or_else(|| rest.chars().next().map_or(1, char::len_utf8));
        match skipped {
            Some(_) => code.extend(rest[..taken].chars().filter(|c| *c == '\n')),
            None => code.push_str(&rest[..taken]),
        }
        at += taken;
    }
    code
}

fn skip_comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    rest.find("*/").map(|end| end + 2)
}

fn skip_literal(rest: &str, before: Option<&u8>) -> Option<usize> {
    let in_word = before.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let hashes = rest.strip_prefix('r').map(|tail| tail.len() - tail.trim_start_matches('#').len());
    if let Some(hashes) = hashes.filter(|n| !in_word && rest[1 + n..].starts_with('"')) {
        let open = hashes + 2;
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(open + rest[open..].find(&close)? + close.len());
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let body = &rest[1..];
    // A lifetime is a quote without a closing one right after the next character or escape.
    if quote == '\'' && !body.starts_with('\\') {
        let letter = body.chars().next()?.len_utf8();
        return body[letter..].starts_with('\'').then_some(letter + 2);
    }
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// The names right behind `crate::` in this code, groups included: `crate::{error::Fault, sys}` names two.
fn crate_children(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.trim_start().strip_prefix('{') {
            Some(group) => names.extend(group_children(group)),
            None => names.extend(first_word(rest)),
        }
    }
    names
}

fn group_children(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut names = Vec::new();
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                names.extend(first_word(&group[start..at]));
                start = at + 1;
            }
            '}' if depth == 0 => {
                names.extend(first_word(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn first_word(text: &str) -> Option<String> {
    let word: String =
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    // `crate::Error`, re-exported at the root, would be a type: parts are named in lower case.
    word.starts_with(char::is_lowercase).then_some(word)
}

/// How many `super::` lead from this file to the crate's root.
fn depth(file: &Path) -> usize {
    let below = file.strip_prefix(root().join("src")).expect("a file below src");
    below.with_extension("").iter().filter(|name| *name != "mod").count()
}

#[test]
fn imports_point_down_and_parts_do_not_know_each_other() {
    let mut wrong = Vec::new();
    for file in rust_files("src") {
        let Some(part) = part_of(&file) else { continue };
        let code = code_only(&fs::read_to_string(&file).expect("a readable source file"));
        for other in crate_children(&code).iter().filter(|other| !may_import(&part, other)) {
            wrong.push(format!("{}: `{part}` must not import `{other}`", shown(&file)));
        }
        let to_root = "super::".repeat(depth(&file));
        if code.contains(&to_root) && depth(&file) > 1 {
            wrong.push(format!("{}: write `crate::`, not `{to_root}`", shown(&file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let mut long = Vec::new();
    let folders = ["src", "tests", "examples"];
    for file in folders.iter().flat_map(|folder| rust_files(folder)) {
        let lines = fs::read_to_string(&file).expect("a readable source file").lines().count();
        if lines > 400 {
            long.push(format!("{}: {lines} lines", shown(&file)));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_file_or_folder_is_called_by_what_it_is_made_of() {
    const BANNED: &[&str] = &["utils", "util", "common", "helpers", "helper", "types", "misc"];
    let files = ["src", "tests", "examples"].iter().flat_map(|folder| rust_files(folder));
    let banned = |file: &PathBuf| {
        let below = file.strip_prefix(root()).unwrap_or(file).with_extension("");
        below.iter().any(|name| BANNED.iter().any(|banned| name == *banned))
    };
    let named: Vec<_> = files.filter(banned).map(|file| shown(&file)).collect();
    assert!(named.is_empty(), "name the job instead: {named:?}");
}

#[test]
fn unsafe_code_stands_only_in_sys() {
    let allowed = [root().join("src/sys"), root().join("src/launch/sandbox")];
    let files = ["src", "tests", "examples"].iter().flat_map(|folder| rust_files(folder));
    let outside = files.filter(|file| !allowed.iter().any(|folder| file.starts_with(folder)));
    let holds = |file: &PathBuf| {
        let code = code_only(&fs::read_to_string(file).expect("a readable source file"));
        code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
    };
    let found: Vec<_> = outside.filter(holds).map(|file| shown(&file)).collect();
    assert!(found.is_empty(), "move the `unsafe` of these to src/sys: {found:?}");
}

/// A lockfile or a script that names a host would send every user of the repository there, whatever they configured.
#[test]
fn no_committed_file_names_a_package_registry() {
    // In pieces, so that this file is not the one it finds.
    let hosts = [
        ["//registry", "."].concat(),
        ["//npm", "."].concat(),
        ["pypi", ".org"].concat(),
        ["python", "hosted.org"].concat(),
        ["npmjs", ".org"].concat(),
        ["yarnpkg", ".com"].concat(),
        ["static.crates", ".io"].concat(),
    ];
    let mut found = Vec::new();
    for file in committed_files() {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for host in hosts.iter().filter(|host| text.contains(host.as_str())) {
            found.push(format!("{}: {host}", shown(&file)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_groups_and_skips_comments_and_strings() {
    let source = r##"
        use crate::{error::{Error, Fault}, sys::env::OwnEnv, secret};
        // crate::relay is only mentioned
        fn f<'a>(_: &'a str) { let _ = "crate::cli"; let _ = r#"crate::plan " "#; crate::store::open('"'); }
    "##;
    let names: Vec<_> = crate_children(&code_only(source)).into_iter().collect();
    assert_eq!(names, ["error", "secret", "store", "sys"]);
    assert!(
        may_import("cli", "relay") && may_import("relay", "redact") && may_import("mcp", "sys")
    );
    assert!(!may_import("redact", "launch") && !may_import("sys", "redact"));
    assert!(!may_import("relay", "manifest") && !may_import("launch", "plan"));
}
