//! Certified mean and variance through the layers of one given network, from its units' omega and tau.
//!
//! The moments of a layer are those of the activation of a unit drawn at random, over inputs and units together:
//!
//! ```text
//! mean'   = average over units j of E selu(z_j)
//! second' = average over units j of E selu(z_j)^2          variance' = second' - mean'^2
//! z_j ~ Normal(mu omega_j + bias_j, nu tau_j)
//! ```
//!
//! That is g (arXiv:1706.02515, Eq. 4 and 5) averaged over the units of the layer. It takes for granted what [`ASSUMPTIONS`]
//! says. Sets of moments are carried through the layers by interval arithmetic in mean-value form, so that the result encloses
//! every start in the given input intervals and all rounding.

use serde::{Deserialize, Serialize};

use crate::certificate::{Domain, Theorem};
use crate::interval::Interval;
use crate::interval_map::IntervalMap;

/// What the propagation through the layers takes for granted and does not prove.
pub const ASSUMPTIONS: [&str; 4] = [
    "the net input of each unit is normally distributed (central limit theorem); with few or dependent inputs it is not",
    "the inputs of a unit are independent of each other, or at least uncorrelated",
    "which input a weight multiplies is unrelated to that input's own mean and variance: inputs count by the layer's moments alone",
    "the network computes in exact arithmetic; dropout and everything between the layers but SELU is left out",
];

/// Sums over the incoming weights of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Sum of the weights.
    pub omega: Interval,
    /// Sum of the squared weights.
    pub tau: Interval,
    /// Added to the net input.
    pub bias: f64,
}

impl Unit {
    /// Encloses the sums of one unit's weights, rounding included.
    pub fn from_weights(weights: &[f64], bias: f64) -> Self {
        let zero = Interval::point(0.0);
        let (omega, tau) = weights.iter().fold((zero, zero), |(omega, tau), &w| {
            // The square of a 32-bit float is exact in f64, so only the sum is rounded.
            let square = if f64::from(w as f32) == w {
                Interval::point(w * w)
            } else {
                Interval::point(w).square()
            };
            (omega + w, tau + square)
        });
        Unit {
            omega,
            tau: tau
                .intersection(Interval::new(0.0, f64::INFINITY))
                .unwrap_or(tau),
            bias,
        }
    }
}

/// Why a network's moments cannot be followed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DepthError {
    /// There is nothing to follow.
    #[error("layer {} has no units", layer + 1)]
    NoUnits {
        /// Index of the layer, from 0; messages count from 1.
        layer: usize,
    },
    /// A weight or bias is NaN or infinite.
    #[error("unit {} of layer {} has weights or a bias that are not finite", unit + 1, layer + 1)]
    NotFinite {
        /// Index of the layer, from 0; messages count from 1.
        layer: usize,
        /// Index of the unit, from 0; messages count from 1.
        unit: usize,
    },
    /// The map is defined for a positive variance of the net input.
    #[error(
        "unit {} of layer {} has only zero weights, so its net input does not vary", unit + 1, layer + 1
    )]
    ZeroWeights {
        /// Index of the layer, from 0; messages count from 1.
        layer: usize,
        /// Index of the unit, from 0; messages count from 1.
        unit: usize,
    },
    /// The input's variance must be positive, its mean finite.
    #[error(
        "input moments must be finite with a positive variance, got mean {mean}, variance {variance}"
    )]
    Input {
        /// Means given.
        mean: Interval,
        /// Variances given.
        variance: Interval,
    },
}

/// Smallest, average and largest of one number per unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Smallest.
    pub min: f64,
    /// Average.
    pub mean: f64,
    /// Largest.
    pub max: f64,
}

/// A unit outside the domain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitOutside {
    /// Index in the layer, from 0.
    pub unit: usize,
    /// Its omega.
    pub omega: f64,
    /// Its tau.
    pub tau: f64,
    /// How far omega is from the domain's; 0 inside, negative below.
    pub omega_by: f64,
    /// How far tau is from the domain's; 0 inside, negative below.
    pub tau_by: f64,
    /// Its bias; Theorem 1 knows none.
    pub bias: f64,
}

