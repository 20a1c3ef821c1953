//! npm packages that bring others inside their archive: what runs is what was locked, bundled packages included.
//!
//! The registry is one of the test's own on the loopback, which remembers what it was asked for.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use serde_json::{Value, json};

use crate::context::{TestContext, files_holding, write_private};

const MANIFEST: &str = "version = 1\n[servers.server]\nnpm = \"outer@1.0.0\"\n";

/// A package for the registry: its `package.json` and its other files.
pub(crate) struct Package {
    pub(crate) manifest: Value,
    pub(crate) files: Vec<(&'static str, String)>,
}

/// A registry of npm packages on the loopback.
pub(crate) struct Registry {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    pub(crate) fn serve(packages: Vec<Package>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let served: Vec<_> = packages
            .iter()
            .map(|package| {
                let name = package.manifest["name"].as_str().unwrap().to_owned();
                (name, packed(package), package.manifest.clone())
            })
            .collect();
        let (address, seen) = (url.clone(), Arc::clone(&asked));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                answer(connection, &address, &served, &seen);
            }
        });
        Self { url, asked }
    }

    fn was_asked_for(&self, part: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|path| path.contains(part))
    }
}

/// The archive of a package, as npm packs it.
fn packed(package: &Package) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("package");
    let manifest = ("package.json", package.manifest.to_string());
    for (name, content) in package.files.iter().chain([&manifest]) {
        let file = root.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    let tar = Command::new("tar").args(["-cz", "-C"]).arg(folder.path()).arg("package").output();
    tar.expect("tar runs").stdout
}

/// The SHA-512 of an archive as npm writes it, by the openssl that the tests install.
fn integrity(archive: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), archive).unwrap();
    let script = "openssl dgst -sha512 -binary \"$0\" | openssl base64 -A";
    let output = Command::new("sh").args(["-c", script]).arg(file.path()).output().unwrap();
    format!("sha512-{}", String::from_utf8(output.stdout).unwrap())
}

fn answer(
    mut connection: TcpStream,
    url: &str,
    packages: &[(String, Vec<u8>, Value)],
    asked: &Mutex<Vec<String>>,
) {
    let mut line = String::new();
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    if reader.read_line(&mut line).is_err() {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(path.clone());
    let mut header = String::from("x");
    while !header.trim().is_empty() {
        header.clear();
        if reader.read_line(&mut header).is_err() {
            return;
        }
    }
    let name = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let found = packages.iter().find(|(known, ..)| known == name);
    let body = found.map(|(name, archive, manifest)| match path.ends_with(".tgz") {
        true => archive.clone(),
        false => {
            let mut version = manifest.clone();
            version["dist"] = json!({
                "tarball": format!("{url}/{name}/-/{name}-1.0.0.tgz"),
                "integrity": integrity(archive),
            });
            let all = json!({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}});
            all.to_string().into_bytes()
        }
    });
    let (status, body) = body.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = connection.write_all(&[head.as_bytes(), &body].concat());
}

/// `outer` bundles `inner`; the registry has another `inner` of the same version.
fn registry() -> Registry {
    let server = "#!/usr/bin/env node\nrequire('inner');\n";
    let inner = json!({"name": "inner", "version": "1.0.0", "main": "index.js"});
    let outer = json!({
        "name": "outer", "version": "1.0.0", "bin": {"outer": "server.js"},
        "dependencies": {"inner": "1.0.0"}, "bundleDependencies": ["inner"],
    });
    Registry::serve(vec![
        Package {
            manifest: outer,
            files: vec![
                ("server.js", server.to_owned()),
                ("node_modules/inner/package.json", inner.to_string()),
                ("node_modules/inner/index.js", "// the bundled one\n".to_owned()),
            ],
        },
        Package {
            manifest: inner,
            files: vec![("index.js", "// SUBSTITUTED by the registry\n".to_owned())],
        },
    ])
}

fn context(registry: &Registry) -> TestContext {
    let context = TestContext::with_manifest(MANIFEST);
    write_private(&context.home().join(".npmrc"), &format!("registry={}\n", registry.url));
    context
}

fn lockfile(context: &TestContext) -> std::path::PathBuf {
    context.config().join("hushpipe.lock")
}

fn must(context: &TestContext, args: &[&str]) {
    let outcome = context.run(args, "");
    assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
}

fn store(context: &TestContext) -> std::path::PathBuf {
    context.home().join(".local/share/hushpipe")
}

#[test]
fn a_bundled_package_is_taken_from_its_archive_and_never_fetched() {
    let registry = registry();
    let context = context(&registry);
    must(&context, &["lock"]);
    must(&context, &["sync"]);
    must(&context, &["verify"]);
    assert!(!registry.was_asked_for("/inner/-/"), "the bundled package was fetched");
    assert_eq!(files_holding(&store(&context), b"SUBSTITUTED"), Vec::<std::path::PathBuf>::new());
    assert_eq!(files_holding(&store(&context), b"the bundled one").len(), 1);
}

