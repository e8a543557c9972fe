//! Whether an activation is self-normalizing, from its measured shape and the fixed points of its variance map.

use serde::Serialize;

use super::{Activation, ActivationMoments, Shape};
use crate::fixed_point::FixedPoint;
use crate::moment_error::MomentError;
use crate::moment_map::{Jacobian, Moments};

/// Variances that are searched: 10^-6 to 10^6 in steps of a tenth of a decade.
const DECADES: i32 = 6;
const PER_DECADE: i32 = 10;

/// Distance from 1 of a ratio of variances, or of an eigenvalue, that cannot be told from 0: the quadrature's error
/// at the smallest variances is 1e-10.
const NEUTRAL: f64 = 1e-8;

const BISECTIONS: usize = 60;

/// Fixed points of the variance at omega = 0, where the mean does not matter.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum VarianceFixedPoints {
    /// Every variance stays as it is: none attracts.
    All,
    /// These, by increasing variance.
    Some {
        /// The fixed points.
        points: Vec<FixedPoint>,
    },
    /// None: the variance falls from layer to layer, whatever it is.
    Falls,
    /// None: the variance grows from layer to layer, whatever it is.
    Grows,
}

/// What is known about an activation after [`report`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivationReport {
    /// Which activation.
    pub activation: Activation,
    /// Its moments for a standard normal net input (mu = 0, nu = 1, omega = 0, tau = 1).
    pub at_0_1: ActivationMoments,
    /// Its measured shape.
    pub shape: Shape,
    /// Fixed points at omega = 0, tau = 1, with variances from 1e-6 to 1e6.
    pub fixed_points: VarianceFixedPoints,
    /// The gain tau with which variance 1 is a fixed point at omega = 0, if there is one up to 1e6.
    pub unit_gain: Option<f64>,
    /// That fixed point.
    pub at_unit_gain: Option<FixedPoint>,
    /// Whether it attracts: its spectral radius is below 1 by more than the quadrature's error.
    pub unit_gain_attracts: Option<bool>,
    /// Whether a network of such units is self-normalizing.
    pub self_normalizing: bool,
    /// The reasons.
    pub because: Vec<String>,
}

/// Measures an activation and judges it by the paper's requirements (arXiv:1706.02515, Definition 1 and the text
/// before Eq. 2): outputs of both signs, saturation, a slope above 1, continuity, and at omega = 0, tau = 1 an
/// attracting fixed point with variance above 0.
///
/// # Errors
/// Passes on errors of [`Activation::moments`].
pub fn report(activation: Activation) -> Result<ActivationReport, MomentError> {
    let shape = Shape::of(activation);
    let fixed_points = fixed_points(activation)?;
    let unit_gain = unit_gain(activation)?;
    let at_unit_gain = match unit_gain {
        Some(tau) => Some(fixed_point(activation, tau, 1.0)?),
        None => None,
    };
    let (failures, virtues) = reasons(&shape, &fixed_points);
    let self_normalizing = failures.is_empty();
    Ok(ActivationReport {
        activation,
        at_0_1: activation.moments(0.0, 1.0)?,
        shape,
        fixed_points,
        unit_gain,
        at_unit_gain,
        unit_gain_attracts: at_unit_gain.map(|point| attracts(&point)),
        self_normalizing,
        because: if self_normalizing { virtues } else { failures },
    })
}

/// Whether the eigenvalues are inside of the unit circle by more than the quadrature's error.
pub(super) fn attracts(point: &FixedPoint) -> bool {
    point.jacobian.spectral_radius() < 1.0 - NEUTRAL
}

