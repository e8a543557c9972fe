//! Tox21 by depth (Table 2): twelve tasks with missing labels, mean AUC.

use banach::metrics::roc_auc;
use banach_nn::{Dataset, NetworkKind, Shape, Targets, parallel_map};
use banach_plot::{Axis, Figure, Mark, OKABE_ITO, Panel, Stroke};

use super::paper::{TOX21_DEPTHS, tox21_auc};
use super::protocol::{Rows, Trained, chosen, train};
use super::result::mean_and_deviation;
use super::{ExperimentResult, Protocol, Run, Setting};
use crate::compare::Metric;
use crate::datasets::Tox21;
use crate::error::LabError;
use crate::report::{DIVERGED, Report, ReportTable};

/// Settings that are the same for all depths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Units of a layer; a highway network has as many as there are features.
    pub width: usize,
    /// Learning rates from which the validation rows choose.
    pub learning_rates: [f64; 2],
    /// Weight decay (L2).
    pub weight_decay: f64,
    /// Alpha dropout rate of self-normalizing networks; the others have no dropout.
    pub alpha_dropout: f64,
}

impl Options {
    /// Narrower than the paper's 1024 and 2048, for minutes instead of days.
    pub const QUICK: Self = Self {
        width: 256,
        learning_rates: [0.01, 0.1],
        weight_decay: 1e-4,
        alpha_dropout: 0.05,
    };
}

/// Name of the set in results.
const SET: &str = "tox21";

/// One kind of network with one number of hidden layers and one seed, that of `run`; the score is the mean
/// AUC on the test rows.
///
/// # Errors
/// [`LabError`].
pub fn run_depth(
    set: &Tox21,
    kind: NetworkKind,
    depth: usize,
    options: &Options,
    protocol: &Protocol,
    run: &Run<'_>,
) -> Result<ExperimentResult, LabError> {
    let data = dataset(set);
    let rows = Rows {
        data: &data,
        train: &set.train,
        valid: &set.valid,
        test: &set.test,
    };
    let n_tasks = set.tasks.len();
    let score = |outputs: &[f32], rows: &[u32]| mean_auc(outputs, rows, &set.labels, n_tasks);
    let settings = options.learning_rates.map(|learning_rate| Setting {
        architecture: kind.into(),
        width: options.width,
        // Blocks of two layers and the layer before them.
        layers: match kind {
            NetworkKind::ResNet => (depth / 2).max(1) + 1,
            _ => depth,
        },
        shape: Shape::Rectangular,
        dropout: if kind == NetworkKind::Snn {
            options.alpha_dropout
        } else {
            0.0
        },
        learning_rate,
        weight_decay: options.weight_decay,
    });
    let one = |_, setting| train(setting, rows, protocol, run, &score);
    let trained: Result<Vec<Trained>, _> = parallel_map(settings.to_vec(), run.threads, one)
        .into_iter()
        .collect();
    let trained = trained?;
    let chosen = chosen(&trained, kind);
    Ok(ExperimentResult {
        set: SET.to_owned(),
        fold: None,
        layers: Some(depth),
        seed: run.seed,
        method: kind.name().to_owned(),
        metric: Metric::MeanAuc,
        score: chosen.test,
        seconds: chosen.seconds,
        setting: chosen.setting,
    })
}

fn dataset(set: &Tox21) -> Dataset {
    Dataset {
        features: set.x.features(),
        targets: Targets::Labels {
            n_labels: set.tasks.len(),
            values: set.labels.clone(),
        },
        weights: None,
    }
}

