//! The commands.

mod bench;
mod certify;
mod compare;
mod cv;
mod demo;
mod evaluate;
mod fit;
mod inspect;
mod predict;
mod reproduce;
mod theory;

use std::process::ExitCode;

/// The commands; the help of each stands with its arguments.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    Demo(demo::DemoArgs),
    Fit(Box<fit::FitArgs>),
    Predict(predict::PredictArgs),
    Evaluate(evaluate::EvaluateArgs),
    Cv(Box<cv::CvArgs>),
    Compare(Box<compare::CompareArgs>),
    Inspect(inspect::InspectArgs),
    /// Mean and variance in deep SELU networks: map, fixed points, parameters, plots
    Theory(Box<theory::TheoryArgs>),
    Certify(Box<certify::CertifyArgs>),
    Reproduce(Box<reproduce::ReproduceArgs>),
    /// Benchmark training and prediction on random data
    Bench(bench::BenchArgs),
}

impl Command {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Demo(args) => demo::run(args),
            Self::Fit(args) => fit::run(*args),
            Self::Predict(args) => predict::run(args),
            Self::Evaluate(args) => evaluate::run(args),
            Self::Cv(args) => cv::run(*args),
            Self::Compare(args) => compare::run(*args),
            Self::Inspect(args) => inspect::run(args),
            Self::Theory(args) => theory::run(*args),
            Self::Certify(args) => certify::run(*args),
            Self::Reproduce(args) => reproduce::run(*args),
            Self::Bench(args) => bench::run(args),
        }
    }
}

/// The command, as it can be typed again.
fn typed() -> String {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .map(|arg| crate::text::quoted(&arg))
        .collect();
    format!("banach {}", arguments.join(" "))
}
