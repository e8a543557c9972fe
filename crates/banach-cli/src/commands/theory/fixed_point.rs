//! `banach theory fixed-point`.

use std::fmt::Write;
use std::process::ExitCode;

use banach_theory::fixed_point::follow;
use banach_theory::{FixedPointReport, MomentMap, Moments, Outcome};
use clap::Args;
use serde_json::{Value, json};

use super::{SeluArgs, output};

#[derive(Debug, Args)]
pub(super) struct FixedPointArgs {
    /// Sum of the weights of each unit
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    omega: f64,
    /// Sum of the squared weights of each unit
    #[arg(long, allow_negative_numbers = true, default_value_t = 1.0)]
    tau: f64,
    /// Mean to start from
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    mu0: f64,
    /// Variance to start from
    #[arg(long, allow_negative_numbers = true, default_value_t = 1.0)]
    nu0: f64,
    #[command(flatten)]
    selu: SeluArgs,
    /// Show mean and variance of each layer on the way
    #[arg(long)]
    trajectory: bool,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

pub(super) fn run(args: &FixedPointArgs) -> anyhow::Result<ExitCode> {
    let map = MomentMap::new(args.selu.selu(), args.omega, args.tau)?;
    let start = Moments {
        mean: args.mu0,
        variance: args.nu0,
    };
    let report = follow(|at| map.evaluate(at), start)?;
    output::write(
        args.json,
        &to_json(&report, args.trajectory),
        &to_text(&report, args.trajectory),
    )?;
    Ok(match report.outcome {
        Outcome::Attracted => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    })
}

fn to_json(report: &FixedPointReport, trajectory: bool) -> Value {
    let mut value = json!({
        "outcome": report.outcome,
        "iterations": report.iterations,
        "mean": Value::Null,
        "variance": Value::Null,
        "stable": false,
    });
    if let Some(found) = report.fixed_point {
        let point = json!({
            "mean": found.moments.mean,
            "variance": found.moments.variance,
            "stable": found.is_stable(),
        });
        value = output::merge(value, point);
        value = output::merge(value, output::jacobian_json(&found.jacobian));
    }
    if trajectory {
        value = output::merge(value, json!({"trajectory": report.trajectory}));
    }
    value
}

fn to_text(report: &FixedPointReport, trajectory: bool) -> String {
    let mut text = String::new();
    if trajectory {
        text.push_str("layer  mean                     variance\n");
        for (layer, at) in report.trajectory.iter().enumerate() {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{layer:5}  {:<23?}  {:?}", at.mean, at.variance);
        }
        text.push('\n');
    }
    let layers = report.iterations;
    text.push_str(&match report.outcome {
        Outcome::Attracted => format!("at rest after {layers} layers\n"),
        Outcome::Vanishes => format!(
            "no fixed point attracts this start: the variance is below 1e-200 after {layers} layers\n"
        ),
        Outcome::Diverges => format!(
            "no fixed point attracts this start: mean or variance grow without bound, out of range after {layers} layers\n"
        ),
        Outcome::Undecided => {
            format!("no fixed point attracts this start within {layers} layers\n")
        }
    });
    if let Some(found) = report.fixed_point {
        if report.outcome != Outcome::Attracted {
            text.push_str("a fixed point near the start:\n");
        }
        let [first, second] = found.jacobian.eigenvalues();
        let _ = write!(
            text,
            "mean           {:?}\n\
             variance       {:?}\n\
             stable         {}\n\
             spectral norm  {:?}\n\
             eigenvalues    {}\n\
             \x20              {}\n",
            found.moments.mean,
            found.moments.variance,
            if found.is_stable() { "yes" } else { "no" },
            found.jacobian.spectral_norm(),
            output::complex(first),
            output::complex(second),
        );
    }
    text
}
