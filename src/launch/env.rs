//! The environment a server gets: from empty, by a keep-list, then what the manifest names.
//!
//! Order, later wins: the keep-list, presets, `pass`, `dangerously_pass`, PATH, plain settings, secrets. A glob in `pass`
//! never matches the name of a credential, and nothing but `dangerously_pass` lets a variable through that redirects a
//! loader or an interpreter. Our own PATH is attacker input and is never handed on.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

use super::loader::redirects;
use super::preset::Preset;
use crate::secret::{Secret, userinfo};
use crate::sys::env::OwnEnv;
use crate::sys::machine::{Machine, variable};
use crate::sys::os;

/// A server's `env` table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvSettings {
    /// Plain settings, name to value.
    pub plain: BTreeMap<String, String>,
    /// Sets of variables, in the order written; a later one wins.
    pub presets: Vec<Preset>,
    /// Globs over names of our own environment that may pass through; names of credentials only when written in full.
    pub pass: Vec<String>,
    /// Names that may pass although they redirect loaders or interpreters; user manifest only, no globs.
    pub dangerously_pass: Vec<String>,
}

/// Why a variable is in a server's environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// On the keep-list, from our own environment.
    Kept,
    /// On the keep-list, from the machine record because our own environment has no locale.
    Recorded,
    /// PATH, from the machine record or the default.
    Path,
    /// Of a preset.
    Preset(Preset),
    /// Named by `pass`, from our own environment.
    Passed,
    /// Named by `dangerously_pass`, from our own environment.
    DangerouslyPassed,
    /// A plain setting of the manifest.
    Plain,
    /// What the runtime needs to leave the install as it is.
    Runtime,
}

/// The words that `explain` shows.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => f.write_str("keep-list"),
            Self::Recorded | Self::Path => f.write_str("machine record"),
            Self::Preset(preset) => write!(f, "preset `{}`", preset.name()),
            Self::Passed => f.write_str("pass"),
            Self::DangerouslyPassed => f.write_str("dangerously_pass"),
            Self::Plain => f.write_str("manifest"),
            Self::Runtime => f.write_str("runtime"),
        }
    }
}

/// Variables without the secrets, name to value and origin.
pub type Variables = BTreeMap<OsString, (OsString, Origin)>;

/// The variables a server gets beside its secrets. `record` is the machine record, where there is one.
pub fn variables(
    settings: &EnvSettings,
    own: &OwnEnv,
    record: Option<&Machine>,
    path: OsString,
) -> Variables {
    let (kept, passed): (Variables, Variables) =
        inherited(settings, own).partition(|(_, (_, origin))| *origin == Origin::Kept);
    let mut variables = kept;
    if let Some(record) = record.filter(|_| !has_locale(own)) {
        let locale =
            variable::LOCALE.iter().filter_map(|name| Some((name, record.variable(name)?)));
        variables
            .extend(locale.map(|(name, value)| (name.into(), (value.into(), Origin::Recorded))));
    }
    for preset in &settings.presets {
        let values = preset.values(own, record).into_iter();
        variables.extend(
            values.map(|(name, value)| (name.into(), (value.into(), Origin::Preset(*preset)))),
        );
    }
    variables.extend(passed);
    variables.insert("PATH".into(), (path, Origin::Path));
    for (name, value) in &settings.plain {
        variables.insert(name.into(), (value.into(), Origin::Plain));
    }
    variables
}

/// The variables whose value may carry a password (`http://user:password@proxy`): no secrets by the manifest, and as little
/// for the client to read.
pub fn with_passwords(variables: &Variables) -> impl Iterator<Item = (&str, Secret)> {
    variables.iter().filter_map(|(name, (value, _))| {
        let (name, value) = (name.to_str()?, value.to_str()?);
        let holds = userinfo::is_in_variable(name, value);
        holds.then(|| (name, Secret::new(value.as_bytes().to_vec())))
    })
}

