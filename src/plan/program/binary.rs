//! Executables with a digest, and what that digest does not say.
//!
//! A digest pins one file. Where that file is an interpreter or a script, what runs is decided by other files, and is no
//! more pinned than a `command`, which a project may not have. A script is known by its first bytes, so a project's is
//! refused. An interpreter is known by its name, and that is a guess: it is shown as not pinned, and a person judges.

use std::io;
use std::path::Path;

use super::{Program, ProgramError};
use crate::manifest::{Integrity, Level, Server};
use crate::runner::{BinaryPackage, Package};
use crate::store::{Digest, Store};
use crate::sys::os;
use crate::sys::path::Paths;

/// Programs that run what their arguments, their input or another file say: shells, languages, package runners, and those
/// that start another program. Names without the version at their end.
const INTERPRETERS: [&str; 4] = [
    "ash bash busybox cmd csh dash elvish fish ksh mksh nu powershell pwsh sh tcsh toybox xonsh zsh",
    "awk bun cscript deno dotnet elixir emacs erl escript expect gawk gdb ghci groovy guile java javaw jruby jshell \
     julia kotlin lua luajit make mawk mono mshta node nodejs nvim octave osascript perl php php-cgi pypy python \
     pythonw qjs racket rscript ruby runghc sbcl scala sed swipl tclsh ts-node tsx vim wine wish wscript",
    "bunx cargo corepack docker go npm npx pip pipx pnpm podman uv uvx yarn",
    "chroot doas entr env find flock ionice nice nohup parallel rundll script setarch setsid ssh stdbuf strace su sudo \
     systemd-run time timeout unshare watch xargs",
];

/// Dynamic loaders, which run any executable that they are given. Their names end in a processor and a version.
const LOADERS: &[&str] = &["ld-linux", "ld-musl", "ld.so", "ld64.so"];

/// The program, which needs no look at the file.
pub(super) fn program(binary: &BinaryPackage) -> Program {
    Program { path: binary.path.clone(), ..Program::default() }
}

/// Holds an executable to its digest.
pub(super) fn check(
    server: &Server,
    binary: &BinaryPackage,
    paths: &Paths,
) -> Result<(), ProgramError> {
    let path = || binary.path.clone();
    let name = || server.name.clone();
    let facts = match std::fs::metadata(&binary.path) {
        Ok(facts) => facts,
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            return Err(ProgramError::NoProgram { server: name(), program: path() });
        }
        Err(source) => return Err(ProgramError::Unreadable { path: path(), source }),
    };
    if !facts.is_file() || !os::is_program(&binary.path) {
        return Err(ProgramError::NotRunnable { server: name(), program: path() });
    }
    refuse_script(server)?;
    let expected: Digest = binary
        .sha256
        .parse()
        .map_err(|_| ProgramError::BinaryDiffers { server: name(), path: path() })?;
    let store = Store::of(paths);
    let same = match server.integrity {
        Integrity::Fast => store.holds(&binary.path, expected),
        Integrity::Full => Digest::hash_file(&binary.path).map(|digest| digest == expected),
    };
    match same.map_err(|source| ProgramError::Unreadable { path: path(), source })? {
        true => Ok(()),
        false => Err(ProgramError::BinaryDiffers { server: name(), path: path() }),
    }
}

/// Refuses a script, or any other file that is not the processor's own code, as the `binary` of a project. What is not a
/// readable file is for others to judge.
///
/// # Errors
/// It is one.
pub fn refuse_script(server: &Server) -> Result<(), ProgramError> {
    match (&server.package, server.level) {
        (Package::Binary(binary), Level::Project) if is_script(&binary.path) => {
            let (server, path) = (server.name.clone(), binary.path.clone());
            Err(ProgramError::Script { server, path })
        }
        _ => Ok(()),
    }
}

/// Whether the digest of this file says what runs.
pub(super) fn is_pinned(path: &Path) -> bool {
    interpreter(path).is_none() && !is_script(path)
}

fn is_script(path: &Path) -> bool {
    path.is_file() && os::is_machine_code(path).is_ok_and(|is_code| !is_code)
}

/// The interpreter that a path leads to, by its name or by the name of the file that it is a link to.
pub fn interpreter(path: &Path) -> Option<&'static str> {
    let real = path.canonicalize().ok();
    named(path).or_else(|| real.as_deref().and_then(named))
}

fn named(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    let unversioned = name.trim_end_matches(|c: char| c.is_ascii_digit() || "._-".contains(c));
    let mut known = INTERPRETERS.into_iter().flat_map(str::split_ascii_whitespace);
    let is_loader = |loader: &&str| name.starts_with(loader);
    let mut loaders = LOADERS.iter().copied();
    known.find(|known| *known == unversioned).or_else(|| loaders.find(is_loader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters_are_known_by_their_names() {
        for (path, known) in [
            ("/usr/bin/python3.12", "python"),
            ("/opt/node-20/bin/node", "node"),
            ("/x/Node20.EXE", "node"),
            ("/x/busybox", "busybox"),
            ("/x/env", "env"),
            ("/lib64/ld-linux-x86-64.so.2", "ld-linux"),
        ] {
            assert_eq!(interpreter(Path::new(path)), Some(known), "{path}");
        }
        for path in ["/x/shellcheck", "/x/node-mcp", "/x/toolbox", "/python/server", "/x/8", "/"] {
            assert_eq!(interpreter(Path::new(path)), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_rename_an_interpreter() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("perl5.36"), folder.path().join("server"));
        std::fs::write(&real, b"\x7fELF").expect("written");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        assert_eq!(interpreter(&link), Some("perl"));
        assert!(!is_pinned(&link));
    }
}
