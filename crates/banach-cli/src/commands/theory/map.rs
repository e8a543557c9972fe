//! `banach theory map`.

use std::process::ExitCode;

use banach_theory::{Jacobian, MomentMap, Moments};
use clap::Args;
use serde_json::json;

use super::{SeluArgs, output};

#[derive(Debug, Args)]
pub(super) struct MapArgs {
    /// Mean of the activations of a layer
    #[arg(long, allow_negative_numbers = true)]
    mu: f64,
    /// Sum of the weights of a unit of the next layer
    #[arg(long, allow_negative_numbers = true)]
    omega: f64,
    /// Variance of the activations of a layer
    #[arg(long, allow_negative_numbers = true)]
    nu: f64,
    /// Sum of the squared weights of a unit of the next layer
    #[arg(long, allow_negative_numbers = true)]
    tau: f64,
    #[command(flatten)]
    selu: SeluArgs,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

pub(super) fn run(args: &MapArgs) -> anyhow::Result<ExitCode> {
    let map = MomentMap::new(args.selu.selu(), args.omega, args.tau)?;
    let at = Moments {
        mean: args.mu,
        variance: args.nu,
    };
    let (next, jacobian) = map.evaluate(at)?;
    let value = output::merge(
        json!({"mean": next.mean, "variance": next.variance}),
        output::jacobian_json(&jacobian),
    );
    let Jacobian([[a, b], [c, d]]) = jacobian;
    let text = format!(
        "mean           {:?}\n\
         variance       {:?}\n\
         jacobian       d mean/d mu      {a:?}\n\
         \x20              d mean/d nu      {b:?}\n\
         \x20              d variance/d mu  {c:?}\n\
         \x20              d variance/d nu  {d:?}\n\
         spectral norm  {:?}\n",
        next.mean,
        next.variance,
        jacobian.spectral_norm(),
    );
    output::write(args.json, &value, &text)?;
    Ok(ExitCode::SUCCESS)
}
