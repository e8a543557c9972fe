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
    /// The 5% and the 95% quantile of the units' means.
    pub most_unit_means: (f64, f64),
    /// The 5% and the 95% quantile of the units' variances.
    pub most_unit_variances: (f64, f64),
}

/// What most units are: the nearest ranks to these shares.
const MOST: (f64, f64) = (0.05, 0.95);

impl LayerMoments {
    /// From the sum and the sum of squares of each unit's activations over n rows.
    #[must_use]
    pub fn of(sums: &[(f64, f64)], n: f64) -> Self {
        let units = sums.len() as f64;
        let mean = sums.iter().map(|(sum, _)| sum / n).sum::<f64>() / units;
        let second = sums.iter().map(|(_, squares)| squares / n).sum::<f64>() / units;
        let sorted = |of: &dyn Fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = sums.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let means = sorted(&|(sum, _)| sum / n);
        let variances = sorted(&|(sum, squares)| (squares / n - (sum / n).powi(2)).max(0.0));
        Self {
            mean,
            variance: (second - mean * mean).max(0.0),
            unit_mean: between(&means, (0.0, 1.0)),
            unit_variance: between(&variances, (0.0, 1.0)),
            most_unit_means: between(&means, MOST),
            most_unit_variances: between(&variances, MOST),
        }
    }
}

/// The values at two shares of a sorted list, infinite for an empty one.
fn between(sorted: &[f64], (low, high): (f64, f64)) -> (f64, f64) {
    let last = sorted.len().saturating_sub(1) as f64;
    let at = |share: f64| sorted.get((share * last).round() as usize).copied();
    (
        at(low).unwrap_or(f64::INFINITY),
        at(high).unwrap_or(f64::NEG_INFINITY),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_pooled_and_their_spread_is_kept() {
        // Unit k has the two activations k - 1 and k + 1: mean k, variance 1.
        let sums: Vec<(f64, f64)> = (0..=100)
            .map(f64::from)
            .map(|k| (2.0 * k, (k - 1.0).powi(2) + (k + 1.0).powi(2)))
            .collect();
        let found = LayerMoments::of(&sums, 2.0);
        assert_eq!(found.mean, 50.0);
        // The variance of 0 ..= 100 is 850, and 1 comes from within the units.
        assert!((found.variance - 851.0).abs() < 1e-9, "{}", found.variance);
        assert_eq!(
            (found.unit_mean, found.most_unit_means),
            ((0.0, 100.0), (5.0, 95.0))
        );
        assert_eq!(found.unit_variance, (1.0, 1.0));
    }
}
