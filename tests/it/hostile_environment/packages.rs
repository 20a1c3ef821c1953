//! The verbs that call package managers: which programs run, and whose configuration says what is fetched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Nobody, World, tree, with};
use crate::context::{finish, path_text};

#[test]
fn path_and_shell_choose_no_program() {
    let world = World::new();
    let programs = world.programs();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let shell = path_text(&programs.join("bash"));
    let variables = [("PATH", path.as_str()), ("SHELL", &shell)];
    // By its name, from the recorded PATH; and a package, which npm resolves and installs.
    let own = "[servers.own]\ncommand = [\"node\", \"-e\", \"console.error('own ran')\"]\n";
    let pad = "[servers.pad]\nnpm = \"left-pad@1.3.0\"\n";
    world.user.write_manifest(&format!("version = 1\n{own}{pad}"));
    for verb in ["init", "lock", "sync", "check", "verify", "list"] {
        let outcome = finish(with(&mut world.user.command([verb]), &variables), b"");
        assert_eq!(outcome.code, Some(0), "{verb}: {}", outcome.everything());
    }
    let ran = finish(with(&mut world.user.command(["run", "own"]), &variables), b"");
    assert!(ran.stderr.contains("own ran"), "{}", ran.everything());
    assert_eq!(
        finish(with(&mut world.user.command(["run", "pad"]), &variables), b"").code,
        Some(0)
    );
    assert_eq!(world.traces(), "");
    let record = fs::read_to_string(world.user.home().join(".local/state/hushpipe/machine.toml"));
    assert!(!record.unwrap().contains(&path_text(world.hostile.path())));
}

#[test]
fn node_options_load_nothing_into_npm_or_a_server() {
    let world = World::new();
    let (script, trace) = (world.hostile("evil.js"), world.hostile("traces"));
    let text =
        format!("require('fs').appendFileSync({:?}, process.argv.join(' '))", path_text(&trace));
    fs::write(&script, text).unwrap();
    let options = format!("--require={}", script.display());
    let variables =
        [("NODE_OPTIONS", options.as_str()), ("NODE_PATH", world.hostile.path().to_str().unwrap())];
    world.user.write_manifest("version = 1\n[servers.pad]\nnpm = \"left-pad@1.3.0\"\n");
    for verb in [&["lock"][..], &["sync"], &["run", "pad"]] {
        let outcome = finish(with(&mut world.user.command(verb), &variables), b"");
        assert_eq!(outcome.code, Some(0), "{verb:?}: {}", outcome.everything());
    }
    assert_eq!(world.traces(), "");
}

#[test]
fn npm_configuration_comes_from_the_user_alone() {
    let world = World::new();
    let nobody = Nobody::new();
    let (npmrc, cache) = (world.hostile(".npmrc"), world.hostile("cache"));
    fs::write(&npmrc, format!("registry={}\n", nobody.url())).unwrap();
    let (npmrc, cache) = (path_text(&npmrc), path_text(&cache));
    let url = nobody.url();
    let variables = [
        ("npm_config_registry", url.as_str()),
        ("NPM_CONFIG_REGISTRY", &url),
        ("npm_config_userconfig", &npmrc),
        ("NPM_CONFIG_USERCONFIG", &npmrc),
        ("npm_config_globalconfig", &npmrc),
        ("npm_config_prefix", world.hostile.path().to_str().unwrap()),
        ("npm_config_cache", &cache),
        ("npm_config_ignore_scripts", "false"),
        ("UV_INDEX_URL", &url),
        ("PIP_INDEX_URL", &url),
    ];
    world.user.write_manifest("version = 1\n[servers.pad]\nnpm = \"left-pad@1.3.0\"\n");
    for verb in ["lock", "sync"] {
        let mut command = world.user.command([verb]);
        let mut command = with(&mut command, &variables);
        // A project's `.npmrc` where the person stands counts as little.
        command.current_dir(world.hostile.path());
        let outcome = finish(command, b"");
        assert_eq!(outcome.code, Some(0), "{verb}: {}", outcome.everything());
    }
    nobody.assert_unreached("an npm setting of the environment");
    assert!(!Path::new(&cache).exists(), "another cache can hold other answers of the registry");
}

#[test]
fn tmpdir_is_not_where_packages_are_resolved() {
    let world = World::new();
    let open = world.hostile("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    world.user.write_manifest("version = 1\n[servers.pad]\nnpm = \"left-pad@1.3.0\"\n");
    for folder in [path_text(&open), "relative".to_owned(), "/not/there".to_owned()] {
        let lock = ["lock", "pad"];
        let mut command = with(&mut world.user.command(lock), &[("TMPDIR", &folder)]);
        command.current_dir(&open);
        let outcome = finish(command, b"");
        assert_eq!(outcome.code, Some(0), "{folder}: {}", outcome.everything());
    }
    // npm's own lock of its log, should it make one, is no part of an answer.
    let left = tree(&open);
    assert!(!left.keys().any(|file| file.ends_with("package.json")), "{left:?}");
}
