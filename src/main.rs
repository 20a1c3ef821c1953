//! Parse, call, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    hushpipe::cli::main()
}
