//! Boxes of (mu, omega, nu, tau).

use serde::{Deserialize, Serialize};

use super::CertificateError;
use crate::interval::Interval;

/// One of the four variables of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Mean of the layer's inputs.
    Mu,
    /// Sum of a unit's weights.
    Omega,
    /// Variance of the layer's inputs.
    Nu,
    /// Sum of a unit's squared weights.
    Tau,
}

impl Axis {
    /// In the order of [`Domain::axes`].
    pub const ALL: [Axis; 4] = [Axis::Mu, Axis::Omega, Axis::Nu, Axis::Tau];

    /// The symbol's name.
    pub const fn name(self) -> &'static str {
        match self {
            Axis::Mu => "mu",
            Axis::Omega => "omega",
            Axis::Nu => "nu",
            Axis::Tau => "tau",
        }
    }
}

/// The set of all (mu, omega, nu, tau) with each variable in its interval.
///
/// The ends are read as decimal numbers: a proof covers the next float outside each end and must reach the next float inside,
/// so that it holds for the numbers that the text of the ends denotes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Mean of the layer's inputs.
    pub mu: Interval,
    /// Sum of a unit's weights.
    pub omega: Interval,
    /// Variance of the layer's inputs; positive.
    pub nu: Interval,
    /// Sum of a unit's squared weights; positive.
    pub tau: Interval,
}

impl Domain {
    /// A domain from `[lo, hi]` pairs.
    pub fn new(mu: [f64; 2], omega: [f64; 2], nu: [f64; 2], tau: [f64; 2]) -> Self {
        Domain {
            mu: mu.into(),
            omega: omega.into(),
            nu: nu.into(),
            tau: tau.into(),
        }
    }

    /// The four intervals in the order of [`Axis::ALL`].
    pub const fn axes(&self) -> [Interval; 4] {
        [self.mu, self.omega, self.nu, self.tau]
    }

    /// The domain of these four intervals.
    pub const fn from_axes([mu, omega, nu, tau]: [Interval; 4]) -> Self {
        Domain { mu, omega, nu, tau }
    }

    /// # Errors
    /// [`CertificateError::DomainEnd`] for an infinite end, [`CertificateError::NotPositive`] where nu or tau may be 0.
    pub fn check(&self) -> Result<(), CertificateError> {
        for (axis, interval) in Axis::ALL.into_iter().zip(self.axes()) {
            for end in [interval.lo(), interval.hi()] {
                if !end.is_finite() {
                    return Err(CertificateError::DomainEnd { axis, end });
                }
            }
        }
        for (axis, interval) in [(Axis::Nu, self.nu), (Axis::Tau, self.tau)] {
            if interval.lo() <= 0.0 {
                return Err(CertificateError::NotPositive {
                    axis,
                    end: interval.lo(),
                });
            }
        }
        Ok(())
    }

    pub(crate) fn widened(&self) -> Self {
        Self::from_axes(self.axes().map(Interval::widened))
    }

    pub(crate) fn narrowed(&self) -> Self {
        Self::from_axes(self.axes().map(Interval::narrowed))
    }

    /// Halves along one axis (0 to 3) at the middle; `None` when no float lies strictly between the ends.
    pub(crate) fn halves(&self, axis: usize) -> Option<[Self; 2]> {
        let whole = self.axes();
        let (lo, mid, hi) = (whole[axis].lo(), whole[axis].mid(), whole[axis].hi());
        if !(lo < mid && mid < hi) {
            return None;
        }
        Some([(lo, mid), (mid, hi)].map(|(a, b)| {
            let mut axes = whole;
            axes[axis] = Interval::new(a, b);
            Self::from_axes(axes)
        }))
    }
}

impl std::fmt::Display for Domain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "mu in {}, omega in {}, nu in {}, tau in {}",
            self.mu, self.omega, self.nu, self.tau
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_covered_to_the_next_float_outside() {
        // The float of 0.1 is above one tenth and that of 0.3 below three tenths: the interval between them misses both.
        let domain = Domain::new([0.1, 0.3], [-0.3, -0.1], [0.8, 1.5], [1.0, 1.0]);
        for (axis, (wide, end)) in domain
            .widened()
            .axes()
            .into_iter()
            .zip(domain.axes())
            .enumerate()
        {
            assert_eq!(wide.lo(), end.lo().next_down(), "axis {axis}");
            assert_eq!(wide.hi(), end.hi().next_up(), "axis {axis}");
        }
        let inside = domain.narrowed().axes();
        assert_eq!(
            inside[0],
            Interval::new(0.1_f64.next_up(), 0.3_f64.next_down())
        );
        assert_eq!(inside[3], Interval::point(1.0));
    }

    #[test]
    fn halves_share_their_cut_and_leave_the_other_axes() {
        let domain = Domain::new([0.0, 1.0], [-1.0, 1.0], [1.0, 3.0], [0.5, 0.5]);
        let [lower, upper] = domain.halves(2).expect("a middle");
        assert_eq!(
            (lower.nu, upper.nu),
            (Interval::new(1.0, 2.0), Interval::new(2.0, 3.0))
        );
        assert_eq!((lower.mu, upper.tau), (domain.mu, domain.tau));
        assert_eq!(domain.halves(3), None);
        // The middle of two neighbours is one of them, the lower or the upper.
        for (lo, hi) in [(1.0, 1.0_f64.next_up()), (1.0_f64.next_down(), 1.0)] {
            let narrow = Domain::new([0.0, 1.0], [lo, hi], [1.0, 2.0], [1.0, 2.0]);
            assert_eq!(narrow.halves(1), None, "{lo} {hi}");
        }
    }
}
