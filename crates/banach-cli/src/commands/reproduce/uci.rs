//! `banach reproduce uci`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use banach_lab::datasets;
use banach_lab::reproduce::uci::{self, Contender, Way};
use banach_lab::reproduce::{ExperimentResult, Grid, Protocol, Run, shown};

use super::results::Results;
use super::{CROSS_ENTROPY, Common, GridName, folds};

/// The UCI classification sets, beside random forest, support vector machine and gradient boosting
#[derive(Debug, clap::Args)]
pub(super) struct UciArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Hyperparameters to try, by the paper's protocol
    #[arg(long, value_enum, default_value_t = GridName::Quick)]
    grid: GridName,
    /// The default recipe of `banach fit` instead of a grid
    #[arg(long, value_enum, conflicts_with_all = ["grid", "epochs"])]
    preset: Option<PresetName>,
    /// Number of epochs
    #[arg(long, value_name = "N", default_value = "100")]
    epochs: NonZeroUsize,
    /// Only these data sets
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    only: Vec<String>,
    /// Fold whose rows are the test rows, counted from 0, or all
    #[arg(long, value_name = "K|all", default_value = "0")]
    fold: String,
    /// Methods to train [default: all]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    methods: Vec<String>,
}

/// Recipes that need no grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PresetName {
    /// What `banach fit` does when no settings are given
    Default,
}

fn name_of(set: &Path) -> String {
    set.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The folders to run, the smallest first: a budget then leaves out the fewest.
fn sets(args: &UciArgs) -> anyhow::Result<Vec<PathBuf>> {
    let mut sets = datasets::uci_sets(&args.common.folder("uci"))?;
    if let Some(name) = args
        .only
        .iter()
        .find(|name| !sets.iter().any(|s| name_of(s) == **name))
    {
        bail!(
            "--only: there is no folder {name:?} in {}",
            args.common.data.display()
        );
    }
    sets.retain(|set| args.only.is_empty() || args.only.contains(&name_of(set)));
    sets.sort_by_key(|set| {
        let files = std::fs::read_dir(set).into_iter().flatten().flatten();
        files
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum::<u64>()
    });
    Ok(sets)
}

fn contenders(names: &[String]) -> anyhow::Result<Vec<Contender>> {
    let all = Contender::all();
    if let Some(name) = names
        .iter()
        .find(|name| !all.iter().any(|c| c.name() == **name))
    {
        let known: Vec<_> = all.iter().map(Contender::name).collect();
        bail!(
            "--methods: there is no method {name:?}; they are {}",
            known.join(", ")
        );
    }
    let named = |c: &Contender| names.is_empty() || names.iter().any(|name| name == c.name());
    Ok(all.into_iter().filter(named).collect())
}

/// The settings of a run, in words.
fn settings(grid: GridName, way: Way<'_>, seed: u64) -> String {
    match way {
        Way::DefaultRecipe => format!(
            "default recipe of version {}, epoch by the validation rows, seed {seed}",
            env!("CARGO_PKG_VERSION")
        ),
        Way::Grid(_, protocol) => format!(
            "{}, {} epochs, validation scores averaged over {}, steps of a tenth of the training rows, \
             8 to {}, seed {seed}",
            grid.words(),
            protocol.epochs,
            protocol.window,
            protocol.batch
        ),
    }
}

pub(super) fn run(args: &UciArgs, run: &Run<'_>) -> anyhow::Result<()> {
    let contenders = contenders(&args.methods)?;
    let sets = sets(args)?;
    let folds = folds(&args.fold, datasets::UCI_FOLDS)?;
    let grid = match args.grid {
        GridName::Quick => Grid::uci_quick(),
        GridName::Full => Grid::uci_full(),
    };
    let protocol = Protocol::paper(CROSS_ENTROPY).with_epochs(args.epochs.get());
    let way = match args.preset {
        Some(PresetName::Default) => Way::DefaultRecipe,
        None => Way::Grid(&grid, &protocol),
    };
    let settings = settings(args.grid, way, run.seed);
    let common = &args.common;
    let mut results = Results::<ExperimentResult>::open(&common.out, &settings, common.resume)?;
    for (set, &fold) in sets
        .iter()
        .flat_map(|set| folds.iter().map(move |fold| (set, fold)))
    {
        if !run.goes_on() {
            break;
        }
        let name = name_of(set);
        let open = |contender: &&Contender| {
            let done = |r: &ExperimentResult| {
                r.set == name && r.fold == Some(fold) && r.method == contender.name()
            };
            !results.pieces().iter().any(done)
        };
        let left: Vec<Contender> = contenders.iter().filter(open).copied().collect();
        if left.is_empty() {
            continue;
        }
        let begun = Instant::now();
        let new = match uci::run_set(set, fold, &left, way, run) {
            Ok(new) => new,
            Err(_) if run.is_interrupted() => break,
            Err(error) => return Err(error).with_context(|| format!("set {name}")),
        };
        let words = new
            .iter()
            .map(|r| format!("{} {}", r.method, shown(r.score, 3)));
        let words = words.collect::<Vec<_>>().join(", ");
        for result in new {
            results.add(result)?;
        }
        let seconds = begun.elapsed().as_secs_f64();
        (run.observe)(&format!("{name}, fold {fold}: {words} ({seconds:.1} s)"));
    }
    results.finish(|results, facts| uci::report(results, facts, way))
}
