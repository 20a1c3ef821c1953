//! `credential_process` of a profile: a program that prints keys as JSON.
//!
//! Run as AWS's command line runs it, without a shell: the line is split at white space outside quotes. It gets a home, a
//! PATH that is the login shell's and nothing else of our environment, and no terminal: nobody would see what it asks, for
//! what it says on its standard error is not shown. When its time is over it is ended with everything that it started,
//! and when we end, it ends too.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::primitives::{DateTime, DateTimeFormat};
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

use crate::provider::detached::detached;
use crate::provider::{Failure, Surroundings};
use crate::sys::command;
use crate::sys::env::ScrubbedEnv;
use crate::sys::machine::Machine;
use crate::sys::os;
use crate::sys::path::Paths;

/// The longest output that is read, in bytes.
const MAX_OUTPUT: u64 = 64 * 1024;

/// Where programs are looked for without a machine record.
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

/// What the program prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// Runs the program of a profile and takes the keys that it prints.
pub(super) async fn run(
    line: &str,
    profile: &str,
    surroundings: Surroundings<'_>,
) -> Result<Credentials, Failure> {
    let failed = |reason: &str| Failure::Denied {
        reason: format!("the `credential_process` of the profile `{profile}` {reason}"),
        hint: format!(
            "run it in a terminal, as `~/.aws/config` has it for the profile `{profile}`"
        ),
    };
    let mut words = split(line).ok_or_else(|| failed("has a quote that does not end"))?.into_iter();
    let named = words.next().ok_or_else(|| failed("is empty"))?;
    let paths = surroundings.paths.clone();
    let search = detached(move || Ok(search_path(&paths))).await?;
    let program =
        find(&named, &search).ok_or_else(|| failed("names a program that is not there"))?;
    let mut env = ScrubbedEnv::empty();
    KEPT.iter().for_each(|name| env.keep(surroundings.env, name));
    env.set("HOME", &surroundings.paths.home);
    env.set("PATH", &search);
    let mut program = command::helper(&program, words, &env, &surroundings.paths.home);
    program.stderr(Stdio::null());
    os::end_with_us(&mut program);
    os::own_session(&mut program);
    let mut program = tokio::process::Command::from(program);
    let mut child = program.kill_on_drop(true).spawn().map_err(|_| failed("cannot be started"))?;
    // Behind the child, so that it is dropped before: see `end_session`.
    let mut session = Session(child.id());
    let mut output = Zeroizing::new(Vec::new());
    if let Some(stdout) = child.stdout.take() {
        let read = stdout.take(MAX_OUTPUT).read_to_end(&mut output).await;
        read.map_err(|_| failed("cannot be read"))?;
    }
    let ended = child.wait().await;
    session.0 = None;
    match ended {
        Ok(status) if status.success() => {}
        Ok(status) => {
            let code = status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
            return Err(failed(&format!("ended with {code}")));
        }
        Err(_) => return Err(failed("cannot be waited for")),
    }
    keys(&output).ok_or_else(|| failed("prints no keys"))
}

/// The session of a program that has not ended by itself yet. Dropped, it ends whole: a wrapper's helper would outlive the
/// wrapper. What a program that has ended leaves behind, such as an agent, is meant to stay.
struct Session(Option<u32>);

impl Drop for Session {
    fn drop(&mut self) {
        self.0.into_iter().for_each(os::end_session);
    }
}

/// The keys in an output of version 1.
fn keys(output: &[u8]) -> Option<Credentials> {
    let printed: Printed = serde_json::from_slice(output).ok()?;
    let ends = match &printed.expiration {
        Some(text) => {
            let time = DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset).ok()?;
            Some(time.try_into().ok()?)
        }
        None => None,
    };
    let Printed { access_key_id, secret_access_key, session_token, .. } = printed;
    (printed.version == 1)
        .then(|| Credentials::new(access_key_id, secret_access_key, session_token, ends, "process"))
}

/// The PATH of the login shell, from the machine record.
fn search_path(paths: &Paths) -> String {
    let recorded = Machine::load(paths).ok().flatten().map(|machine| machine.path);
    recorded.filter(|path| !path.is_empty()).unwrap_or_else(|| PATH.to_owned())
}

/// A program by its path, or by its name in one of these folders.
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

/// Splits a line into words as a POSIX shell would, and nothing more: no variables, no patterns. On Windows a backslash is
/// part of a path.
fn split(line: &str) -> Option<Vec<String>> {
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
                split(line).as_deref(),
                Some(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>().as_slice())
            );
        }
        assert_eq!(split("run 'no end"), None);
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

    #[test]
    fn keys_are_read_from_version_one_only() {
        let printed = |version: u32| {
            format!(
                r#"{{"Version":{version},"AccessKeyId":"AKIA","SecretAccessKey":"s","Expiration":"2030-01-01T00:00:00+00:00"}}"#
            )
        };
        let found = keys(printed(1).as_bytes()).expect("keys");
        assert_eq!((found.access_key_id(), found.session_token()), ("AKIA", None));
        assert!(found.expiry().is_some());
        assert!(keys(printed(2).as_bytes()).is_none());
        assert!(keys(b"{}").is_none());
    }
}
