//! What somebody else could change, and what `--fix` may change itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use super::{examine, finding, fix, record, recorded, set_mode, text};
use crate::context::{TestContext, create_private, finish, path_text};

#[test]
fn what_others_may_write_is_found_and_closed() {
    let context = TestContext::with_manifest("version = 1\n");
    assert_eq!(context.run(&["doctor", "--fix"], "").code, Some(0));
    let (config, state) = (context.config(), record(&context).parent().unwrap().to_owned());
    let lock = config.join("hushpipe.lock");
    fs::write(&lock, "").unwrap();
    let manifest = config.join("hushpipe.toml");
    let store = context.home().join(".local/share/hushpipe/store");
    let (receipts, trust) = (state.join("receipts"), state.join("trust"));
    let folders = [&store, &receipts, &trust];
    folders.into_iter().for_each(|folder| create_private(folder));
    let record = record(&context);
    let home = context.home().to_owned();
    for path in [&manifest, &lock, &config, &state, &record, &home].into_iter().chain(folders) {
        let before = fs::metadata(path).unwrap().permissions().mode();
        set_mode(path, before | 0o002);
        let says = format!("every account on this machine can change `{}`", path.display());
        assert_eq!(finding(&context, &says)["level"], "fail");
        assert_eq!(examine(&context, &[]).1, Some(78));
        fix(&context, &says);

        set_mode(path, before | 0o002);
        let fixed = context.run(&["doctor", "--fix"], "");
        assert_eq!(fixed.code, Some(0), "{}", fixed.everything());
        assert!(fixed.stderr.contains(&format!("can no longer write to `{}`", path.display())));
        assert_eq!(fs::metadata(path).unwrap().permissions().mode(), before);
    }
    set_mode(&record, 0o644);
    fix(&context, "can read the machine record");
}

/// Somebody who once could write to a folder of ours left links there that lead to files of ours.
#[test]
fn nothing_is_written_or_closed_through_somebody_elses_link() {
    let context = TestContext::with_example("echo_server", &[], "");
    let record = record(&context);
    create_private(record.parent().unwrap());
    let victim = context.home().join("victim");
    fs::write(&victim, "mine").unwrap();
    let leave_link = |link: &Path| {
        std::os::unix::fs::symlink(&victim, link).unwrap();
        // Only root can give a link away. One of our own is as little written through.
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::lchown(link, Some(4242), None).unwrap();
        }
    };
    let untouched = |verb: &[&str]| {
        let text = fs::read_to_string(&victim).unwrap();
        let mode = fs::metadata(&victim).unwrap().permissions().mode() & 0o777;
        assert_eq!((text.as_str(), mode), ("mine", 0o666), "{verb:?}");
    };
    set_mode(&victim, 0o666);
    for verb in [&["init"][..], &["sync"]] {
        leave_link(&record);
        assert_eq!(context.run(verb, "").code, Some(0), "{verb:?}");
        untouched(verb);
        assert!(!record.is_symlink() && recorded(&context).contains_key("path"), "{verb:?}");
        fs::remove_file(&record).unwrap();
    }
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    leave_link(&record);
    let fixed = context.run(&["doctor", "--fix"], "");
    untouched(&["doctor", "--fix"]);
    assert_eq!(fixed.code, Some(78), "{}", fixed.everything());
    assert!(!fixed.stderr.contains("wrote the machine record"), "{}", fixed.stderr);
    let says = format!("link `{}` belongs to user id 4242", record.display());
    assert_eq!(finding(&context, &says)["fix"], format!("rm {}", record.display()));
    fix(&context, &says);
    untouched(&["rm"]);
}

/// The environment is a project's to set: it may name a file, and no more.
#[test]
fn a_manifest_that_only_the_environment_names_is_left_as_it_is() {
    let context = TestContext::with_manifest("version = 1\n");
    let project = context.home().join("project");
    create_private(&project);
    let manifest = project.join("hushpipe.toml");
    fs::write(&manifest, "version = 1\n").unwrap();
    let mode = || fs::metadata(&manifest).unwrap().permissions().mode() & 0o777;
    set_mode(&manifest, 0o666);
    let mut command = context.command(["doctor", "--fix"]);
    command.env("HUSHPIPE_MANIFEST", &manifest);
    let outcome = finish(command, b"");
    assert_eq!((outcome.code, mode()), (Some(78), 0o666), "{}", outcome.everything());
    assert!(
        outcome.text().contains("every account on this machine can change"),
        "{}",
        outcome.text()
    );

    let outcome = context.run(&["doctor", "--fix", "--manifest", &path_text(&manifest)], "");
    assert_eq!((outcome.code, mode()), (Some(0), 0o644), "{}", outcome.everything());
}

/// Run as an ordinary user, because root may remove everything.
#[test]
fn a_leftover_that_cannot_be_removed_keeps_nothing_else_from_being_fixed() {
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65534;
    let root = nix::unistd::geteuid().is_root();
    let context = TestContext::with_manifest("version = 1\n");
    let store = context.home().join(".local/share/hushpipe/store");
    let (stuck, loose) = (store.join(".new-a"), store.join(".new-b"));
    [&stuck, &loose].into_iter().for_each(|folder| create_private(&folder.join("inside")));
    if root {
        let mut made =
            vec![context.config().join("hushpipe.toml"), loose.join("inside"), loose.clone()];
        made.extend([context.config(), stuck.clone(), store.clone()]);
        let above = [".config", ".local", ".local/share", ".local/share/hushpipe", ""];
        made.extend(above.map(|name| context.home().join(name)));
        made.iter().for_each(|path| chown(path, Some(NOBODY), Some(NOBODY)).unwrap());
    }
    set_mode(&stuck, 0o500);
    let mut command = context.command(["doctor", "--fix", "--json"]);
    if root {
        command.uid(NOBODY).gid(NOBODY);
    }
    let outcome = finish(command, b"");
    set_mode(&stuck, 0o700);
    let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert!(stuck.exists() && !loose.exists(), "{report}");
    let is_of_stuck = |finding: &&Value| finding["where"] == stuck.to_str().unwrap();
    let found: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(is_of_stuck).collect();
    assert_eq!(found.len(), 1, "{report}");
    assert_eq!(found[0]["level"], "warn");
    assert!(text(&found[0]["what"]).contains("Permission denied"), "{report}");
    assert!(record(&context).exists(), "{report}");
}

#[test]
fn a_linked_manifest_keeps_its_own_mode_when_it_is_closed() {
    let context = TestContext::with_manifest("version = 1\n");
    let (link, real) =
        (context.config().join("hushpipe.toml"), context.home().join("dotfiles.toml"));
    fs::rename(&link, &real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    set_mode(&real, 0o602);
    assert_eq!(context.run(&["doctor", "--fix"], "").code, Some(0));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
}
