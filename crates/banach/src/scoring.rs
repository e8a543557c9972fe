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
    pub(crate) fn of(data: &Dataset, rows: &[u32]) -> Self {
        let weight = |weights: &Vec<f32>| rows.iter().map(|&row| weights[row as usize]).collect();
        Self {
            targets: Cow::Owned(data.targets.select(rows)),
            weights: data.weights.as_ref().map(weight).map(Cow::Owned),
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
        (Predictions::Classes { n_classes, proba }, Targets::Classes(codes)) => {
            let rows = ClassRows::new(codes, proba, *n_classes, weights)?;
            Ok(Score {
                metrics: rows.metrics(),
                confusion: Some(rows.confusion(target.classes(0))?),
            })
        }
        (Predictions::Values(predicted), Targets::Values(values)) => {
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
