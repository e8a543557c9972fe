//! `banach bench`: how fast networks train and predict on this machine, on random data.

mod fleet;
mod predict;
mod train;
mod workload;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// How fast networks train and predict here, on random data
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Train(train::TrainArgs),
    Fleet(fleet::FleetArgs),
    Predict(predict::PredictArgs),
}

/// Measures.
pub(crate) fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        BenchCommand::Train(args) => train::run(&args),
        BenchCommand::Fleet(args) => fleet::run(&args),
        BenchCommand::Predict(args) => predict::run(&args),
    }
}
