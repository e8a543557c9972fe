//! The UCI report: mean ranks beside the paper's, other methods, and every set.

use banach_nn::NetworkKind;

use super::summary::{MethodSummary, Summary, find, summary};
use super::{Contender, Way};
use crate::error::LabError;
use crate::report::{self, Report, ReportTable};
use crate::reproduce::result::shown;
use crate::reproduce::{ExperimentResult, paper};

/// The report: ranks of the seven networks beside the paper's, ranks with the other methods, and every
/// set.
///
/// # Errors
/// [`LabError::Statistics`].
pub fn report(
    results: &[ExperimentResult],
    facts: &[(String, String)],
    way: Way<'_>,
) -> Result<Report, LabError> {
    let mut report = Report::new("UCI classification sets");
    report.text(
        "Seven kinds of feed-forward networks on the UCI sets as the paper's authors prepared them \
         (arXiv:1706.02515, Table 1 and Table A11). Accuracy is measured on the test rows of the fold.",
    );
    report.text(&terms(way));
    report.facts(facts);
    let names: Vec<&str> = NetworkKind::ALL.iter().map(NetworkKind::name).collect();
    let networks = summary(results, &names)?;
    report.heading("Networks");
    report.table(&networks_table(&networks));
    if let Some(order) = order_by_accuracy(&networks) {
        report.text(&order);
    }
    let contenders = Contender::all();
    let present = |name: &&str| results.iter().any(|result| result.method == **name);
    let all = contenders.iter().map(Contender::name).filter(present);
    let all: Vec<&str> = all.collect();
    if all.len() > names.len() {
        report.heading("With other methods");
        report.table(&methods_table(&summary(results, &all)?));
    }
    report.heading("Every set");
    report.table(&sets_table(&networks, results));
    Ok(report)
}

/// How settings are chosen, and whom that favours.
fn terms(way: Way<'_>) -> String {
    match way {
        Way::Grid(grid, _) => format!(
            "The validation rows choose the hyperparameters. {}",
            grid.choices()
        ),
        Way::DefaultRecipe => {
            "The validation rows choose the epoch. All networks are trained by one recipe, which was tuned for \
             snn alone; the others take its learning rate, schedule, width, depth and epochs, \
             and have no dropout. A recipe of their own might serve them better."
        }
        .to_owned(),
    }
}

/// The networks by mean accuracy, which may order them otherwise than mean ranks do.
fn order_by_accuracy(networks: &Summary) -> Option<String> {
    let accuracy = |method: &MethodSummary| Some((method.mean_accuracy?, method.method.clone()));
    let mut order: Vec<(f64, String)> = networks.methods.iter().filter_map(accuracy).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let words = order.iter().map(|(mean, name)| format!("{name} {mean:.4}"));
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| format!("By mean accuracy the order is {}.", words.join(", ")))
}

fn number(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}")
}

fn probability(p: Option<f64>) -> String {
    p.map_or(String::new(), report::probability)
}

fn owned<const N: usize>(head: [&str; N]) -> Vec<String> {
    head.map(str::to_owned).to_vec()
}

/// Which of the rows with these names stand out.
fn rows_of_snn<'a>(names: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let own = names
        .enumerate()
        .filter(|(_, name)| *name == NetworkKind::Snn.name());
    own.map(|(at, _)| at).collect()
}

/// A method's own columns: p, mean accuracy and seconds.
fn measured(method: &MethodSummary) -> [String; 3] {
    [
        probability(method.p),
        shown(method.mean_accuracy, 4),
        number(method.seconds, 0),
    ]
}

/// `58 data sets`, or `116 folds of 58 data sets`.
fn counted(summary: &Summary) -> String {
    let mut sets: Vec<&str> = summary.blocks.iter().map(|b| b.set.as_str()).collect();
    sets.dedup();
    match (summary.blocks.len(), sets.len()) {
        (folds, sets) if folds == sets => format!("{sets} data sets"),
        (folds, sets) => format!("{folds} folds of {sets} data sets"),
    }
}

