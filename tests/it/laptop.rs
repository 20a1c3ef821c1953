//! A developer's laptop: every npm and PyPI server with its secret in a real gnome-keyring, opened by two clients.
//!
//! The servers are those of `servers::home`, installed there; the manifest is the same with every secret in the keychain,
//! and one more for each PyPI server, which takes none. Linux only.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, Entry};
use crate::context::{
    TestContext, create_private, files_holding, finish, path_text, write_private,
};
use crate::keyring::Keyring;
use crate::session::Session;
use crate::{fixture, loopback, process, servers, tree};

/// A server, the variable of its secret, a call, and a word of the answer.
struct Server {
    name: &'static str,
    variable: &'static str,
    tool: &'static str,
    arguments: Value,
    answer: &'static str,
}

/// Four of npm and three of PyPI. The services of two of them repeat the credential.
fn laptop(service: &str, repository: &Path) -> [Server; 7] {
    let server = |name, variable, tool, arguments, answer| Server {
        name,
        variable,
        tool,
        arguments,
        answer,
    };
    let (status, page) = (json!({"repo_path": path_text(repository)}), json!({"url": service}));
    let example = json!({"url": "https://example.com/"});
    let (everything, github) = ("[hushpipe:EVERYTHING_TOKEN]", "GITHUB_PERSONAL_ACCESS_TOKEN");
    let firecrawl = "Bearer [hushpipe:FIRECRAWL_API_KEY]";
    [
        server("everything", "EVERYTHING_TOKEN", "get-env", json!({}), everything),
        server("github", github, "search_repositories", json!({"query": 7}), "query"),
        server("notion", "NOTION_TOKEN", "API-get-self", json!({}), "[hushpipe:NOTION_TOKEN]"),
        server("firecrawl", "FIRECRAWL_API_KEY", "firecrawl_scrape", example, firecrawl),
        server("time", "TIME_TOKEN", "get_current_time", json!({"timezone": "UTC"}), "datetime"),
        server("git", "GIT_TOKEN", "git_status", status, "Repository status"),
        server("fetch", "FETCH_TOKEN", "fetch", page, "robots.txt"),
    ]
}

impl Server {
    fn value(&self) -> String {
        format!("canary-laptop-{}-8d02c47be915", self.name)
    }

    /// What a client's configuration says: an SDK hands on neither the address of the bus nor that of a service.
    fn entry(&self, keyring: &Keyring, service: &str) -> Entry {
        let entry =
            Entry::hushpipe(self.name).with("DBUS_SESSION_BUS_ADDRESS", &keyring.bus().address());
        match self.name {
            "notion" => entry.with("BASE_URL", service),
            "firecrawl" => entry.with("FIRECRAWL_API_URL", service),
            _ => entry,
        }
    }
}

/// A user with the installed servers and this keyring, in which they have stored every secret.
fn user(keyring: &Keyring, servers: &[Server]) -> TestContext {
    let user = TestContext::new();
    // The installs are shared; what this user synced is not.
    for shared in [".local/share/hushpipe/store", ".local/state/hushpipe/receipts"] {
        let link = user.home().join(shared);
        create_private(link.parent().unwrap());
        symlink(servers::home().join(shared), link).unwrap();
    }
    let fixture = |file: &str| {
        let path = fixture::repository().join("tests/fixture/servers").join(file);
        fs::read_to_string(path).expect("a committed fixture")
    };
    let mut manifest = fixture("hushpipe.toml").replace("local://", "keychain://");
    for server in servers {
        let (name, variable) = (server.name, server.variable);
        let table = format!("[servers.{name}.secrets]");
        if !manifest.contains(&table) {
            manifest += &format!("\n{table}\n{variable} = \"keychain://{name}\"\n");
        }
    }
    user.write_manifest(&manifest);
    write_private(&user.config().join("hushpipe.lock"), &fixture("hushpipe.lock"));
    let synced = user.run(&["sync"], "");
    assert_eq!(synced.code, Some(0), "{}", synced.everything());
    for server in servers {
        let mut set = user.command(["secret", "set", &format!("keychain://{}", server.name)]);
        set.env("DBUS_SESSION_BUS_ADDRESS", keyring.bus().address());
        let stored = finish(set, server.value().as_bytes());
        assert_eq!(stored.code, Some(0), "{}", stored.everything());
    }
    user
}

#[test]
fn every_server_has_its_secret_from_the_keychain_and_keeps_it() {
    let keyring = Keyring::start();
    let service = loopback::repeats_authorization();
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("git").args(["init", "--quiet"]).current_dir(folder.path()).status();
    assert!(made.unwrap().success());
    let servers = laptop(&service, folder.path());
    let user = user(&keyring, &servers);
    for server in &servers {
        let (name, value) = (server.name, server.value());
        let entry = server.entry(&keyring, &service);
        assert_delivered(&user, server, &entry);
        for client in [Client::TypeScript, Client::Python] {
            let calls = [json!({"name": server.tool, "arguments": server.arguments})];
            let seen = client.session(user.home(), folder.path(), &entry, &calls);
            let tools = seen.report["tools"]["tools"].as_array().map_or(0, Vec::len);
            assert!(tools > 0, "{client:?} and {name}: {}", seen.report);
            let result = seen.report["results"][0].to_string();
            assert!(result.contains(server.answer), "{client:?} and {name}: {result}");
            let said = format!("{}\n{}", seen.report, seen.stderr);
            assert!(!said.contains(&value), "{client:?} and {name}: {said}");
        }
        for place in [user.home(), &servers::home().join(".local/state"), folder.path()] {
            let holding = files_holding(place, value.as_bytes());
            assert!(holding.is_empty(), "{name}: {holding:?}");
        }
    }
}

/// While a session is open the server has the value in its environment, and no process has it in its arguments.
fn assert_delivered(user: &TestContext, server: &Server, entry: &Entry) {
    let mut command = user.command(["run", server.name]);
    command.envs(entry.env.iter().map(|(name, value)| (name, value)));
    let mut session = Session::start(command);
    let opened = session.initialize();
    assert!(opened["result"].is_object(), "{}: {opened}", server.name);
    let variable = format!("{}={}\0", server.variable, server.value());
    let has = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&variable)
    };
    assert!(tree::of(session.pid()).iter().any(has), "{} has no {}", server.name, server.variable);
    let telling: Vec<u32> = process::mentioning(&server.value());
    assert!(telling.is_empty(), "{}: in the arguments of {telling:?}", server.name);
    let outcome = session.finish();
    assert_eq!(outcome.code, Some(0), "{}: {}", server.name, outcome.everything());
    assert!(!outcome.everything().contains(&server.value()), "{}", outcome.everything());
}
