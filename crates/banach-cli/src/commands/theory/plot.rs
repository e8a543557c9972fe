//! `banach theory plot`.

mod depth;
mod field;
mod fixed_point;
mod selu;
mod spectral_norm;
mod trajectories;
mod variance_map;

use std::path::PathBuf;
use std::process::ExitCode;

use banach_theory::{MomentMap, Moments, Selu};
use clap::{Args, ValueEnum};

use super::SeluArgs;
use crate::options::Threads;
use crate::picture::PictureFormat;

#[derive(Debug, Args)]
pub(super) struct PlotArgs {
    /// Which picture
    kind: PlotKind,
    /// Output file, .svg or .png
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Pixels per point of a PNG
    #[arg(long, default_value_t = 2.0)]
    scale: f64,
    #[command(flatten)]
    selu: SeluArgs,
    /// Layers (depth, trajectories)
    #[arg(long, default_value_t = 32)]
    layers: usize,
    /// Widths of the simulated networks (depth)
    #[arg(long, value_delimiter = ',', default_value = "32,256")]
    width: Vec<usize>,
    /// Simulated networks of each width (depth)
    #[arg(long, default_value_t = 50)]
    samples: usize,
    /// Seed of the simulated networks (depth)
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PlotKind {
    /// Where one layer takes mean and variance: arrows from (mu, nu) to g(mu, nu), the paper's Figure 2
    Field,
    /// Mean and variance layer by layer from many starts into the fixed point
    Trajectories,
    /// Mean and variance of the fixed point for each (omega, tau)
    FixedPoint,
    /// Greatest spectral norm of the Jacobian over the weights of Theorem 1, for each (mu, nu)
    SpectralNorm,
    /// Variance after a layer for each variance before, with the regions of Theorems 2 and 3
    VarianceMap,
    /// SELU and its derivative
    Selu,
    /// Mean and variance through the depth of random networks, beside the map
    Depth,
}

pub(super) fn run(args: &PlotArgs) -> anyhow::Result<ExitCode> {
    let selu = args.selu.selu();
    let figure = match args.kind {
        PlotKind::Field => field::figure(selu)?,
        PlotKind::Trajectories => trajectories::figure(selu, args.layers)?,
        PlotKind::FixedPoint => fixed_point::figure(selu)?,
        PlotKind::SpectralNorm => spectral_norm::figure(selu)?,
        PlotKind::VarianceMap => variance_map::figure(selu)?,
        PlotKind::Selu => selu::figure(selu),
        PlotKind::Depth => depth::figure(args, selu)?,
    };
    PictureFormat::of("--out", &args.out)?.write(&figure, args.scale, &args.out)?;
    Ok(ExitCode::SUCCESS)
}

/// The paper's Figure 2, for SELU's own parameters.
#[cfg(feature = "reproduce")]
pub(crate) fn paper_field() -> anyhow::Result<banach_plot::Figure> {
    field::figure(Selu::default())
}

/// `count` numbers from `low` to `high`, evenly spaced.
fn even(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high - low) / (count - 1) as f64;
    (0..count).map(|i| low + step * i as f64).collect()
}

/// `count` numbers from `low` to `high`, evenly spaced in the logarithm.
fn even_log(low: f64, high: f64, count: usize) -> Vec<f64> {
    let logs = even(low.ln(), high.ln(), count);
    logs.into_iter().map(f64::exp).collect()
}

/// g at a point of a picture, all of which lie inside of its domain.
fn apply(selu: Selu, omega: f64, tau: f64, mean: f64, variance: f64) -> anyhow::Result<Moments> {
    Ok(MomentMap::new(selu, omega, tau)?.apply(Moments { mean, variance })?)
}
