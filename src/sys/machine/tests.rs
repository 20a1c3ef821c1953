use std::path::Path;

use super::*;

/// A program that does this.
pub(super) fn script(folder: &Path, name: &str, content: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(folder).expect("folder");
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{content}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    path
}

/// A program that says it is itself, of this version.
fn runtime(folder: &Path, name: &str, version: &str) -> PathBuf {
    script(folder, name, &format!("echo \"$0\"; echo {version}")).canonicalize().expect("there")
}

fn interpreter(path: &str, version: &str) -> Interpreter {
    Interpreter { path: path.into(), version: version.into() }
}

#[test]
fn a_record_reads_back_and_one_of_another_user_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().expect("folder");
    let paths = Paths::below(home.path());
    assert_eq!(Machine::load(&paths).expect("loads"), None);
    let bare = Machine { path: "/a:/b c".into(), ..Machine::default() };
    let full = Machine {
        path: "/a".into(),
        uv: Some("/b/uv".into()),
        docker: Some("/b/docker".into()),
        withheld: vec!["HTTPS_PROXY".into()],
        variables: BTreeMap::from([("LANG".into(), "C.UTF-8".into())]),
        node: Some(interpreter("/usr/bin/node", "v20.0.0")),
        python: Some(interpreter("/usr/bin/python3", "3.12.4")),
        other_nodes: vec![interpreter("/x/node", "v18.0.0")],
        other_pythons: vec![interpreter("/x/python3", "3.11.2")],
    };
    for machine in [bare, full] {
        machine.save(&paths).expect("saves");
        assert_eq!(Machine::load(&paths).expect("loads"), Some(machine));
    }
    let file = Machine::file(&paths);
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o602)).expect("chmod");
    assert!(matches!(Machine::load(&paths), Err(MachineError::Insecure(_))));
}

#[test]
fn the_first_form_of_the_record_still_reads() {
    let home = tempfile::tempdir().expect("folder");
    let paths = Paths::below(home.path());
    let text = "path = \"/a\"\n\n[node]\npath = \"/usr/bin/node\"\nversion = \"v20.0.0\"\n";
    private::create(&Machine::file(&paths), text.as_bytes()).expect("written");
    let machine = Machine::load(&paths).expect("loads").expect("there");
    assert_eq!(machine.node, Some(interpreter("/usr/bin/node", "v20.0.0")));
    assert_eq!((machine.uv, machine.python), (None, None));
}

#[test]
fn a_record_that_does_not_read_says_what_to_do() {
    let home = tempfile::tempdir().expect("folder");
    let paths = Paths::below(home.path());
    private::create(&Machine::file(&paths), b"path = 1").expect("written");
    let error = Machine::load(&paths).expect_err("malformed");
    assert_eq!(error.kind().exit_code(), 78);
    assert!(error.hint().expect("a hint").contains("hushpipe doctor --fix"));
}

#[test]
fn a_stand_in_says_where_the_runtime_really_is() {
    let home = tempfile::tempdir().expect("folder");
    let paths = Paths::below(home.path());
    let real = runtime(&home.path().join("real"), "node", "v9.9.9");
    let shims = home.path().join("shims");
    script(&shims, "node", &format!("echo {}; echo v9.9.9", real.display()));
    let found = interpreter::find(&interpreter::NODE, shims.as_os_str(), &paths);
    assert_eq!(found.first, Some(Interpreter { path: real, version: "v9.9.9".into() }));
    let broken = home.path().join("broken");
    script(&broken, "node", "echo no version is set; exit 1");
    let after = std::env::join_paths([&broken, &shims]).expect("a PATH");
    let found = interpreter::find(&interpreter::NODE, &after, &paths);
    assert_eq!(found.first.map(|node| node.version), Some("v9.9.9".into()));
}

#[test]
fn every_version_managers_runtimes_are_found() {
    let home = tempfile::tempdir().expect("folder");
    let paths = Paths::below(home.path());
    let below = |folder: &str| home.path().join(folder);
    let nodes = [
        (".nvm/versions/node/v93.1.0/bin", "v93.1.0"),
        (".local/share/mise/installs/node/92.0.0/bin", "v92.0.0"),
        (".asdf/installs/nodejs/91.10.0/bin", "v91.10.0"),
        (".volta/tools/image/node/91.9.0/bin", "v91.9.0"),
        (".local/share/fnm/node-versions/v90.0.0/installation/bin", "v90.0.0"),
        (".local/share/nvm/v89.9.0/bin", "v89.9.0"),
        (".nodenv/versions/89.8.0/bin", "v89.8.0"),
        ("n/n/versions/node/89.7.0/bin", "v89.7.0"),
        (".n/versions/node/89.6.0/bin", "v89.6.0"),
        (".local/share/pnpm/nodejs/89.5.0/bin", "v89.5.0"),
        (".proto/tools/node/89.4.0/bin", "v89.4.0"),
        (".nvs/node/89.3.0/x64/bin", "v89.3.0"),
    ];
    let pythons = [
        (".pyenv/versions/93.12.1/bin", "93.12.1"),
        (".local/share/uv/python/cpython-93.11.0-linux/bin", "93.11.0"),
        (".local/share/mise/installs/python/93.9.2/bin", "93.9.2"),
        (".asdf/installs/python/93.8.0/bin", "93.8.0"),
    ];
    let made = |list: &[(&str, &str)], name: &str| -> Vec<Interpreter> {
        let one = |(folder, version): &(&str, &str)| Interpreter {
            path: runtime(&below(folder), name, version),
            version: (*version).to_owned(),
        };
        list.iter().map(one).collect()
    };
    let (nodes, pythons) = (made(&nodes, "node"), made(&pythons, "python3"));
    let found = interpreter::find(&interpreter::NODE, OsStr::new("/nowhere"), &paths);
    assert_eq!(found.first.as_ref(), nodes.first(), "the newest where the PATH has none");
    assert_eq!(found.others[..nodes.len() - 1], nodes[1..]);
    let on_path = nodes[3].path.parent().expect("a folder");
    let found = interpreter::find(&interpreter::NODE, on_path.as_os_str(), &paths);
    assert_eq!(found.first.as_ref(), Some(&nodes[3]), "the PATH decides");
    assert!(!found.others.contains(&nodes[3]) && found.others[..3] == nodes[..3]);
    let found = interpreter::find(&interpreter::PYTHON, OsStr::new("/nowhere"), &paths);
    assert_eq!((found.first.as_ref(), &found.others[..3]), (pythons.first(), &pythons[1..]));
}

#[test]
fn programs_are_found_in_absolute_folders_only() {
    let home = tempfile::tempdir().expect("folder");
    let tool = script(home.path(), "tool", "");
    let folder = home.path().display().to_string();
    let found = |path: &str| find_program("tool", path.as_ref());
    assert_eq!(found(&format!("/nowhere:{folder}")), Some(tool));
    assert_eq!(found("/nowhere::.:bin"), None);
    std::fs::write(home.path().join("text"), "").expect("written");
    assert_eq!(find_program("text", folder.as_ref()), None);
}

#[test]
fn a_tool_is_found_where_its_installer_puts_it() {
    let home = tempfile::tempdir().expect("folder");
    let paths = Paths::below(home.path());
    let uv = script(&home.path().join(".local/bin"), "uv", "");
    assert_eq!(find_anywhere("uv", OsStr::new("/nowhere"), &paths), Some(uv));
}
