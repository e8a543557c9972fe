//! How good predictions are: plain arithmetic over slices, no model, no file.
//!
//! Rows are checked once, where they enter ([`ClassRows`], [`ValueRows`], [`LabelRows`]); the numbers
//! then follow scikit-learn's definitions, with sample weights, in f64 and in row order, so the same
//! rows give the same bits. A number that is not defined on the given rows (the AUC of one class, the
//! R2 of a constant target) is `None`, `null` in JSON: never a number made up for the occasion.

mod auc;
mod classes;
mod confusion;
mod labels;
mod values;

pub use classes::{ClassMetrics, ClassRows};
pub use confusion::{Confusion, ConfusionCell};
pub use labels::{LabelMetrics, LabelRows};
pub use values::{ValueMetrics, ValueRows};

use serde::{Deserialize, Serialize};

/// Area under the ROC curve of any scores, higher ones speaking for positive rows: the share of pairs of a
/// positive and a negative row that the scores put in order, ties counting one half. `None` unless there
/// are rows of both kinds, or when there are not as many scores as rows.
#[must_use]
pub fn roc_auc(scores: &[f32], positive: &[bool]) -> Option<f64> {
    if scores.len() != positive.len() {
        return None;
    }
    let row = |(&score, &positive): (&f32, &bool)| auc::Ranked {
        score,
        positive,
        weight: 1.0,
    };
    let mut rows: Vec<_> = scores.iter().zip(positive).map(row).collect();
    auc::auc(&mut rows)
}

/// The metrics of one evaluation; which ones depends on the task.
///
/// Serialises flat, without the name of the variant: `{"accuracy": .., "auc": ..}` for classes,
/// `{"rmse": .., "mae": .., "r2": ..}` for values, `{"log_loss": .., "mean_auc": .., "auc": {task: ..}}`
/// for labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Metrics {
    /// One of two or more classes per row.
    Classes(ClassMetrics),
    /// One number per row.
    Values(ValueMetrics),
    /// Several yes-or-no labels per row, some of them missing.
    Labels(LabelMetrics),
}

impl Metrics {
    /// Every number under its JSON name, in the order it is printed; `None` is undefined on these rows.
    ///
    /// The per-task AUC of labels appears as `auc.TASK`, so that means over folds can be taken by name.
    pub fn entries(&self) -> Vec<(String, Option<f64>)> {
        let fixed = |entries: &[(&str, Option<f64>)]| -> Vec<(String, Option<f64>)> {
            entries
                .iter()
                .map(|&(name, value)| (name.to_owned(), value))
                .collect()
        };
        match self {
            Metrics::Classes(m) => fixed(&[
                ("accuracy", Some(m.accuracy)),
                ("balanced_accuracy", Some(m.balanced_accuracy)),
                ("log_loss", Some(m.log_loss)),
                ("auc", m.auc),
                ("brier", Some(m.brier)),
                ("ece", Some(m.ece)),
            ]),
            Metrics::Values(m) => {
                fixed(&[("rmse", Some(m.rmse)), ("mae", Some(m.mae)), ("r2", m.r2)])
            }
            Metrics::Labels(m) => {
                let mut entries =
                    fixed(&[("log_loss", Some(m.log_loss)), ("mean_auc", m.mean_auc)]);
                for (task, &auc) in &m.auc {
                    entries.push((format!("auc.{task}"), auc));
                }
                entries
            }
        }
    }
}