/// One SELU layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Units in the layer.
    pub n_units: usize,
    /// omega of its units.
    pub omega: Spread,
    /// tau of its units.
    pub tau: Spread,
    /// Biases of its units.
    pub bias: Spread,
    /// Units whose omega or tau leave the domain, or that have a bias.
    pub outside: Vec<UnitOutside>,
    /// Encloses the mean after the layer; `None` when the variance is not bounded away from 0 or the bound is infinite.
    pub mean: Option<Interval>,
    /// Encloses the variance after the layer.
    pub variance: Option<Interval>,
    /// True when both lie in the domain's rectangle.
    pub inside: bool,
    /// A known initialisation that its average tau points to, which is not the one for SELU.
    pub mistake: Option<String>,
}

/// A network's moments through its depth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DepthReport {
    /// Means of the input.
    pub input_mean: Interval,
    /// Variances of the input.
    pub input_variance: Interval,
    /// What the layers are compared with.
    pub domain: Domain,
    /// SELU layers from the input on.
    pub layers: Vec<LayerReport>,
    /// Mean and variance stay in the domain's rectangle after every layer.
    pub moments_stay: bool,
    /// Every unit has its omega and tau in the domain and no bias, and the input starts in the rectangle: what is proved on the
    /// domain holds for each unit, whatever its inputs' common mean and variance in the rectangle.
    pub every_unit_inside: bool,
    /// What is assumed and not proved.
    pub assumptions: Vec<String>,
}

/// Follows mean and variance through SELU layers. Layers are given from the input on, without a linear output layer, and compared
/// with `domain`, [`theorem_1`] in most cases.
///
/// # Errors
/// [`DepthError`] for an empty layer, a unit with zero or infinite weights, or input moments without a positive variance.
pub fn through_layers(
    map: &IntervalMap,
    layers: &[Vec<Unit>],
    input_mean: Interval,
    input_variance: Interval,
    domain: Domain,
) -> Result<DepthReport, DepthError> {
    let finite = input_mean.magnitude().is_finite() && input_variance.hi().is_finite();
    if !finite || input_variance.lo() <= 0.0 {
        return Err(DepthError::Input {
            mean: input_mean,
            variance: input_variance,
        });
    }
    for (layer, units) in layers.iter().enumerate() {
        check(layer, units)?;
    }
    let mut moments = Some((input_mean, input_variance));
    let mut reports = Vec::with_capacity(layers.len());
    for units in layers {
        moments = moments.and_then(|(mu, nu)| layer_moments(map, units, mu, nu));
        reports.push(report(&domain, units, moments));
    }
    let starts_inside = domain.mu.encloses(input_mean) && domain.nu.encloses(input_variance);
    Ok(DepthReport {
        input_mean,
        input_variance,
        domain,
        moments_stay: reports.iter().all(|layer| layer.inside),
        every_unit_inside: starts_inside && reports.iter().all(|layer| layer.outside.is_empty()),
        layers: reports,
        assumptions: ASSUMPTIONS.map(str::to_owned).to_vec(),
    })
}

/// The domain of Theorem 1.
pub fn theorem_1() -> Domain {
    Theorem::One.statement().parts[0].0
}

fn check(layer: usize, units: &[Unit]) -> Result<(), DepthError> {
    if units.is_empty() {
        return Err(DepthError::NoUnits { layer });
    }
    for (index, unit) in units.iter().enumerate() {
        let size = unit.omega.magnitude() + unit.tau.magnitude() + unit.bias.abs();
        if !size.is_finite() {
            return Err(DepthError::NotFinite { layer, unit: index });
        }
        if unit.tau.lo() <= 0.0 {
            return Err(DepthError::ZeroWeights { layer, unit: index });
        }
    }
    Ok(())
}

