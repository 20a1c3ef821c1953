//! Loading from disk: which files, whose, how large, and what an error shows of one that is damaged anywhere.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::trust::{Ledger, TrustError};

/// A home whose user manifest is `user`, and a project folder with `project` in it.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn with(user: Option<&str>, project: Option<&str>) -> Self {
        let home = Self { folder: tempfile::tempdir().expect("temporary folder") };
        fs::create_dir_all(home.paths().config).expect("mkdir");
        fs::create_dir(home.folder.path().join("project")).expect("mkdir");
        for (path, text) in [(home.paths().manifest(), user), (home.project(), project)] {
            if let Some(text) = text {
                fs::write(path, text).expect("write");
            }
        }
        home
    }

    fn paths(&self) -> Paths {
        Paths::below(self.folder.path())
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project/hushpipe.toml")
    }

    fn load(&self) -> Result<Manifest, Error> {
        load(&Sources::default(), &self.paths())
    }

    fn load_with_project(&self) -> Result<Manifest, Error> {
        load(&Sources { project: Some(self.project()), profile: None }, &self.paths())
    }
}

fn one(name: &str, version: &str) -> String {
    format!("version = 1\n[servers.{name}]\nnpm = \"m@{version}\"\n")
}

#[test]
fn the_users_entry_wins_and_a_projects_may_not_start() {
    let project = one("a", "9.9.9") + "[servers.b]\nnpm = \"m@2.0.0\"\n";
    let home = Home::with(Some(&one("a", "1.0.0")), Some(&project));
    assert_eq!(home.load().expect("loads").servers.len(), 1);

    let manifest = home.load_with_project().expect("loads");
    let (a, b) = (manifest.server("a").expect("a"), manifest.server("b").expect("b"));
    assert_eq!((a.level, a.manifest.clone()), (Level::User, home.paths().manifest()));
    assert_eq!((b.level, b.manifest.clone()), (Level::Project, home.project()));
    assert_eq!(manifest.hidden, ["a"]);
    assert_eq!(b.lock_path(), home.folder.path().join("project/hushpipe.lock"));
    let ledger = Ledger::of(&home.paths());
    a.allow(&ledger).expect("the user's may").run(None).expect("nothing is locked");
    let refused = b.allow(&ledger).expect_err("a project's may not");
    assert_eq!(crate::error::Fault::kind(&refused).exit_code(), 78);
    assert!(matches!(refused, TrustError::Untrusted { .. }));
}

#[test]
fn a_broken_project_manifest_does_not_stop_the_users_own_server() {
    let home = Home::with(Some(&one("a", "1.0.0")), Some("hunter2"));
    let sources = Sources { project: Some(home.project()), profile: None };
    assert!(load(&sources, &home.paths()).is_err());
    let manifest = load_for("a", &sources, &home.paths()).expect("the user's own");
    assert_eq!(manifest.files, [home.paths().manifest()]);
    assert!(load_for("b", &sources, &home.paths()).is_err());

    let home = Home::with(None, Some(&one("b", "1.0.0")));
    let sources = Sources { project: Some(home.project()), profile: None };
    assert_eq!(load_for("b", &sources, &home.paths()).expect("a project's").servers.len(), 1);
}

#[test]
fn naming_the_user_manifest_as_a_projects_changes_nothing() {
    let home = Home::with(Some(&one("a", "1.0.0")), None);
    let sources = Sources { project: Some(home.paths().manifest()), profile: None };
    let manifest = load(&sources, &home.paths()).expect("loads");
    assert_eq!(manifest.server("a").expect("a").level, Level::User);
}

