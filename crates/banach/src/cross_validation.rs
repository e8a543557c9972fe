//! Cross-validation: a model for each fold, trained side by side.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use banach_data::{Table, TargetEncoder, folds_from_column};
use banach_nn::parallel_map;
use serde::Serialize;

use crate::error::Error;
use crate::estimator::{Estimator, fit};
use crate::metrics::Metrics;
use crate::problem::{Problem, RowChoice, Rows, feature_names};
use crate::run::{Event, Run};
use crate::settings::Settings;

/// How a table is divided into folds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folds {
    /// By the settings' split.
    Number {
        /// Folds, at least 2.
        folds: usize,
        /// How often the table is divided anew, at least 1.
        repeats: usize,
    },
    /// Rows with the same value of this column are a fold.
    Column(String),
}

/// What one fold measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fold {
    /// Its name: a number from 1, with the repeat before it, or the value of the fold column.
    pub fold: String,
    /// Rows scored.
    pub rows: usize,
    /// Epoch whose weights were kept.
    pub best_epoch: usize,
    /// The task's metrics on the rows of the fold.
    pub metrics: Metrics,
}

/// Mean and spread of a metric over folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// The metric's name.
    #[serde(skip)]
    pub name: String,
    /// Mean over the folds in which it is defined; `None` when it is in none.
    pub mean: Option<f64>,
    /// Standard deviation over these folds (divisor n - 1); `None` with less than two.
    pub std: Option<f64>,
}

/// The result of a cross-validation.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidation {
    /// Name of the task.
    pub task: &'static str,
    /// Rows of the table that have a target.
    pub rows: usize,
    /// Every fold, in order.
    pub folds: Vec<Fold>,
    /// Mean and spread of every metric.
    pub summary: Vec<Spread>,
}

/// The rows of one fold, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldRows {
    /// Its name: a number from 1, with the repeat before it, or the value of the fold column.
    pub name: String,
    /// Training rows.
    pub train: Vec<u32>,
    /// Test rows.
    pub test: Vec<u32>,
}

/// A table divided into folds, for methods that shall all see the same rows.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldPlan {
    /// What trains on these folds: the settings, without the fold column as a feature.
    pub settings: Settings,
    /// How targets are encoded; mean and deviation of numbers are those of the whole table.
    pub target: TargetEncoder,
    /// Columns that features may be made from.
    pub features: Vec<String>,
    /// Rows of the table that have a target.
    pub rows: usize,
    /// The folds, in order.
    pub folds: Vec<FoldRows>,
}

impl Estimator {
    /// Divides a table into the folds that [`Estimator::cross_validate`] takes, without training.
    ///
    /// # Errors
    /// [`Error::Data`] for folds that cannot be made.
    pub fn plan_folds(&self, table: &Table, folds: &Folds) -> Result<FoldPlan, Error> {
        let mut settings = self.settings.clone();
        if let Folds::Column(column) = folds {
            // The fold column says how the data was divided, not what a row is like.
            settings.drop.get_or_insert_default().push(column.clone());
        }
        let rows = Rows::new(&settings, table, None)?;
        let split = settings.split.clone().unwrap_or_default();
        let dropped = settings.dropped_columns();
        let weight = settings.weight_column();
        let mut features = feature_names(table, &rows.target, weight, &split);
        features.retain(|name| !dropped.contains(name));
        Ok(FoldPlan {
            folds: fold_rows(&settings, table, &rows, folds)?,
            rows: rows.rows.len(),
            target: rows.target,
            features,
            settings,
        })
    }

    /// Trains a model for each fold on the other folds' rows and scores it on the fold's own.
    ///
    /// As many folds as there are threads train at the same time, one thread each; the results are
    /// the same for any number.
    ///
    /// # Errors
    /// [`Error::Data`] for folds that cannot be made, [`Error::Fold`] for the first fold that fails,
    /// [`Error::Interrupted`].
    pub fn cross_validate(
        &self,
        table: &Table,
        folds: &Folds,
        run: &Run<'_>,
    ) -> Result<CrossValidation, Error> {
        let FoldPlan {
            settings,
            target,
            rows,
            folds,
            ..
        } = self.plan_folds(table, folds)?;
        let at_once = run.threads.clamp(1, folds.len());
        let (n_folds, done) = (folds.len(), AtomicUsize::new(0));
        // After a failure no fold is begun that comes later: the first error is then the one that
        // a single thread would meet.
        let first_failure = AtomicUsize::new(usize::MAX);
        let results = parallel_map(folds, at_once, |at, fold| {
            let stop = run.interrupt.load(Ordering::Relaxed);
            if stop || first_failure.load(Ordering::Relaxed) < at {
                return Err(Error::Interrupted);
            }
            let result = run_fold(&settings, table, &fold, run, at_once);
            match &result {
                Ok(fold) => (run.observe)(Event::Fold {
                    done: done.fetch_add(1, Ordering::Relaxed) + 1,
                    folds: n_folds,
                    name: &fold.fold,
                    metrics: &fold.metrics,
                }),
                Err(_) => _ = first_failure.fetch_min(at, Ordering::Relaxed),
            }
            result
        });
        let folds = results.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(CrossValidation {
            task: target.task().name(),
            rows,
            summary: summary(&folds),
            folds,
        })
    }
}

