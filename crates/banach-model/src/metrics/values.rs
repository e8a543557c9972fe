//! Metrics of a regression: one true and one predicted number in each row.

use serde::{Deserialize, Serialize};

use super::{Metrics, MetricsError, Weights, check_length};

/// The metrics of a regression, in the units of the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueMetrics {
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Share of the target's variance that is explained, at most 1; `None` when the target does not vary.
    pub r2: Option<f64>,
}

/// True and predicted values with optional sample weights, checked to fit together.
///
/// # Shapes
/// `target`, `predicted` and `weight` \[n_samples\], in the target's own units (not standardized).
#[derive(Debug, Clone, Copy)]
pub struct ValueRows<'a> {
    target: &'a [f64],
    predicted: &'a [f64],
    weight: Weights<'a>,
}

impl<'a> ValueRows<'a> {
    /// Checks the rows once, for all metrics.
    ///
    /// # Errors
    /// No rows, lengths that differ, a value that is not finite, a negative or non-finite weight,
    /// weights that are all zero.
    pub fn new(
        target: &'a [f64],
        predicted: &'a [f64],
        weight: Option<&'a [f32]>,
    ) -> Result<Self, MetricsError> {
        let weight = Weights::new(weight, target.len())?;
        check_length("predicted value", target.len(), predicted.len())?;
        for (what, values) in [("true", target), ("predicted", predicted)] {
            if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                return Err(MetricsError::Value {
                    what,
                    row,
                    got: values[row],
                });
            }
        }
        Ok(ValueRows {
            target,
            predicted,
            weight,
        })
    }

    /// Every metric of a regression.
    pub fn metrics(&self) -> Metrics {
        Metrics::Values(ValueMetrics {
            rmse: self.rmse(),
            mae: self.mae(),
            r2: self.r2(),
        })
    }

    /// sqrt(sum w (y - p)^2 / sum w), in the target's units.
    pub fn rmse(&self) -> f64 {
        self.weight.mean(|row| self.error(row).powi(2)).sqrt()
    }

    /// sum w |y - p| / sum w, in the target's units.
    pub fn mae(&self) -> f64 {
        self.weight.mean(|row| self.error(row).abs())
    }

    /// 1 - sum w (y - p)^2 / sum w (y - mean y)^2; `None` when all true values with weight are equal.
    pub fn r2(&self) -> Option<f64> {
        let weighted = (0..self.target.len()).filter(|&row| self.weight.get(row) > 0.0);
        let mut values = weighted.map(|row| self.target[row]);
        let first = values.next()?;
        if values.all(|value| value == first) {
            return None;
        }
        let mean = self.weight.mean(|row| self.target[row]);
        let variance = self.weight.mean(|row| (self.target[row] - mean).powi(2));
        let r2 = 1.0 - self.weight.mean(|row| self.error(row).powi(2)) / variance;
        // Values 1e-200 apart differ, yet their squares do not: no finite ratio, no number.
        r2.is_finite().then_some(r2)
    }

    fn error(&self, row: usize) -> f64 {
        self.target[row] - self.predicted[row]
    }
}