/// Whether we were given a locale: then it is the session's, and the record's is not mixed into it.
fn has_locale(own: &OwnEnv) -> bool {
    variable::LOCALE.iter().any(|name| own.text(name).is_some())
}

/// What passes of our own environment, and why.
fn inherited(
    settings: &EnvSettings,
    own: &OwnEnv,
) -> impl Iterator<Item = (OsString, (OsString, Origin))> {
    own.names().filter_map(|name| {
        let origin = passes(settings, name.to_str()?)?;
        Some((name.to_owned(), (own.var(name)?.to_owned(), origin)))
    })
}

/// Why a variable of our own environment may pass, if it may.
fn passes(settings: &EnvSettings, name: &str) -> Option<Origin> {
    if settings.dangerously_pass.iter().any(|passed| same_name(passed, name)) {
        return Some(Origin::DangerouslyPassed);
    }
    if redirects(name) {
        return None;
    }
    if os::KEEP.iter().any(|kept| glob(kept, name)) {
        return Some(Origin::Kept);
    }
    let matches = |pattern: &String| {
        same_name(pattern, name) || (glob(pattern, name) && !names_credential(name))
    };
    settings.pass.iter().any(matches).then_some(Origin::Passed)
}

/// Names of credentials; a glob in `pass` never matches one.
const CREDENTIALS: &[&str] = &[
    "VAULT_*",
    "AWS_*",
    "OP_*",
    "BWS_*",
    "INFISICAL_*",
    "DOPPLER_*",
    "*_TOKEN",
    "*_KEY",
    "*_SECRET",
    "*PASSWORD*",
];

/// Whether a variable of this name holds a credential by its name.
pub fn names_credential(name: &str) -> bool {
    CREDENTIALS.iter().any(|pattern| glob(pattern, &name.to_ascii_uppercase()))
}

/// Whether `name` matches `pattern`, in which `*` stands for any characters.
pub fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = strip_prefix(name, first) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return part.is_empty() || ends_with(rest, part);
        }
        match find(rest, part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.get(..prefix.len()).filter(|head| same_name(head, prefix)).map(|_| &text[prefix.len()..])
}

fn ends_with(text: &str, suffix: &str) -> bool {
    text.len() >= suffix.len()
        && text.get(text.len() - suffix.len()..).is_some_and(|tail| same_name(tail, suffix))
}

fn find(text: &str, part: &str) -> Option<usize> {
    (0..=text.len().checked_sub(part.len())?)
        .find(|at| text.get(*at..*at + part.len()).is_some_and(|here| same_name(here, part)))
}

/// Names compare as the platform compares them: Windows ignores case.
fn same_name(a: &str, b: &str) -> bool {
    if cfg!(windows) { a.eq_ignore_ascii_case(b) } else { a == b }
}

