//! Metrics of a regression: one true and one predicted number in each row.

use banach_data::power_of_two;
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
    /// A power of two near the size of the values, in which they are squared.
    unit: f64,
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
        let sizes = target.iter().chain(predicted).map(|value| value.abs());
        Ok(ValueRows {
            target,
            predicted,
            weight,
            unit: power_of_two(sizes.fold(0.0, f64::max)),
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
        self.weight.mean(|row| self.error(row).powi(2)).sqrt() * self.unit
    }

    /// sum w |y - p| / sum w, in the target's units.
    pub fn mae(&self) -> f64 {
        self.weight.mean(|row| self.error(row).abs()) * self.unit
    }

    /// 1 - sum w (y - p)^2 / sum w (y - mean y)^2; `None` when all true values with weight are equal.
    pub fn r2(&self) -> Option<f64> {
        let weighted = (0..self.target.len()).filter(|&row| self.weight.get(row) > 0.0);
        let mut values = weighted.map(|row| self.target[row]);
        let first = values.next()?;
        if values.all(|value| value == first) {
            return None;
        }
        let target = |row: usize| self.target[row] / self.unit;
        let mean = self.weight.mean(target);
        let variance = self.weight.mean(|row| (target(row) - mean).powi(2));
        let r2 = 1.0 - self.weight.mean(|row| self.error(row).powi(2)) / variance;
        // Beside a prediction 1e200 times as large the values' squares vanish: no finite ratio, no number.
        r2.is_finite().then_some(r2)
    }

    /// In units of `unit`.
    fn error(&self, row: usize) -> f64 {
        self.target[row] / self.unit - self.predicted[row] / self.unit
    }
}
