//! A Python with libraries from PyPI, made once in the target folder, for tests of what other programs read.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What the scripts import.
const PACKAGES: [&str; 6] = ["pyarrow", "polars", "duckdb", "numpy", "safetensors", "onnxruntime"];

/// Runs a command to its end; a clear failure if it cannot be found or does not succeed.
pub fn run(command: &mut Command, purpose: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{purpose}: {error} ({command:?})"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{purpose} failed ({command:?}):\n{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A command of this Python that runs a script of the folder `tests/formats`.
pub fn script(name: &str) -> Command {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(PYTHON.get_or_init(make_python));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/formats").join(name));
    command
}

fn make_python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = folder.join("bin/python3");
    let ready = folder.join("ready");
    let wanted = PACKAGES.join(" ");
    if std::fs::read_to_string(&ready).ok().as_ref() != Some(&wanted) {
        std::fs::remove_dir_all(&folder).ok();
        run(
            Command::new("python3").args(["-m", "venv"]).arg(&folder),
            "this test needs Python 3 with its module venv; making an environment",
        );
        run(
            Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES),
            "this test needs libraries from a Python package index; installing them",
        );
        std::fs::write(ready, wanted).unwrap();
    }
    python
}
