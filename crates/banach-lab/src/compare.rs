//! Methods against each other on the same folds.
//!
//! Owns which rows each method sees, what is measured, and what may be said about it. Cells (a method
//! on a fold) run fold after fold over all methods, each on one thread, so that a comparison that
//! must stop early has whole folds.

mod cell;
mod document;
mod encode;
mod method;
mod metric;
mod picture;
mod summary;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use banach::{Estimator, FoldPlan, Folds, Settings};
use banach_data::{Table, Task};
use banach_nn::parallel_map;
use serde::Serialize;

pub use document::{Origin, about_folds, report};
pub use method::{METHODS, Method, MethodKind, baseline_name, methods};
pub use metric::Metric;
pub use picture::figure;
pub use summary::{MethodSummary, Ranking};

use crate::error::LabError;

/// What is compared, and how.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// The methods, at least one.
    pub methods: Vec<&'static Method>,
    /// The folds.
    pub folds: Folds,
    /// The metric that methods are ranked by; without one, the task's main metric ([`Metric::main`]).
    pub metric: Option<Metric>,
    /// Time budget: no cell is begun after it; those at work are finished.
    pub budget: Option<Duration>,
}

/// How a comparison runs. Nothing here changes what is measured, but for the seconds.
#[derive(Clone, Copy)]
pub struct CompareRun<'a> {
    /// Cells at work at the same time, a thread each.
    pub threads: usize,
    /// Set to begin no further cell and to break networks off.
    pub interrupt: &'a AtomicBool,
    /// Is told of every finished cell, with the number of those done and of all.
    pub observe: &'a (dyn Fn(&Cell, usize, usize) + Sync),
}

/// A method on a fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Name of the method.
    pub method: &'static str,
    /// Name of the fold.
    pub fold: String,
    /// What became of it.
    #[serde(flatten)]
    pub result: CellResult,
}

/// What became of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CellResult {
    /// It was measured.
    Done {
        /// The task's metrics on the rows of the fold.
        metrics: banach::metrics::Metrics,
        /// Encoding, training and prediction, on one thread.
        seconds: f64,
        /// What the method chose or left out.
        notes: Vec<String>,
    },
    /// The method failed.
    Failed {
        /// Why.
        reason: String,
    },
    /// It was not begun, or broken off.
    Missing,
}

/// A fold of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedFold {
    /// Its name.
    pub fold: String,
    /// Training rows.
    pub train_rows: usize,
    /// Test rows.
    pub test_rows: usize,
}

/// A fold from whose training rows no method could learn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOutFold {
    /// Its name.
    pub fold: String,
    /// Why.
    pub reason: String,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The task.
    pub task: Task,
    /// The metric that methods are ranked by.
    pub metric: Metric,
    /// Rows of the table that have a target.
    pub rows: usize,
    /// Those of them that are in no fold's test rows: with a split by time the first block.
    pub untested: usize,
    /// Every fold that methods were run on, in order.
    pub folds: Vec<ComparedFold>,
    /// The other folds.
    pub left_out: Vec<LeftOutFold>,
    /// Every cell, fold after fold.
    pub cells: Vec<Cell>,
    /// What follows from the cells.
    pub ranking: Ranking,
}

/// Compares methods on the folds of a table.
///
/// Networks are trained with `settings`, each in its own form, and hold validation rows out of their
/// training rows; the other methods learn from all training rows, with numbers standardized and
/// categories one-hot encoded. Sample and class weights count for networks only, so with one of them
/// other methods are refused. Folds whose training rows have one class or one value of the target are
/// left out.
///
/// # Errors
/// [`LabError::NoMethod`], [`LabError::WeightsNeedNetworks`], [`LabError::Metric`] for a metric that
/// the task does not have, and the errors of settings, table and folds. A cell that fails is no error:
/// it is [`CellResult::Failed`].
pub fn compare(
    settings: &Settings,
    table: &Table,
    options: &CompareOptions,
    run: &CompareRun<'_>,
) -> Result<Comparison, LabError> {
    if options.methods.is_empty() {
        return Err(LabError::NoMethod);
    }
    for method in &options.methods {
        method.check(settings)?;
    }
    let mut plan = Estimator::new(settings.clone())?.plan_folds(table, &options.folds)?;
    let task = plan.target.task();
    let metric = match options.metric {
        Some(metric) => metric.check(task)?,
        None => Metric::main(task),
    };
    let left_out = leave_out(&mut plan, table)?;
    let mut jobs = Vec::new();
    for fold in &plan.folds {
        jobs.extend(options.methods.iter().map(|&method| (fold, method)));
    }
    let (start, n_jobs, done) = (Instant::now(), jobs.len(), AtomicUsize::new(0));
    let cells = parallel_map(jobs, run.threads, |_, (fold, method)| {
        let late = options
            .budget
            .is_some_and(|budget| start.elapsed() >= budget);
        let result = if late || run.interrupt.load(Ordering::Relaxed) {
            CellResult::Missing
        } else {
            cell::run(method, table, &plan, fold, run.interrupt)
        };
        let cell = Cell {
            method: method.name,
            fold: fold.name.clone(),
            result,
        };
        if cell.result != CellResult::Missing {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            (run.observe)(&cell, done, n_jobs);
        }
        cell
    });
    let folds = plan.folds.iter().map(|fold| ComparedFold {
        fold: fold.name.clone(),
        train_rows: fold.train.len(),
        test_rows: fold.test.len(),
    });
    Ok(Comparison {
        task,
        metric,
        rows: plan.rows,
        untested: plan.untested,
        folds: folds.collect(),
        left_out,
        ranking: Ranking::new(&options.methods, &cells, metric)?,
        cells,
    })
}

/// Takes the folds from which nothing can be learned out of a plan.
fn leave_out(plan: &mut FoldPlan, table: &Table) -> Result<Vec<LeftOutFold>, LabError> {
    let (mut left_out, mut first) = (Vec::new(), None);
    plan.folds.retain(|fold| {
        let Err(error) = plan.target.clone().fit_rows(table, &fold.train) else {
            return true;
        };
        left_out.push(LeftOutFold {
            fold: fold.name.clone(),
            reason: error.to_string(),
        });
        first.get_or_insert(error);
        false
    });
    match first {
        Some(error) if plan.folds.is_empty() => Err(error.into()),
        _ => Ok(left_out),
    }
}

#[cfg(test)]
mod tests;
