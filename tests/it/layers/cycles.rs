//! No two files may need each other, inside a folder too: then each can be read, and moved, without the other.
//!
//! A file needs what its `use` lines and its paths name. A name that `mod.rs` only passes on (`pub use`) counts as the
//! file that has it. Unit tests do not count: a test needs what it tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{code_only, root, rust_files};

/// How many files of a folder may still need each other. Lower a number when a cycle is opened, and never raise one: the
/// list is to become empty. A folder without a cycle must be struck out.
const STILL_CYCLIC: &[(&str, usize)] = &[
    ("cli", 23),
    ("launch", 2),
    ("mcp", 5),
    ("plan", 2),
    ("provider", 52),
    ("redact", 45),
    ("runner", 5),
    ("store", 3),
    ("sys", 7),
];

type Module = Vec<String>;

/// The modules below `src`, with their code and what each passes on under which name.
struct Tree {
    code: BTreeMap<Module, String>,
    passed_on: BTreeMap<Module, BTreeMap<String, Module>>,
}

/// One name of a `use` line: the path it stands for, and what it is called here.
struct Import {
    path: Vec<String>,
    name: String,
    is_passed_on: bool,
}

fn module_of(file: &Path) -> Module {
    let below = file.strip_prefix(root().join("src")).expect("a file below src").with_extension("");
    let names = below.iter().map(|name| name.to_str().expect("UTF-8").to_owned());
    names.filter(|name| name != "mod").collect()
}

fn is_of_tests(module: &Module) -> bool {
    module.iter().any(|name| name == "tests" || name == "properties")
}

impl Tree {
    fn read() -> Self {
        let mut code = BTreeMap::new();
        for file in rust_files("src") {
            let module = module_of(&file);
            if is_of_tests(&module) || matches!(module[0].as_str(), "lib" | "main") {
                continue;
            }
            let source = fs::read_to_string(&file).expect("a readable source file");
            let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            code.insert(module, code_only(source));
        }
        let mut tree = Self { code, passed_on: BTreeMap::new() };
        for module in tree.code.keys() {
            let passed_on = imports(&tree.code[module]).into_iter().filter(|it| it.is_passed_on);
            let names =
                passed_on.filter_map(|it| Some((it.name, tree.absolute(module, &it.path)?)));
            let names = names.collect();
            tree.passed_on.insert(module.clone(), names);
        }
        tree
    }

    /// A path from the crate's root; `None` for one that leads to another crate.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let mut base = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                base.push(child.to_owned());
                self.code.get(&base)?;
                rest = &path[1..];
            }
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The module that has what an absolute path names.
    fn home(&self, path: &[String]) -> Option<Module> {
        let length =
            (1..=path.len()).rev().find(|length| self.code.contains_key(&path[..*length]))?;
        let module = path[..length].to_vec();
        let elsewhere = path.get(length).and_then(|name| self.passed_on.get(&module)?.get(name));
        match elsewhere {
            Some(elsewhere) if *elsewhere != path => {
                let rest = [elsewhere.as_slice(), &path[length + 1..]].concat();
                self.home(&rest)
            }
            _ => Some(module),
        }
    }

    /// The modules that a module needs.
    fn needs(&self, module: &Module) -> BTreeSet<Module> {
        let code = &self.code[module];
        let imports = imports(code).into_iter().filter(|it| !it.is_passed_on).map(|it| it.path);
        let paths = imports.chain(paths_in(&without_imports(code)));
        let needed = paths.filter_map(|path| self.home(&self.absolute(module, &path)?));
        needed.filter(|needed| needed != module).collect()
    }
}

/// The `use` lines of some code, each with its start, end and tree.
fn use_lines(code: &str) -> Vec<(usize, usize, &str, bool)> {
    let mut lines = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let start = code[..at].rfind(['\n', ';', '{', '}']).map_or(0, |end| end + 1);
        let before = code[start..at].trim();
        let is_use = before.is_empty() || (before.starts_with("pub") && !before.contains(' '));
        if let Some(length) = code[at..].find(';').filter(|_| is_use) {
            lines.push((start, at + length + 1, &code[at + 4..at + length], !before.is_empty()));
        }
    }
    lines
}

