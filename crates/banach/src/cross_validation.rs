//! Cross-validation: a model for each fold, trained side by side.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use banach_data::{
    DataError, EncodeError, Split, SplitError, Table, TargetEncoder, TargetError, folds_from_column,
};
use banach_model::metrics::Metrics;
use banach_model::{Model, PredictOptions};
use banach_nn::{TrainError, parallel_map};
use serde::Serialize;

use crate::error::Error;
use crate::estimator::{Estimator, fit};
use crate::problem::{Problem, RowChoice, Rows, feature_names};
use crate::run::{Event, Run};
use crate::settings::Settings;

/// How a table is divided into folds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folds {
    /// By the settings' split and gap. A split by time tests every fold with a model of what lies before
    /// it; the first of its blocks is never tested.
    Number {
        /// Folds, at least 2.
        folds: usize,
        /// How often the table is divided anew, at least 1; by time 1.
        repeats: usize,
    },
    /// Rows with the same value of this column are a fold.
    Column(String),
}

/// How a table is cross-validated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrossValidationOptions {
    /// How the table is divided into folds.
    pub folds: Folds,
    /// Whether [`CrossValidation::models`] keeps the model of each fold.
    pub keep_models: bool,
}

impl CrossValidationOptions {
    /// Folds whose models are not kept.
    #[must_use]
    pub fn new(folds: Folds) -> Self {
        Self {
            folds,
            keep_models: false,
        }
    }

    /// Keeps the model of each fold, for example for [`Model::ensemble`].
    #[must_use]
    pub fn keep_models(mut self) -> Self {
        self.keep_models = true;
        self
    }
}

/// What became of one fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fold {
    /// Its name: a number from 1, with the repeat before it, or the value of the fold column.
    pub fold: String,
    /// Training rows, validation rows among them.
    pub train_rows: usize,
    /// Test rows.
    pub rows: usize,
    /// What was measured on them.
    #[serde(flatten)]
    pub result: FoldResult,
}

impl Fold {
    /// The metrics on the test rows, if they could be scored.
    #[must_use]
    pub fn metrics(&self) -> Option<&Metrics> {
        match &self.result {
            FoldResult::Scored { metrics, .. } => Some(metrics),
            FoldResult::NotScored { .. } => None,
        }
    }
}

/// What a fold measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FoldResult {
    /// A model was trained and scored.
    Scored {
        /// Epoch whose weights were kept.
        best_epoch: usize,
        /// The task's metrics on the test rows.
        metrics: Metrics,
    },
    /// Nothing could be learned from its training rows, or nothing measured on its test rows.
    NotScored {
        /// Why.
        not_scored: String,
    },
}

/// Mean and spread of a metric over folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// The metric's name.
    #[serde(skip)]
    pub name: String,
    /// Number of folds in which it is defined.
    pub n: usize,
    /// Mean over these folds; `None` when there are none.
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
    /// Those of them that are in no fold's test rows: with a split by time the first block.
    pub untested: usize,
    /// Every fold, in order.
    pub folds: Vec<Fold>,
    /// Mean and spread of every metric.
    pub summary: Vec<Spread>,
    /// The model of each fold that was scored, in order; empty unless they were to be kept.
    pub models: Vec<Model>,
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
    /// Those of them that are in no fold's test rows: with a split by time the first block.
    pub untested: usize,
    /// The folds, in order.
    pub folds: Vec<FoldRows>,
}