fn fold_rows(
    settings: &Settings,
    table: &Table,
    rows: &Rows,
    folds: &Folds,
) -> Result<Vec<FoldRows>, Error> {
    let collect = |fold_of: &[u32], names: Vec<String>| {
        let fold = |(fold, name): (usize, String)| {
            let rows = rows.rows.iter().zip(fold_of);
            let (test, train): (Vec<_>, Vec<_>) = rows.partition(|&(_, &f)| f as usize == fold);
            let only_rows = |pairs: Vec<(&u32, &u32)>| pairs.into_iter().map(|(&r, _)| r).collect();
            FoldRows {
                name,
                train: only_rows(train),
                test: only_rows(test),
            }
        };
        names.into_iter().enumerate().map(fold).collect::<Vec<_>>()
    };
    match folds {
        Folds::Column(column) => {
            let (fold_of, names) = folds_from_column(table, column, &rows.rows)?;
            Ok(collect(&fold_of, names))
        }
        Folds::Number { folds, repeats } => {
            let split = settings.split.clone().unwrap_or_default();
            let splitter = rows.splitter(table, &split, settings.seed.unwrap_or(0));
            let mut all = Vec::new();
            for repeat in 0..(*repeats).max(1) {
                let fold_of = splitter.folds(*folds, repeat as u32)?;
                let name = |fold: usize| match repeats {
                    0 | 1 => (fold + 1).to_string(),
                    _ => format!("{}.{}", repeat + 1, fold + 1),
                };
                all.extend(collect(&fold_of, (0..*folds).map(name).collect()));
            }
            Ok(all)
        }
    }
}

fn run_fold(
    settings: &Settings,
    table: &Table,
    rows: &FoldRows,
    run: &Run<'_>,
    at_once: usize,
) -> Result<Fold, Error> {
    let in_fold = |source: Error| Error::Fold {
        fold: rows.name.clone(),
        source: Box::new(source),
    };
    let quiet = Run {
        threads: (run.threads / at_once).max(1),
        interrupt: run.interrupt,
        ..Run::default()
    };
    let problem = Problem::new(
        settings,
        Cow::Borrowed(table),
        &RowChoice::Some(&rows.train),
        at_once,
    );
    let fitted = problem
        .and_then(|problem| fit(problem, &quiet))
        .map_err(in_fold)?;
    if fitted.interrupted {
        return Err(Error::Interrupted);
    }
    let weight = settings.weight_column();
    let evaluation = fitted
        .model
        .predictor(quiet.threads)
        .and_then(|mut predictor| predictor.evaluate_rows(table, &rows.test, weight))
        .map_err(in_fold)?;
    Ok(Fold {
        fold: rows.name.clone(),
        rows: evaluation.rows,
        best_epoch: fitted.model.training.best_epoch,
        metrics: evaluation.metrics,
    })
}

/// Mean and standard deviation of every metric.
fn summary(folds: &[Fold]) -> Vec<Spread> {
    let names = folds
        .first()
        .map(|fold| fold.metrics.entries())
        .unwrap_or_default();
    let spread = |(name, _): (String, Option<f64>)| {
        let of_fold = |fold: &Fold| {
            fold.metrics
                .entries()
                .into_iter()
                .find(|(other, _)| *other == name)?
                .1
        };
        let values: Vec<f64> = folds.iter().filter_map(of_fold).collect();
        let n = values.len() as f64;
        let mean = (n > 0.0).then(|| values.iter().sum::<f64>() / n);
        let std = mean.filter(|_| n > 1.0).map(|mean| {
            let squares: f64 = values
                .iter()
                .map(|value| (value - mean) * (value - mean))
                .sum();
            (squares / (n - 1.0)).sqrt()
        });
        Spread { name, mean, std }
    };
    names.into_iter().map(spread).collect()
}
