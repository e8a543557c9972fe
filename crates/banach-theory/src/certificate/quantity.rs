//! The numbers that statements bound, enclosed over a box of (mu, omega, nu, tau).

use serde::{Deserialize, Serialize};

use super::Domain;
use crate::interval::Interval;
use crate::interval_map::{IntervalMap, Jet};

/// A number that depends on (mu, omega, nu, tau).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Largest singular value of the Jacobian of g by (mu, nu).
    SpectralNorm,
    /// Mean after the layer.
    Mean,
    /// Variance after the layer.
    Variance,
    /// Variance after the layer divided by nu.
    VarianceRatio,
}

/// A quantity over a box.
pub(crate) struct Enclosure {
    /// Holds all its values.
    pub(crate) range: Interval,
    /// Points of the box where it is likely small and large; exact corners where it is monotone.
    pub(crate) low_at: [f64; 4],
    pub(crate) high_at: [f64; 4],
    /// How much of the range's excess width each axis may cause; 0 where the quantity is monotone.
    pub(crate) excess: [f64; 4],
}

impl Quantity {
    /// Name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Quantity::SpectralNorm => "spectral norm",
            Quantity::Mean => "mean",
            Quantity::Variance => "variance",
            Quantity::VarianceRatio => "variance / nu",
        }
    }

    /// Encloses the quantity at one point.
    pub fn at(self, map: &IntervalMap, point: [f64; 4]) -> Interval {
        let [mu, omega, nu, tau] = point.map(Interval::point);
        let jet = map.natural(mu * omega, nu * tau);
        match self {
            Quantity::SpectralNorm => {
                let s = &jet.slopes;
                spectral_norm([
                    omega * s.mean_m,
                    tau * s.mean_v,
                    omega * s.variance_m,
                    tau * s.variance_v,
                ])
            }
            Quantity::Mean => jet.moments.mean,
            Quantity::Variance => jet.moments.variance,
            Quantity::VarianceRatio => jet.moments.variance / nu,
        }
    }

    /// Encloses all values over a box.
    pub fn over(self, map: &IntervalMap, cell: &Domain) -> Interval {
        self.enclose(map, cell).range
    }

    pub(crate) fn enclose(self, map: &IntervalMap, cell: &Domain) -> Enclosure {
        let jet = map.enclose(cell.mu * cell.omega, cell.nu * cell.tau);
        match self {
            Quantity::SpectralNorm => norm_over(map, cell, &jet, 1.0),
            Quantity::Mean | Quantity::Variance | Quantity::VarianceRatio => {
                let (natural, gradient) = self.gradient(cell, &jet);
                self.monotone_form(map, cell, natural, gradient)
            }
        }
    }

    /// The direct enclosure and the gradient by (mu, omega, nu, tau), through m = mu omega and v = nu tau.
    fn gradient(self, cell: &Domain, jet: &Jet) -> (Interval, [Interval; 4]) {
        let Domain { mu, omega, nu, tau } = *cell;
        let (value, by_m, by_v) = match self {
            Quantity::Mean => (jet.moments.mean, jet.slopes.mean_m, jet.slopes.mean_v),
            _ => (
                jet.moments.variance,
                jet.slopes.variance_m,
                jet.slopes.variance_v,
            ),
        };
        let gradient = [omega * by_m, mu * by_m, tau * by_v, nu * by_v];
        if self == Quantity::VarianceRatio {
            let ratio = value / nu;
            let [d_mu, d_omega, d_nu, _] = gradient;
            return (ratio, [d_mu / nu, d_omega / nu, (d_nu - ratio) / nu, by_v]);
        }
        (value, gradient)
    }

    /// Mean-value form that goes to the end of an axis where the gradient has one sign and to the middle elsewhere:
    /// f(x) = f(p) + gradient(xi) (x - p) for some xi in the box.
    fn monotone_form(
        self,
        map: &IntervalMap,
        cell: &Domain,
        natural: Interval,
        gradient: [Interval; 4],
    ) -> Enclosure {
        let axes = cell.axes();
        let mut low_at = axes.map(Interval::mid);
        let mut high_at = low_at;
        let mut excess = [0.0; 4];
        let mut slack = Interval::point(0.0);
        for (i, (x, slope)) in axes.into_iter().zip(gradient).enumerate() {
            if slope.lo() >= 0.0 {
                (low_at[i], high_at[i]) = (x.lo(), x.hi());
            } else if slope.hi() <= 0.0 {
                (low_at[i], high_at[i]) = (x.hi(), x.lo());
            } else if x.lo() < x.hi() {
                let reach = slope * (x - x.mid());
                excess[i] = reach.magnitude();
                slack = slack + reach;
            }
        }
        let low = self.at(map, low_at) + slack;
        let high = self.at(map, high_at) + slack;
        let range = Interval::new(low.lo(), high.hi());
        Enclosure {
            range: natural.intersection(range).unwrap_or(range),
            low_at,
            high_at,
            excess,
        }
    }
}

