//! Prints the worst errors of the moment map, fixed points and parameters against reference values.
//!
//!     cargo bench -p banach-theory --bench moments_accuracy -- /path/to/moments.json
//!
//! The file holds values at 30 digits as text: `points` (mu, omega, nu, tau, mean, variance, jacobian, spectral_norm),
//! `fixed_points` (omega, tau, mean, variance) and `parameters` (mean, variance, alpha, lambda, at omega = tau = 1).
//! Exit code 1 if an error is above what the library promises.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use banach_theory::fixed_point::follow;
use banach_theory::{Jacobian, MomentMap, Moments, Selu, parameters_at};
use serde_json::Value;

/// Promised relative errors of the map and of fixed points and parameters.
const MAP: f64 = 1e-12;
const PARAMETERS: f64 = 1e-14;

/// An error and the greatest one allowed.
struct Worst(f64, f64);

impl Worst {
    fn see(&mut self, got: f64, want: f64, size: f64) {
        self.0 = self.0.max((got - want).abs() / size);
    }
}

fn number(value: &Value) -> Result<f64, Box<dyn Error>> {
    match value {
        Value::String(text) => Ok(text.parse()?),
        other => other.as_f64().ok_or_else(|| "not a number".into()),
    }
}

fn rows<'a>(file: &'a Value, name: &str) -> Result<&'a Vec<Value>, Box<dyn Error>> {
    file[name]
        .as_array()
        .ok_or_else(|| format!("no list {name:?}").into())
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Cargo adds `--bench`.
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let path = arguments.next().ok_or("which file?")?;
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;

    let mut mean = Worst(0.0, MAP);
    let mut variance = Worst(0.0, MAP);
    let mut jacobian = Worst(0.0, MAP);
    let mut norm = Worst(0.0, MAP);
    let points = rows(&file, "points")?;
    for row in points {
        let map = MomentMap::new(
            Selu::default(),
            number(&row["omega"])?,
            number(&row["tau"])?,
        )?;
        let at = Moments {
            mean: number(&row["mu"])?,
            variance: number(&row["nu"])?,
        };
        let (got, Jacobian(entries)) = map.evaluate(at)?;
        let want = number(&row["mean"])?;
        mean.see(got.mean, want, want.abs());
        let want = number(&row["variance"])?;
        variance.see(got.variance, want, want);
        for (i, entries) in entries.iter().enumerate() {
            for (k, &got) in entries.iter().enumerate() {
                let want = number(&row["jacobian"][i][k])?;
                // Next to nothing is compared with nothing.
                jacobian.see(got, want, want.abs().max(1e-100));
            }
        }
        let want = number(&row["spectral_norm"])?;
        norm.see(Jacobian(entries).spectral_norm(), want, want);
    }

    let mut fixed = Worst(0.0, PARAMETERS);
    let fixed_points = rows(&file, "fixed_points")?;
    for row in fixed_points {
        let map = MomentMap::new(
            Selu::default(),
            number(&row["omega"])?,
            number(&row["tau"])?,
        )?;
        let start = Moments {
            mean: 0.0,
            variance: 0.5,
        };
        let found = follow(|at| map.evaluate(at), start)?;
        let got = found.fixed_point.ok_or("no fixed point")?.moments;
        let want = number(&row["variance"])?;
        fixed.see(got.mean, number(&row["mean"])?, want.sqrt());
        fixed.see(got.variance, want, want);
    }

    let mut selu = Worst(0.0, PARAMETERS);
    let targets = rows(&file, "parameters")?;
    for row in targets {
        let target = Moments {
            mean: number(&row["mean"])?,
            variance: number(&row["variance"])?,
        };
        let got = parameters_at(target, 1.0, 1.0)?;
        for (got, name) in [(got.alpha, "alpha"), (got.lambda, "lambda")] {
            let want = number(&row[name])?;
            selu.see(got, want, want);
        }
    }

    let mut out = std::io::stdout().lock();
    writeln!(out, "worst relative error over {} points", points.len())?;
    writeln!(out, "  mean                         {:.1e}", mean.0)?;
    writeln!(out, "  variance                     {:.1e}", variance.0)?;
    writeln!(out, "  each entry of the Jacobian   {:.1e}", jacobian.0)?;
    writeln!(out, "  spectral norm                {:.1e}", norm.0)?;
    writeln!(out, "worst error over {} fixed points", fixed_points.len())?;
    writeln!(
        out,
        "  mean (of the standard deviation) and variance (relative)  {:.1e}",
        fixed.0
    )?;
    writeln!(
        out,
        "worst relative error of alpha and lambda over {} targets",
        targets.len()
    )?;
    writeln!(out, "  {:.1e}", selu.0)?;
    let kept = [mean, variance, jacobian, norm, fixed, selu]
        .iter()
        .all(|Worst(error, allowed)| error <= allowed);
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
