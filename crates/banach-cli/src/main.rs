//! The banach command line program: flags, messages, progress and exit codes. All computation is in
//! the crates below.
#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod failure;
mod interrupt;
mod options;
mod output;
#[cfg(feature = "plot")]
mod picture;
mod progress;
mod read_flags;
mod setting_flags;
mod text;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use commands::Command;

/// Self-normalizing neural networks for tables
///
/// From a table and the name of a column to a trained deep SELU network, honest metrics and
/// predictions, in one command each.
#[derive(Parser)]
#[command(
    name = "banach",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  banach demo                                        see it work, in seconds
  banach fit train.csv --target species              train; writes model.safetensors
  banach evaluate model.safetensors test.csv         metrics on rows with known targets
  banach predict model.safetensors new.csv           predictions as CSV on standard output
  banach compare train.csv --target species          networks, forests, boosting, .. on the same folds
  banach inspect model.safetensors                   what is inside a model

Tables are CSV or TSV (also .gz and .zst), Parquet or Arrow IPC; - reads standard input.
Results go to standard output, everything else to standard error.
Exit status: 0 done, 1 the answer is no, 2 error, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments =
        arguments::with_dashed_names(&mut Cli::command(), std::env::args_os().collect());
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            // Nobody may be there to read it; the exit code says it all the same.
            let _ = usage.print();
            return ExitCode::from(if usage.use_stderr() {
                failure::ERROR
            } else {
                0
            });
        }
    };
    match cli.command.run() {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