fn reasons(shape: &Shape, fixed_points: &VarianceFixedPoints) -> (Vec<String>, Vec<String>) {
    let mut failures = Vec::new();
    let mut virtues = Vec::new();
    let mut judge = |holds: bool, virtue: String, failure: String| {
        if holds {
            virtues.push(virtue);
        } else {
            failures.push(failure);
        }
    };
    judge(
        shape.has_both_signs(),
        format!(
            "outputs of both signs ({:.4} to {:.4}) control the mean",
            shape.lowest, shape.highest
        ),
        format!(
            "outputs have one sign only ({:.4} to {:.4}): nothing holds the mean",
            shape.lowest, shape.highest
        ),
    );
    judge(
        shape.saturates(),
        format!(
            "it saturates (slopes {:.4} and {:.4} far out), which damps a large variance",
            shape.slope_left, shape.slope_right
        ),
        format!(
            "it saturates nowhere (slopes {:.4} and {:.4} far out): nothing damps a large variance",
            shape.slope_left, shape.slope_right
        ),
    );
    judge(
        shape.is_steep(),
        format!(
            "its slope reaches {:.4} > 1, which raises a small variance",
            shape.steepest
        ),
        format!(
            "its slope is never above 1 (at most {:.4}): nothing raises a small variance",
            shape.steepest
        ),
    );
    judge(
        shape.is_continuous(),
        "it is continuous".to_owned(),
        format!("it jumps by {:.4}", shape.jump),
    );
    match fixed_points {
        VarianceFixedPoints::All => failures.push(
            "at omega = 0, tau = 1 every variance is a fixed point: none attracts".to_owned(),
        ),
        VarianceFixedPoints::Falls => {
            failures.push("at omega = 0, tau = 1 the variance falls to 0".to_owned());
        }
        VarianceFixedPoints::Grows => {
            failures.push("at omega = 0, tau = 1 the variance grows without bound".to_owned());
        }
        VarianceFixedPoints::Some { points } => match points.iter().find(|p| attracts(p)) {
            Some(point) => virtues.push(format!(
                "at omega = 0, tau = 1 (mean {:.4}, variance {:.4}) attracts with spectral radius {:.4}",
                point.moments.mean,
                point.moments.variance,
                point.jacobian.spectral_radius()
            )),
            None => failures.push("at omega = 0, tau = 1 no fixed point attracts".to_owned()),
        },
    }
    (failures, virtues)
}

/// Variance of the activation of Normal(0, v), divided by v, minus 1.
fn growth(activation: Activation, v: f64) -> Result<f64, MomentError> {
    Ok(activation.moments(0.0, v)?.moments.variance / v - 1.0)
}

fn grid() -> impl Iterator<Item = f64> {
    (-DECADES * PER_DECADE..=DECADES * PER_DECADE)
        .map(|i| libm::pow(10.0, f64::from(i) / f64::from(PER_DECADE)))
}

fn fixed_points(activation: Activation) -> Result<VarianceFixedPoints, MomentError> {
    let mut curve = Vec::new();
    for v in grid() {
        curve.push((v, growth(activation, v)?));
    }
    if curve.iter().all(|&(_, growth)| growth.abs() < NEUTRAL) {
        return Ok(VarianceFixedPoints::All);
    }
    let mut points = Vec::new();
    for pair in curve.windows(2) {
        let [(low, at_low), (high, at_high)] = [pair[0], pair[1]];
        if at_low.abs() > NEUTRAL && at_low * at_high < 0.0 {
            let v = bisect(low, high, at_low, |v| growth(activation, v))?;
            points.push(fixed_point(activation, 1.0, v)?);
        }
    }
    if !points.is_empty() {
        return Ok(VarianceFixedPoints::Some { points });
    }
    // No sign change: the largest magnitude tells the direction, however near to 1 the ratio starts.
    let falls = curve.iter().map(|&(_, growth)| growth).sum::<f64>() < 0.0;
    Ok(if falls {
        VarianceFixedPoints::Falls
    } else {
        VarianceFixedPoints::Grows
    })
}

/// The least tau with variance 1 for a net input of Normal(0, tau).
fn unit_gain(activation: Activation) -> Result<Option<f64>, MomentError> {
    let excess = |v| Ok(activation.moments(0.0, v)?.moments.variance - 1.0);
    let mut before = None;
    for v in grid() {
        let here = excess(v)?;
        if here.abs() < NEUTRAL {
            return Ok(Some(v));
        }
        if let Some((low, at_low)) = before
            && at_low * here < 0.0
        {
            return bisect(low, v, at_low, excess).map(Some);
        }
        before = Some((v, here));
    }
    Ok(None)
}

fn fixed_point(activation: Activation, tau: f64, variance: f64) -> Result<FixedPoint, MomentError> {
    let found = activation.moments(0.0, variance * tau)?;
    let Jacobian([[_, b], [_, d]]) = found.jacobian;
    Ok(FixedPoint {
        moments: Moments {
            mean: found.moments.mean,
            variance,
        },
        jacobian: Jacobian([[0.0, b * tau], [0.0, d * tau]]),
    })
}

/// The zero of `f` between `low`, where it is `at_low`, and `high`, where its sign is the other.
fn bisect(
    mut low: f64,
    mut high: f64,
    at_low: f64,
    f: impl Fn(f64) -> Result<f64, MomentError>,
) -> Result<f64, MomentError> {
    for _ in 0..BISECTIONS {
        let middle = 0.5 * (low + high);
        if f(middle)? * at_low > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(0.5 * (low + high))
}
