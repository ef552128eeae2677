//! The five experiments of the paper.

use std::process::ExitCode;

#[path = "paper/main.rs"]
mod paper;

fn main() -> ExitCode {
    paper::main()
}
