//! `banach reproduce figure1` and `figure2`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use banach_data::AtomicFile;
use banach_lab::datasets;
use banach_lab::report::Report;
use banach_lab::reproduce::Run;
use banach_lab::reproduce::figure1::{self, Curve};
use banach_nn::NetworkKind;

use super::download::{Data, DownloadOptions};
use super::results::{Origin, Results, write};
use super::{Common, make_folder};

/// Figure 1: training error of SNN and of batch normalization, on MNIST and CIFAR-10
#[derive(Debug, clap::Args)]
pub(super) struct Figure1Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    download: DownloadOptions,
    /// The paper's learning rate, all images and 2000 epochs: takes days
    #[arg(long)]
    paper_settings: bool,
    /// Number of epochs, at least 10 for the standard deviation of a curve [default: 40, paper: 2000]
    #[arg(long, value_name = "N")]
    epochs: Option<NonZeroUsize>,
    /// Learning rate [default: 0.001, paper: 0.00001]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Number of training images, the first ones of the set [default: 512, paper: all]
    #[arg(long, value_name = "N")]
    images: Option<NonZeroUsize>,
}

pub(super) fn figure1(args: &Figure1Args, run: &Run<'_>) -> anyhow::Result<()> {
    let common = &args.common;
    let mut options = if args.paper_settings {
        figure1::Options::PAPER
    } else {
        figure1::Options::QUICK
    };
    options.epochs = args.epochs.map_or(options.epochs, NonZeroUsize::get);
    options.images = args.images.map_or(options.images, NonZeroUsize::get);
    if let Some(rate) = args.learning_rate {
        if !(rate.is_finite() && rate > 0.0) {
            bail!("--learning-rate must be above 0, got {rate}");
        }
        options.learning_rate = rate;
    }
    for (data, name) in [(Data::Mnist, "mnist"), (Data::Cifar10, "cifar10")] {
        args.download.fetch(data, &common.folder(name), run)?;
    }
    let sets = [
        ("mnist", datasets::mnist(&common.folder("mnist"))?),
        ("cifar10", datasets::cifar10(&common.folder("cifar10"))?),
    ];
    let images = match options.images {
        usize::MAX => "all".to_owned(),
        n => n.to_string(),
    };
    let settings = format!(
        "learning rate {}, {} epochs, {images} training images, steps of {} rows, seed {}",
        options.learning_rate, options.epochs, options.batch, run.seed
    );
    let mut results = Results::open(&common.out, &settings, common.resume)?;
    for depth in figure1::DEPTHS {
        for (name, set) in &sets {
            for kind in [NetworkKind::Snn, NetworkKind::BatchNorm] {
                let done = |c: &Curve| c.dataset == *name && c.kind == kind && c.depth == depth;
                if !run.goes_on() || results.pieces().iter().any(done) {
                    continue;
                }
                let Some(curve) = figure1::curve(name, set, kind, depth, &options, run)? else {
                    continue;
                };
                let rough = figure1::roughness(&curve.errors);
                let rough = rough.map_or("too short".to_owned(), |v| format!("{v:.5}"));
                let words = format!("{name}, {}, {depth} layers: sd {rough}", kind.name());
                (run.observe)(&format!("{words} ({:.1} s)", curve.seconds));
                results.add(curve)?;
            }
        }
    }
    // MNIST first, then by depth.
    results.sort_by_key(|curve| (curve.dataset != sets[0].0, curve.depth));
    for (name, _) in &sets {
        let figure = figure1::figure(results.pieces(), name);
        AtomicFile::write(
            common.out.join(format!("{name}.svg")),
            figure.to_svg()?.as_bytes(),
        )?;
    }
    results.finish(figure1::report)
}

/// Figure 2: the map of mean and variance as a field of arrows
#[derive(Debug, clap::Args)]
pub(super) struct Figure2Args {
    /// Folder for the picture and the report; created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn figure2(args: &Figure2Args) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    make_folder(&args.out)?;
    let figure = crate::commands::theory::paper_field()?;
    AtomicFile::write(args.out.join("figure2.svg"), figure.to_svg()?.as_bytes())?;
    let mut report = Report::new("Figure 2: the map of mean and variance");
    report.text(
        "The map g from mean and variance of one layer's activations to those of the next, for \
         omega = 0 and, at the right, omega = 0.1, both with tau = 1 (arXiv:1706.02515, Figure 2). Arrows \
         lead from (mu, nu) towards g(mu, nu).",
    );
    let origin = Origin::now("omega 0, tau 1; omega 0.1, tau 1", start);
    report.facts(&origin.facts(None));
    report.figure(
        &figure,
        "All arrows lead towards a fixed point: (0, 1) for omega = 0.",
    )?;
    write(&args.out, &report)?;
    Ok(ExitCode::SUCCESS)
}
