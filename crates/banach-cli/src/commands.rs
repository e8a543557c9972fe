//! The commands.

#[cfg(not(all(
    feature = "plot",
    feature = "compare",
    feature = "reproduce",
    feature = "download"
)))]
mod absent;
mod bench;
mod certify;
#[cfg(feature = "compare")]
mod compare;
mod cv;
mod demo;
mod evaluate;
mod fit;
mod inspect;
mod predict;
#[cfg(feature = "reproduce")]
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
    #[cfg(feature = "compare")]
    Compare(Box<compare::CompareArgs>),
    /// Compare networks with other methods (not in this build)
    #[cfg(not(feature = "compare"))]
    Compare(absent::AbsentArgs),
    Inspect(inspect::InspectArgs),
    /// Mean and variance in deep SELU networks: map, fixed points, parameters, plots
    Theory(Box<theory::TheoryArgs>),
    Certify(Box<certify::CertifyArgs>),
    #[cfg(feature = "reproduce")]
    Reproduce(Box<reproduce::ReproduceArgs>),
    /// Run the paper's experiments again (not in this build)
    #[cfg(not(feature = "reproduce"))]
    Reproduce(absent::AbsentArgs),
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
            #[cfg(feature = "compare")]
            Self::Compare(args) => compare::run(*args),
            #[cfg(not(feature = "compare"))]
            Self::Compare(_) => absent::run("compare", "compare"),
            Self::Inspect(args) => inspect::run(args),
            Self::Theory(args) => theory::run(*args),
            Self::Certify(args) => certify::run(*args),
            #[cfg(feature = "reproduce")]
            Self::Reproduce(args) => reproduce::run(*args),
            #[cfg(not(feature = "reproduce"))]
            Self::Reproduce(_) => absent::run("reproduce", "reproduce"),
            Self::Bench(args) => bench::run(args),
        }
    }
}

/// The command, as it can be typed again.
#[cfg(feature = "compare")]
fn typed() -> String {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .map(|arg| crate::text::quoted(&arg))
        .collect();
    format!("banach {}", arguments.join(" "))
}
