//! Where repeated layers lead mean and variance: fixed points of a moment map, and whether they attract.

use serde::Serialize;

use crate::moment_error::{MomentError, finite, positive};
use crate::moment_map::{Jacobian, Moments};

/// Layers that are followed before the search gives up on a trajectory that neither rests nor leaves.
pub const MAX_ITERATIONS: usize = 100_000;

/// Change from layer to layer, relative to the standard deviation and the variance, below which a trajectory rests.
const AT_REST: f64 = 1e-14;

/// Variances outside of these bounds count as 0 or infinite: a factor from layer to layer has led there.
const VANISHED: f64 = 1e-200;
const DIVERGED: f64 = 1e200;

const NEWTON_STEPS: usize = 60;

/// What became of mean and variance in many equal layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// They come to rest at a fixed point that attracts its neighbourhood (spectral radius below 1).
    Attracted,
    /// The variance goes to 0: all samples become alike.
    Vanishes,
    /// Mean or variance grow without bound.
    Diverges,
    /// Neither within [`MAX_ITERATIONS`] layers.
    Undecided,
}

/// A fixed point of a moment map with variance above 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FixedPoint {
    /// Mean and variance that the map leaves as they are.
    pub moments: Moments,
    /// Jacobian of the map there.
    pub jacobian: Jacobian,
}

impl FixedPoint {
    /// Whether all trajectories from a neighbourhood come nearer: both eigenvalues are inside of the unit circle.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.jacobian.spectral_radius() < 1.0
    }
}

/// What [`follow`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FixedPointReport {
    /// Where the trajectory went.
    pub outcome: Outcome,
    /// The fixed point it came to; otherwise the one nearest to the start by Newton's method, if there is one.
    pub fixed_point: Option<FixedPoint>,
    /// Layers until the outcome was clear.
    pub iterations: usize,
    /// Mean and variance from the start on, one entry for each layer.
    pub trajectory: Vec<Moments>,
}

/// Follows a moment map from `start` layer after layer (Banach's iteration), and sharpens the end by Newton's method.
///
/// A fixed point that is found is exact to the rounding of the map divided by its distance from losing stability.
///
/// # Errors
/// If the start is no pair of moments.
pub fn follow<Map>(map: Map, start: Moments) -> Result<FixedPointReport, MomentError>
where
    Map: Fn(Moments) -> Result<(Moments, Jacobian), MomentError>,
{
    finite("mu0", start.mean)?;
    positive("nu0", start.variance)?;
    let mut trajectory = vec![start];
    let mut at = start;
    let outcome = loop {
        if trajectory.len() > MAX_ITERATIONS {
            break Outcome::Undecided;
        }
        let Ok((next, _)) = map(at) else {
            break Outcome::Diverges;
        };
        trajectory.push(next);
        if next.variance < VANISHED {
            break Outcome::Vanishes;
        }
        if next.variance > DIVERGED || next.mean.abs() > DIVERGED {
            break Outcome::Diverges;
        }
        let rests = distance(at, next) <= AT_REST;
        at = next;
        if rests {
            break Outcome::Attracted;
        }
    };
    let from = match outcome {
        Outcome::Attracted | Outcome::Undecided => at,
        Outcome::Vanishes | Outcome::Diverges => start,
    };
    let fixed_point = newton(&map, from);
    let outcome = match (outcome, fixed_point) {
        // At rest on a neutral or vanishing point is not attraction.
        (Outcome::Attracted, Some(found)) if !found.is_stable() => Outcome::Undecided,
        (Outcome::Attracted, None) => Outcome::Undecided,
        (outcome, _) => outcome,
    };
    Ok(FixedPointReport {
        outcome,
        fixed_point,
        iterations: trajectory.len() - 1,
        trajectory,
    })
}

/// Step between two pairs of moments, relative to the standard deviation and the variance.
fn distance(from: Moments, to: Moments) -> f64 {
    let mean = (to.mean - from.mean).abs() / from.variance.sqrt();
    let variance = (to.variance - from.variance).abs() / from.variance;
    mean.max(variance)
}