/// The norm of the Jacobian with the variance measured in units of 1 / `scale`; for every scale, a bound below 1 means that g
/// contracts, in the norm sqrt(d mu^2 + (scale d nu)^2).
pub(crate) fn scaled_norm(map: &IntervalMap, cell: &Domain, scale: f64) -> Enclosure {
    let jet = map.enclose(cell.mu * cell.omega, cell.nu * cell.tau);
    norm_over(map, cell, &jet, scale)
}

/// The Jacobian's entries in mean-value form about the middle, then its norm.
fn norm_over(map: &IntervalMap, cell: &Domain, jet: &Jet, scale: f64) -> Enclosure {
    let Domain { mu, omega, nu, tau } = *cell;
    let axes = cell.axes();
    let middle = axes.map(Interval::mid);
    let offsets = axes.map(|x| x - x.mid());
    let [mu_0, omega_0, nu_0, tau_0] = middle.map(Interval::point);
    let center = map.natural(mu_0 * omega_0, nu_0 * tau_0).slopes;

    let (s, c) = (&jet.slopes, &jet.curvatures);
    // For an image h(m, v): the entries omega h_m and tau h_v, and their gradients by (mu, omega, nu, tau).
    let row = |h_m: Interval, h_v: Interval, h_mm: Interval, h_mv: Interval, h_vv: Interval| {
        [
            (
                omega * h_m,
                [
                    omega.square() * h_mm,
                    h_m + omega * mu * h_mm,
                    omega * tau * h_mv,
                    omega * nu * h_mv,
                ],
            ),
            (
                tau * h_v,
                [
                    tau * omega * h_mv,
                    tau * mu * h_mv,
                    tau.square() * h_vv,
                    h_v + tau * nu * h_vv,
                ],
            ),
        ]
    };
    let mean = row(s.mean_m, s.mean_v, c.mean_mm, c.mean_mv, c.mean_vv);
    let variance = row(
        s.variance_m,
        s.variance_v,
        c.variance_mm,
        c.variance_mv,
        c.variance_vv,
    );
    let at_center = [
        omega_0 * center.mean_m,
        tau_0 * center.mean_v,
        omega_0 * center.variance_m,
        tau_0 * center.variance_v,
    ];
    let mut excess = [0.0; 4];
    let mut entries = at_center;
    for (entry, (natural, gradient)) in entries.iter_mut().zip([mean, variance].concat()) {
        for (i, slope) in gradient.into_iter().enumerate() {
            if axes[i].lo() < axes[i].hi() {
                let reach = slope * offsets[i];
                excess[i] += reach.magnitude();
                *entry = *entry + reach;
            }
        }
        *entry = entry.intersection(natural).unwrap_or(*entry);
    }
    if scale != 1.0 {
        entries[1] = entries[1] / scale;
        entries[2] = entries[2] * scale;
    }
    Enclosure {
        range: spectral_norm(entries),
        low_at: middle,
        high_at: middle,
        excess,
    }
}

/// Largest singular value of `[[a, b], [c, d]]`: half of sqrt((a + d)^2 + (c - b)^2) + sqrt((a - d)^2 + (b + c)^2).
fn spectral_norm([a, b, c, d]: [Interval; 4]) -> Interval {
    let length = |x: Interval, y: Interval| (x.square() + y.square()).sqrt();
    (length(a + d, c - b) + length(a - d, b + c)) * 0.5
}
