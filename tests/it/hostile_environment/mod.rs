//! hushpipe's own environment is attacker input: a project's client configuration sets it. One test per variable or family,
//! through the real binary, against the verbs that it could reach.
//!
//! Not tested because it cannot be refused: `LD_PRELOAD` for hushpipe itself. Whoever sets that could as well set `command`.

mod packages;
#[cfg(all(feature = "vault", feature = "aws"))]
mod stores;

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::context::{
    ASK_ENVIRONMENT, TestContext, create_private, finish, path_text, write_private,
};

/// A user with the echo server as `server`, and what somebody else controls beside them.
struct World {
    user: TestContext,
    hostile: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let tables = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";
        let user = TestContext::with_example("echo_server", &[], tables);
        user.set_secret("local://token", "canary-hostile-1-90c1aa");
        Self { user, hostile: tempfile::tempdir().unwrap() }
    }

    /// A hostile path, for a file or a folder.
    fn hostile(&self, name: &str) -> PathBuf {
        self.hostile.path().join(name)
    }

    /// A folder with programs of the names that hushpipe starts or that those start; each leaves [`World::traces`].
    fn programs(&self) -> PathBuf {
        let folder = self.hostile("bin");
        fs::create_dir_all(&folder).unwrap();
        let names = "node npm npx uv uvx git python python3 sh bash env printenv hushpipe cc make";
        for name in names.split(' ') {
            self.script(&folder.join(name));
        }
        folder
    }

    /// A program that leaves a trace and does nothing else.
    fn script(&self, path: &Path) {
        let trace = self.hostile("traces");
        let text = format!("#!/bin/sh\necho {} \"$@\" >> {}\n", path.display(), trace.display());
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What ran that should not have.
    fn traces(&self) -> String {
        fs::read_to_string(self.hostile("traces")).unwrap_or_default()
    }

    /// Runs `hushpipe run server` with these variables and asks the server for its environment.
    fn environment(&self, variables: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut command = self.user.command(["run", "server"]);
        let outcome = finish(with(&mut command, variables), ASK_ENVIRONMENT.as_bytes());
        assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
        outcome.environment()
    }
}

fn with(command: &mut Command, variables: &[(&str, &str)]) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args()).env_clear();
    copy.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    copy.envs(variables.iter().copied());
    copy
}

/// A service on loopback that nobody should ever reach.
struct Nobody(TcpListener);

impl Nobody {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn assert_unreached(&self, what: &str) {
        assert!(self.0.accept().is_err(), "{what} was obeyed");
    }
}

/// Every file below a folder with its content.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(tree(&entry.path())),
            false => {
                let _ = found.insert(entry.path(), fs::read(entry.path()).unwrap_or_default());
            }
        }
    }
    found
}

