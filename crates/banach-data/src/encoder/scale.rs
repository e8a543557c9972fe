//! Puts numbers on the scale that a self-normalizing network expects.

use serde::{Deserialize, Serialize};

/// How numbers are brought to about mean 0 and variance 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// `z = (x - median) / IQR`, then `3 z / sqrt(9 + z^2)`, so that outliers end below 3 in size.
    /// RealMLP, arXiv:2407.04491, section 3.
    ///
    /// When the interquartile range (IQR) is 0, as for amounts that mostly are 0, `z` is that of
    /// [`Scaling::Standard`], but with mean and deviation of the values that are no farther from the median
    /// than 10 times the median distance of those that differ from it. RealMLP's range would press all but
    /// the largest amounts together, and so would a single outlier without that bound.
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

/// How far from the median values count where there are no quartiles to go by, in median distances
/// of the values that differ from it. Exponential amounts are beyond it in one case of a thousand.
const FENCE: f64 = 10.0;

impl Scaling {
    /// Bounds a standardized number: `3 z / sqrt(9 + z^2)` for [`Scaling::Robust`], `z` kept within
    /// [`MAX_Z`] for [`Scaling::Standard`]. Finite for every `z` but NaN; infinities give the bounds.
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
    /// Fits to the finite ones of some training values, whose order is lost. No values give the scale of
    /// zeros.
    pub(crate) fn fit(scaling: Scaling, values: &mut [f64]) -> Self {
        let values = finite(values);
        let (center, spread) = match (scaling, values.first()) {
            (_, None) => (0.0, 0.0),
            (_, Some(&first)) if values.iter().all(|&value| value == first) => (first, 0.0),
            (Scaling::Robust, _) => robust(values),
            (Scaling::Standard, _) => mean_and_deviation(values),
        };
        Self {
            center,
            // Of a spread below 1e-308 the inverse is beyond the largest number.
            factor: if spread > 0.0 {
                (1.0 / spread).min(f64::MAX)
            } else {
                0.0
            },
            scaling,
        }
    }

    /// The scaled value; finite for every `x` but NaN. Infinities give the bounds of the clip.
    #[inline]
    pub(crate) fn apply(&self, x: f64) -> f32 {
        if self.factor == 0.0 && !x.is_infinite() {
            return 0.0;
        }
        let mut z = (x - self.center) * self.factor;
        if x.is_infinite() {
            z = x;
        } else if z.is_infinite() {
            // The difference of two large numbers may overflow where its half does not.
            z = (0.5 * x - 0.5 * self.center) * self.factor * 2.0;
        }
        self.scaling.clip(z) as f32
    }

    /// Whether an infinite value means something on this scale: that it is beyond all others. Where numbers
    /// are not clipped to the size of their training values, it would drown the rest.
    pub(crate) fn keeps_infinities(&self) -> bool {
        self.scaling == Scaling::Robust
    }
}

/// Moves the finite values to the front, in their order.
fn finite(values: &mut [f64]) -> &mut [f64] {
    let mut n = 0;
    for at in 0..values.len() {
        if values[at].is_finite() {
            values.swap(n, at);
            n += 1;
        }
    }
    &mut values[..n]
}

/// Center and spread of values that are not all equal.
fn robust(values: &mut [f64]) -> (f64, f64) {
    let median = quantile(values, 0.5);
    let (low, high) = (quantile(values, 0.25), quantile(values, 0.75));
    if high > low {
        return (median, (high - low).min(f64::MAX));
    }
    let distances = values.iter().map(|value| (value - median).abs());
    let mut distances: Vec<f64> = distances.filter(|&distance| distance > 0.0).collect();
    let fence = FENCE * quantile(&mut distances, 0.5);
    let (low, high) = (median - fence, median + fence);
    let near: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| (low..=high).contains(value))
        .collect();
    moments(near.iter().copied())
}

/// Mean and population standard deviation of finite values, summed in the order given. Both are finite, and
/// the deviation of values that are not all equal is above 0, whatever their size.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    moments(values.iter().copied())
}

fn moments(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let sizes = values.clone().map(f64::abs);
    let unit = power_of_two(sizes.fold(0.0, f64::max));
    let mean = values.clone().map(|value| value / unit).sum::<f64>() / n;
    let squares = values.map(|value| (value / unit - mean) * (value / unit - mean));
    let deviation = (squares.sum::<f64>() / n).sqrt();
    let least = if deviation > 0.0 {
        f64::from_bits(1)
    } else {
        0.0
    };
    (
        (mean * unit).clamp(-f64::MAX, f64::MAX),
        (deviation * unit).clamp(least, f64::MAX),
    )
}

/// A power of two near the size of `largest`, the largest of some finite numbers: divided by it, they can be
/// squared and added without overflow and without vanishing, and a power of two changes no digit.
#[must_use]
pub fn power_of_two(largest: f64) -> f64 {
    // Its inverse is a normal number too.
    const ENDS: (i32, i32) = (-1022, 1022);
    let exponent = largest.abs().log2().floor() as i32;
    2.0_f64.powi(exponent.clamp(ENDS.0, ENDS.1))
}

