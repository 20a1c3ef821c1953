//! What the kernel says of a process: its command line, its environment, whether it is still there. Linux only.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::tree;

const LIMIT: Duration = Duration::from_secs(30);

/// The arguments of a process, each ended by NUL; empty for one that is gone.
pub(crate) fn cmdline(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The short name of a process.
pub(crate) fn comm(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim_end().to_owned()
}

/// Sends a signal to one process.
pub(crate) fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), signal).expect("a process of ours");
}

/// Whether a process still runs: there, and not a zombie that only waits to be collected.
pub(crate) fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, behind)| !behind.starts_with(['Z', 'X']))
}

/// Waits until none of these runs; fails the test when one stays.
pub(crate) fn wait_until_gone(pids: &[u32]) {
    let start = Instant::now();
    while let Some(pid) = pids.iter().find(|pid| runs(**pid)) {
        assert!(start.elapsed() < LIMIT, "process {pid} is still there: {}", cmdline(*pid));
        thread::sleep(Duration::from_millis(5));
    }
}

/// Every process whose command line holds this text, wherever it stands in the tree.
pub(crate) fn mentioning(text: &str) -> Vec<u32> {
    tree::processes().filter(|pid| runs(*pid) && cmdline(*pid).contains(text)).collect()
}

/// Every process that a user with this home started: its command line says so, or its environment where we may read it.
pub(crate) fn of_user(home: &str) -> Vec<u32> {
    let variable = format!("HOME={home}\0");
    let belongs = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&variable) || cmdline(*pid).contains(home)
    };
    tree::processes().filter(|pid| runs(*pid) && belongs(pid)).collect()
}

/// The process below this one whose command line holds this text; fails the test unless there is exactly one.
pub(crate) fn below(root: u32, text: &str) -> u32 {
    let mut found = tree::of(root);
    found.retain(|pid| *pid != root && cmdline(*pid).contains(text));
    assert_eq!(found.len(), 1, "`{text}` among {:?}", tree::of(root));
    found[0]
}
