//! The UCI classification sets (Table 1, Table A11).

mod recipe;

use std::path::Path;
use std::time::Instant;

use banach_nn::{Dataset, NetworkKind, Targets};

use super::protocol::{Chosen, Rows, accuracy, chosen, search};
use super::{Grid, Protocol, Run, paper};
use crate::baselines::{Baseline, Target};
use crate::compare::baseline_name;
use crate::datasets::{UciFold, UciSet, uci_set};
use crate::error::LabError;
use crate::report::{Report, ReportTable};
use crate::statistics::{Better, average_ranks, wilcoxon};

/// A method of this experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contender {
    /// A kind of network; its settings are chosen from a grid.
    Network(NetworkKind),
    /// Another method, on the training and the validation rows.
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

/// One method on one fold of one set.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The set's name.
    pub dataset: String,
    /// The fold, from 0.
    pub fold: usize,
    /// The method's name.
    pub method: String,
    /// Share of the test rows that are right.
    pub accuracy: f64,
    /// Seconds, on one thread, over all settings tried.
    pub seconds: f64,
    /// What was chosen.
    pub setting: String,
}

/// How networks are chosen and trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way<'a> {
    /// Every setting of a grid, by the paper's protocol.
    Grid(&'a Grid, &'a Protocol),
    /// The default recipe of `banach fit`; validation rows choose the epoch.
    DefaultRecipe,
}

/// First line of the results' file.
pub const HEADER: &str = "dataset,fold,method,accuracy,seconds,setting";

impl Cell {
    /// A line of the results' file.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{},{},{},{:.6},{:.2},\"{}\"",
            self.dataset, self.fold, self.method, self.accuracy, self.seconds, self.setting
        )
    }

    /// Reads a line of the results' file; `None` if it is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut cells = line.splitn(6, ',');
        let mut next = || cells.next();
        Some(Self {
            dataset: next()?.to_owned(),
            fold: next()?.parse().ok()?,
            method: next()?.to_owned(),
            accuracy: next()?.parse().ok()?,
            seconds: next()?.parse().ok()?,
            setting: next()?.trim_matches('"').to_owned(),
        })
    }
}

/// Runs some methods on one fold of a set.
///
/// # Errors
/// [`LabError`] for a set that cannot be read or used; an interruption is an error too.
pub fn run_set(
    folder: &Path,
    fold: usize,
    contenders: &[Contender],
    way: Way<'_>,
    run: &Run<'_>,
) -> Result<Vec<Cell>, LabError> {
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
    let mut cells = Vec::new();
    for contender in contenders {
        let cell = |accuracy, seconds, setting| Cell {
            dataset: set.name.clone(),
            fold,
            method: contender.name().to_owned(),
            accuracy,
            seconds,
            setting,
        };
        match contender {
            Contender::Network(_) => {
                if let Some(network) = networks.next() {
                    // A kind that diverges with every setting gets nothing right.
                    let accuracy = network.test.unwrap_or(0.0);
                    cells.push(cell(accuracy, network.seconds, network.setting));
                }
            }
            Contender::Other(baseline) => {
                let start = Instant::now();
                let mut learn = [&part.train[..], &part.valid].concat();
                learn.sort_unstable();
                let codes: Vec<u32> = learn.iter().map(|&row| set.labels[row as usize]).collect();
                let target = Target::Classes {
                    codes: &codes,
                    n_classes: set.n_classes,
                };
                let (x, test) = (set.x.select(&learn), set.x.select(&part.test));
                let outcome = baseline.fit_predict(&x, target, &test, run.seed)?;
                let predicted = outcome.predictions.classes();
                let pairs = predicted.iter().zip(&part.test);
                let right = pairs.filter(|(class, row)| **class == set.labels[**row as usize]);
                let accuracy = right.count() as f64 / part.test.len().max(1) as f64;
                let seconds = start.elapsed().as_secs_f64();
                cells.push(cell(accuracy, seconds, outcome.notes.join("; ")));
            }
        }
    }
    Ok(cells)
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

/// What the cells say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Sets (and folds) that all methods have done.
    pub blocks: Vec<(String, usize)>,
    /// One entry for each method, in the order of the names asked for.
    pub methods: Vec<MethodSummary>,
}

