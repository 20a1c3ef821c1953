//! What tests use and the repository does not hold: example programs, MCP clients, installed real servers.
//!
//! Each is made once, below `target/fixture`, by the first test that asks; the rest wait for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A program of `examples/`.
pub(crate) fn example(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_hushpipe")).parent().expect("a target folder");
    let path = folder.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is missing: `cargo test --test it` alone does not build examples; \
         run `cargo build --examples` or plain `cargo test`",
        path.display()
    );
    path
}

/// The folder of what is installed for tests: `clients/` (Node), `python/`, `aws/`.
pub(crate) fn clients() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let script = repository().join(".ci/fixture");
        let installed = Command::new("bash").arg(&script).output().expect("bash runs");
        let said = String::from_utf8_lossy(&installed.stderr);
        assert!(installed.status.success(), "{} failed: {said}", script.display());
        folder()
    })
}

/// The program of RustyVault, a server that speaks Vault's protocol.
#[cfg(all(unix, feature = "vault"))]
pub(crate) fn rustyvault() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let script = repository().join(".ci/rustyvault");
        let built = Command::new("bash").arg(&script).output().expect("bash runs");
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{} failed: {said}", script.display());
        folder().join("rustyvault/bin/rvault")
    })
}

/// Where fixtures are kept.
pub(crate) fn folder() -> PathBuf {
    repository().join("target/fixture")
}

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
