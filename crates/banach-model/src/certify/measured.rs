//! The moments that a network's layers really have, beside the certified ones.

use banach_nn::LayerMoments;
use banach_theory::depth::{DepthReport, LayerReport};
use serde::Serialize;

use crate::inspect::Moments;

/// By how much measured moments may differ from certified ones, unless something else is asked for: of the mean, in certified
/// standard deviations; of the variance, as a share of the certified one.
///
/// Networks of finite width differ even on independent inputs. At initialization those of 64 units and up to 8 layers, or
/// 128 units and up to 32 layers, stay within 0.14 (docs/theory.md, "Certificates of a network"); with less, a good network would be refused
/// by chance. It is less than the room between the fixed point (0, 1) and the nearest end of Theorem 1's variances, 0.8.
pub const TOLERANCE: f64 = 0.15;

/// What moments were measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredOn {
    /// Rows of a table.
    Rows,
    /// Rows of independent normal inputs with the moments that are certified.
    Simulation,
}

/// Measured moments of the layers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasuredMoments {
    /// On what.
    pub on: MeasuredOn,
    /// Number of rows.
    pub n_rows: usize,
    /// By how much they may differ ([`TOLERANCE`]).
    pub tolerance: f64,
    /// Each layer, from the first hidden one on.
    pub layers: Vec<MeasuredLayer>,
}

/// Measured moments of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeasuredLayer {
    /// Over units and rows, with the smallest and largest of a unit.
    #[serde(flatten)]
    pub moments: Moments,
    /// The 5% and the 95% quantile of the units' means.
    pub most_unit_means: [f64; 2],
    /// The 5% and the 95% quantile of the units' variances.
    pub most_unit_variances: [f64; 2],
    /// Whether they are the certified ones within the tolerance; `None` where nothing bounded is certified.
    pub agrees: Option<bool>,
    /// Whether they lie in the rectangle that the certified ones must lie in.
    pub inside: bool,
}

impl MeasuredMoments {
    pub(super) fn compare(
        on: MeasuredOn,
        n_rows: usize,
        tolerance: f64,
        measured: &[LayerMoments],
        report: &DepthReport,
    ) -> Self {
        let layers = measured.iter().zip(&report.layers);
        let layers = layers.map(|(&moments, certified)| MeasuredLayer {
            moments: moments.into(),
            most_unit_means: [moments.most_unit_means.0, moments.most_unit_means.1],
            most_unit_variances: [moments.most_unit_variances.0, moments.most_unit_variances.1],
            agrees: agrees(moments, certified, tolerance),
            inside: report.domain.mu.contains(moments.mean)
                && report.domain.nu.contains(moments.variance),
        });
        Self {
            on,
            n_rows,
            tolerance,
            layers: layers.collect(),
        }
    }
}

fn agrees(measured: LayerMoments, certified: &LayerReport, tolerance: f64) -> Option<bool> {
    let (mean, variance) = (certified.mean?, certified.variance?);
    let off = |x: f64, lo: f64, hi: f64| (x - x.clamp(lo, hi)).abs();
    let mean_off = off(measured.mean, mean.lo(), mean.hi());
    let variance_off = off(measured.variance, variance.lo(), variance.hi());
    // A moment that is no number differs.
    Some(
        mean_off <= tolerance * variance.mid().sqrt() && variance_off <= tolerance * variance.mid(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use banach_theory::depth::{Unit, theorem_1, through_layers};
    use banach_theory::interval::Interval;
    use banach_theory::interval_map::IntervalMap;

    fn report() -> DepthReport {
        let unit = Unit::from_weights(&[0.6, -0.6, 0.4, -0.4], 0.0);
        let standard = (Interval::point(0.0), Interval::point(1.0));
        let (map, domain) = (IntervalMap::selu_01(), theorem_1());
        through_layers(&map, &[vec![unit]], standard.0, standard.1, domain).expect("a layer")
    }

    fn measured(mean: f64, variance: f64) -> LayerMoments {
        LayerMoments {
            mean,
            variance,
            unit_mean: (mean, mean),
            unit_variance: (variance, variance),
            most_unit_means: (mean, mean),
            most_unit_variances: (variance, variance),
        }
    }

    #[test]
    fn the_tolerance_is_a_share_of_the_certified_variance_and_deviation() {
        let report = report();
        let (mean, variance) = (report.layers[0].mean, report.layers[0].variance);
        let (mean, variance) = (
            mean.expect("bounded").mid(),
            variance.expect("bounded").mid(),
        );
        let sigma = variance.sqrt();
        for (by_mean, by_variance, expected) in [
            (0.0, 0.0, true),
            (0.099, 0.099, true),
            (-0.099, -0.099, true),
            (0.101, 0.0, false),
            (-0.101, 0.0, false),
            (0.0, 0.101, false),
            (0.0, -0.101, false),
            (0.0, f64::NAN, false),
        ] {
            let layer = measured(mean + by_mean * sigma, variance * (1.0 + by_variance));
            let on = MeasuredOn::Rows;
            let found = MeasuredMoments::compare(on, 1, 0.1, &[layer], &report);
            assert_eq!(
                found.layers[0].agrees,
                Some(expected),
                "{by_mean} {by_variance}"
            );
        }
    }

    #[test]
    fn measured_moments_are_held_against_the_rectangle_as_well() {
        let inside = |variance| {
            let layers = [measured(0.0, variance)];
            let found = MeasuredMoments::compare(MeasuredOn::Rows, 1, 9.0, &layers, &report());
            found.layers[0].inside
        };
        assert!(inside(0.8) && inside(1.5) && !inside(0.79) && !inside(f64::NAN));
    }
}