/// One method over all complete sets.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodSummary {
    /// Its name.
    pub method: String,
    /// Mean accuracy.
    pub accuracy: f64,
    /// Average rank.
    pub rank: f64,
    /// p of a paired two-sided Wilcoxon test against the first method.
    pub p: Option<f64>,
    /// Seconds over all sets.
    pub seconds: f64,
    /// Accuracy on each set.
    pub accuracies: Vec<f64>,
}

/// Ranks and tests over the sets on which all of `methods` are done.
///
/// # Errors
/// [`LabError::Statistics`].
pub fn summary(cells: &[Cell], methods: &[&str]) -> Result<Summary, LabError> {
    let of = |block: &(String, usize), method: &str| {
        cells
            .iter()
            .find(|c| c.dataset == block.0 && c.fold == block.1 && c.method == method)
    };
    let mut blocks: Vec<(String, usize)> = cells
        .iter()
        .map(|cell| (cell.dataset.clone(), cell.fold))
        .collect();
    blocks.sort();
    blocks.dedup();
    blocks.retain(|block| methods.iter().all(|method| of(block, method).is_some()));
    let mut ranks = vec![0.0; methods.len()];
    for block in &blocks {
        let scores: Vec<f64> = methods
            .iter()
            .filter_map(|method| Some(of(block, method)?.accuracy))
            .collect();
        for (sum, rank) in ranks
            .iter_mut()
            .zip(average_ranks(&scores, Better::Higher)?)
        {
            *sum += rank;
        }
    }
    let n = blocks.len().max(1) as f64;
    let mut summaries: Vec<MethodSummary> = Vec::new();
    for (method, rank) in methods.iter().zip(ranks) {
        let cells: Vec<&Cell> = blocks
            .iter()
            .filter_map(|block| of(block, method))
            .collect();
        let accuracies: Vec<f64> = cells.iter().map(|cell| cell.accuracy).collect();
        let p = match summaries.first() {
            Some(first) if !blocks.is_empty() => Some(wilcoxon(&first.accuracies, &accuracies)?.p),
            _ => None,
        };
        summaries.push(MethodSummary {
            method: (*method).to_owned(),
            accuracy: accuracies.iter().sum::<f64>() / n,
            rank: rank / n,
            p,
            seconds: cells.iter().map(|cell| cell.seconds).sum(),
            accuracies,
        });
    }
    Ok(Summary {
        blocks,
        methods: summaries,
    })
}