/// What a caption says of runs that diverged; nothing without one.
fn diverged(summary: &Summary) -> String {
    let some = summary.methods.iter().filter(|m| m.n_diverged() > 0);
    let some: Vec<String> = some
        .map(|method| format!("{} {}", method.method, method.n_diverged()))
        .collect();
    if some.is_empty() {
        return String::new();
    }
    format!(
        " Training diverged with every setting: {} times; there a method ranks last, and its mean \
         accuracy is over the rest.",
        some.join(", ")
    )
}

/// The seven networks, the best mean rank first, beside the paper's numbers.
fn networks_table(networks: &Summary) -> ReportTable {
    let middle = (networks.methods.len() + 1) as f64 / 2.0;
    let published = |kind: NetworkKind| -> Vec<f64> {
        let of_block = |block: &super::summary::Block| paper::uci_accuracy(&block.set, kind);
        networks.blocks.iter().filter_map(of_block).collect()
    };
    let mut rows: Vec<(f64, Vec<String>)> = Vec::new();
    for (kind, method) in NetworkKind::ALL.into_iter().zip(&networks.methods) {
        let accuracies = published(kind);
        let accuracy = accuracies.iter().sum::<f64>() / accuracies.len().max(1) as f64;
        let (rank, p) = paper::uci_rank(kind);
        let mut row = vec![method.method.clone(), number(method.mean_rank - middle, 3)];
        row.extend(measured(method));
        row.extend([number(rank, 3), probability(p), number(accuracy, 4)]);
        rows.push((method.mean_rank, row));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    ReportTable {
        caption: format!(
            "{} on which all networks are done. p: paired Wilcoxon test against snn. The \
             paper's ranks and p are over its 121 sets, its mean accuracy over those of these sets that \
             its table has ({}).{}",
            counted(networks),
            published(NetworkKind::Snn).len(),
            diverged(networks)
        ),
        head: owned([
            "network",
            "mean rank\u{a0}-\u{a0}4",
            "p",
            "mean accuracy",
            "seconds",
            "paper: mean rank\u{a0}-\u{a0}4",
            "paper: p",
            "paper: mean accuracy",
        ]),
        marked: rows_of_snn(rows.iter().map(|(_, row)| row[0].as_str())),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    }
}

/// All methods, the best mean rank first.
fn methods_table(summary: &Summary) -> ReportTable {
    let mut methods: Vec<&MethodSummary> = summary.methods.iter().collect();
    methods.sort_by(|a, b| a.mean_rank.total_cmp(&b.mean_rank));
    let row = |method: &&MethodSummary| {
        let mut row = vec![method.method.clone(), number(method.mean_rank, 3)];
        row.extend(measured(method));
        row
    };
    ReportTable {
        caption: format!(
            "{}. p: paired Wilcoxon test against snn. The other methods learn from the \
             training and the validation rows.{}",
            counted(summary),
            diverged(summary)
        ),
        head: owned(["method", "mean rank", "p", "mean accuracy", "seconds"]),
        marked: rows_of_snn(methods.iter().map(|method| method.method.as_str())),
        rows: methods.iter().map(row).collect(),
    }
}

/// Accuracy of every network on every set, and what was chosen for the self-normalizing one.
fn sets_table(networks: &Summary, results: &[ExperimentResult]) -> ReportTable {
    let snn = NetworkKind::Snn;
    let mut head = owned(["set", "fold"]);
    head.extend(networks.methods.iter().map(|m| m.method.clone()));
    head.extend(owned(["paper: snn", "hyperparameters of snn"]));
    let rows = networks.blocks.iter().enumerate().map(|(at, block)| {
        let mut row = vec![block.set.clone(), block.fold.to_string()];
        let accuracies = networks.methods.iter().map(|m| shown(m.accuracies[at], 4));
        row.extend(accuracies);
        let published = paper::uci_accuracy(&block.set, snn);
        row.push(published.map_or(String::new(), |value| number(value, 4)));
        let own = find(results, block, snn.name());
        row.push(own.map_or(String::new(), |own| own.setting.clone()));
        row
    });
    ReportTable {
        caption: "Accuracy on the test rows.".to_owned(),
        rows: rows.collect(),
        head,
        ..ReportTable::default()
    }
}