#[test]
fn what_is_not_there_is_named() {
    assert!(matches!(Home::with(None, None).load(), Err(Error::Missing(_))));
    let home = Home::with(Some("version = 1"), None);
    assert!(matches!(home.load_with_project(), Err(Error::MissingProject(_))));
    let home = Home::with(None, Some(&one("a", "1.0.0")));
    assert_eq!(home.load_with_project().expect("a project's alone").servers.len(), 1);

    let manifest = Home::with(Some(&one("github", "1.0.0")), None).load().expect("loads");
    let hint = |name| {
        let error = manifest.server(name).expect_err("unknown");
        crate::error::Fault::hint(&error).expect("a hint")
    };
    assert_eq!(hint("guthib"), "did you mean `github`?");
    assert_eq!(hint("orders"), "known: `github`");
}

#[test]
fn a_profile_that_no_manifest_has_is_an_error() {
    let text = one("a", "1.0.0")
        + "[servers.a.secrets]\nT = \"local://a\"\n[profiles.home.a]\nT = \"env://T\"\n";
    let home = Home::with(Some(&text), None);
    let load = |profile: &str| {
        let sources = Sources::default().with_profile(Some(profile));
        load(&sources, &home.paths())
    };
    let manifest = load("home").expect("loads");
    assert_eq!(manifest.servers["a"].secrets[0].reference.to_string(), "env://T");
    assert!(matches!(load("hme"), Err(Error::UnknownProfile { .. })));
}

#[test]
fn a_manifest_over_the_limit_is_refused() {
    let limit = usize::try_from(source::MAX_BYTES).expect("fits");
    let head = "version = 1\n#";
    let text = |length: usize| format!("{head}{}", "x".repeat(length - head.len()));
    Home::with(Some(&text(limit)), None).load().expect("at the limit");
    let over = Home::with(Some(&text(limit + 1)), None).load();
    assert!(matches!(over, Err(Error::TooLarge(_))));
}

#[cfg(unix)]
#[test]
fn a_manifest_that_others_may_write_says_what_to_type() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with(Some(&one("a", "1.0.0")), None);
    let path = home.paths().manifest();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("chmod");
    let report = crate::error::Error::from(home.load().expect_err("refused")).report();
    assert!(report.contains(&format!("hint: run `chmod go-w {}`", path.display())), "{report}");
}

fn read_text(source: &Source) -> Result<Contents, Error> {
    let (providers, paths) = (BTreeMap::new(), Paths::below(Path::new("/home/u")));
    let reading = Reading {
        level: Level::User,
        profile: None,
        providers: &providers,
        paths: &paths,
        only: None,
    };
    read::contents(source, reading)
}

const CANARY: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

/// A manifest with a token in every place where somebody might paste one.
fn with_canaries() -> String {
    format!(
        "version = 1\n[servers.x]\nnpm = \"m@1.0.0\" # {CANARY}\nargs = [\"--token\", \"{CANARY}\"]\n\
         [servers.x.secrets]\nA = \"{CANARY}\"\nB = {{ ref = \"local://{CANARY}\", default = \"{CANARY}\" }}\n\
         [servers.x.env]\nC = '''\n{CANARY}\n'''\nD = \"{CANARY}\"\n[providers.p]\ntoken = \"{CANARY}\"\n"
    )
}

proptest! {
    #[test]
    fn no_damage_makes_an_error_show_a_token(
        at in 0_usize..400,
        cut in 0_usize..12,
        insert in r#"[\[\]{}=,."'#\n a-z0-9]{0,6}"#,
    ) {
        let mut text = with_canaries();
        let at = at.min(text.len());
        let cut = cut.min(text.len() - at);
        text.replace_range(at..at + cut, &insert);
        let source = Source::of(Path::new("m"), text.into_bytes()).expect("UTF-8");
        if let Err(error) = read_text(&source) {
            let report = crate::error::Error::from(error).report();
            prop_assert!(!report.contains(&CANARY[10..]), "{}", report);
            prop_assert!(!report.contains(&CANARY[..30]), "{}", report);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(source) = Source::of(Path::new("m"), bytes) {
            let _ = read_text(&source).map(|contents| contents.servers);
        }
    }
}
