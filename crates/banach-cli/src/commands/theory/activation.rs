//! `banach theory activation`.

use std::fmt::Write;
use std::process::ExitCode;

use banach_theory::Activation;
use banach_theory::activation::{ActivationReport, VarianceFixedPoints, report};
use clap::Args;
use serde_json::{Value, json};

use super::output;

#[derive(Debug, Args)]
pub(super) struct ActivationArgs {
    /// relu, leaky_relu, elu, selu, gelu, silu, mish, tanh, sigmoid, softplus, hard_swish or identity; all if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

pub(super) fn run(args: &ActivationArgs) -> anyhow::Result<ExitCode> {
    let activations = if args.names.is_empty() {
        Activation::ALL.to_vec()
    } else {
        let named = args.names.iter().map(|name| Activation::from_name(name));
        named.collect::<Result<_, _>>()?
    };
    let mut value = json!({});
    let mut text = String::new();
    for activation in activations {
        let found = report(activation)?;
        value = output::merge(value, json!({activation.name(): to_json(&found)}));
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&to_text(&found));
    }
    output::write(args.json, &value, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn to_json(report: &ActivationReport) -> Value {
    let point = |found: &banach_theory::FixedPoint| {
        output::merge(
            json!({"mean": found.moments.mean, "variance": found.moments.variance}),
            output::jacobian_json(&found.jacobian),
        )
    };
    let (kind, points) = match &report.fixed_points {
        VarianceFixedPoints::All => ("all", Vec::new()),
        VarianceFixedPoints::Falls => ("none_falls", Vec::new()),
        VarianceFixedPoints::Grows => ("none_grows", Vec::new()),
        VarianceFixedPoints::Some { points } => ("some", points.iter().map(point).collect()),
    };
    let shape = &report.shape;
    json!({
        "at_0_1": report.at_0_1,
        "shape": output::merge(
            json!(shape),
            json!({
                "both_signs": shape.has_both_signs(),
                "saturates": shape.saturates(),
                "slope_above_1": shape.is_steep(),
                "continuous": shape.is_continuous(),
            }),
        ),
        "fixed_points": {"kind": kind, "points": points},
        "unit_gain": report.unit_gain,
        "at_unit_gain": report.at_unit_gain.as_ref().map(point),
        "unit_gain_attracts": report.unit_gain_attracts,
        "self_normalizing": report.self_normalizing,
        "because": report.because,
    })
}

/// A number that cannot be told from 0 is 0.
fn beyond_error(value: f64, error: f64) -> f64 {
    if value.abs() <= error { 0.0 } else { value }
}

fn to_text(report: &ActivationReport) -> String {
    let at = &report.at_0_1;
    let mut text = format!("{}\n", report.activation.name());
    // Writing into a String cannot fail.
    let _ = writeln!(
        text,
        "  map at (0, 1)     mean {:.12} (error below {:.0e}), variance {:.12} (error below {:.0e})",
        beyond_error(at.moments.mean, at.mean_error),
        at.mean_error,
        at.moments.variance,
        at.variance_error
    );
    text.push_str("  omega 0, tau 1    ");
    match &report.fixed_points {
        VarianceFixedPoints::All => {
            text.push_str("every variance is a fixed point; none attracts\n")
        }
        VarianceFixedPoints::Falls => text.push_str("no fixed point: the variance falls to 0\n"),
        VarianceFixedPoints::Grows => {
            text.push_str("no fixed point: the variance grows without bound\n");
        }
        VarianceFixedPoints::Some { points } => {
            for (i, found) in points.iter().enumerate() {
                if i > 0 {
                    text.push_str("                    ");
                }
                let _ = writeln!(
                    text,
                    "fixed point (mean {:.6}, variance {:.6}), {}, spectral norm {:.6}",
                    found.moments.mean,
                    found.moments.variance,
                    if found.is_stable() {
                        "attracts"
                    } else {
                        "repels"
                    },
                    found.jacobian.spectral_norm()
                );
            }
        }
    }
    text.push_str("  gain for (., 1)   ");
    match (report.unit_gain, &report.at_unit_gain) {
        (Some(tau), Some(found)) => {
            let _ = writeln!(
                text,
                "tau {:.6}: (mean {:.6}, variance 1), {}, spectral radius {:.6}",
                tau,
                found.moments.mean,
                if report.unit_gain_attracts == Some(true) {
                    "attracts"
                } else {
                    "does not attract"
                },
                found.jacobian.spectral_radius()
            );
        }
        _ => text.push_str("none: no tau up to 1e6 gives variance 1\n"),
    }
    let verdict = if report.self_normalizing { "yes" } else { "no" };
    let _ = writeln!(text, "  self-normalizing: {verdict}, because");
    for reason in &report.because {
        let _ = writeln!(text, "    - {reason}");
    }
    text
}