#[test]
fn a_lock_that_does_not_pin_a_bundled_package_is_refused_with_the_command_that_renews_it() {
    let registry = registry();
    let context = context(&registry);
    must(&context, &["lock"]);
    must(&context, &["sync"]);
    let file = lockfile(&context);
    let locked = fs::read_to_string(&file).unwrap();
    // As older versions wrote it.
    let old = locked.replace("bundle-dependencies = [\"inner\"]\n", "");
    assert_ne!(old, locked);
    write_private(&file, &old);
    let outcome = context.run(&["sync"], "");
    assert_eq!(outcome.code, Some(65), "{}", outcome.stderr);
    for word in
        ["node_modules/outer/node_modules/inner", "no locked archive holds it", "hushpipe lock"]
    {
        assert!(outcome.stderr.contains(word), "{word}: {}", outcome.stderr);
    }
    let outcome = context.relay(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n");
    assert_eq!(outcome.code, Some(65), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ask the user to run `hushpipe lock`"), "{}", outcome.stderr);
    assert!(!registry.was_asked_for("/inner/-/"), "the bundled package was fetched");
    must(&context, &["lock"]);
    must(&context, &["sync"]);
}

/// What a script makes is part of the install, so that a change of it is seen.
#[test]
fn an_install_script_runs_only_where_the_user_allows_it_and_its_result_is_sealed() {
    let script = "require('fs').writeFileSync('made.js', JSON.stringify(process.env))";
    let package = |name: &str, needs: Value| Package {
        manifest: json!({
            "name": name, "version": "1.0.0", "bin": {name: "server.js"}, "dependencies": needs,
            "scripts": {"install": "node make.js"}, "hasInstallScript": true,
        }),
        files: vec![
            ("server.js", "#!/usr/bin/env node\n".to_owned()),
            ("make.js", script.to_owned()),
        ],
    };
    let registry = Registry::serve(vec![
        package("outer", json!({"inner": "1.0.0"})),
        package("inner", json!({})),
    ]);
    let context = context(&registry);
    let locked = context.run(&["lock"], "");
    let line = "allow_scripts = [\"inner@1.0.0\", \"outer@1.0.0\"]";
    assert!(locked.stderr.contains(line), "{}", locked.stderr);
    must(&context, &["sync"]);
    let made = |name: &str| {
        let found = files_holding(&store(&context), b"PATH");
        found
            .into_iter()
            .filter(|path| path.ends_with(format!("{name}/made.js")))
            .collect::<Vec<_>>()
    };
    assert_eq!((made("inner").len(), made("outer").len()), (0, 0), "a script ran");
    let doctor = context.run(&["doctor"], "");
    assert!(doctor.text().contains("may lack") && !doctor.text().contains("would start"));

    context.write_manifest(&format!("{MANIFEST}allow_scripts = [\"inner@1.0.0\"]\n"));
    let mut sync = context.command(["sync"]);
    sync.env("CANARY_TOKEN", "canary-of-the-script");
    let synced = crate::context::finish(sync, b"");
    assert_eq!(synced.code, Some(0), "{}", synced.stderr);
    assert_eq!((made("inner").len(), made("outer").len()), (1, 0), "the wrong scripts ran");
    assert!(files_holding(&store(&context), b"canary-of-the-script").is_empty());
    must(&context, &["verify"]);
    fs::write(&made("inner")[0], "changed").unwrap();
    assert_eq!(context.run(&["verify"], "").code, Some(65));
}

/// Whoever edits a lock by hand, or a registry whose archive lacks what it bundles, gets nothing fetched.
#[test]
fn a_package_that_its_archive_does_not_hold_is_not_fetched_in_its_place() {
    let outer = json!({
        "name": "outer", "version": "1.0.0", "bin": {"outer": "server.js"},
        "dependencies": {"inner": "1.0.0"}, "bundleDependencies": ["inner"],
    });
    let inner = json!({"name": "inner", "version": "1.0.0"});
    let registry = Registry::serve(vec![
        Package { manifest: outer, files: vec![("server.js", "#!/usr/bin/env node\n".into())] },
        Package { manifest: inner, files: vec![("index.js", "// SUBSTITUTED\n".into())] },
    ]);
    let context = context(&registry);
    must(&context, &["lock"]);
    let file = lockfile(&context);
    let claim = "\n[servers.server.packages.\"node_modules/outer/node_modules/inner\"]\nversion = \"1.0.0\"\nbundled = true\n";
    write_private(&file, &(fs::read_to_string(&file).unwrap() + claim));
    context.run(&["sync"], "");
    assert!(!registry.was_asked_for("/inner/-/"), "a package without a hash was fetched");
    assert_eq!(files_holding(Path::new(&store(&context)), b"SUBSTITUTED").len(), 0);
}