fn imports(code: &str) -> Vec<Import> {
    let mut imports = Vec::new();
    for (_, _, tree, is_passed_on) in use_lines(code) {
        for leaf in leaves(tree) {
            let (path, alias) = match leaf.split_once(" as ") {
                Some((path, alias)) => (path.to_owned(), Some(alias.trim().to_owned())),
                None => (leaf, None),
            };
            let mut path: Vec<String> =
                path.split("::").map(|name| name.trim().to_owned()).collect();
            if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
                path.pop();
            }
            let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
            imports.push(Import { path, name, is_passed_on });
        }
    }
    imports
}

/// The paths of a tree of imports: `a::{b, c::d}` has two.
fn leaves(tree: &str) -> Vec<String> {
    let Some((head, body)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let body = body.rsplit_once('}').map_or(body, |(body, _)| body);
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in body.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&body[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[start..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| leaves(&format!("{}{}", head.trim(), part.trim()))).collect()
}

fn without_imports(code: &str) -> String {
    let mut rest = code.to_owned();
    for (start, end, ..) in use_lines(code).into_iter().rev() {
        rest.replace_range(start..end, "");
    }
    rest
}

/// Every path of two or more names that stands in some code.
fn paths_in(code: &str) -> Vec<Vec<String>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c: char| !is_word(c)).filter(|word| word.contains("::"));
    words.map(|word| word.split("::").map(str::to_owned).collect()).collect()
}

/// Every module that a module needs, directly or by way of others.
fn reached<'a>(
    needs: &'a BTreeMap<Module, BTreeSet<Module>>,
    from: &'a Module,
) -> BTreeSet<&'a Module> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(next) = open.pop() {
        open.extend(needs.get(next).into_iter().flatten().filter(|to| seen.insert(*to)));
    }
    seen
}

/// Groups of modules of which each needs every other, by whatever way round.
fn cycles(needs: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<&Module>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        needs.keys().map(|module| (module, reached(needs, module))).collect();
    let mut groups: Vec<Vec<&Module>> = Vec::new();
    for (module, reached) in &reach {
        if reached.contains(module) && !groups.iter().flatten().any(|known| known == module) {
            let round = reached.iter().filter(|other| reach[*other].contains(module));
            groups.push(round.copied().collect());
        }
    }
    groups
}

#[test]
fn no_files_need_each_other() {
    let tree = Tree::read();
    let needs: BTreeMap<Module, BTreeSet<Module>> =
        tree.code.keys().map(|module| (module.clone(), tree.needs(module))).collect();
    let cycles = cycles(&needs);
    let shown = |cycle: &Vec<&Module>| {
        cycle.iter().map(|module| module.join("/")).collect::<Vec<_>>().join(", ")
    };
    let shown: Vec<_> = cycles.iter().map(shown).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for module in cycles.iter().flatten() {
        *counts.entry(module[0].as_str()).or_default() += 1;
    }
    let allowed: BTreeMap<&str, usize> = STILL_CYCLIC.iter().copied().collect();
    let is_new =
        |(folder, count): (&&str, &usize)| *count > allowed.get(folder).copied().unwrap_or(0);
    let shown = shown.join("\n");
    assert!(!counts.iter().any(is_new), "{counts:?} files need each other:\n{shown}");
    for (folder, _) in STILL_CYCLIC {
        assert!(
            counts.contains_key(folder),
            "`{folder}` has no cycle: strike it out in {}",
            file!()
        );
    }
}

#[test]
fn the_reader_of_needs_sees_groups_aliases_and_passed_on_names() {
    let code = code_only(
        "pub use word::Word;\nuse super::{a::{self, B}, c as d};\nfn f() { word::make(crate::e::F) }",
    );
    let found = imports(&code);
    let found: Vec<_> = found.iter().map(|it| (it.path.join("::"), it.name.as_str())).collect();
    let expected =
        [("word::Word", "Word"), ("super::a", "a"), ("super::a::B", "B"), ("super::c", "d")];
    assert_eq!(found, expected.map(|(path, name)| (path.to_owned(), name)));
    let paths = paths_in(&without_imports(&code));
    assert_eq!(paths, [vec!["word", "make"], vec!["crate", "e", "F"]]);
    let module = |name: &str| vec![name.to_owned()];
    let needs = [("a", "b"), ("b", "c"), ("c", "b"), ("d", "d")];
    let needs = needs.map(|(from, to)| (module(from), BTreeSet::from([module(to)])));
    let needs = BTreeMap::from(needs);
    assert_eq!(cycles(&needs), [vec![&module("b"), &module("c")], vec![&module("d")]]);
}
