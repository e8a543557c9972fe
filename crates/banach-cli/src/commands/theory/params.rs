//! `banach theory params`.

use std::process::ExitCode;

use banach_theory::{MomentError, MomentMap, Moments, parameters_at};
use clap::Args;
use serde_json::json;

use super::output;

#[derive(Debug, Args)]
pub(super) struct ParamsArgs {
    /// Mean of the fixed point
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    mean: f64,
    /// Variance of the fixed point
    #[arg(long, allow_negative_numbers = true, default_value_t = 1.0)]
    variance: f64,
    /// Sum of the weights of each unit [default: 0 for mean 0, whose constants hold for any; else 1]
    #[arg(long, allow_negative_numbers = true)]
    omega: Option<f64>,
    /// Sum of the squared weights of each unit; at initialization it is 1
    #[arg(long, allow_negative_numbers = true, default_value_t = 1.0)]
    tau: f64,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

pub(super) fn run(args: &ParamsArgs) -> anyhow::Result<ExitCode> {
    let target = Moments {
        mean: args.mean,
        variance: args.variance,
    };
    // The net input has the target's own moments at omega = 1. With mean 0 omega changes nothing but whether the
    // point attracts, which is then said for the omega of an initialised network.
    let omega = args
        .omega
        .unwrap_or(if args.mean == 0.0 { 0.0 } else { 1.0 });
    let selu = match parameters_at(target, omega, args.tau) {
        Ok(selu) => selu,
        Err(
            error @ MomentError::NoParameters {
                share,
                lowest,
                highest,
                ..
            },
        ) => {
            let value = json!({
                "alpha": null,
                "lambda": null,
                "mean_over_rms": share,
                "above": lowest,
                "below": highest,
            });
            output::write(args.json, &value, &format!("{error}\n"))?;
            return Ok(ExitCode::from(1));
        }
        Err(error) => return Err(error.into()),
    };
    let (_, jacobian) = MomentMap::new(selu, omega, args.tau)?.evaluate(target)?;
    let stable = jacobian.spectral_radius() < 1.0;
    let value = output::merge(
        json!({"alpha": selu.alpha, "lambda": selu.lambda, "omega": omega, "tau": args.tau, "stable": stable}),
        output::jacobian_json(&jacobian),
    );
    let mut text = format!(
        "alpha          {}\n\
         lambda         {}\n\
         stable         {}\n\
         spectral norm  {}\n\
         at             omega {}, tau {}\n",
        selu.alpha,
        selu.lambda,
        if stable { "yes" } else { "no" },
        jacobian.spectral_norm(),
        omega,
        args.tau,
    );
    if args.mean != 0.0 && omega != 0.0 {
        text.push_str(
            "at initialisation omega is 0, which `banach fit --fixed-point` goes by: see --omega 0\n",
        );
    }
    output::write(args.json, &value, &text)?;
    Ok(ExitCode::SUCCESS)
}
