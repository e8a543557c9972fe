//! `banach theory propagate`.

use std::fmt::Write;
use std::process::ExitCode;

use banach_theory::Moments;
use banach_theory::propagate::{PropagateOptions, PropagateReport, WeightDraw, propagate};
use clap::Args;
use serde_json::json;

use super::{SeluArgs, output};
use crate::options::Threads;

#[derive(Debug, Args)]
pub(super) struct PropagateArgs {
    /// Number of layers
    #[arg(long, default_value_t = 32)]
    layers: usize,
    /// Width of the layers; several widths, separated by commas, show how the error falls
    #[arg(long, value_delimiter = ',', default_value = "256")]
    width: Vec<usize>,
    /// Number of random networks of each width, each with one random input
    #[arg(long, default_value_t = 50)]
    samples: usize,
    /// Random seed of weights and inputs
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Give every unit omega = 0 and tau = 1 exactly, not only in expectation
    #[arg(long)]
    normalized: bool,
    /// Mean of the inputs
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    mu0: f64,
    /// Variance of the inputs
    #[arg(long, allow_negative_numbers = true, default_value_t = 1.0)]
    nu0: f64,
    #[command(flatten)]
    selu: SeluArgs,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

/// Simulates each width.
fn simulate(args: &PropagateArgs) -> anyhow::Result<Vec<PropagateReport>> {
    let threads = args.threads.number()?;
    let mut reports = Vec::new();
    for &width in &args.width {
        let options = PropagateOptions {
            selu: args.selu.selu(),
            n_layers: args.layers,
            width,
            n_samples: args.samples,
            seed: args.seed,
            weights: if args.normalized {
                WeightDraw::Normalized
            } else {
                WeightDraw::Normal
            },
            start: Moments {
                mean: args.mu0,
                variance: args.nu0,
            },
        };
        reports.push(propagate(&options, threads)?);
    }
    Ok(reports)
}

pub(super) fn run(args: &PropagateArgs) -> anyhow::Result<ExitCode> {
    let reports = simulate(args)?;
    let mut text = String::new();
    for report in &reports {
        text.push_str(&profile_text(report));
        text.push('\n');
    }
    text.push_str("root mean square difference of a layer's moments from the map\n");
    text.push_str("   width    of the mean    of the variance    of the variance * sqrt(width)\n");
    for report in &reports {
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "{:8} {:14.6} {:18.6} {:32.4}",
            report.width,
            report.rms_mean_error,
            report.rms_variance_error,
            report.rms_variance_error * (report.width as f64).sqrt()
        );
    }
    output::write(args.json, &json!({"networks": reports}), &text)?;
    Ok(ExitCode::SUCCESS)
}

fn profile_text(report: &PropagateReport) -> String {
    let mut text = format!(
        "{} networks, {} units wide (average +- standard deviation between networks)\n\
         layer    map's mean        networks' mean    map's variance    networks' variance\n",
        report.n_samples, report.width
    );
    for layer in &report.layers {
        let _ = writeln!(
            text,
            "{:5} {:13.6} {:10.6} +- {:8.6} {:17.6} {:10.6} +- {:8.6}",
            layer.layer,
            // A mean that rounding alone holds away from 0.
            (layer.predicted.mean * 1e12).round() / 1e12 + 0.0,
            layer.mean.average,
            layer.mean.deviation,
            layer.predicted.variance,
            layer.variance.average,
            layer.variance.deviation
        );
    }
    text
}
