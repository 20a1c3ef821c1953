//! The main job in a minute, in a HOME of its own: `cargo run --release --example demo`.
//!
//! Sets up hushpipe below `target/demo`, stores a made-up token, locks and installs a pinned server, and calls the tool
//! of that server that prints its whole environment. Needs Rust and Node; touches nothing outside `target/`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example is a person at a terminal"
)]

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MANIFEST: &str = r#"version = 1

[servers.everything]
npm = "@modelcontextprotocol/server-everything@2026.8.31"

[servers.everything.secrets]
DEMO_TOKEN = "local://demo-token"
"#;

const TOKEN: &str = "quiet-kettle-4471-lantern";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let hushpipe = build(root)?;
    let home = root.join("target/demo");
    // A fresh start each time but for the installed packages, which are checked before they are used.
    for folder in [".config", ".local/share/hushpipe/secrets"] {
        let _ = std::fs::remove_dir_all(home.join(folder));
    }
    std::fs::create_dir_all(&home)?;
    let demo = Demo { hushpipe, home };
    demo.step(&["init"], "")?;
    println!("$ cat ~/.config/hushpipe/hushpipe.toml\n{MANIFEST}");
    std::fs::write(demo.home.join(".config/hushpipe/hushpipe.toml"), MANIFEST)?;
    demo.step(&["secret", "set", "local://demo-token"], TOKEN)?;
    demo.step(&["lock"], "")?;
    demo.step(&["sync"], "")?;
    let answer = demo.step(&["call", "everything", "get-env"], "")?;
    if answer.contains(TOKEN) || !answer.contains("[hushpipe:DEMO_TOKEN]") {
        return Err("the token came back".into());
    }
    println!("The server has the token; the caller sees only its name.");
    Ok(())
}

/// Builds the program itself, which `cargo run --example` does not. This example is named with it, so that the dependencies
/// are those that are built already: alone, the program would have some of them with fewer features.
fn build(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    let mut cargo = Command::new(env!("CARGO"));
    // Set for this example by its own build; some dependencies would be compiled again for each of them.
    let of_example =
        |name: &String| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(of_example).for_each(|name| {
        cargo.env_remove(name);
    });
    let status = cargo
        .args(["build", "--quiet", "--locked", "--bin", "hushpipe", "--example", "demo"])
        .args(profile)
        .current_dir(root)
        .status()?;
    let name = format!("hushpipe{}", std::env::consts::EXE_SUFFIX);
    // This example stands in `<target>/<profile>/examples`.
    let example = std::env::current_exe()?;
    let folder = example.parent().and_then(Path::parent).ok_or("no target folder")?;
    status.success().then(|| folder.join(name)).ok_or_else(|| "the build failed".into())
}

struct Demo {
    hushpipe: PathBuf,
    home: PathBuf,
}

impl Demo {
    /// Shows a command, runs it with `input` on its standard input, shows and returns what it printed.
    fn step(&self, args: &[&str], input: &str) -> Result<String, Box<dyn Error>> {
        println!("$ hushpipe {}", args.join(" "));
        let mut child = Command::new(&self.hushpipe)
            .args(args)
            .env("HOME", &self.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        io::stdout().write_all(&output.stdout)?;
        println!();
        if !output.status.success() {
            return Err(format!("hushpipe {} failed: {}", args.join(" "), output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}