/// Mean and variance after a layer for all moments in (mu, nu); `None` when that is not a bounded set of positive variances.
fn layer_moments(
    map: &IntervalMap,
    units: &[Unit],
    mu: Interval,
    nu: Interval,
) -> Option<(Interval, Interval)> {
    let zero = Interval::point(0.0);
    // At the middle: averages of mean and second moment. Over the set: averages of their gradients by (mu, nu).
    let (mut mean, mut second) = (zero, zero);
    let (mut by_mu, mut by_nu) = ([zero; 2], [zero; 2]);
    let (mu_mid, nu_mid) = (Interval::point(mu.mid()), Interval::point(nu.mid()));
    for unit in units {
        let net = |mu: Interval, nu: Interval| (mu * unit.omega + unit.bias, nu * unit.tau);
        let (m, v) = net(mu_mid, nu_mid);
        let middle = map.natural(m, v).moments;
        mean = mean + middle.mean;
        second = second + middle.second;
        let (m, v) = net(mu, nu);
        let slopes = map.enclose(m, v).slopes;
        by_mu[0] = by_mu[0] + unit.omega * slopes.mean_m;
        by_nu[0] = by_nu[0] + unit.tau * slopes.mean_v;
        by_mu[1] = by_mu[1] + unit.omega * slopes.second_m;
        by_nu[1] = by_nu[1] + unit.tau * slopes.second_v;
    }
    let n = Interval::point(units.len() as f64);
    let (mean, second) = (mean / n, second / n);
    let [by_mu_mean, by_mu_second] = by_mu.map(|sum| sum / n);
    let [by_nu_mean, by_nu_second] = by_nu.map(|sum| sum / n);
    let (d_mu, d_nu) = (mu - mu_mid, nu - nu_mid);
    let mean_after = mean + by_mu_mean * d_mu + by_nu_mean * d_nu;
    // variance = second - mean^2, so its gradient is that of second less 2 mean times that of mean.
    let twice = mean_after * 2.0;
    let variance_after = second - mean.square()
        + (by_mu_second - twice * by_mu_mean) * d_mu
        + (by_nu_second - twice * by_nu_mean) * d_nu;
    let bounded = mean_after.magnitude().is_finite() && variance_after.hi().is_finite();
    (bounded && variance_after.lo() > 0.0).then_some((mean_after, variance_after))
}

fn report(domain: &Domain, units: &[Unit], moments: Option<(Interval, Interval)>) -> LayerReport {
    let tau = spread(units, |unit| unit.tau.mid());
    LayerReport {
        n_units: units.len(),
        omega: spread(units, |unit| unit.omega.mid()),
        tau,
        bias: spread(units, |unit| unit.bias),
        outside: units
            .iter()
            .enumerate()
            .filter_map(|(index, unit)| outside(domain, index, unit))
            .collect(),
        mean: moments.map(|(mean, _)| mean),
        variance: moments.map(|(_, variance)| variance),
        inside: moments.is_some_and(|(mean, variance)| {
            domain.mu.encloses(mean) && domain.nu.encloses(variance)
        }),
        mistake: known_mistake(tau.mean),
    }
}

fn outside(domain: &Domain, index: usize, unit: &Unit) -> Option<UnitOutside> {
    let by = |x: Interval, allowed: Interval| {
        if x.hi() > allowed.hi() {
            x.hi() - allowed.hi()
        } else if x.lo() < allowed.lo() {
            x.lo() - allowed.lo()
        } else {
            0.0
        }
    };
    let found = UnitOutside {
        unit: index,
        omega: unit.omega.mid(),
        tau: unit.tau.mid(),
        omega_by: by(unit.omega, domain.omega),
        tau_by: by(unit.tau, domain.tau),
        bias: unit.bias,
    };
    (found.omega_by != 0.0 || found.tau_by != 0.0 || found.bias != 0.0).then_some(found)
}

fn spread(units: &[Unit], number: fn(&Unit) -> f64) -> Spread {
    let numbers = units.iter().map(number);
    Spread {
        min: numbers.clone().fold(f64::INFINITY, f64::min),
        mean: numbers.clone().sum::<f64>() / units.len() as f64,
        max: numbers.fold(f64::NEG_INFINITY, f64::max),
    }
}

/// A layer's average tau at initialisation is within this share of its expectation for all but tiny layers.
const TAU_SHARE: f64 = 0.06;

/// Names an initialisation for which the average tau is typical, when it is not 1 as SELU needs.
fn known_mistake(tau: f64) -> Option<String> {
    let known = [
        (
            0.5625,
            "PyTorch's gain 3/4 for SELU (calculate_gain('selu'), kaiming_* with nonlinearity='selu') gives tau = 0.5625; SELU needs \
             weights with variance 1/fan_in: use nonlinearity='linear'",
        ),
        (
            2.0,
            "He (Kaiming, MSRA) initialisation for ReLU gives tau = 2; SELU needs weights with variance 1/fan_in",
        ),
        (
            1.0 / 3.0,
            "PyTorch's default for nn.Linear gives tau = 1/3; SELU needs weights with variance 1/fan_in",
        ),
    ];
    known
        .into_iter()
        .find(|(typical, _)| (tau / typical - 1.0).abs() < TAU_SHARE)
        .map(|(_, text)| text.to_owned())
}

#[cfg(test)]
mod tests;
