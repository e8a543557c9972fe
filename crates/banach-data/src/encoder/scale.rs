//! Puts numbers on the scale that a self-normalizing network expects.

use serde::{Deserialize, Serialize};

/// How numbers are brought to about mean 0 and variance 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// `z = (x - median) / IQR`, then `3 z / sqrt(9 + z^2)`, so that outliers end below 3 in size.
    /// RealMLP, arXiv:2407.04491, section 3. When the interquartile range (IQR) is 0, as for amounts
    /// that mostly are 0, `z` is that of [`Scaling::Standard`]: RealMLP's range would press all but
    /// the largest amounts together.
    #[default]
    Robust,
    /// `(x - mean) / standard deviation`, kept within [`MAX_Z`]. Klambauer et al. 2017.
    Standard,
}

/// Largest size of a standardized number. A new value that far from its training values is a fault
/// in the data; without a bound it could make the network's products infinite.
pub const MAX_Z: f64 = 1e6;

/// Where the smooth clip of [`Scaling::Robust`] ends.
const CLIP: f64 = 3.0;

impl Scaling {
    /// Bounds a standardized number: `3 z / sqrt(9 + z^2)` for [`Scaling::Robust`], `z` kept within
    /// [`MAX_Z`] for [`Scaling::Standard`]. Finite for every `z` but NaN.
    #[inline]
    #[must_use]
    pub fn clip(self, z: f64) -> f64 {
        match self {
            Self::Robust => {
                // Far out the clip has reached its bound; there z^2 could overflow.
                let z = z.clamp(-1e30, 1e30);
                CLIP * z / (CLIP * CLIP + z * z).sqrt()
            }
            Self::Standard => z.clamp(-MAX_Z, MAX_Z),
        }
    }
}

/// One fitted scale: `(x - center) * factor`, then clipped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scale {
    center: f64,
    /// 0 when all training values are equal.
    factor: f64,
    scaling: Scaling,
}

impl Scale {
    /// Fits to finite training values, whose order is lost. No values give the scale of zeros.
    pub(crate) fn fit(scaling: Scaling, values: &mut [f64]) -> Self {
        let (center, factor) = match scaling {
            Scaling::Robust => robust(values),
            Scaling::Standard => standard(values),
        };
        let usable = center.is_finite() && factor.is_finite();
        Self {
            center: if usable { center } else { 0.0 },
            factor: if usable { factor } else { 0.0 },
            scaling,
        }
    }

    /// Whether infinities are values, at the ends of a clip; else they count as missing.
    pub(crate) fn keeps_infinities(&self) -> bool {
        self.scaling == Scaling::Robust
    }

    /// The scaled value; finite for every `x` but NaN.
    #[inline]
    pub(crate) fn apply(&self, x: f64) -> f32 {
        if self.factor == 0.0 {
            return 0.0;
        }
        let z = (x - self.center) * self.factor;
        self.scaling.clip(z) as f32
    }
}

fn robust(values: &mut [f64]) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let center = quantile(values, 0.5);
    let range = quantile(values, 0.75) - quantile(values, 0.25);
    let factor = 1.0 / range;
    if range > 0.0 && factor.is_finite() {
        return (center, factor);
    }
    standard(values)
}

fn standard(values: &[f64]) -> (f64, f64) {
    if values.iter().all(|value| Some(value) == values.first()) {
        return (values.first().copied().unwrap_or(0.0), 0.0);
    }
    let (mean, deviation) = mean_and_deviation(values);
    (mean, 1.0 / deviation)
}

/// Mean and population standard deviation, summed in the order given.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum::<f64>()
        / n;
    (mean, variance.sqrt())
}

/// The quantile `q` of some values by linear interpolation between order statistics (the default of
/// NumPy). Reorders the values; 0 when there are none.
pub(crate) fn quantile(values: &mut [f64], q: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let position = q * (values.len() - 1) as f64;
    let below = position.floor() as usize;
    let share = position - position.floor();
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if share == 0.0 || high == low {
        low
    } else {
        low * (1.0 - share) + high * share
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let mut values = vec![4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&mut values, 0.5), 2.5);
        assert_eq!(quantile(&mut values, 0.25), 1.75);
        assert_eq!(quantile(&mut values, 1.0), 4.0);
        assert_eq!(quantile(&mut [7.0], 0.75), 7.0);
        assert_eq!(quantile(&mut [], 0.5), 0.0);
    }

    #[test]
    fn robust_scaling_follows_its_formula() {
        let mut values: Vec<f64> = (0..=100).map(f64::from).collect();
        let scale = Scale::fit(Scaling::Robust, &mut values);
        let z: f64 = (80.0 - 50.0) / 50.0;
        let expected = (z / (1.0 + (z / 3.0).powi(2)).sqrt()) as f32;
        assert!((scale.apply(80.0) - expected).abs() < 1e-7);
        assert_eq!(scale.apply(50.0), 0.0);
        assert!((scale.apply(1e300) - 3.0).abs() < 1e-6);
    }

    #[test]
    fn without_quartiles_the_deviation_counts_and_without_spread_nothing() {
        let mut rare = vec![0.0; 100];
        rare[0] = 4.0;
        let scale = Scale::fit(Scaling::Robust, &mut rare);
        let (mean, deviation) = (0.04, (0.16_f64 - 0.0016).sqrt());
        let z = (4.0 - mean) / deviation;
        assert!((f64::from(scale.apply(4.0)) - 3.0 * z / (9.0 + z * z).sqrt()).abs() < 1e-6);
        for scaling in [Scaling::Robust, Scaling::Standard] {
            assert_eq!(Scale::fit(scaling, &mut [5.0; 9]).apply(1e9), 0.0);
            assert_eq!(Scale::fit(scaling, &mut []).apply(1.0), 0.0);
        }
    }

    #[test]
    fn standard_scaling_has_mean_0_and_variance_1() {
        let mut values: Vec<f64> = (0..1000).map(|i| f64::from(i * i % 97)).collect();
        let scale = Scale::fit(Scaling::Standard, &mut values);
        let scaled: Vec<f64> = values.iter().map(|&x| f64::from(scale.apply(x))).collect();
        let (mean, deviation) = mean_and_deviation(&scaled);
        assert!(
            mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-6,
            "{mean} {deviation}"
        );
    }

    proptest! {
        #[test]
        fn scaled_numbers_are_finite(values in prop::collection::vec(any::<f64>(), 0..30), x in any::<f64>()) {
            let mut values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
            prop_assume!(x.is_finite());
            for scaling in [Scaling::Robust, Scaling::Standard] {
                let scale = Scale::fit(scaling, &mut values);
                for &value in values.iter().chain([&x]) {
                    prop_assert!(scale.apply(value).is_finite());
                }
            }
        }
    }
}
