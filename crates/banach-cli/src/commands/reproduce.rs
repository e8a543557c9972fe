//! `banach reproduce`: the paper's experiments again, beside its numbers.

mod download;
mod figures;
mod htru2;
mod results;
mod tox21;
mod uci;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, bail};
use banach_lab::reproduce::Run;
use banach_nn::{Loss, NetworkKind};

use crate::failure::INTERRUPTED;
use crate::interrupt;
use crate::options::{Threads, budget};
use crate::progress::Progress;

const CROSS_ENTROPY: Loss = Loss::CrossEntropy {
    label_smoothing: 0.0,
};

/// Repeat the paper's experiments and compare with its numbers (arXiv:1706.02515)
///
/// Seven kinds of networks (self-normalizing, plain ReLU, batch, layer and weight normalization, highway,
/// residual) are trained on the same training rows by plain stochastic gradient descent. The validation
/// rows choose the epoch and the hyperparameters; the test rows are only measured on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  banach reproduce uci --data sets --out uci            all sets in the folder, the quick grid
  banach reproduce uci --data sets --out uci --resume   continue where it stopped
  banach reproduce tox21 --data tox21 --out tox21 --budget 1800
  banach reproduce figure1 --data images --out figure1 --paper-settings

report.html and results.csv go to the folder --out; every finished result is added to results.csv at once.
Missing files are listed with the address to get them from; figure1 and htru2 download them with
--download.")]
pub(crate) struct ReproduceArgs {
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Debug, clap::Subcommand)]
enum Experiment {
    Figure1(figures::Figure1Args),
    Figure2(figures::Figure2Args),
    Uci(uci::UciArgs),
    Htru2(htru2::Htru2Args),
    Tox21(tox21::Tox21Args),
}

/// What all experiments on data take.
#[derive(Debug, clap::Args)]
struct Common {
    /// Folder with the data
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folder for results and report; created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Time budget in seconds: work that has started is finished, nothing new begins
    #[arg(long, value_name = "SECONDS")]
    budget: Option<f64>,
    /// Keep the results that the folder has and compute only what is missing
    #[arg(long)]
    resume: bool,
    /// Random seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    /// Print nothing but errors
    #[arg(long, short, help_heading = "Program")]
    quiet: bool,
}

/// Which hyperparameters are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum GridName {
    /// A part of the paper's grid: minutes to an hour on two cores
    Quick,
    /// The paper's grid
    Full,
}

impl GridName {
    fn words(self) -> &'static str {
        match self {
            Self::Quick => "quick grid",
            Self::Full => "full grid",
        }
    }
}

pub(crate) fn run(args: ReproduceArgs) -> anyhow::Result<ExitCode> {
    match args.experiment {
        Experiment::Figure1(args) => args.common.run(|run| figures::figure1(&args, run)),
        Experiment::Figure2(args) => figures::figure2(&args),
        Experiment::Uci(args) => args.common.run(|run| uci::run(&args, run)),
        Experiment::Htru2(args) => args.common.run(|run| htru2::run(&args, run)),
        Experiment::Tox21(args) => args.common.run(|run| tox21::run(&args, run)),
    }
}

impl Common {
    /// Makes the folder, listens for Ctrl-C and runs an experiment.
    fn run(
        &self,
        experiment: impl FnOnce(&Run<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<ExitCode> {
        let threads = self.threads.number()?;
        let until = budget(self.budget)?.and_then(|budget| Instant::now().checked_add(budget));
        make_folder(&self.out)?;
        let interrupt = interrupt::listen("what is finished is in the results")?;
        let progress = Progress::new(self.quiet);
        let observe = |words: &str| progress.note(words);
        experiment(&Run {
            threads,
            until,
            interrupt,
            seed: self.seed,
            observe: &observe,
        })?;
        Ok(if interrupt.load(Ordering::Relaxed) {
            ExitCode::from(INTERRUPTED)
        } else {
            ExitCode::SUCCESS
        })
    }

    /// A file of the data, in the folder itself or in one of its own name.
    fn find(&self, folder: &str, name: &str) -> PathBuf {
        let inner = self.data.join(folder).join(name);
        if inner.exists() {
            inner
        } else {
            self.data.join(name)
        }
    }

    /// A folder of the data: the one of this name in it, or itself.
    fn folder(&self, name: &str) -> PathBuf {
        let inner = self.data.join(name);
        if inner.is_dir() {
            inner
        } else {
            self.data.clone()
        }
    }
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Kinds of networks named by --methods, all for none.
fn kinds(names: &[String]) -> anyhow::Result<Vec<NetworkKind>> {
    if names.is_empty() {
        return Ok(NetworkKind::ALL.to_vec());
    }
    let kind = |name: &String| {
        let found = NetworkKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name);
        found.with_context(|| {
            let known: Vec<_> = NetworkKind::ALL.iter().map(NetworkKind::name).collect();
            format!(
                "--methods: there is no network {name:?}; they are {}",
                known.join(", ")
            )
        })
    };
    names.iter().map(kind).collect()
}

/// Folds named by --fold.
fn folds(text: &str, n_folds: usize) -> anyhow::Result<Vec<usize>> {
    match text {
        "all" => Ok((0..n_folds).collect()),
        text => match text.parse::<usize>() {
            Ok(fold) if fold < n_folds => Ok(vec![fold]),
            _ => bail!("--fold must be 0 to {} or all, got {text:?}", n_folds - 1),
        },
    }
}
