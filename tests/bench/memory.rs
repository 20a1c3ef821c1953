//! What the whole process tree of a started server holds: proportional set size, so that shared pages count once.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::session::Session;
use crate::start::{direct, npx};
use crate::table::{self, Samples};
use crate::{servers, tree};

/// Measures each real server a second after it was opened.
pub(crate) fn trees() {
    let home = servers::home();
    for server in &servers::SERVERS[..3] {
        let mut rows = [
            ("direct", direct(server)),
            ("hushpipe run", servers::hushpipe(home, ["run", server.name])),
            ("npx --offline -y", npx(&["--offline"], server)),
        ]
        .map(|(rival, command)| (Samples::of(rival), command));
        for _ in 0..5 {
            for (samples, command) in &mut rows {
                samples.add(mebibytes(command));
            }
        }
        let rows = rows.map(|(samples, _)| samples);
        table::print(server.name, "MiB PSS", &rows);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred thousand KiB")]
fn mebibytes(command: &mut Command) -> f64 {
    let mut session = Session::start(command);
    session.initialize();
    std::thread::sleep(Duration::from_secs(1));
    let kibibytes: u64 = tree::of(session.pid()).into_iter().map(proportional).sum();
    kibibytes as f64 / 1024.0
}

/// The proportional set size of one process in KiB. hushpipe is not dumpable: only root may read its figures.
fn proportional(pid: u32) -> u64 {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e} (run as root)"));
    let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a Pss line");
    pss.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
}