impl Estimator {
    /// Divides a table into the folds that [`Estimator::cross_validate`] takes, without training.
    ///
    /// # Errors
    /// [`Error::Data`] for folds that cannot be made, [`Error::Setting`] for repeats of folds that are
    /// always the same.
    pub fn plan_folds(&self, table: &Table, folds: &Folds) -> Result<FoldPlan, Error> {
        let mut settings = self.settings.clone();
        if let Folds::Column(column) = folds {
            if settings.target_columns().contains(column) {
                return Err(Error::Setting {
                    name: "fold_column",
                    allowed: "another column than the target",
                    got: column.clone(),
                });
            }
            // The fold column says how the data was divided, not what a row is like.
            settings.drop.get_or_insert_default().push(column.clone());
        }
        let rows = Rows::new(&settings, table, None)?;
        let split = settings.split.clone().unwrap_or_default();
        let dropped = settings.dropped_columns();
        let weight = settings.weight_column();
        let mut features = feature_names(table, &rows.target, weight, &split);
        features.retain(|name| !dropped.contains(name));
        let folds = fold_rows(&settings, table, &rows, folds)?;
        let tested: HashSet<u32> = folds.iter().flat_map(|fold| &fold.test).copied().collect();
        Ok(FoldPlan {
            untested: rows.rows.len() - tested.len(),
            folds,
            rows: rows.rows.len(),
            target: rows.target,
            features,
            settings,
        })
    }

    /// Trains a model for each fold on its training rows and scores it on its test rows: those of the
    /// other folds and its own, or by time all rows before it and its own
    /// ([`banach_data::Splitter::folds`]).
    ///
    /// As many folds as there are threads train at the same time, one thread each; the results are
    /// the same for any number. A fold from whose rows nothing can be learned, such as one with a
    /// single class, is [`FoldResult::NotScored`].
    ///
    /// # Errors
    /// Those of [`Estimator::plan_folds`], [`Error::Fold`] for the first fold that fails and when no
    /// fold can be scored, [`Error::Interrupted`].
    pub fn cross_validate(
        &self,
        table: &Table,
        options: &CrossValidationOptions,
        run: &Run<'_>,
    ) -> Result<CrossValidation, Error> {
        let FoldPlan {
            settings,
            target,
            rows,
            untested,
            folds,
            ..
        } = self.plan_folds(table, &options.folds)?;
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
                Ok(Outcome { fold, .. }) => (run.observe)(Event::Fold {
                    done: done.fetch_add(1, Ordering::Relaxed) + 1,
                    folds: n_folds,
                    fold,
                }),
                Err(_) => _ = first_failure.fetch_min(at, Ordering::Relaxed),
            }
            // A model that nobody wants is freed here, not when all folds are done.
            result.map(|outcome| Outcome {
                model: outcome.model.filter(|_| options.keep_models),
                ..outcome
            })
        });
        let results = results.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (mut folds, mut models, mut why_not) = (Vec::new(), Vec::new(), None);
        for outcome in results {
            folds.push(outcome.fold);
            models.extend(outcome.model);
            why_not = why_not.or(outcome.why_not);
        }
        match why_not {
            Some(error) if folds.iter().all(|fold| fold.metrics().is_none()) => Err(error),
            _ => Ok(CrossValidation {
                task: target.task().name(),
                rows,
                untested,
                summary: summary(&folds),
                folds,
                models,
            }),
        }
    }
}

fn fold_rows(
    settings: &Settings,
    table: &Table,
    rows: &Rows,
    folds: &Folds,
) -> Result<Vec<FoldRows>, Error> {
    let named = |(name, fold): (String, banach_data::Fold)| FoldRows {
        name,
        train: fold.train,
        test: fold.test,
    };
    match folds {
        Folds::Column(column) => {
            let folds = folds_from_column(table, column, &rows.rows)?;
            Ok(folds.into_iter().map(named).collect())
        }
        Folds::Number { folds, repeats } => {
            let split = settings.split.clone().unwrap_or_default();
            if *repeats > 1 && matches!(split, Split::Time(_)) {
                return Err(Error::Setting {
                    name: "repeats",
                    allowed: "1 with a split by time, whose folds are always the same",
                    got: repeats.to_string(),
                });
            }
            let gap = settings.gap.unwrap_or_default();
            let splitter = rows.splitter(table, &split, gap, settings.seed.unwrap_or(0));
            let mut all = Vec::new();
            for repeat in 0..(*repeats).max(1) {
                let name = |fold: usize| match repeats {
                    0 | 1 => fold.to_string(),
                    _ => format!("{}.{fold}", repeat + 1),
                };
                let folds = splitter.folds(*folds, repeat as u32)?;
                let folds = folds.into_iter().zip(1..);
                all.extend(folds.map(|(fold, number)| named((name(number), fold))));
            }
            Ok(all)
        }
    }
}