/// Newton's method on `g(x) - x = 0`; steps that would halve the variance or worse are shortened.
fn newton<Map>(map: &Map, start: Moments) -> Option<FixedPoint>
where
    Map: Fn(Moments) -> Result<(Moments, Jacobian), MomentError>,
{
    let mut at = start;
    let mut best: Option<(f64, FixedPoint)> = None;
    for _ in 0..NEWTON_STEPS {
        let (next, jacobian) = map(at).ok()?;
        let residual = distance(at, next);
        let improves = best.is_none_or(|(least, _)| residual < least);
        if improves {
            let found = FixedPoint {
                moments: at,
                jacobian,
            };
            best = Some((residual, found));
        } else if residual <= AT_REST {
            break;
        }
        let Jacobian([[a, b], [c, d]]) = jacobian;
        let (a, d) = (1.0 - a, 1.0 - d);
        let determinant = a * d - b * c;
        if determinant == 0.0 {
            break;
        }
        let (r_mean, r_variance) = (next.mean - at.mean, next.variance - at.variance);
        let step_mean = (d * r_mean + b * r_variance) / determinant;
        let step_variance = (c * r_mean + a * r_variance) / determinant;
        let shorten = (0.5 * at.variance / step_variance.abs()).min(1.0);
        at = Moments {
            mean: at.mean + shorten * step_mean,
            variance: at.variance + shorten * step_variance,
        };
    }
    // A few roundings of the map are allowed for: the residual cannot fall below them.
    best.filter(|(residual, found)| *residual <= 4.0 * AT_REST && found.moments.variance > VANISHED)
        .map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MomentMap, Selu};

    fn report(omega: f64, tau: f64, mean: f64, variance: f64) -> FixedPointReport {
        let map = MomentMap::new(Selu::default(), omega, tau).expect("a valid map");
        follow(|at| map.evaluate(at), Moments { mean, variance }).expect("a valid start")
    }

    /// omega, tau, mean, variance: quadrature with 50 digits.
    const FIXED_POINTS: [[f64; 4]; 5] = [
        [0.0, 1.0, 0.0, 1.0],
        [0.1, 1.1, 0.054_705_980_618_194_01, 1.410_289_829_275_663_6],
        [
            -0.1,
            0.95,
            -0.016_720_354_001_926_18,
            0.830_654_349_098_889_4,
        ],
        [
            -0.0888,
            1.1915,
            0.096_934_106_295_697_45,
            1.821_975_771_796_152_6,
        ],
        [
            0.014,
            0.8899,
            -0.036_528_755_058_523_94,
            0.644_536_975_177_788_5,
        ],
    ];

    /// Rounding of the map, divided by at least 0.1 of contraction.
    const TOLERANCE: f64 = 1e-14;

    #[test]
    fn fixed_points_agree_with_50_digits_from_far_starts() {
        for [omega, tau, mean, variance] in FIXED_POINTS {
            for start in [(0.0, 1.0), (2.0, 10.0), (-1.0, 0.01)] {
                let found = report(omega, tau, start.0, start.1);
                assert_eq!(found.outcome, Outcome::Attracted);
                let got = found.fixed_point.expect("a fixed point").moments;
                assert!(
                    (got.mean - mean).abs() < TOLERANCE,
                    "{omega}, {tau}: {got:?}"
                );
                assert!(
                    (got.variance - variance).abs() < 4.0 * TOLERANCE,
                    "{omega}, {tau}: {got:?}"
                );
            }
        }
    }

    #[test]
    fn no_fixed_point_is_said_so() {
        // Weights too small: 2.018 tau is the factor of a small variance, so 0.4956 is the least tau that keeps one.
        let found = report(0.0, 0.4, 0.0, 1.0);
        assert_eq!(
            (found.outcome, found.fixed_point),
            (Outcome::Vanishes, None)
        );
        // Weights too large: a large variance grows by lambda^2 (1/2 - 1/(2 pi)) tau, so 2.657 is the greatest tau.
        let found = report(0.0, 3.0, 0.0, 1.0);
        assert_eq!(
            (found.outcome, found.fixed_point),
            (Outcome::Diverges, None)
        );
    }

    #[test]
    fn trajectory_starts_at_the_start_and_counts_layers() {
        let found = report(0.0, 1.0, 0.5, 2.0);
        assert_eq!(
            found.trajectory[0],
            Moments {
                mean: 0.5,
                variance: 2.0
            }
        );
        assert_eq!(found.trajectory.len(), found.iterations + 1);
        // 0.7826 per layer: 1e-14 takes about 130 layers.
        assert!(
            (100..200).contains(&found.iterations),
            "{}",
            found.iterations
        );
    }
}
