//! `banach reproduce htru2`.

use std::num::NonZeroUsize;
use std::time::Instant;

use banach_lab::datasets;
use banach_lab::reproduce::uci::{Cell, HEADER};
use banach_lab::reproduce::{Grid, Protocol, Run, htru2};
use banach_nn::NetworkKind;

#[cfg(feature = "download")]
use super::download::DownloadOptions;
use super::results::Results;
use super::{CROSS_ENTROPY, Common, GridName, facts, folds, kinds, seconds, write};

/// HTRU2, pulsars among candidates: AUC in 10 nested folds
#[derive(Debug, clap::Args)]
pub(super) struct Htru2Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[cfg(feature = "download")]
    #[command(flatten)]
    download: DownloadOptions,
    /// Grid of settings to search
    #[arg(long, value_enum, default_value_t = GridName::Quick)]
    grid: GridName,
    /// Number of epochs [default: 20 for the quick grid, 100 for the full one]
    #[arg(long, value_name = "N")]
    epochs: Option<NonZeroUsize>,
    /// Fold to run, from 0, or all
    #[arg(long, value_name = "K|all", default_value = "all")]
    fold: String,
    /// Kinds of network [default: all]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    methods: Vec<String>,
}

pub(super) fn run(args: &Htru2Args, run: &Run<'_>) -> anyhow::Result<()> {
    let start = Instant::now();
    let common = &args.common;
    let kinds = kinds(&args.methods)?;
    let folds = folds(&args.fold, htru2::FOLDS)?;
    #[cfg(feature = "download")]
    if !common.find("htru2", "HTRU_2.csv").is_file() {
        let folder = common.folder("htru2");
        args.download.fetch(&datasets::HTRU2_FILES, &folder, run)?;
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
    let (mut results, lines) =
        Results::open(&common.out, "results.csv", HEADER, &settings, common.resume)?;
    let mut cells: Vec<Cell> = lines.iter().filter_map(|line| Cell::parse(line)).collect();
    for fold in folds {
        if !run.goes_on() {
            break;
        }
        let open = |kind: &&NetworkKind| {
            !cells
                .iter()
                .any(|c| c.fold == fold && c.method == kind.name())
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
        for cell in &new {
            results.add(&cell.line())?;
        }
        let words: Vec<String> = new
            .iter()
            .map(|c| format!("{} {:.4}", c.method, c.accuracy))
            .collect();
        (run.observe)(&format!("fold {fold}: {}", words.join(", ")));
        cells.extend(new);
    }
    write(
        &common.out,
        &htru2::report(&cells, &facts(&settings, start, Some(seconds(&cells))))?,
    )
}
