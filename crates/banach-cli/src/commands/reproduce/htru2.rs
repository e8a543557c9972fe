//! `banach reproduce htru2`.

use std::num::NonZeroUsize;

use banach_lab::datasets;
use banach_lab::reproduce::{ExperimentResult, Grid, Protocol, Run, htru2, shown};
use banach_nn::NetworkKind;

use super::download::{Data, DownloadOptions};
use super::results::Results;
use super::{CROSS_ENTROPY, Common, GridName, folds, kinds};

/// HTRU2, pulsars among candidates: AUC in 10 nested folds
#[derive(Debug, clap::Args)]
pub(super) struct Htru2Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    download: DownloadOptions,
    /// Hyperparameters to try
    #[arg(long, value_enum, default_value_t = GridName::Quick)]
    grid: GridName,
    /// Number of epochs [default: 20 for the quick grid, 100 for the full one]
    #[arg(long, value_name = "N")]
    epochs: Option<NonZeroUsize>,
    /// Fold whose rows are the test rows, counted from 0, or all
    #[arg(long, value_name = "K|all", default_value = "all")]
    fold: String,
    /// Networks to train [default: all]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    methods: Vec<String>,
}

pub(super) fn run(args: &Htru2Args, run: &Run<'_>) -> anyhow::Result<()> {
    let common = &args.common;
    let kinds = kinds(&args.methods)?;
    let folds = folds(&args.fold, htru2::FOLDS)?;
    if !common.find("htru2", "HTRU_2.csv").is_file() {
        let folder = common.folder("htru2");
        args.download.fetch(Data::Htru2, &folder, run)?;
    }
    let set = datasets::htru2(&common.find("htru2", "HTRU_2.csv"))?;
    let (grid, epochs) = match args.grid {
        GridName::Quick => (Grid::htru2_quick(), 20),
        GridName::Full => (Grid::htru2_full(), 100),
    };
    let epochs = args.epochs.map_or(epochs, NonZeroUsize::get);
    let protocol = Protocol::paper(CROSS_ENTROPY).with_epochs(epochs);
    let settings = format!(
        "{}, {epochs} epochs, validation scores averaged over {}, steps of {} rows, seed {}",
        args.grid.words(),
        protocol.window,
        protocol.batch,
        run.seed
    );
    let mut results = Results::<ExperimentResult>::open(&common.out, &settings, common.resume)?;
    for fold in folds {
        if !run.goes_on() {
            break;
        }
        let open = |kind: &&NetworkKind| {
            let done = |r: &ExperimentResult| r.fold == Some(fold) && r.method == kind.name();
            !results.pieces().iter().any(done)
        };
        let left: Vec<NetworkKind> = kinds.iter().filter(open).copied().collect();
        if left.is_empty() {
            continue;
        }
        let new = match htru2::run_fold(&set, fold, &left, &grid, &protocol, run) {
            Ok(new) => new,
            Err(_) if run.is_interrupted() => break,
            Err(error) => return Err(error.into()),
        };
        let words = new
            .iter()
            .map(|r| format!("{} {}", r.method, shown(r.score, 4)));
        let words = words.collect::<Vec<_>>().join(", ");
        for result in new {
            results.add(result)?;
        }
        (run.observe)(&format!("fold {fold}: {words}"));
    }
    results.finish(|results, facts| htru2::report(results, facts, &grid))
}
