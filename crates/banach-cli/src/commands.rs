//! The commands.

mod cv;
mod demo;
mod evaluate;
mod fit;
mod inspect;
mod predict;
mod theory;

use std::process::ExitCode;

/// What the program can do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// See it work: train, measure and predict on a small real table
    Demo(demo::DemoArgs),
    /// Train a model on a table
    Fit(Box<fit::FitArgs>),
    /// Predict the rows of a table
    Predict(predict::PredictArgs),
    /// Measure a model on rows with known targets
    Evaluate(evaluate::EvaluateArgs),
    /// Cross-validate: train and measure once for each fold
    Cv(Box<cv::CvArgs>),
    /// Look inside a model
    Inspect(inspect::InspectArgs),
    /// Mean and variance in deep SELU networks: map, fixed points, parameters, pictures
    Theory(Box<theory::TheoryArgs>),
}

impl Command {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Demo(args) => demo::run(args),
            Self::Fit(args) => fit::run(*args),
            Self::Predict(args) => predict::run(args),
            Self::Evaluate(args) => evaluate::run(args),
            Self::Cv(args) => cv::run(*args),
            Self::Inspect(args) => inspect::run(args),
            Self::Theory(args) => theory::run(*args),
        }
    }
}
