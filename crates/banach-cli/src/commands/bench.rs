//! `banach bench`: how fast this machine trains networks, on random data.

mod train;
mod workload;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// How fast networks train here, on random data
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Train(train::TrainArgs),
}

/// Measures.
pub(crate) fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        BenchCommand::Train(args) => train::run(&args),
    }
}
