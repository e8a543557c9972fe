//! Mean and variance of activations.

/// Mean and variance of the activations of one layer over some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerMoments {
    /// Mean over all units and rows.
    pub mean: f64,
    /// Variance over all units and rows.
    pub variance: f64,
    /// Smallest and largest mean of a unit.
    pub unit_mean: (f64, f64),
    /// Smallest and largest variance of a unit.
    pub unit_variance: (f64, f64),
}

impl LayerMoments {
    /// From the sum and the sum of squares of each unit over n rows.
    pub(super) fn of(sums: &[(f64, f64)], n: f64) -> Self {
        let units = sums.len() as f64;
        let mean = sums.iter().map(|(sum, _)| sum / n).sum::<f64>() / units;
        let second = sums.iter().map(|(_, squares)| squares / n).sum::<f64>() / units;
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            })
        };
        let means = &mut sums.iter().map(|(sum, _)| sum / n);
        let unit_mean = range(means);
        let variances = &mut sums
            .iter()
            .map(|(sum, squares)| (squares / n - (sum / n).powi(2)).max(0.0));
        let unit_variance = range(variances);
        Self {
            mean,
            variance: (second - mean * mean).max(0.0),
            unit_mean,
            unit_variance,
        }
    }
}
