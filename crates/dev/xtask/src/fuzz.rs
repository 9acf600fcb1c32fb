//! `cargo xtask fuzz TARGET`: one target under libFuzzer, with the compiler at hand.
//!
//! `cargo fuzz` wants a nightly compiler for its sanitizers. What guides libFuzzer is the coverage
//! instrumentation alone, and that every compiler has; Rust's own checks stand in for the sanitizers,
//! since there is no unsafe code of ours to check.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::say::say;
use crate::workspace::Workspace;

const PACKAGE: &str = "picket-fuzz";
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cdebug-assertions",
    "-Coverflow-checks",
];
/// Largest input that is tried.
const INPUT_BYTES_MAX: u32 = 16 * 1024;

/// Fuzzes `target` for `seconds`. What it finds on its way stays in `target/xtask/fuzz/TARGET` and is where
/// the next run begins; what makes it fall is written to `target/xtask/fuzz/TARGET-…`.
pub(crate) fn run(workspace: &Workspace, target: &str, seconds: u64) -> Result<ExitCode> {
    let seeds = workspace.root.join("crates/dev/fuzz/seeds").join(target);
    if !seeds.is_dir() {
        bail!("there is no target `{target}`; there are {}", known(workspace)?.join(", "));
    }
    let host = host()?;
    let folder = workspace.cache().join("fuzz-build");
    let mut flags = FLAGS.join(" ");
    flags.insert_str(0, "-Ccodegen-units=1 ");
    say!("building {PACKAGE} with coverage; the first time takes a few minutes");
    let built = Command::new("cargo")
        .args(["build", "--release", "--locked", "--package", PACKAGE])
        .args(["--features", "libfuzzer", "--target", &host])
        .arg("--target-dir")
        .arg(&folder)
        .current_dir(&workspace.root)
        .env("RUSTFLAGS", flags)
        .status()
        .context("failed to start cargo")?;
    if !built.success() {
        bail!("{PACKAGE} could not be built");
    }
    let found = workspace.cache().join("fuzz").join(target);
    std::fs::create_dir_all(&found)?;
    let error = Command::new(folder.join(host).join("release").join(PACKAGE))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-artifact_prefix={}-", found.display()))
        .args([&found, &seeds])
        .env("PICKET_FUZZ_TARGET", target)
        .exec();
    Err(error).with_context(|| format!("failed to start {PACKAGE}"))
}

fn known(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root.join("crates/dev/fuzz/seeds");
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().and_then(|entry| name(&entry.path())))
        .collect();
    names.sort();
    Ok(names)
}

/// The machine that rustc builds for, as `--target` has it: with it, build scripts stay as they are.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("failed to start rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not say what its host is")?.to_owned())
}
