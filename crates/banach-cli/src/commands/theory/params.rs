//! `banach theory params`.

use std::process::ExitCode;

use banach_theory::{MomentError, MomentMap, Moments, parameters};
use clap::Args;
use serde_json::json;

use super::output;

#[derive(Debug, Args)]
pub(super) struct ParamsArgs {
    /// Mean of the fixed point
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    mean: f64,
    /// Variance of the fixed point
    #[arg(long, default_value_t = 1.0)]
    variance: f64,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

pub(super) fn run(args: &ParamsArgs) -> anyhow::Result<ExitCode> {
    let target = Moments {
        mean: args.mean,
        variance: args.variance,
    };
    let selu = match parameters(target) {
        Ok(selu) => selu,
        Err(
            error @ MomentError::NoParameters {
                lowest, highest, ..
            },
        ) => {
            let value = json!({
                "alpha": null,
                "lambda": null,
                "mean_above": lowest,
                "mean_below": highest,
            });
            output::write(args.json, &value, &format!("{error}\n"))?;
            return Ok(ExitCode::from(1));
        }
        Err(error) => return Err(error.into()),
    };
    let (_, jacobian) = MomentMap::new(selu, 0.0, 1.0)?.evaluate(target)?;
    let stable = jacobian.spectral_radius() < 1.0;
    let value = output::merge(
        json!({"alpha": selu.alpha, "lambda": selu.lambda, "stable": stable}),
        output::jacobian_json(&jacobian),
    );
    let text = format!(
        "alpha          {}\n\
         lambda         {}\n\
         stable         {}\n\
         spectral norm  {}\n",
        selu.alpha,
        selu.lambda,
        if stable { "yes" } else { "no" },
        jacobian.spectral_norm(),
    );
    output::write(args.json, &value, &text)?;
    Ok(ExitCode::SUCCESS)
}
