//! What follows from the cells of a comparison.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Cell, CellResult, Method, Metric};
use crate::error::LabError;
use crate::statistics::{Friedman, critical_difference, friedman, holm, mean_ranks, wilcoxon};

/// Level of the critical difference.
pub(super) const ALPHA: f64 = 0.05;

/// A method over the complete folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodSummary {
    /// Its name.
    pub method: &'static str,
    /// Mean of the metric.
    pub mean: Option<f64>,
    /// Standard deviation of the metric over folds (divisor n - 1).
    pub std: Option<f64>,
    /// Mean rank, 1 for the best on every fold.
    pub rank: Option<f64>,
    /// p of the paired two-sided Wilcoxon test against the best method; `None` for the best itself, and below
    /// two complete folds.
    pub p: Option<f64>,
    /// The same after Holm's correction for the number of methods.
    pub p_holm: Option<f64>,
    /// Mean seconds of a fold.
    pub seconds: Option<f64>,
    /// The metric on every complete fold.
    pub values: Vec<f64>,
    /// Means of all metrics over the complete folds on which they are defined.
    pub metrics: BTreeMap<String, f64>,
    /// Why the method has no results, if it failed on a fold.
    pub failed: Option<String>,
}

/// Methods in order, and whether they differ.
///
/// Only folds on which every method was measured count, so that all are judged by the same rows; folds
/// on which the metric is not defined do not count, and methods that failed are left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// The best mean first; methods that failed last.
    pub methods: Vec<MethodSummary>,
    /// Names of the complete folds.
    pub complete_folds: Vec<String>,
    /// Whether the average ranks differ; `None` below two complete folds or three methods.
    pub friedman: Option<Friedman>,
    /// Nemenyi's critical difference of average ranks at the level 0.05; `None` as `friedman`.
    pub critical_difference: Option<f64>,
}

impl Ranking {
    pub(super) fn new(
        methods: &[&'static Method],
        cells: &[Cell],
        metric: Metric,
    ) -> Result<Self, LabError> {
        let mut summaries: Vec<MethodSummary> = Vec::new();
        for method in methods {
            let mut own = cells.iter().filter(|cell| cell.method == method.name);
            let failed = own.find_map(|cell| match &cell.result {
                CellResult::Failed { reason } => Some(format!("fold {}: {reason}", cell.fold)),
                CellResult::Done { .. } | CellResult::Missing => None,
            });
            summaries.push(MethodSummary {
                method: method.name,
                mean: None,
                std: None,
                rank: None,
                p: None,
                p_holm: None,
                seconds: None,
                values: Vec::new(),
                metrics: BTreeMap::new(),
                failed,
            });
        }
        let (mut sound, failed): (Vec<_>, Vec<_>) = summaries
            .into_iter()
            .partition(|method| method.failed.is_none());

        // Cells lie fold after fold, in the order of the methods.
        let (mut complete_folds, mut scores, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
        for fold in cells.chunks(methods.len()) {
            let of_sound = fold
                .iter()
                .filter(|cell| sound.iter().any(|method| method.method == cell.method));
            let measured: Option<Vec<(f64, f64)>> = of_sound
                .map(|cell| match &cell.result {
                    CellResult::Done {
                        metrics, seconds, ..
                    } => Some((metric.value(metrics)?, *seconds)),
                    _ => None,
                })
                .collect();
            if let (Some(measured), Some(first)) = (measured, fold.first())
                && !measured.is_empty()
            {
                let (values, times): (Vec<f64>, Vec<f64>) = measured.into_iter().unzip();
                complete_folds.push(first.fold.clone());
                scores.push(values);
                seconds.push(times);
            }
        }
        let n = scores.len();
        if n > 0 {
            let ranks = mean_ranks(&scores, metric.better())?;
            for (at, method) in sound.iter_mut().enumerate() {
                method.values = scores.iter().map(|fold| fold[at]).collect();
                let (mean, std) = mean_and_deviation(&method.values);
                (method.mean, method.std) = (Some(mean), std);
                method.rank = Some(ranks[at]);
                method.metrics = means(method.method, &complete_folds, cells);
                method.seconds = Some(seconds.iter().map(|fold| fold[at]).sum::<f64>() / n as f64);
            }
        }
        // Stable: equal means stay in the order in which the methods were named.
        sound.sort_by(|a, b| {
            let (a, b) = (a.mean.unwrap_or(f64::NAN), b.mean.unwrap_or(f64::NAN));
            if metric.better().is_better(a, b) {
                std::cmp::Ordering::Less
            } else if metric.better().is_better(b, a) {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        });
        if n > 1
            && let Some((best, others)) = sound.split_first_mut()
        {
            for method in others.iter_mut() {
                method.p = Some(wilcoxon(&best.values, &method.values)?.p);
            }
            let p: Vec<f64> = others.iter().filter_map(|method| method.p).collect();
            for (method, p) in others.iter_mut().zip(holm(&p)?) {
                method.p_holm = Some(p);
            }
        }
        let several = n > 1 && sound.len() > 2;
        let friedman = several.then(|| friedman(&scores)).transpose()?;
        let critical = several.then(|| critical_difference(sound.len(), n, ALPHA));
        sound.extend(failed);
        Ok(Self {
            methods: sound,
            complete_folds,
            friedman,
            critical_difference: critical.transpose()?,
        })
    }
}

/// Means of all metrics of a method over some folds.
fn means(method: &str, folds: &[String], cells: &[Cell]) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    let own = cells
        .iter()
        .filter(|cell| cell.method == method && folds.contains(&cell.fold));
    for cell in own {
        if let CellResult::Done { metrics, .. } = &cell.result {
            for (name, value) in metrics.entries() {
                if let Some(value) = value {
                    let (sum, n) = sums.entry(name).or_default();
                    (*sum, *n) = (*sum + value, *n + 1);
                }
            }
        }
    }
    let means = sums.into_iter();
    means
        .map(|(name, (sum, n))| (name, sum / n as f64))
        .collect()
}

fn mean_and_deviation(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (
        mean,
        (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
    )
}