#[test]
fn hushpipe_manifest_neither_hides_nor_replaces_a_users_server() {
    let world = World::new();
    let project = world.hostile("hushpipe.toml");
    let named = path_text(&project);
    let expected = world.environment(&[]);
    for text in [
        "version = 1\n[servers.server]\nnpm = \"left-pad@1.3.0\"\n",
        "version = 1\n[profiles.x.server]\nTOKEN = \"env://HOME\"\n",
        "not a manifest",
        "",
    ] {
        fs::write(&project, text).unwrap();
        assert_eq!(world.environment(&[("HUSHPIPE_MANIFEST", &named)]), expected, "{text}");
    }
    for nothing in ["/not/there", "relative.toml", "/", "/dev/zero", ""] {
        assert_eq!(world.environment(&[("HUSHPIPE_MANIFEST", nothing)]), expected, "{nothing}");
    }
    let pipe = world.hostile("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(world.environment(&[("HUSHPIPE_MANIFEST", &path_text(&pipe))]), expected);
}

#[test]
fn hushpipe_manifest_starts_nothing_that_nobody_trusted() {
    let world = World::new();
    let program = world.hostile("program");
    world.script(&program);
    let digest = Command::new("sha256sum").arg(&program).output().unwrap().stdout;
    let digest = String::from_utf8(digest).unwrap()[..64].to_owned();
    let manifest = world.hostile("hushpipe.toml");
    let entry = format!("binary = {{ path = {:?}, sha256 = {digest:?} }}", path_text(&program));
    fs::write(&manifest, format!("version = 1\n[servers.theirs]\n{entry}\n")).unwrap();
    let named = [("HUSHPIPE_MANIFEST", manifest.to_str().unwrap())];
    for verb in [&["run", "theirs"][..], &["tools", "theirs"], &["sync"], &["check"]] {
        let outcome =
            finish(with(&mut world.user.command(verb), &named), ASK_ENVIRONMENT.as_bytes());
        assert_eq!(outcome.code, Some(78), "{verb:?}: {}", outcome.everything());
    }
    for verb in [&["list"][..], &["explain", "theirs"], &["lock"]] {
        let outcome = finish(with(&mut world.user.command(verb), &named), b"");
        assert_eq!(outcome.code, Some(0), "{verb:?}: {}", outcome.everything());
    }
    assert_eq!(world.traces(), "");
}

/// In every verb, so that what `init` writes is what `run` reads.
#[test]
fn xdg_folders_are_ignored_in_every_verb() {
    let world = World::new();
    let hostile = world.hostile("xdg");
    let variables =
        ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_DIRS"];
    let text = path_text(&hostile);
    let variables = variables.map(|name| (name, text.as_str()));
    create_private(&hostile.join("hushpipe"));
    write_private(&hostile.join("hushpipe/hushpipe.toml"), "version = 1\n[servers.evil]\n");
    write_private(&hostile.join("hushpipe/machine.toml"), "path = \"/evil\"\n");
    let before = tree(&hostile);
    assert_eq!(world.environment(&variables), world.environment(&[]));
    for verb in [
        &["list", "--json"][..],
        &["check", "--json"],
        &["explain", "server", "--json"],
        &["verify"],
        &["secret", "list"],
        &["secret", "test", "server", "--json"],
        &["trust", "--list"],
        &["lock"],
    ] {
        let plain = world.user.run(verb, "");
        let outcome = finish(with(&mut world.user.command(verb), &variables), b"");
        assert_eq!(outcome.code, plain.code, "{verb:?}: {}", outcome.everything());
        if verb[0] != "secret" {
            assert_eq!(outcome.text(), plain.text(), "{verb:?}");
        }
        assert!(!outcome.everything().contains("evil"), "{verb:?}: {}", outcome.everything());
    }
    for writing in [&["init"][..], &["sync"], &["secret", "set", "local://x"]] {
        let outcome = finish(with(&mut world.user.command(writing), &variables), b"canary-xdg-01");
        assert_eq!(outcome.code, Some(0), "{writing:?}: {}", outcome.everything());
    }
    assert_eq!(tree(&hostile), before, "nothing is written there");
}

/// Addresses, and what libraries take them and their credentials from.
const ENDPOINTS: &str = "\
    VAULT_ADDR VAULT_AGENT_ADDR VAULT_PROXY_ADDR VAULT_TOKEN VAULT_NAMESPACE VAULT_CACERT \
    AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SECRETSMANAGER AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE \
    AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_PROFILE AWS_WEB_IDENTITY_TOKEN_FILE \
    AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CA_BUNDLE AWS_EC2_METADATA_SERVICE_ENDPOINT OP_CONNECT_HOST \
    OP_SERVICE_ACCOUNT_TOKEN INFISICAL_API_URL DOPPLER_API_HOST HTTP_PROXY http_proxy HTTPS_PROXY \
    https_proxy ALL_PROXY all_proxy NO_PROXY no_proxy OTEL_EXPORTER_OTLP_ENDPOINT";

/// Neither does `run` obey one, nor does the server get it.
#[test]
fn endpoints_and_proxies_are_not_obeyed_at_launch() {
    let world = World::new();
    let nobody = Nobody::new();
    let url = nobody.url();
    let bus = format!("tcp:host=127.0.0.1,port={}", nobody.port());
    let mut variables: Vec<_> = ENDPOINTS.split(' ').map(|name| (name, url.as_str())).collect();
    variables.push(("DBUS_SESSION_BUS_ADDRESS", &bus));
    let environment = world.environment(&variables);
    for (name, _) in &variables {
        assert!(!environment.contains_key(*name), "{name} reached the server");
    }
    assert_eq!(environment["TOKEN"], "[hushpipe:TOKEN]");
    nobody.assert_unreached("an address of the environment");
}

/// A bus address can name a program to start (`unixexec:`) or another machine.
#[test]
fn dbus_session_bus_address_starts_and_reaches_nothing() {
    let world = World::new();
    let (program, nobody) = (world.hostile("bus"), Nobody::new());
    world.script(&program);
    let tables = "[servers.server.secrets]\nTOKEN = \"keychain://token\"\n";
    let keychain = TestContext::with_example("echo_server", &[], tables);
    for address in [
        format!("unixexec:path={}", program.display()),
        format!("tcp:host=127.0.0.1,port={}", nobody.port()),
        "autolaunch:".to_owned(),
    ] {
        let variables = [("DBUS_SESSION_BUS_ADDRESS", address.as_str())];
        let environment = world.environment(&variables);
        assert!(!environment.contains_key("DBUS_SESSION_BUS_ADDRESS"));
        let refused = finish(
            with(&mut keychain.command(["run", "server"]), &variables),
            ASK_ENVIRONMENT.as_bytes(),
        );
        assert_eq!(refused.code, Some(77), "{address}: {}", refused.everything());
    }
    assert_eq!(world.traces(), "");
    nobody.assert_unreached("a bus address");
}

/// What makes a loader, an interpreter, a package manager or a TLS library run or believe something else.
const LOADERS: &str = "\
    LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES NODE_OPTIONS NODE_PATH \
    NODE_REPL_EXTERNAL_MODULE NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED PYTHONPATH PYTHONHOME \
    PYTHONSTARTUP PYTHONINSPECT BASH_ENV ENV GLIBC_TUNABLES npm_config_userconfig \
    NPM_CONFIG_SCRIPT_SHELL UV_INDEX_URL UV_CONFIG_FILE PIP_INDEX_URL PIP_CONFIG_FILE SSL_CERT_FILE \
    SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE OPENSSL_CONF GIT_SSH_COMMAND GIT_ASKPASS SSH_ASKPASS \
    SSH_AUTH_SOCK CREDENTIALS_DIRECTORY XDG_RUNTIME_DIR IFS PERL5OPT RUBYOPT JAVA_TOOL_OPTIONS";

#[test]
fn loaders_and_interpreters_are_not_redirected() {
    let world = World::new();
    let hostile = path_text(world.hostile.path());
    // The dynamic loader only warns of a library that is not there.
    let missing = format!("{hostile}/not-there");
    let variables: Vec<_> = LOADERS.split(' ').map(|name| (name, missing.as_str())).collect();
    let environment = world.environment(&variables);
    for name in LOADERS.split(' ') {
        assert!(!environment.contains_key(name), "{name} reached the server");
    }
    assert_eq!(environment["TOKEN"], "[hushpipe:TOKEN]", "secrets are found without them");
}

/// npm is a Node program, and so is what it installs.
/// What is locked is resolved with the user's own npm configuration: not with one that a variable or a folder names.
/// Another account could change what stands in a folder of theirs, and a relative one is the project's.
#[test]
fn a_home_that_is_not_absolute_is_refused() {
    let world = World::new();
    for home in [".", "home", "./x"] {
        for verb in [&["run", "server"][..], &["list"], &["init"]] {
            let mut command = with(&mut world.user.command(verb), &[("HOME", home)]);
            command.current_dir(world.hostile.path());
            let outcome = finish(command, ASK_ENVIRONMENT.as_bytes());
            assert_eq!(outcome.code, Some(78), "{verb:?}: {}", outcome.everything());
        }
    }
    assert!(tree(world.hostile.path()).is_empty(), "nothing is made in the folder we stand in");
}
