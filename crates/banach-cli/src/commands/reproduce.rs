//! `banach reproduce`: the paper's experiments again, beside its numbers.

mod experiments;
mod results;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use banach_lab::reproduce::Run;
use clap::ValueEnum;

use crate::failure::INTERRUPTED;
use crate::interrupt;
use crate::options::Threads;
use crate::progress::Progress;

const EXAMPLES: &str = "\
Examples:
  banach reproduce uci --data sets --out uci            all sets in the folder, the quick grid
  banach reproduce uci --data sets --out uci --resume   go on where it stopped
  banach reproduce tox21 --data tox21 --out tox21 --budget 1800
  banach reproduce figure1 --data images --out figure1 --paper-settings

The folder of --out gets report.html, and results.csv (curves.csv for figure1), to which every finished
piece is added at once. Files that are missing are named, with the address to get them from.";

/// An experiment of the paper (arXiv:1706.02515).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Experiment {
    /// Training error of SNN and batch normalization on MNIST and CIFAR-10
    Figure1,
    /// The map of mean and variance as a field of arrows
    Figure2,
    /// The UCI classification sets
    Uci,
    /// HTRU2, 10 nested folds
    Htru2,
    /// Tox21 by depth
    Tox21,
}

/// Which settings are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GridName {
    /// A part of the paper's grid, for minutes to an hour on two cores
    Quick,
    /// The paper's grid
    Full,
}

/// Run the paper's experiments again, beside its numbers
///
/// Seven kinds of networks (self-normalizing, plain ReLU, batch, layer and weight normalization, highway,
/// residual) are trained on the same rows by plain stochastic gradient descent; validation rows choose
/// the epoch and the settings, test rows only measure.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReproduceArgs {
    /// The experiment
    experiment: Experiment,
    /// Folder with the data [figure2 needs none]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder for results and report; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Begin nothing new after this many seconds
    #[arg(long, value_name = "SECONDS")]
    budget: Option<f64>,
    /// Go on with the results that the folder has
    #[arg(long)]
    resume: bool,
    /// Settings to try [uci, htru2]
    #[arg(long, value_enum, default_value_t = GridName::Quick)]
    grid: GridName,
    /// Epochs of a network [default: the paper's 100 for uci and with --grid full; 20 for htru2 and tox21, 15 for figure1]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Only these sets [uci]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    only: Vec<String>,
    /// Fold to run, from 0, or all [uci, htru2; default: 0 for uci, all for htru2]
    #[arg(long, value_name = "K|all")]
    fold: Option<String>,
    /// Methods [default: all]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    methods: Vec<String>,
    /// Number of seeds [tox21]
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: u64,
    /// The paper's step size, images and epochs: days of work [figure1]
    #[arg(long)]
    paper_settings: bool,
    /// Start of all randomness
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

pub(crate) fn run(args: ReproduceArgs) -> anyhow::Result<ExitCode> {
    let threads = args.threads.number()?;
    let until = match args.budget {
        None => None,
        Some(seconds) => {
            let budget = Duration::try_from_secs_f64(seconds).ok();
            let budget = budget.filter(|budget| !budget.is_zero());
            let budget = budget
                .with_context(|| format!("--budget must be above 0 seconds, got {seconds}"))?;
            Instant::now().checked_add(budget)
        }
    };
    if args.epochs == Some(0) {
        bail!("--epochs must be at least 1, got 0");
    }
    let data = || {
        let needs = "--data DIR says where the data is; the experiment needs it";
        args.data.as_deref().context(needs)
    };
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let interrupt = interrupt::listen("what is finished is in the results")?;
    let progress = Progress::new(args.quiet);
    let observe = |words: &str| progress.note(words);
    let run = Run {
        threads,
        until,
        interrupt,
        seed: args.seed,
        observe: &observe,
    };
    match args.experiment {
        Experiment::Figure1 => experiments::figure1(&args, data()?, &run)?,
        Experiment::Figure2 => experiments::figure2(&args, &run)?,
        Experiment::Uci => experiments::uci(&args, data()?, &run)?,
        Experiment::Htru2 => experiments::htru2(&args, data()?, &run)?,
        Experiment::Tox21 => experiments::tox21(&args, data()?, &run)?,
    }
    Ok(if interrupt.load(std::sync::atomic::Ordering::Relaxed) {
        ExitCode::from(INTERRUPTED)
    } else {
        ExitCode::SUCCESS
    })
}
