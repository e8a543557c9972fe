//! `banach theory`: the moment map, its fixed points, and what follows from them.

mod activation;
mod certify;
mod fixed_point;
mod map;
mod output;
mod params;
#[cfg(feature = "plot")]
mod plot;
mod propagate;
mod proved;
pub(crate) mod ranges;
mod region;
mod verify;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use banach_theory::{ALPHA_01, LAMBDA_01, Selu};
use clap::{Args, Subcommand};

use crate::options::Threads;

#[cfg(feature = "reproduce")]
pub(crate) use plot::paper_field;

/// Questions about mean and variance in deep SELU networks
#[derive(Debug, Args)]
pub(crate) struct TheoryArgs {
    #[command(subcommand)]
    command: TheoryCommand,
}

#[derive(Debug, Subcommand)]
enum TheoryCommand {
    /// Mean and variance after one layer, with the Jacobian of that map
    Map(map::MapArgs),
    /// The fixed point of mean and variance over many layers, and whether it is attracting (exit code 1 if not)
    FixedPoint(fixed_point::FixedPointArgs),
    /// SELU's alpha and lambda for a fixed point of your choice (exit code 1 if none exist)
    Params(params::ParamsArgs),
    /// What other activation functions do to mean and variance, and whether they are self-normalizing
    Activation(activation::ActivationArgs),
    /// Random networks of finite width beside the map
    Propagate(propagate::PropagateArgs),
    /// Pictures, as SVG or PNG
    #[cfg(feature = "plot")]
    Plot(plot::PlotArgs),
    /// Pictures (not in this build)
    #[cfg(not(feature = "plot"))]
    Plot(crate::commands::absent::AbsentArgs),
    /// Prove a theorem, or a statement of your own, by interval arithmetic (exit code 1 if it is not proved)
    Certify(certify::CertifyArgs),
    /// Check certificates without the search that found them (exit code 1 if one does not hold)
    Verify(verify::VerifyArgs),
    /// How far weights may drift before the guarantee of a fixed point ends
    Region(region::RegionArgs),
}

/// Parameters of SELU.
#[derive(Debug, Args)]
struct SeluArgs {
    /// SELU's alpha
    #[arg(long, default_value_t = ALPHA_01)]
    alpha: f64,
    /// SELU's lambda
    #[arg(long, default_value_t = LAMBDA_01)]
    lambda: f64,
}

impl SeluArgs {
    fn selu(&self) -> Selu {
        Selu {
            alpha: self.alpha,
            lambda: self.lambda,
        }
    }
}

/// Threads as the searches for proofs take them.
fn number(threads: Threads) -> anyhow::Result<NonZeroUsize> {
    Ok(NonZeroUsize::new(threads.number()?).unwrap_or(NonZeroUsize::MIN))
}

/// Answers the question.
pub(crate) fn run(args: TheoryArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        TheoryCommand::Map(args) => map::run(&args),
        TheoryCommand::FixedPoint(args) => fixed_point::run(&args),
        TheoryCommand::Params(args) => params::run(&args),
        TheoryCommand::Activation(args) => activation::run(&args),
        TheoryCommand::Propagate(args) => propagate::run(&args),
        #[cfg(feature = "plot")]
        TheoryCommand::Plot(args) => plot::run(&args),
        #[cfg(not(feature = "plot"))]
        TheoryCommand::Plot(_) => crate::commands::absent::run("theory plot", "plot"),
        TheoryCommand::Certify(args) => certify::run(&args),
        TheoryCommand::Verify(args) => verify::run(&args),
        TheoryCommand::Region(args) => region::run(&args),
    }
}
