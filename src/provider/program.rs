//! Programs that print a secret: how they are found, started, bounded and ended.
//!
//! A program is started without a shell. It gets a home, the PATH of the login shell and nothing else of our environment,
//! and no terminal: what it writes to its standard error is not shown, so nobody would see a question. If its future is
//! dropped, because the deadline has passed, the program and everything that it started are ended; if hushpipe ends, they
//! end too.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

use super::detached::detached;
use super::{Failure, Surroundings};
use crate::sys::command;
use crate::sys::env::ScrubbedEnv;
use crate::sys::machine::Machine;
use crate::sys::os;
use crate::sys::path::Paths;

/// The PATH without a machine record.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The variables of our own environment that the program gets.
const KEPT: &[&str] = if cfg!(windows) {
    &[
        "SystemRoot",
        "windir",
        "ComSpec",
        "PATHEXT",
        "TEMP",
        "TMP",
        "APPDATA",
        "LOCALAPPDATA",
        "USERPROFILE",
    ]
} else {
    &["USER", "LOGNAME", "LANG", "TMPDIR"]
};

/// Why a program has no output, as the end of a sentence whose subject is the program.
pub(super) type Reason = String;

/// Runs a program with these arguments and returns what it printed, at most `max` bytes.
///
/// # Errors
/// [`Reason`]: it was not found, did not start, or did not end with 0.
pub(super) async fn output(
    program: &str,
    arguments: impl IntoIterator<Item = String>,
    max: u64,
    surroundings: Surroundings<'_>,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    let paths = surroundings.paths.clone();
    let search = detached(move || Ok::<_, Failure>(search_path(&paths)));
    let search = search.await.map_err(|_| "cannot be looked for")?;
    let program = find(program, &search).ok_or("names a program that does not exist")?;
    let mut env = ScrubbedEnv::empty();
    KEPT.iter().for_each(|name| env.keep(surroundings.env, name));
    env.set("HOME", &surroundings.paths.home);
    env.set("PATH", &search);
    let mut program = command::helper(&program, arguments, &env, &surroundings.paths.home);
    program.stderr(Stdio::null());
    os::end_with_us(&mut program);
    os::own_session(&mut program);
    let mut program = tokio::process::Command::from(program);
    let mut child = program.kill_on_drop(true).spawn().map_err(|_| "cannot be started")?;
    // Declared after the child, so that it is dropped before: see `end_session`.
    let mut session = ProcessSession(child.id());
    let mut output = Zeroizing::new(Vec::new());
    if let Some(stdout) = child.stdout.take() {
        let read = stdout.take(max).read_to_end(&mut output).await;
        read.map_err(|_| "cannot be read")?;
    }
    let ended = child.wait().await;
    session.0 = None;
    match ended {
        Ok(status) if status.success() => Ok(output),
        Ok(status) => Err(format!("ended with {}", shown(status))),
        Err(_) => Err("could not be waited for".to_owned()),
    }
}

fn shown(status: ExitStatus) -> String {
    status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string())
}

/// The session of a program that runs. Dropped, it ends every process in it: the helper of a wrapper script would outlive
/// the wrapper. A program that has ended by itself may leave an agent behind, which is meant to stay.
struct ProcessSession(Option<u32>);

impl Drop for ProcessSession {
    fn drop(&mut self) {
        self.0.into_iter().for_each(os::end_session);
    }
}

/// The PATH of the login shell, from the machine record.
fn search_path(paths: &Paths) -> String {
    let recorded = Machine::load(paths).ok().flatten().map(|machine| machine.path);
    recorded.filter(|path| !path.is_empty()).unwrap_or_else(|| PATH.to_owned())
}

/// Finds a program by its absolute path, or by its name in the folders of `search`.
fn find(named: &str, search: &str) -> Option<PathBuf> {
    let path = Path::new(named);
    if path.components().count() > 1 {
        return path.is_absolute().then(|| path.to_owned());
    }
    let folders = std::env::split_paths(search).filter(|folder| folder.is_absolute());
    let endings: &[&str] = if cfg!(windows) { &["exe", "cmd", "bat"] } else { &[] };
    let mut files = folders.flat_map(|folder| {
        let file = folder.join(path);
        let ended = endings.iter().map(|ending| file.with_extension(ending)).collect::<Vec<_>>();
        std::iter::once(file).chain(ended)
    });
    files.find(|file| file.is_file())
}

/// Splits a command line into words as a POSIX shell does, without variables and patterns. On Windows a backslash is part
/// of a path. Returns nothing if a quote does not end.
pub(super) fn split_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') if !cfg!(windows) => {
                word.get_or_insert_default().push(rest.next()?);
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_without_a_shell() {
        for (line, words) in [
            ("/bin/keys --for me", &["/bin/keys", "--for", "me"][..]),
            (r#""/opt/my keys/run" 'a b'"c"  "" "#, &["/opt/my keys/run", "a bc", ""]),
            ("echo $HOME; `id` *", &["echo", "$HOME;", "`id`", "*"]),
        ] {
            assert_eq!(
                split_words(line).as_deref(),
                Some(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>().as_slice())
            );
        }
        assert_eq!(split_words("run 'no end"), None);
    }

    #[test]
    fn a_program_is_a_path_or_a_name_in_a_folder_of_the_search_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("keys.sh");
        std::fs::write(&file, "").expect("written");
        let search = folder.path().to_str().expect("UTF-8");
        assert_eq!(find("keys.sh", search), Some(file.clone()));
        assert_eq!(find("keys", search), None);
        assert_eq!(find(file.to_str().expect("UTF-8"), ""), Some(file));
        assert_eq!(find("folder/keys.sh", search), None);
    }
}
