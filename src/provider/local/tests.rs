use std::collections::BTreeMap;

use super::*;
use crate::error::Fault as _;
use crate::sys::env::OwnEnv;
use crate::sys::path::Paths;

struct Folder {
    store: Store,
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let store = of_key(folder.path(), Named::File(folder.path().join("config/local.key")));
        Self { store, folder }
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("config/local.key")
    }
}

/// The store of a folder with its key there.
fn of_key(folder: &Path, key: Named) -> Store {
    let (env, paths) = (OwnEnv::default(), Paths::below(folder));
    let surroundings = Surroundings {
        env: &env,
        paths: &paths,
        named: &BTreeMap::new(),
        memo: None,
        offline: false,
    };
    Store {
        file: folder.join("data/secrets/local.age"),
        key: Source::new(key, surroundings),
        default_key: Named::File(folder.join("config/local.key")),
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

#[expect(clippy::disallowed_methods, reason = "comparing what was stored")]
fn read(store: &Store, name: &str) -> Result<String, Failure> {
    let reference = format!("local://{name}").parse().expect("reference");
    let fetched = store.get(&reference)?;
    Ok(String::from_utf8(fetched.value.expose().to_vec()).expect("text"))
}

#[test]
fn what_is_stored_is_read_back_and_the_first_time_is_announced() {
    let Folder { store, .. } = &Folder::new();
    assert!(store.list().expect("no store yet").is_empty());
    let first = store.put("a", &secret("one")).expect("stored");
    let notice = first.notice.expect("the key was made");
    assert!(notice.contains("no safer than plaintext") && notice.contains("local.key"), "{notice}");
    assert_eq!(
        store.put("b", &secret("two")).expect("stored"),
        PutOutcome { replaced: false, notice: None }
    );
    assert_eq!(
        store.put("a", &secret("three")).expect("stored"),
        PutOutcome { replaced: true, notice: None }
    );
    assert_eq!(read(store, "a").expect("there"), "three");
    assert_eq!(read(store, "b").expect("there"), "two");
    let names: Vec<_> =
        store.list().expect("listed").into_iter().map(|kept| (kept.name, kept.length)).collect();
    assert_eq!(names, [("a".to_owned(), Some(5)), ("b".to_owned(), Some(3))]);
    store.remove("a").expect("removed");
    assert!(matches!(read(store, "a"), Err(Failure::NotFound { .. })));
    assert!(matches!(store.remove("a"), Err(Failure::NotFound { .. })));
    assert_eq!(read(store, "b").expect("there"), "two");
}

#[test]
fn nothing_stands_in_clear_and_nothing_is_left_behind() {
    let Folder { store, folder } = &Folder::new();
    store.put("name-canary", &secret("value-canary")).expect("stored");
    store.put("name-canary", &secret("value-canary-2")).expect("stored");
    let list = |part: &str| {
        let entries = std::fs::read_dir(folder.path().join(part)).expect("listed");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("entry").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(list("data/secrets"), ["local.age", "local.lock"]);
    assert_eq!(list("config"), ["local.key"]);
    let sealed = std::fs::read(&store.file).expect("read");
    assert!(!String::from_utf8_lossy(&sealed).contains("canary"));
}

#[test]
fn removing_from_no_store_makes_none() {
    let Folder { store, folder } = &Folder::new();
    assert!(matches!(store.remove("a"), Err(Failure::NotFound { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);
}

#[test]
fn writers_at_once_lose_nothing() {
    let Folder { store, .. } = &Folder::new();
    let notices: usize = std::thread::scope(|scope| {
        let put = |writer: usize| {
            let put =
                |round| store.put(&format!("{writer}/{round}"), &secret("value")).expect("stored");
            (0..5).filter_map(|round| put(round).notice).count()
        };
        let writers: Vec<_> = (0..8).map(|writer| scope.spawn(move || put(writer))).collect();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).sum()
    });
    assert_eq!(notices, 1, "one key was made");
    assert_eq!(store.list().expect("listed").len(), 40);
}

#[test]
fn names_are_plain_and_values_have_a_limit() {
    let folder = Folder::new();
    let store = &folder.store;
    let long = "n".repeat(129);
    for name in ["", "a b", "a\"b", "a\nb", "é", "a\u{202e}b", long.as_str()] {
        assert!(matches!(store.put(name, &secret("x")), Err(Failure::BadPath { .. })), "{name:?}");
    }
    let large = Secret::new(vec![b'x'; MAX_VALUE as usize + 1]);
    assert!(matches!(store.put("a", &large), Err(Failure::Unfit { .. })));
    assert!(!folder.key_file().exists(), "a refused value makes no key");
    let largest = Secret::new(vec![b'x'; MAX_VALUE as usize]);
    assert!(store.put("a", &largest).is_ok());
}

#[test]
fn a_store_that_cannot_be_opened_says_why_and_is_not_replaced() {
    let folder = Folder::new();
    let (store, key_file) = (&folder.store, &folder.key_file());
    store.put("a", &secret("one")).expect("stored");
    let (sealed, key) =
        (std::fs::read(&store.file).expect("read"), std::fs::read(key_file).expect("read"));

    let refused = |reason: &str| {
        for error in
            [read(store, "a").expect_err(reason), store.put("a", &secret("x")).expect_err(reason)]
        {
            assert!(error.to_string().contains(reason), "{error}");
            assert!(error.hint().is_some());
        }
    };
    std::fs::remove_file(key_file).expect("removed");
    refused("its key is missing");
    store.key.create().expect("another key");
    refused("it was created with another key");
    std::fs::write(key_file, "# no key\n").expect("written");
    refused("it contains no age key");
    std::fs::write(key_file, key).expect("written");
    for cut in [0, 10, sealed.len() / 2, sealed.len() - 1] {
        std::fs::write(&store.file, &sealed[..cut]).expect("written");
        refused("it is damaged, or another program changed it");
    }
    let mut flipped = sealed.clone();
    *flipped.last_mut().expect("bytes") ^= 1;
    std::fs::write(&store.file, &flipped).expect("written");
    refused("it is damaged, or another program changed it");
    assert_eq!(std::fs::read(&store.file).expect("read"), flipped, "a refusal changes nothing");
    std::fs::write(&store.file, sealed).expect("written");
    assert_eq!(read(store, "a").expect("whole again"), "one");
}

#[test]
fn a_store_moves_to_another_key_and_nothing_is_lost() {
    let folder = Folder::new();
    let phrase = folder.folder.path().join("phrase");
    private::create(&phrase, b"a long line that nobody guesses\n").expect("written");
    let moved = of_key(folder.folder.path(), Named::Passphrase(phrase.clone()));
    assert!(matches!(moved.rekey(None), Err(Failure::NotFound { .. })), "nothing to move");
    folder.store.put("a", &secret("one")).expect("stored");
    let error = moved.put("b", &secret("two")).expect_err("another key");
    assert!(error.to_string().contains("created with another key"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("secret rekey --from KEY")), "{error}");

    let rekeyed = moved.rekey(None).expect("moved");
    assert!(rekeyed.from.contains("local.key") && rekeyed.to.contains("phrase"), "{rekeyed:?}");
    assert!(folder.key_file().exists(), "the old key is left to the person");
    assert_eq!(read(&moved, "a").expect("there"), "one");
    moved.put("b", &secret("two")).expect("stored");
    assert!(read(&folder.store, "a").is_err());
    assert!(moved.caution().is_none() && folder.store.caution().is_some());

    assert!(folder.store.rekey(None).is_err(), "that key opens it no more");
    let from = format!("passphrase-file://{}", phrase.display());
    folder.store.rekey(Some(&from)).expect("moved back");
    assert_eq!(read(&folder.store, "b").expect("there"), "two");
    assert!(matches!(folder.store.rekey(Some("env://KEY")), Err(Failure::BadPath { .. })));
}

#[test]
fn a_key_that_hushpipe_cannot_make_says_how_to() {
    let folder = Folder::new();
    let path = folder.folder.path();
    for (key, how) in [
        (Named::Credential("local".to_owned()), "LoadCredentialEncrypted=local"),
        (Named::Passphrase(path.join("phrase")), "write a long random line to"),
    ] {
        let error = of_key(path, key).put("a", &secret("one")).expect_err(how);
        assert!(error.hint().is_some_and(|hint| hint.contains(how)), "{error}");
    }
    assert!(!folder.store.file.exists());
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused_with_what_to_type() {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let (store, key_file) = (&folder.store, &folder.key_file());
    store.put("a", &secret("one")).expect("stored");
    let mode = |path: &Path| metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&store.file), mode(key_file)), (0o600, 0o600));
    for folder in [store.file.parent(), key_file.parent()] {
        assert_eq!(mode(folder.expect("folder")), 0o700);
    }
    for (path, bits, reason) in [
        (key_file, 0o640, "other users can read the key file"),
        (key_file, 0o604, "other users can read the key file"),
        (key_file, 0o602, "every account on this machine can change"),
        (&store.file, 0o602, "every account on this machine can change"),
    ] {
        set_permissions(path, Permissions::from_mode(bits)).expect("set");
        let error = read(store, "a").expect_err(reason);
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("chmod")), "{error}");
        set_permissions(path, Permissions::from_mode(0o600)).expect("set");
    }
    assert_eq!(read(store, "a").expect("as before"), "one");
}
