//! Compares predictions with what is true.

use std::borrow::Cow;

use banach_data::{TargetEncoder, Targets};
use banach_nn::Dataset;

use crate::error::Error;
use crate::metrics::{ClassRows, Confusion, LabelRows, Metrics, ValueRows};
use crate::prediction::Predictions;

/// The true targets of some rows, and their weights.
pub(crate) struct Truth<'a> {
    targets: Cow<'a, Targets>,
    weights: Option<Cow<'a, [f32]>>,
}

/// Metrics, and for classes who was taken for whom.
pub(crate) struct Score {
    pub(crate) metrics: Metrics,
    pub(crate) confusion: Option<Confusion>,
}

impl<'a> Truth<'a> {
    /// Encoded targets and weights of the rows that were predicted.
    pub(crate) fn new(targets: &'a Targets, weights: Option<&'a [f32]>) -> Self {
        Self {
            targets: Cow::Borrowed(targets),
            weights: weights.map(Cow::Borrowed),
        }
    }

    /// Some rows of a dataset.
    pub(crate) fn of(data: &Dataset, rows: &[u32], target: &TargetEncoder) -> Self {
        let n_labels = target.n_outputs();
        let at =
            |values: &[f32]| -> Vec<f32> { rows.iter().map(|&r| values[r as usize]).collect() };
        let targets = match &data.targets {
            banach_nn::Targets::Classes(classes) => Targets::Classes {
                codes: rows.iter().map(|&row| classes[row as usize]).collect(),
            },
            banach_nn::Targets::Values(values) => Targets::Values { values: at(values) },
            banach_nn::Targets::Labels(labels) => {
                let line = |&row: &u32| labels[row as usize * n_labels..][..n_labels].to_vec();
                Targets::Labels {
                    n_labels,
                    values: rows.iter().flat_map(line).collect(),
                }
            }
        };
        Self {
            targets: Cow::Owned(targets),
            weights: data
                .weights
                .as_deref()
                .map(|weights| Cow::Owned(at(weights))),
        }
    }
}

/// Metrics of predictions.
///
/// # Errors
/// [`Error::Metrics`] when nothing can be scored, such as no rows or no labels.
pub(crate) fn score(
    predictions: &Predictions,
    truth: &Truth<'_>,
    target: &TargetEncoder,
) -> Result<Score, Error> {
    let weights = truth.weights.as_deref();
    match (predictions, &*truth.targets) {
        (Predictions::Classes { n_classes, proba }, Targets::Classes { codes }) => {
            let rows = ClassRows::new(codes, proba, *n_classes, weights)?;
            Ok(Score {
                metrics: rows.metrics(),
                confusion: Some(rows.confusion(target.classes(0))?),
            })
        }
        (Predictions::Values(predicted), Targets::Values { values }) => {
            let values: Vec<f64> = values.iter().map(|&value| target.decode(value)).collect();
            Ok(Score {
                metrics: ValueRows::new(&values, predicted, weights)?.metrics(),
                confusion: None,
            })
        }
        (Predictions::Labels { proba, .. }, Targets::Labels { values, .. }) => {
            let names: Vec<String> = target.names().into_iter().map(str::to_owned).collect();
            Ok(Score {
                metrics: LabelRows::new(&names, values, proba, weights)?.metrics(),
                confusion: None,
            })
        }
        _ => unreachable!("one target encoder made both"),
    }
}