/// The report: ranks of the seven networks beside the paper's, ranks with the other methods, and every
/// set.
///
/// # Errors
/// [`LabError::Statistics`].
pub fn report(cells: &[Cell], facts: &[(String, String)]) -> Result<Report, LabError> {
    let mut report = Report::new("UCI classification sets");
    report.text(
        "Seven kinds of feed-forward networks on the UCI sets as the paper's authors prepared them \
         (arXiv:1706.02515, Table 1 and Table A11), settings chosen on validation rows, accuracy on the \
         test rows of the fold.",
    );
    report.facts(facts);
    let names: Vec<&str> = NetworkKind::ALL.iter().map(NetworkKind::name).collect();
    let networks = summary(cells, &names)?;
    report.heading("Networks");
    let middle = (names.len() + 1) as f64 / 2.0;
    let known = |kind: NetworkKind| -> Vec<f64> {
        let of_block = |(block, _): &(String, usize)| paper::uci_accuracy(block, kind);
        networks.blocks.iter().filter_map(of_block).collect()
    };
    let number = |value: f64, digits: usize| format!("{value:.digits$}");
    let probability = |p: Option<f64>| p.map_or(String::new(), |p| format!("{p:.1e}"));
    let mut rows: Vec<(f64, Vec<String>)> = Vec::new();
    for (kind, method) in NetworkKind::ALL.into_iter().zip(&networks.methods) {
        let published = known(kind);
        let (rank, p) = paper::uci_rank(kind);
        rows.push((
            method.rank,
            vec![
                method.method.clone(),
                number(method.rank - middle, 3),
                probability(method.p),
                number(method.accuracy, 4),
                number(method.seconds, 0),
                number(rank, 3),
                probability(p),
                number(
                    published.iter().sum::<f64>() / published.len().max(1) as f64,
                    4,
                ),
            ],
        ));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let head = [
        "network",
        "rank - 4",
        "p against snn",
        "mean accuracy",
        "seconds",
        "paper: rank - 4",
        "paper: p",
        "paper: mean accuracy",
    ];
    report.table(&ReportTable {
        caption: format!(
            "{} sets and folds on which all are done. The paper's ranks and p are over its 121 sets, \
             its mean accuracy over those of these sets that its table has ({}).",
            networks.blocks.len(),
            known(NetworkKind::Snn).len()
        ),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        ..ReportTable::default()
    });
    let all: Vec<&str> = Contender::all().iter().map(Contender::name).collect();
    let present = |name: &&str| cells.iter().any(|cell| cell.method == **name);
    let all: Vec<&str> = all.into_iter().filter(|name| present(name)).collect();
    if all.len() > names.len() {
        let with_others = summary(cells, &all)?;
        report.heading("With other methods");
        let mut methods = with_others.methods.clone();
        methods.sort_by(|a, b| a.rank.total_cmp(&b.rank));
        report.table(&ReportTable {
            caption: format!(
                "{} sets and folds. The other methods learn from the training and the validation rows.",
                with_others.blocks.len()
            ),
            head: ["method", "average rank", "p against snn", "mean accuracy", "seconds"]
                .map(str::to_owned)
                .to_vec(),
            rows: methods
                .iter()
                .map(|method| {
                    vec![
                        method.method.clone(),
                        number(method.rank, 3),
                        probability(method.p),
                        number(method.accuracy, 4),
                        number(method.seconds, 0),
                    ]
                })
                .collect(),
            ..ReportTable::default()
        });
    }
    report.heading("Every set");
    let mut head = vec!["set".to_owned(), "fold".to_owned()];
    head.extend(names.iter().map(|name| (*name).to_owned()));
    head.push("paper: snn".to_owned());
    head.push("chosen for snn".to_owned());
    let rows = networks
        .blocks
        .iter()
        .enumerate()
        .map(|(at, (block, fold))| {
            let mut row = vec![block.clone(), fold.to_string()];
            row.extend(networks.methods.iter().map(|m| number(m.accuracies[at], 4)));
            let published = paper::uci_accuracy(block, NetworkKind::Snn);
            row.push(published.map_or(String::new(), |value| number(value, 4)));
            let own = |c: &&Cell| c.dataset == *block && c.fold == *fold && c.method == "snn";
            row.push(
                cells
                    .iter()
                    .find(own)
                    .map_or(String::new(), |c| c.setting.clone()),
            );
            row
        });
    report.table(&ReportTable {
        caption: "Accuracy on the test rows.".to_owned(),
        head,
        rows: rows.collect(),
        ..ReportTable::default()
    });
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(dataset: &str, method: &str, accuracy: f64) -> Cell {
        Cell {
            dataset: dataset.to_owned(),
            fold: 0,
            method: method.to_owned(),
            accuracy,
            seconds: 1.5,
            setting: "256 x 4, \"odd\" lr 0.1".replace('"', "'"),
        }
    }

    #[test]
    fn a_cell_is_read_as_it_was_written() {
        let cell = cell("abalone", "snn", 0.625);
        assert_eq!(Cell::parse(&cell.line()), Some(cell));
        assert_eq!(Cell::parse(HEADER), None);
        assert_eq!(Cell::parse("abalone,0"), None);
    }

    #[test]
    fn only_sets_that_all_methods_have_done_count() {
        let mut cells = Vec::new();
        for (set, a, b) in [("x", 0.9, 0.8), ("y", 0.7, 0.7), ("z", 0.6, 0.5)] {
            cells.push(cell(set, "snn", a));
            cells.push(cell(set, "msra", b));
        }
        cells.push(cell("w", "snn", 1.0));
        let summary = summary(&cells, &["snn", "msra"]).unwrap();
        assert_eq!(summary.blocks.len(), 3);
        let [snn, msra] = &summary.methods[..] else {
            panic!("two methods")
        };
        assert!((snn.rank - (1.0 + 1.5 + 1.0) / 3.0).abs() < 1e-12);
        assert!((msra.accuracy - 2.0 / 3.0).abs() < 1e-12);
        assert!(msra.p.is_some() && snn.p.is_none());
    }
}
