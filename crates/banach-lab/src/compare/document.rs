//! A comparison as a report.

use banach::{NetworkKind, Settings};
use banach_data::NameList;
use serde_json::Value;

use super::method::seed;
use super::{CellResult, Comparison, METHODS, MethodKind, figure};
use crate::error::LabError;
use crate::report::{FAILED, MISSING, Report, ReportTable, machine, probability};
use crate::statistics::Better;

/// What a report says about how a comparison came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The table.
    pub data: String,
    /// The command, as it can be typed again.
    pub command: String,
    /// The settings given.
    pub settings: Settings,
    /// Seconds of the whole comparison.
    pub seconds: f64,
}

/// The report of a comparison: the ranking, its picture, every fold, and how it was made.
///
/// # Errors
/// [`LabError::Plot`].
pub fn report(comparison: &Comparison, origin: &Origin) -> Result<Report, LabError> {
    let ranking = &comparison.ranking;
    let target = origin.settings.target_columns();
    let mut report = Report::new(&format!("Methods compared on {}", origin.data));
    let metric = comparison.metric.name();
    let direction = match comparison.metric.better() {
        Better::Higher => "higher",
        Better::Lower => "lower",
    };
    report.text(&format!(
        "A {} task, {} from {} rows, measured by {metric} ({direction} is better) on {} folds that \
         every method has completed.",
        comparison.task,
        target.join(", "),
        comparison.rows,
        ranking.complete_folds.len()
    ));
    for remark in about_folds(comparison) {
        report.text(&format!("{remark}."));
    }
    if let Some(best) = ranking.methods.first().filter(|best| best.mean.is_some()) {
        report.text(&format!(
            "p is that of a paired two-sided Wilcoxon test over folds against {}, which has the best \
             mean; p Holm is the same after Holm's correction for the number of methods. Folds share \
             most of their training rows, so p is too small rather than too large.",
            best.method
        ));
    }
    report.table(&ranking_table(comparison));
    if ranking.methods.iter().any(|method| is_rival(method.method)) {
        report.text(
            "The networks are trained with the same settings. Those that were not given are of a recipe that was tuned \
             for snn alone; the other networks take it without its dropout, and might be better with settings of \
             their own.",
        );
    }
    if let (Some(test), Some(difference)) = (ranking.friedman, ranking.critical_difference) {
        report.text(&format!(
            "Friedman test: chi squared {:.2} with {} degrees of freedom, p {}. Two mean ranks differ \
             at the level 0.05 from {difference:.2} on (Nemenyi).",
            test.statistic,
            test.df,
            probability(test.p)
        ));
    }
    for method in &ranking.methods {
        if let Some(reason) = &method.failed {
            report.text(&format!("{} failed: {reason}", method.method));
        }
    }
    if let Some(figure) = figure(comparison) {
        report.figure(
            &figure,
            "Left: the metric on every fold, with quartiles. Right: mean ranks, as bars as long as \
             the critical difference.",
        )?;
    }
    let about = METHODS.iter().filter(|known| {
        let mut methods = ranking.methods.iter();
        methods.any(|method| method.method == known.name)
    });
    let about = about.map(|known| (known.name.to_owned(), known.about.to_owned()));
    report.facts(&about.collect::<Vec<_>>());
    report.heading("Every fold");
    report.table(&cells_table(comparison));
    report.heading("How it was made");
    report.facts(&facts(comparison, origin));
    Ok(report)
}

/// Whether this is a network other than the self-normalizing one.
fn is_rival(method: &str) -> bool {
    METHODS.iter().any(|known| {
        known.name == method
            && matches!(known.kind, MethodKind::Network(kind) if kind != NetworkKind::Snn)
    })
}

/// What is not measured: rows that no fold tests, and folds that are left out.
#[must_use]
pub fn about_folds(comparison: &Comparison) -> Vec<String> {
    let mut remarks = Vec::new();
    match comparison.untested {
        0 => {}
        1 => remarks.push("The first row in time is never tested".to_owned()),
        rows => remarks.push(format!("The first {rows} rows in time are never tested")),
    }
    let left_out = comparison.left_out.iter();
    remarks.extend(left_out.map(|fold| format!("Fold {} is left out: {}", fold.fold, fold.reason)));
    remarks
}

