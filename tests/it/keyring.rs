//! A session bus and a gnome-keyring of a test's own, with folders of their own: the real programs, without a desktop.
//!
//! The bus starts no program on request, so a test that starts no keyring has none. Linux only. Both programs end with
//! their handle. Shared with the unit tests of `src/provider`. Always true: no test speaks to the bus or the keyring of whoever runs it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(30);

/// A bus on which no keychain program answers.
pub(crate) struct Bus {
    folder: TempDir,
    daemon: Child,
}

impl Bus {
    /// Starts a bus at `bus` in a runtime folder.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("run")).expect("a folder");
        let config = folder.path().join("bus.conf");
        let socket = folder.path().join("run/bus");
        let text = CONFIG.replace("SOCKET", socket.to_str().expect("UTF-8"));
        fs::write(&config, text).expect("written");
        let mut command = Command::new("dbus-daemon");
        command.arg("--nofork").arg("--nopidfile").arg("--print-address");
        command.arg(format!("--config-file={}", config.display()));
        command.env_clear().stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = command.spawn().unwrap_or_else(|error| missing("dbus-daemon", &error));
        let mut address = String::new();
        let stdout = daemon.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut address).expect("the address");
        assert!(address.starts_with("unix:path="), "dbus-daemon did not start: {address}");
        Self { folder, daemon }
    }

    /// What `XDG_RUNTIME_DIR` is where this is the session bus.
    pub(crate) fn runtime_folder(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// The socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.runtime_folder().join("bus")
    }

    /// What `DBUS_SESSION_BUS_ADDRESS` says of it.
    pub(crate) fn address(&self) -> String {
        format!("unix:path={}", self.socket().display())
    }

    /// A program that is to speak to this bus.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").expect("PATH is set");
        command.env_clear().env("PATH", path).env("HOME", self.folder.path());
        command.env("DBUS_SESSION_BUS_ADDRESS", self.address());
        command.env("XDG_RUNTIME_DIR", self.runtime_folder());
        command.env("XDG_DATA_HOME", self.folder.path().join("data"));
        command
    }

    /// Calls a method of the Secret Service and returns what it answered; nothing where it is not there.
    fn call(&self, path: &str, method: &str, arguments: &[&str]) -> Option<String> {
        let mut command = self.command("dbus-send");
        command.args(["--session", "--print-reply=literal", "--dest=org.freedesktop.secrets"]);
        let output = command.arg(path).arg(method).args(arguments).output();
        let output = output.unwrap_or_else(|error| missing("dbus-send", &error));
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        end(&mut self.daemon);
    }
}

/// A bus with an unlocked gnome-keyring.
pub(crate) struct Keyring {
    // Ends first.
    daemon: Child,
    bus: Bus,
}

impl Keyring {
    /// Starts an empty keyring and waits until it is unlocked.
    pub(crate) fn start() -> Self {
        let bus = Bus::start();
        fs::create_dir(bus.folder.path().join("data")).expect("a folder");
        let mut command = bus.command("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let daemon = command.spawn();
        let mut daemon = daemon.unwrap_or_else(|error| missing("gnome-keyring-daemon", &error));
        daemon.stdin.take().expect("a pipe").write_all(b"password").expect("it reads");
        let keyring = Self { daemon, bus };
        let start = Instant::now();
        while keyring.is_locked() != Some(false) {
            assert!(start.elapsed() < LIMIT, "gnome-keyring did not start");
            thread::sleep(Duration::from_millis(10));
        }
        keyring
    }

    /// Its bus.
    pub(crate) fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Locks it. Without a desktop nobody can unlock it again.
    pub(crate) fn lock(&self) {
        let collection = format!("array:objpath:{COLLECTION}");
        let lock = "org.freedesktop.Secret.Service.Lock";
        self.bus.call("/org/freedesktop/secrets", lock, &[&collection]).expect("locked");
        assert_eq!(self.is_locked(), Some(true));
    }

    fn is_locked(&self) -> Option<bool> {
        let property = ["string:org.freedesktop.Secret.Collection", "string:Locked"];
        let answer = self.bus.call(COLLECTION, "org.freedesktop.DBus.Properties.Get", &property)?;
        Some(answer.contains("true"))
    }

    /// Runs `secret-tool` with this on its stdin.
    pub(crate) fn secret_tool(&self, args: &[&str], stdin: &[u8]) -> Output {
        let mut command = self.bus.command("secret-tool");
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| missing("secret-tool", &error));
        let _ = child.stdin.take().expect("a pipe").write_all(stdin);
        child.wait_with_output().expect("it ends")
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        end(&mut self.daemon);
    }
}

fn end(daemon: &mut Child) {
    let _ = daemon.kill();
    let _ = daemon.wait();
}

fn missing(program: &str, error: &std::io::Error) -> ! {
    panic!(
        "`{program}`: {error}; on Debian: \
         apt-get install --no-install-recommends dbus gnome-keyring libsecret-tools"
    )
}

/// gnome-keyring's own collection, which is the default one.
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";

const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;