/// Mean over the tasks of the AUC of those rows whose label is known; tasks with one class only do not
/// count.
fn mean_auc(outputs: &[f32], rows: &[u32], labels: &[f32], n_tasks: usize) -> Option<f64> {
    let areas: Vec<f64> = (0..n_tasks)
        .filter_map(|task| {
            let known = rows.iter().enumerate().filter_map(|(at, &row)| {
                let label = labels[row as usize * n_tasks + task];
                let score = outputs[at * n_tasks + task];
                (!label.is_nan()).then_some((score, label == 1.0))
            });
            let (scores, labels): (Vec<f32>, Vec<bool>) = known.unzip();
            roc_auc(&scores, &labels)
        })
        .collect();
    (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
}

/// AUC over seeds, in percent.
struct Spread {
    /// Mean and standard deviation of the runs that did not diverge; `None` without one.
    mean_and_deviation: Option<(f64, f64)>,
    n_seeds: usize,
    n_diverged: usize,
}

impl Spread {
    fn new(results: &[ExperimentResult], kind: NetworkKind, depth: usize) -> Self {
        let same = |r: &&ExperimentResult| r.method == kind.name() && r.layers == Some(depth);
        let own = results.iter().filter(same);
        let scores: Vec<Option<f64>> = own.map(|r| r.score.map(|auc| 100.0 * auc)).collect();
        Self {
            mean_and_deviation: mean_and_deviation(&scores),
            n_seeds: scores.len(),
            n_diverged: scores.iter().filter(|score| score.is_none()).count(),
        }
    }

    /// `73.3 (0.4)`; empty without a run.
    fn words(&self) -> String {
        let measured = self.n_seeds - self.n_diverged;
        let mut words = match self.mean_and_deviation {
            Some((mean, _)) if measured == 1 => format!("{mean:.1}"),
            Some((mean, deviation)) => format!("{mean:.1} ({deviation:.1})"),
            None if self.n_diverged > 0 => return DIVERGED.to_owned(),
            None => return String::new(),
        };
        if self.n_diverged > 0 {
            words += &format!(", {} {DIVERGED}", self.n_diverged);
        }
        words
    }
}

/// AUC against depth, a line for each kind.
#[must_use]
pub fn figure(results: &[ExperimentResult]) -> Figure {
    let mut marks = Vec::new();
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (at, kind) in NetworkKind::ALL.into_iter().enumerate() {
        let measured: Vec<(f64, f64, f64)> = TOX21_DEPTHS
            .iter()
            .filter_map(|&depth| {
                let spread = Spread::new(results, kind, depth);
                let (mean, deviation) = spread.mean_and_deviation?;
                Some((depth as f64, mean, deviation))
            })
            .collect();
        let colour = OKABE_ITO[at % OKABE_ITO.len()];
        let colour = if at < OKABE_ITO.len() {
            colour
        } else {
            banach_plot::Colour::BLACK
        };
        for &(depth, mean, deviation) in &measured {
            low = low.min(mean - deviation);
            high = high.max(mean + deviation);
            if deviation > 0.0 {
                marks.push(Mark::Line {
                    points: vec![[depth, mean - deviation], [depth, mean + deviation]],
                    stroke: Stroke::solid(colour),
                    label: String::new(),
                });
            }
        }
        if !measured.is_empty() {
            marks.push(Mark::Line {
                points: measured
                    .iter()
                    .map(|&(depth, mean, _)| [depth, mean])
                    .collect(),
                stroke: Stroke::solid(colour),
                label: kind.name().to_owned(),
            });
        }
    }
    if low > high {
        (low, high) = (50.0, 100.0);
    }
    let room = 0.05 * (high - low).max(1.0);
    Figure {
        width: 640.0,
        height: 420.0,
        panels: vec![Panel {
            title: "Tox21 by depth".to_owned(),
            x: Axis::log("hidden layers", 1.8, 36.0),
            y: Axis::linear(
                "mean AUC of the test rows, percent",
                low - room,
                high + room,
            ),
            marks,
            legend: Some(banach_plot::Corner::BottomLeft),
            colour_bar: None,
        }],
    }
}

/// The report: AUC by depth beside the paper's.
///
/// # Errors
/// [`LabError::Plot`].
pub fn report(
    results: &[ExperimentResult],
    facts: &[(String, String)],
) -> Result<Report, LabError> {
    let mut report = Report::new("Tox21 by depth");
    report.text(
        "Mean area under the ROC curve over twelve tasks (arXiv:1706.02515, Table 2), by number of hidden \
         layers. The split is by scaffold, not the paper's challenge split, so that levels differ; what can \
         be compared is how AUC runs with depth. Each network chooses between two learning rates; alpha dropout is \
         for snn, the others have no dropout.",
    );
    report.facts(facts);
    report.figure(
        &figure(results),
        "Mean over seeds, bars of one standard deviation.",
    )?;
    let table = |caption: &str, cell: &dyn Fn(NetworkKind, usize) -> String| {
        let mut head = vec!["network".to_owned()];
        head.extend(TOX21_DEPTHS.iter().map(|depth| format!("{depth} layers")));
        let row = |kind: NetworkKind| {
            let mut row = vec![kind.name().to_owned()];
            row.extend(TOX21_DEPTHS.iter().map(|&depth| cell(kind, depth)));
            row
        };
        ReportTable {
            caption: caption.to_owned(),
            head,
            rows: NetworkKind::ALL.into_iter().map(row).collect(),
            ..ReportTable::default()
        }
    };
    report.table(&table(
        "Measured: mean (standard deviation over seeds), percent.",
        &|kind, depth| Spread::new(results, kind, depth).words(),
    ));
    report.table(&table("The paper's, percent.", &|kind, depth| {
        tox21_auc(kind, depth).map_or(String::new(), |auc| format!("{auc:.1}"))
    }));
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_says_its_spread_and_what_diverged() {
        let snn = NetworkKind::Snn;
        let result = |seed, score| ExperimentResult {
            set: SET.to_owned(),
            fold: None,
            layers: Some(8),
            seed,
            method: snn.name().to_owned(),
            metric: Metric::MeanAuc,
            score,
            seconds: 1.0,
            setting: String::new(),
        };
        let words = |results: &[ExperimentResult]| Spread::new(results, snn, 8).words();
        assert_eq!(words(&[]), "");
        assert_eq!(words(&[result(0, None)]), "diverged");
        let mut results = vec![result(0, Some(0.7))];
        assert_eq!(words(&results), "70.0");
        results.push(result(1, None));
        assert_eq!(words(&results), "70.0, 1 diverged");
        results.push(result(2, Some(0.72)));
        assert_eq!(words(&results), "71.0 (1.4), 1 diverged");
        assert_eq!(Spread::new(&results, snn, 16).words(), "");
    }

    #[test]
    fn missing_labels_and_tasks_with_one_class_do_not_count() {
        // Two tasks, three rows: the first task is ordered, the second has one class.
        let labels = [0.0, 1.0, 1.0, 1.0, f32::NAN, 1.0];
        let outputs = [-1.0, 0.0, 2.0, 0.0, -5.0, 0.0];
        assert_eq!(mean_auc(&outputs, &[0, 1, 2], &labels, 2), Some(1.0));
        assert_eq!(mean_auc(&outputs[..2], &[0], &labels, 2), None);
    }
}