/// A fold that was run.
struct Outcome {
    fold: Fold,
    /// What was trained, if it could be scored.
    model: Option<Model>,
    /// Why it could not.
    why_not: Option<Error>,
}

fn run_fold(
    settings: &Settings,
    table: &Table,
    rows: &FoldRows,
    run: &Run<'_>,
    at_once: usize,
) -> Result<Outcome, Error> {
    let outcome = |result| Outcome {
        fold: Fold {
            fold: rows.name.clone(),
            train_rows: rows.train.len(),
            rows: rows.test.len(),
            result,
        },
        model: None,
        why_not: None,
    };
    let in_fold = |source| Error::Fold {
        fold: rows.name.clone(),
        source: Box::new(source),
    };
    match fit_and_score(settings, table, rows, run, at_once) {
        Ok((result, model)) => Ok(Outcome {
            model: Some(model),
            ..outcome(result)
        }),
        Err(error) if lies_in_the_rows(&error) => {
            let not_scored = error.to_string();
            Ok(Outcome {
                why_not: Some(in_fold(error)),
                ..outcome(FoldResult::NotScored { not_scored })
            })
        }
        Err(Error::Interrupted) => Err(Error::Interrupted),
        Err(error) => Err(in_fold(error)),
    }
}

fn fit_and_score(
    settings: &Settings,
    table: &Table,
    rows: &FoldRows,
    run: &Run<'_>,
    at_once: usize,
) -> Result<(FoldResult, Model), Error> {
    let quiet = Run {
        threads: (run.threads / at_once).max(1),
        interrupt: run.interrupt,
        ..Run::default()
    };
    let choice = RowChoice::Some(&rows.train);
    let problem = Problem::new(settings, Cow::Borrowed(table), &choice, at_once)?;
    let fitted = fit(problem, &quiet)?;
    if fitted.interrupted {
        return Err(Error::Interrupted);
    }
    let options = PredictOptions::default().threads(quiet.threads);
    let predictor = fitted.model.predictor(&options)?;
    let weight = settings.weight_column();
    let evaluation = predictor.evaluate_rows(table, &rows.test, weight)?;
    let member = fitted.model.members().first();
    let result = FoldResult::Scored {
        best_epoch: member.map_or(0, |member| member.training.best_epoch),
        metrics: evaluation.metrics,
    };
    Ok((result, fitted.model))
}

/// Whether the rows of a fold are at fault, so that other folds may do well.
fn lies_in_the_rows(error: &Error) -> bool {
    match error {
        Error::Data(DataError::Target(error)) => matches!(
            error,
            TargetError::ConstantTarget { .. }
                | TargetError::OneClass { .. }
                | TargetError::TooManyClasses { .. }
                | TargetError::ZeroWeights { .. }
        ),
        Error::Data(DataError::Encode(error)) => matches!(error, EncodeError::NoFeatures { .. }),
        Error::Data(DataError::Split(error)) => matches!(
            error,
            SplitError::EmptySplit { .. } | SplitError::GapTooLong { .. }
        ),
        Error::Train(error) => matches!(
            error,
            TrainError::NoWeight { .. }
                | TrainError::BatchOfOne {
                    batch_size: 2..,
                    ..
                }
        ),
        Error::Model(banach_model::Error::Metrics(_)) => true,
        _ => false,
    }
}

/// Mean and standard deviation of every metric.
fn summary(folds: &[Fold]) -> Vec<Spread> {
    let names = folds
        .iter()
        .find_map(|fold| Some(fold.metrics()?.entries()))
        .unwrap_or_default();
    let spread = |(name, _): (String, Option<f64>)| {
        let of_fold = |fold: &Fold| {
            fold.metrics()?
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
        Spread {
            name,
            n: values.len(),
            mean,
            std,
        }
    };
    names.into_iter().map(spread).collect()
}
