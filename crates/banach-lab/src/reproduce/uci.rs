//! The UCI classification sets (Table 1, Table A11).

mod recipe;
mod report;
mod summary;

use std::path::Path;
use std::time::Instant;

use banach_nn::{Dataset, NetworkKind, Targets};

use super::protocol::{Chosen, Rows, accuracy, chosen, search};
use super::{ExperimentResult, Grid, Protocol, Run};
use crate::baselines::{Baseline, Target};
use crate::compare::{Metric, baseline_name};
use crate::datasets::{UciFold, UciSet, uci_set};
use crate::error::LabError;

pub use report::report;
pub use summary::{MethodSummary, Summary, summary};

/// A method of this experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contender {
    /// A kind of network; the validation rows choose its hyperparameters.
    Network(NetworkKind),
    /// Another method; it learns from the training and the validation rows.
    Other(Baseline),
}

impl Contender {
    /// The seven kinds of networks, then random forest, support vector machine and boosting.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let others = [Baseline::RandomForest, Baseline::Svm, Baseline::Boosting];
        let networks = NetworkKind::ALL.into_iter().map(Self::Network);
        networks.chain(others.map(Self::Other)).collect()
    }

    /// The name in results and options.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Network(kind) => kind.name(),
            Self::Other(baseline) => baseline_name(*baseline),
        }
    }
}

/// How the hyperparameters of networks are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way<'a> {
    /// The best setting of a grid on the validation rows, by the paper's protocol.
    Grid(&'a Grid, &'a Protocol),
    /// The default recipe for fitting a table; the validation rows choose the epoch only.
    DefaultRecipe,
}

/// Runs some methods on one fold of a set; an entry of the result for each, in their order.
///
/// # Errors
/// [`LabError`] for a set that cannot be read or used; an interruption is an error too.
pub fn run_set(
    folder: &Path,
    fold: usize,
    contenders: &[Contender],
    way: Way<'_>,
    run: &Run<'_>,
) -> Result<Vec<ExperimentResult>, LabError> {
    let set = uci_set(folder)?;
    let part = &set.folds[fold];
    let kind_of = |contender: &Contender| match contender {
        Contender::Network(kind) => Some(*kind),
        Contender::Other(_) => None,
    };
    let kinds: Vec<NetworkKind> = contenders.iter().filter_map(kind_of).collect();
    let networks = match way {
        Way::Grid(grid, protocol) => by_grid(&set, part, &kinds, grid, protocol, run)?,
        Way::DefaultRecipe => recipe::fit(&set, part, &kinds, run)?,
    };
    let mut networks = networks.into_iter();
    let mut results = Vec::new();
    for contender in contenders {
        let reached = match contender {
            Contender::Network(_) => networks.next(),
            Contender::Other(baseline) => Some(fit_baseline(*baseline, &set, part, run.seed)?),
        };
        results.extend(reached.map(|reached| ExperimentResult {
            set: set.name.clone(),
            fold: Some(fold),
            layers: None,
            seed: run.seed,
            method: contender.name().to_owned(),
            metric: Metric::Accuracy,
            score: reached.test,
            seconds: reached.seconds,
            setting: reached.setting,
        }));
    }
    Ok(results)
}

/// Fits a method that is no network to the training and the validation rows.
fn fit_baseline(
    baseline: Baseline,
    set: &UciSet,
    part: &UciFold,
    seed: u64,
) -> Result<Chosen, LabError> {
    let start = Instant::now();
    let mut learn = [&part.train[..], &part.valid].concat();
    learn.sort_unstable();
    let codes: Vec<u32> = learn.iter().map(|&row| set.labels[row as usize]).collect();
    let target = Target::Classes {
        codes: &codes,
        n_classes: set.n_classes,
    };
    let (x, test) = (set.x.select(&learn), set.x.select(&part.test));
    let outcome = baseline.fit_predict(&x, target, &test, seed)?;
    let predicted = outcome.predictions.classes();
    let pairs = predicted.iter().zip(&part.test);
    let right = pairs.filter(|(class, row)| **class == set.labels[**row as usize]);
    Ok(Chosen {
        test: Some(right.count() as f64 / part.test.len().max(1) as f64),
        seconds: start.elapsed().as_secs_f64(),
        setting: outcome.notes.join("; "),
    })
}

/// For each kind the best of its settings on the validation rows.
fn by_grid(
    set: &UciSet,
    part: &UciFold,
    kinds: &[NetworkKind],
    grid: &Grid,
    protocol: &Protocol,
    run: &Run<'_>,
) -> Result<Vec<Chosen>, LabError> {
    let data = Dataset {
        features: set.x.features(),
        targets: Targets::Classes(set.labels.clone()),
        weights: None,
    };
    let rows = Rows {
        data: &data,
        train: &part.train,
        valid: &part.valid,
        test: &part.test,
    };
    let score = |outputs: &[f32], rows: &[u32]| accuracy(outputs, rows, &set.labels);
    // All settings of all networks in one pool, so that no thread waits for the end of a method.
    let settings = kinds.iter().flat_map(|&kind| grid.settings(kind)).collect();
    let trained = search(settings, rows, protocol, run, &score)?;
    Ok(kinds.iter().map(|&kind| chosen(&trained, kind)).collect())
}
