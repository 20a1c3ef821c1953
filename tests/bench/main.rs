//! Benchmarks: `cargo bench` runs all, `cargo bench -- start rtt` some.
//!
//! `start` and `own`: from spawning to the answer to `initialize`, for real servers and for a trivial one. `rtt` and
//! `throughput`: the relay between this program as the client and this program again as the server. `memory`: what the
//! whole tree holds. `redact`: redaction alone, on traffic without a secret. `growth`: whether it stays linear on the
//! worst input of every rule. `screen`: the search for instruction-like and invisible text alone, on both kinds of
//! input. `resolve`: secrets over several providers against the slowest of them. Every figure stands beside its rivals'
//! from the same run, taken in turns, because neighbours on a machine change medians more than most changes to the code
//! do; so compare the ratios, not the milliseconds.
//! `traffic FOLDER` measures nothing: it writes what `.ci/peers` has other programs read. stdout holds the tables.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a benchmark may fail loudly and start programs"
)]

/// Traffic without a secret, in the shapes that servers send.
mod benign;
/// The server end and the naive rival: this program under another argument.
mod child;
/// The fixture home with the real servers, shared with the integration tests.
#[path = "../it/servers.rs"]
mod servers;
/// One started program and the frames it exchanges.
mod session;
/// What is repeated to be slow, and where.
mod shapes;
/// Samples, their order statistics, and the tables.
mod table;
/// Traffic in files, for the programs of others.
mod traffic;
/// The processes below one, shared with the integration tests.
#[path = "../it/tree.rs"]
mod tree;

mod growth;
mod memory;
mod redact;
#[cfg(all(target_os = "linux", feature = "vault", feature = "aws"))]
mod resolve;
mod rtt;
mod screen;
mod start;
mod throughput;

use std::fs;
use std::path::Path;

use table::say;

const PARTS: &[(&str, fn())] = &[
    ("own", start::own),
    ("start", start::real_servers),
    ("rtt", rtt::round_trips),
    ("throughput", throughput::relayed),
    ("memory", memory::trees),
    ("redact", redact::figures),
    ("growth", growth::of_every_rule),
    ("screen", screen::figures),
    #[cfg(all(target_os = "linux", feature = "vault", feature = "aws"))]
    ("resolve", resolve::five_secrets),
];

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if child::play(&args) {
        return;
    }
    // `cargo bench` says so to every benchmark; ours has nothing else to do.
    args.retain(|arg| arg != "--bench");
    if let [part, folder] = args.as_slice()
        && part == "traffic"
    {
        return traffic::write(Path::new(folder));
    }
    let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = args.iter().find(|arg| !names.contains(&arg.as_str())) {
        say(&format!("there is no part `{unknown}`; there are: {}", names.join(" ")));
        std::process::exit(2);
    }
    for (name, part) in PARTS {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            say(&format!("\n# {name} (load average {})", load_average()));
            part();
        }
    }
    say(&format!("\nload average at the end: {}", load_average()));
}

/// How busy the machine is, over 1, 5 and 15 minutes; figures from a busy one are worth their ratios only.
fn load_average() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = load.split(' ').take(3).collect();
    if averages.is_empty() { "unknown".into() } else { averages.join(" ") }
}