/// `(x - mean) / deviation` kept within [`MAX_Z`]; finite for finite numbers and a deviation above 0.
pub(crate) fn standardized(x: f64, mean: f64, deviation: f64) -> f64 {
    let z = (x - mean) / deviation;
    let halves = || (0.5 * x - 0.5 * mean) / deviation * 2.0;
    Scaling::Standard.clip(if z.is_finite() { z } else { halves() })
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

    /// 0 in four of five rows, else exponential amounts of mean 100.
    fn amounts(n: u32) -> Vec<f64> {
        let amount = |i: u32| -100.0 * ((f64::from(i * 37 % 101) + 0.5) / 101.0).ln();
        (0..n)
            .map(|i| if i % 5 == 0 { amount(i) } else { 0.0 })
            .collect()
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
    fn without_quartiles_a_few_outliers_hardly_move_the_others() {
        let flags = || (0..900).map(|i| f64::from(u8::from(i % 10 == 0))).collect();
        let counts = || {
            (0..900)
                .map(|i: u32| f64::from((i % 30).saturating_sub(26)))
                .collect()
        };
        let both = || {
            amounts(900)
                .into_iter()
                .zip(0..)
                .map(|(x, i)| if i % 2 == 0 { x } else { -x })
        };
        let columns: [(&str, Vec<f64>); 4] = [
            ("amounts", amounts(900)),
            ("flags", flags()),
            ("counts", counts()),
            ("both signs", both().collect()),
        ];
        for (name, clean) in columns {
            let before = Scale::fit(Scaling::Robust, &mut clean.clone());
            for outliers in [
                &[9_999_999_999.0][..],
                &[-1e300],
                &[1e5, 1e200, -1e308, f64::MAX],
            ] {
                let mut values = [&clean[..], outliers].concat();
                let after = Scale::fit(Scaling::Robust, &mut values);
                for &x in &clean {
                    let (was, is) = (before.apply(x), after.apply(x));
                    assert!((was - is).abs() < 0.5, "{name}: {x} was {was}, is {is}");
                }
                let (zero, top) = (
                    after.apply(0.0),
                    after.apply(clean.iter().fold(0.0, |a, &b| b.max(a))),
                );
                assert!(top - zero > 1.0, "{name}: {zero} to {top}");
            }
        }
    }

    #[test]
    fn amounts_without_outliers_are_standardized() {
        let mut values = amounts(1000);
        let scale = Scale::fit(Scaling::Robust, &mut values);
        let (mean, deviation) = mean_and_deviation(&values);
        assert!((scale.center - mean).abs() < 1e-12 * mean);
        assert!((scale.factor * deviation - 1.0).abs() < 1e-12);
    }

    #[test]
    fn numbers_of_any_size_have_the_digits_of_those_near_one() {
        let near: Vec<f64> = (0..300).map(|i| f64::from(i * i % 97) - 40.0).collect();
        let far = [
            2.0_f64.powi(-1000),
            2.0_f64.powi(-600),
            2.0_f64.powi(600),
            2.0_f64.powi(1016),
        ];
        for size in far {
            let sized: Vec<f64> = near.iter().map(|x| x * size).collect();
            let (mean, deviation) = mean_and_deviation(&near);
            assert_eq!(mean_and_deviation(&sized), (mean * size, deviation * size));
            for scaling in [Scaling::Robust, Scaling::Standard] {
                let fit = |values: &[f64]| Scale::fit(scaling, &mut values.to_vec());
                let (near_scale, scale) = (fit(&near), fit(&sized));
                for (&x, &far) in near.iter().zip(&sized) {
                    assert_eq!(scale.apply(far), near_scale.apply(x), "{size:e}");
                }
            }
        }
    }

    #[test]
    fn the_largest_and_smallest_numbers_there_are_have_a_scale() {
        for (low, high) in [(-f64::MAX, f64::MAX), (0.0, f64::MAX), (-1e308, 1.5e308)] {
            let mut values = [low, high, low, high];
            let (mean, deviation) = mean_and_deviation(&values);
            assert!(
                mean.is_finite() && deviation.is_finite(),
                "{mean} {deviation}"
            );
            let ends = [low, high].map(|x| standardized(x, mean, deviation));
            assert!(
                (ends[0] + 1.0).abs() < 1e-9 && (ends[1] - 1.0).abs() < 1e-9,
                "{ends:?}"
            );
            for scaling in [Scaling::Robust, Scaling::Standard] {
                let scale = Scale::fit(scaling, &mut values);
                let (low, high) = (scale.apply(low), scale.apply(high));
                assert!(low < -0.4 && high > 0.4, "{scaling:?}: {low} to {high}");
            }
        }
        let least = f64::from_bits(1);
        let (_, deviation) = mean_and_deviation(&[0.0, 0.0, least]);
        assert!(deviation > 0.0);
        assert!(standardized(1e308, 0.0, least) == MAX_Z);
    }

    #[test]
    fn infinite_values_do_not_move_a_scale_and_are_at_its_ends() {
        let clean: Vec<f64> = (0..100).map(|i| f64::from(i * i % 37)).collect();
        for scaling in [Scaling::Robust, Scaling::Standard] {
            let mut values = clean.clone();
            values.insert(3, f64::INFINITY);
            values.insert(70, f64::NEG_INFINITY);
            values.push(f64::NAN);
            let scale = Scale::fit(scaling, &mut values);
            assert_eq!(scale, Scale::fit(scaling, &mut clean.clone()));
            let end = if scaling == Scaling::Robust { 3.0 } else { 1e6 };
            let constant = Scale::fit(scaling, &mut [5.0, f64::INFINITY, 5.0]);
            for scale in [scale, constant] {
                assert_eq!(scale.apply(f64::INFINITY), end);
                assert_eq!(scale.apply(f64::NEG_INFINITY), -end);
                assert_eq!(scale.keeps_infinities(), scaling == Scaling::Robust);
            }
            assert_eq!(constant.apply(6.0), 0.0);
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
            let mut values = values;
            prop_assume!(!x.is_nan());
            for scaling in [Scaling::Robust, Scaling::Standard] {
                let scale = Scale::fit(scaling, &mut values);
                for &value in values.iter().chain([&x]).filter(|value| !value.is_nan()) {
                    prop_assert!(scale.apply(value).is_finite());
                }
            }
        }
    }
}
