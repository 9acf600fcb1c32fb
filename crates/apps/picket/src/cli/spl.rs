//! `picket spl`: searches over events in a file, without a server.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use picket_siem::offline;

use super::Failure;

/// SPL without a server.
#[derive(Debug, Args)]
pub(super) struct SplArgs {
    #[command(subcommand)]
    command: SplCommand,
}

#[derive(Debug, Subcommand)]
enum SplCommand {
    /// Run each line's search over the line's events
    ///
    /// A line is `{id, events, search, now?}`; the answer is `{id, fields, rows}` or
    /// `{id, error: {message, line, column}}`.
    Eval {
        /// The file; `-` is standard input
        file: PathBuf,
    },
    /// Print the commands of each line's search
    ///
    /// The answer to a line is `{id, commands}` or `{id, error: {message, line, column}}`.
    Parse {
        /// The file; `-` is standard input
        file: PathBuf,
    },
}

/// Runs the command.
pub(super) fn run(args: &SplArgs) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::other("the runtime could not be started", &error))?;
    match &args.command {
        SplCommand::Eval { file } => {
            answer(file, |line| runtime.block_on(offline::eval_line(line)))
        }
        SplCommand::Parse { file } => answer(file, offline::parse_line),
    }
}

/// Prints `of(line)` for each line of the file that is not blank.
fn answer(path: &PathBuf, of: impl Fn(&str) -> String) -> Result<(), Failure> {
    let input: Box<dyn BufRead> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => {
            let file = File::open(path).map_err(|error| {
                Failure::other(format!("{} could not be opened", path.display()), &error)
            })?;
            Box::new(BufReader::new(file))
        }
    };
    let mut out = io::stdout().lock();
    for line in input.lines() {
        let line = line.map_err(|error| {
            Failure::other(format!("{} could not be read", path.display()), &error)
        })?;
        if line.trim().is_empty() {
            continue;
        }
        match writeln!(out, "{}", of(&line)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written
                .map_err(|error| Failure::other("the output could not be written", &error))?,
        }
    }
    Ok(())
}
