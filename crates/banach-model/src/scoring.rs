//! Compares predictions with what is true.

use banach_data::{TargetEncoder, Targets};

use crate::metrics::{ClassRows, Confusion, LabelRows, Metrics, MetricsError, ValueRows};
use crate::prediction::Predictions;

/// Metrics of some rows, and for classes which were taken for which.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The task's metrics.
    pub metrics: Metrics,
    /// True against predicted classes; `None` unless there are classes.
    pub confusion: Option<Confusion>,
}

/// Scores predictions against the encoded targets of the same rows, with a weight for each row if rows
/// count differently.
///
/// # Errors
/// [`MetricsError`] when nothing can be scored, such as no rows or no labels, and when predictions and
/// targets are of different kinds or lengths.
pub fn score(
    predictions: &Predictions,
    targets: &Targets,
    weights: Option<&[f32]>,
    target: &TargetEncoder,
) -> Result<Score, MetricsError> {
    match (predictions, targets) {
        (Predictions::Classes { n_classes, proba }, Targets::Classes(codes)) => {
            let rows = ClassRows::new(codes, proba, *n_classes, weights)?;
            Ok(Score {
                metrics: rows.metrics(),
                confusion: Some(rows.confusion(target.classes(0))?),
            })
        }
        (Predictions::Values(predicted), Targets::Values(values)) => {
            let decode = |&value: &f32| target.decode(f64::from(value));
            let values: Vec<f64> = values.iter().map(decode).collect();
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
        (predictions, targets) => Err(MetricsError::Kinds {
            predictions: predictions.kind(),
            targets: targets.kind(),
        }),
    }
}