/// Why rows cannot be scored.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// There is nothing to score.
    #[error("there are no rows to score")]
    NoRows,
    /// Predictions of one kind and targets of another.
    #[error("predictions of {predictions} cannot be scored against {targets}")]
    Kinds {
        /// What is predicted.
        predictions: &'static str,
        /// What is true.
        targets: &'static str,
    },
    /// Two slices that describe the same rows have different lengths.
    #[error("{what} has {got} entries, expected {expected}")]
    Length {
        /// What the slice holds.
        what: &'static str,
        /// The length that fits the other slices.
        expected: usize,
        /// The length given.
        got: usize,
    },
    /// A classification has at least two classes.
    #[error("a classification needs at least 2 classes, got {got}")]
    TooFewClasses {
        /// The number of classes given.
        got: usize,
    },
    /// A true class code that names no class.
    #[error("row {}: class code must be below {n_classes}, got {got}", row + 1)]
    ClassCode {
        /// Row, from 0; messages count from 1.
        row: usize,
        /// The code given.
        got: u32,
        /// The number of classes.
        n_classes: usize,
    },
    /// A label that is neither 0, 1 nor missing.
    #[error("row {}, label {}: a label must be 0, 1 or NaN (missing), got {got}", row + 1, label + 1)]
    Label {
        /// Row, from 0; messages count from 1.
        row: usize,
        /// Label, from 0; messages count from 1.
        label: usize,
        /// The value given.
        got: f32,
    },
    /// A predicted probability outside [0, 1].
    #[error("row {}, column {}: a probability must be in [0, 1], got {got}", row + 1, column + 1)]
    Probability {
        /// Row, from 0; messages count from 1.
        row: usize,
        /// Class or label, from 0; messages count from 1.
        column: usize,
        /// The value given.
        got: f32,
    },
    /// A true or predicted value that is NaN or infinite.
    #[error("row {}: the {what} value must be finite, got {got}", row + 1)]
    Value {
        /// "true" or "predicted".
        what: &'static str,
        /// Row, from 0; messages count from 1.
        row: usize,
        /// The value given.
        got: f64,
    },
    /// A sample weight that is negative, NaN or infinite.
    #[error("row {}: a sample weight must be finite and not negative, got {got}", row + 1)]
    Weight {
        /// Row, from 0; messages count from 1.
        row: usize,
        /// The value given.
        got: f32,
    },
    /// All sample weights are zero.
    #[error("all {rows} sample weights are 0: at least one must be positive")]
    ZeroWeight {
        /// The number of rows.
        rows: usize,
    },
    /// Every label of every row with a positive weight is missing.
    #[error("all labels are missing in the {rows} rows to score")]
    NoLabels {
        /// The number of rows.
        rows: usize,
    },
}

/// Sample weights that were checked: one per row, finite, not negative, not all zero; or 1 for each row.
#[derive(Debug, Clone, Copy)]
struct Weights<'a> {
    weight: Option<&'a [f32]>,
    rows: usize,
}

impl<'a> Weights<'a> {
    fn new(weight: Option<&'a [f32]>, rows: usize) -> Result<Self, MetricsError> {
        if rows == 0 {
            return Err(MetricsError::NoRows);
        }
        if let Some(weight) = weight {
            check_length("sample weight", rows, weight.len())?;
            if let Some(row) = weight.iter().position(|w| !w.is_finite() || *w < 0.0) {
                return Err(MetricsError::Weight {
                    row,
                    got: weight[row],
                });
            }
            if weight.iter().all(|w| *w == 0.0) {
                return Err(MetricsError::ZeroWeight { rows });
            }
        }
        Ok(Weights { weight, rows })
    }

    fn get(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| f64::from(weight[row]))
    }

    /// sum_i w_i value(i) / sum_i w_i.
    fn mean(&self, value: impl Fn(usize) -> f64) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for row in 0..self.rows {
            sum += self.get(row) * value(row);
            total += self.get(row);
        }
        sum / total
    }
}

fn check_length(what: &'static str, expected: usize, got: usize) -> Result<(), MetricsError> {
    if expected == got {
        Ok(())
    } else {
        Err(MetricsError::Length {
            what,
            expected,
            got,
        })
    }
}

/// A softmax that divides by a rounded sum may end a few ulp above 1; anything more is an error upstream.
const PROBABILITY_SLACK: f32 = 1e-5;

fn check_probabilities(proba: &[f32], columns: usize) -> Result<(), MetricsError> {
    match proba
        .iter()
        .position(|p| !(0.0..=1.0 + PROBABILITY_SLACK).contains(p))
    {
        Some(at) => Err(MetricsError::Probability {
            row: at / columns,
            column: at % columns,
            got: proba[at],
        }),
        None => Ok(()),
    }
}

/// -ln of a probability kept away from 0 and 1 by the machine epsilon of f64, as scikit-learn does.
fn clipped_neg_ln(p: f64) -> f64 {
    -p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// Mean of the defined numbers; `None` when none is.
fn mean_defined(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, n) = values
        .flatten()
        .fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}

#[cfg(test)]
mod tests;