/// The PATH of a server: the recorded one, or the runtime's folder and the platform's usual ones; the runtime's folder is
/// always on it, so that a server which starts `node` again finds the same one.
pub fn search_path(recorded: Option<&OsStr>, runtime_dir: Option<&Path>) -> OsString {
    let base = recorded.unwrap_or(OsStr::new(os::DEFAULT_PATH));
    let mut folders: Vec<_> = std::env::split_paths(base).filter(|dir| dir.is_absolute()).collect();
    if let Some(dir) = runtime_dir.filter(|dir| !folders.iter().any(|known| known == dir)) {
        folders.insert(0, dir.to_owned());
    }
    std::env::join_paths(folders).unwrap_or_else(|_| os::DEFAULT_PATH.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(settings: &EnvSettings, own: &[(&str, &str)]) -> Vec<String> {
        let own = OwnEnv::of(own.iter().copied());
        let variables = variables(settings, &own, None, "/usr/bin".into());
        variables.keys().map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn nothing_passes_that_was_not_chosen() {
        let own = [
            ("HOME", "/h"),
            ("LC_ALL", "C"),
            ("GITHUB_TOKEN", "t"),
            ("LD_PRELOAD", "x"),
            ("NODE_OPTIONS", "-r x"),
            ("XDG_CONFIG_HOME", "/x"),
            ("PATH", "/evil"),
        ];
        assert_eq!(names(&EnvSettings::default(), &own), ["HOME", "LC_ALL", "PATH"]);
    }

    #[test]
    fn a_glob_never_passes_a_credential_or_a_loader_variable() {
        let own = [("APP_MODE", "1"), ("APP_TOKEN", "t"), ("LD_PRELOAD", "x"), ("AWS_REGION", "r")];
        let all = EnvSettings { pass: vec!["*".into()], ..EnvSettings::default() };
        assert_eq!(names(&all, &own), ["APP_MODE", "PATH"]);
        let named = EnvSettings {
            pass: vec!["APP_TOKEN".into(), "LD_PRELOAD".into(), "AWS_REGION".into()],
            ..EnvSettings::default()
        };
        assert_eq!(names(&named, &own), ["APP_TOKEN", "AWS_REGION", "PATH"]);
        let dangerous =
            EnvSettings { dangerously_pass: vec!["LD_PRELOAD".into()], ..EnvSettings::default() };
        assert_eq!(names(&dangerous, &own), ["LD_PRELOAD", "PATH"]);
    }

    #[test]
    fn a_later_source_wins_and_each_variable_says_where_it_is_from() {
        let own = OwnEnv::of([("HTTPS_PROXY", "http://ours:1"), ("HOME", "/h")]);
        let recorded =
            [("HTTPS_PROXY", "http://proxy:1"), ("SSL_CERT_FILE", "/ca"), ("LANG", "C.UTF-8")];
        let record = Machine {
            variables: recorded.map(|(name, value)| (name.into(), value.into())).into(),
            ..Machine::default()
        };
        let settings = EnvSettings {
            presets: vec![Preset::CorpProxy, Preset::Python],
            pass: vec!["HTTPS_PROXY".into()],
            plain: BTreeMap::from([("PYTHONUTF8".into(), "0".into())]),
            ..EnvSettings::default()
        };
        let made = variables(&settings, &own, Some(&record), "/usr/bin".into());
        let shown = |name: &str| {
            let (value, origin) = &made[OsStr::new(name)];
            format!("{} ({origin})", value.display())
        };
        assert_eq!(shown("HTTPS_PROXY"), "http://ours:1 (pass)");
        assert_eq!(shown("https_proxy"), "http://proxy:1 (preset `corp-proxy`)");
        assert_eq!(shown("SSL_CERT_FILE"), "/ca (preset `python`)");
        assert_eq!(shown("PYTHONUTF8"), "0 (manifest)");
        assert_eq!(shown("LANG"), "C.UTF-8 (machine record)");

        let own = OwnEnv::of([("LC_CTYPE", "de_DE.UTF-8")]);
        let made = variables(&settings, &own, Some(&record), "/usr/bin".into());
        assert!(!made.contains_key(OsStr::new("LANG")), "a session's locale is not mixed");
    }

    #[test]
    fn globs_match_whole_names() {
        assert!(
            glob("LC_*", "LC_ALL")
                && glob("*PASSWORD*", "DB_PASSWORD_FILE")
                && glob("A*B*C", "AxBxBC")
        );
        assert!(
            !glob("LC_*", "XLC_ALL")
                && !glob("HOME", "HOMES")
                && !glob("*_KEY", "KEY")
                && !glob("A*BB", "ABx")
        );
    }

    #[test]
    fn our_own_path_is_never_the_servers() {
        let path = search_path(None, Some(Path::new("/opt/node/bin")));
        assert_eq!(path, OsString::from(format!("/opt/node/bin:{}", os::DEFAULT_PATH)));
        let recorded = search_path(
            Some(OsStr::new("/a:relative:/opt/node/bin")),
            Some(Path::new("/opt/node/bin")),
        );
        assert_eq!(recorded, "/a:/opt/node/bin");
    }
}