/// Metrics that have a column of their own beside the one that counts.
const MAX_METRICS: usize = 12;

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}

fn ranking_table(comparison: &Comparison) -> ReportTable {
    let mut table = ReportTable::default();
    let methods = &comparison.ranking.methods;
    let all = methods.iter().flat_map(|method| method.metrics.keys());
    let mut others: Vec<&String> = all
        .filter(|name| *name != comparison.metric.name())
        .collect();
    others.sort();
    others.dedup();
    if others.len() > MAX_METRICS {
        // What is left has no metrics of single labels, whose columns would make the table unreadable.
        others.retain(|name| !name.starts_with("auc."));
    }
    let head = [
        "method",
        comparison.metric.name(),
        "std",
        "mean rank",
        "p",
        "p Holm",
        "seconds",
    ];
    table.head = head.map(str::to_owned).to_vec();
    table.head.extend(others.iter().map(|name| (*name).clone()));
    for (at, method) in methods
        .iter()
        .filter(|method| method.failed.is_none())
        .enumerate()
    {
        let mut row = vec![
            method.method.to_owned(),
            number(method.mean, 4),
            number(method.std, 4),
            number(method.rank, 2),
            method.p.map_or(String::new(), probability),
            method.p_holm.map_or(String::new(), probability),
            number(method.seconds, 2),
        ];
        row.extend(
            others
                .iter()
                .map(|name| number(method.metrics.get(*name).copied(), 4)),
        );
        table.rows.push(row);
        if method.method == "snn" {
            table.marked.push(at);
        }
    }
    table
}

/// The metric of every method, a row for each fold.
fn cells_table(comparison: &Comparison) -> ReportTable {
    let n_methods = comparison.cells.len() / comparison.folds.len().max(1);
    let mut table = ReportTable::default();
    let head = ["fold", "training rows", "test rows"];
    table.head = head.map(str::to_owned).to_vec();
    let first = comparison.cells.iter().take(n_methods);
    table.head.extend(first.map(|cell| cell.method.to_owned()));
    let cells = comparison.cells.chunks(n_methods.max(1));
    for (fold, cells) in comparison.folds.iter().zip(cells) {
        let mut row = vec![
            fold.fold.clone(),
            fold.train_rows.to_string(),
            fold.test_rows.to_string(),
        ];
        row.extend(cells.iter().map(|cell| match &cell.result {
            CellResult::Done { metrics, .. } => number(comparison.metric.value(metrics), 4),
            CellResult::Failed { .. } => FAILED.to_owned(),
            CellResult::Missing => MISSING.to_owned(),
        }));
        table.rows.push(row);
    }
    table
}

fn facts(comparison: &Comparison, origin: &Origin) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let mut facts = vec![
        fact("command", origin.command.clone()),
        fact("version", env!("CARGO_PKG_VERSION").to_owned()),
        fact("machine", machine()),
        fact("seconds", format!("{:.1}", origin.seconds)),
        fact("seed", seed(&origin.settings).to_string()),
    ];
    // Settings that were not given are those of the preset.
    for (name, value) in origin.settings.to_json() {
        let text = match value {
            Value::String(text) => text,
            Value::Array(items) => {
                let text = |item: &Value| item.as_str().map_or(item.to_string(), str::to_owned);
                NameList(items.iter().map(text).collect()).to_string()
            }
            other => other.to_string(),
        };
        if name != "seed" {
            facts.push((name, text));
        }
    }
    let chosen = comparison
        .cells
        .iter()
        .filter_map(|cell| match &cell.result {
            CellResult::Done { notes, .. } if !notes.is_empty() => {
                let name = format!("{}, fold {}", cell.method, cell.fold);
                Some((name, notes.join("; ")))
            }
            _ => None,
        });
    facts.extend(chosen);
    facts
}
