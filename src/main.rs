//! The gateway's program: see `octroi::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    octroi::cli::main()
}
