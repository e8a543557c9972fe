//! What can be proved: the paper's three theorems and their like on any domain, for any SELU constants.

use serde::{Deserialize, Serialize};

use super::{CertificateError, Claim, Domain, Quantity};
use crate::interval_map::IntervalMap;

/// What g does on a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// For each (omega, tau), g maps the rectangle of (mu, nu) into itself and contracts: by Banach's fixed point theorem it
    /// has exactly one fixed point there, which attracts every start in the rectangle.
    FixedPoint,
    /// The variance after the layer is below nu.
    VarianceShrinks,
    /// The variance after the layer is above nu.
    VarianceGrows,
}

impl Goal {
    /// The bounds that together mean this goal on this domain.
    pub fn claims(self, domain: &Domain) -> Vec<Claim> {
        let claim = |quantity, above, below| Claim {
            quantity,
            above,
            below,
        };
        match self {
            Goal::FixedPoint => vec![
                claim(Quantity::SpectralNorm, None, Some(1.0)),
                claim(Quantity::Mean, Some(domain.mu.lo()), Some(domain.mu.hi())),
                claim(
                    Quantity::Variance,
                    Some(domain.nu.lo()),
                    Some(domain.nu.hi()),
                ),
            ],
            Goal::VarianceShrinks => vec![claim(Quantity::VarianceRatio, None, Some(1.0))],
            Goal::VarianceGrows => vec![claim(Quantity::VarianceRatio, Some(1.0), None)],
        }
    }

    /// One sentence that says what is proved.
    pub const fn text(self) -> &'static str {
        match self {
            Goal::FixedPoint => {
                "for each (omega, tau) of the domain the map g of mean and variance has a Jacobian with spectral norm below 1 on \
                 the rectangle of (mu, nu) and maps it into itself, so it has exactly one fixed point there, and iterating g from \
                 any start in the rectangle converges to it (Banach's fixed point theorem)"
            }
            Goal::VarianceShrinks => {
                "the variance after the layer is below nu everywhere on the domain"
            }
            Goal::VarianceGrows => {
                "the variance after the layer is above nu everywhere on the domain"
            }
        }
    }
}

/// The theorems of Klambauer et al. 2017 (arXiv:1706.02515).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theorem {
    /// Stable and attracting fixed points.
    One,
    /// High variance shrinks.
    Two,
    /// Low variance grows.
    Three,
}

impl Theorem {
    /// All theorems in order.
    pub const ALL: [Theorem; 3] = [Theorem::One, Theorem::Two, Theorem::Three];

    /// The name that [`Theorem::from_name`] reads.
    pub const fn name(self) -> &'static str {
        match self {
            Theorem::One => "theorem1",
            Theorem::Two => "theorem2",
            Theorem::Three => "theorem3",
        }
    }

    /// # Errors
    /// [`CertificateError::UnknownTheorem`] for anything but theorem1, theorem2 and theorem3.
    pub fn from_name(name: &str) -> Result<Self, CertificateError> {
        Self::ALL
            .into_iter()
            .find(|theorem| theorem.name() == name)
            .ok_or_else(|| CertificateError::UnknownTheorem {
                name: name.to_owned(),
            })
    }

    /// The statement on the paper's domains, for the real numbers alpha_01 and lambda_01.
    pub fn statement(self) -> Statement {
        let near_zero = [-0.1, 0.1];
        let parts = match self {
            Theorem::One => vec![(
                Domain::new(near_zero, near_zero, [0.8, 1.5], [0.95, 1.1]),
                Goal::FixedPoint,
            )],
            Theorem::Two => vec![(
                Domain::new([-1.0, 1.0], near_zero, [3.0, 16.0], [0.8, 1.25]),
                Goal::VarianceShrinks,
            )],
            // From 0.02 as in the main text, which includes the appendix's domains from 0.05.
            Theorem::Three => vec![
                (
                    Domain::new(near_zero, near_zero, [0.02, 0.16], [0.8, 1.25]),
                    Goal::VarianceGrows,
                ),
                (
                    Domain::new(near_zero, near_zero, [0.02, 0.24], [0.9, 1.25]),
                    Goal::VarianceGrows,
                ),
            ],
        };
        Statement {
            name: self.name().to_owned(),
            map: IntervalMap::selu_01(),
            parts,
        }
    }
}

/// Goals on domains, for SELU constants given as intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// A theorem's name, or `custom`.
    pub name: String,
    /// The constants: the statement is about every pair in these intervals.
    pub map: IntervalMap,
    /// What holds where.
    pub parts: Vec<(Domain, Goal)>,
}

impl Statement {
    /// A goal on a domain of one's own.
    pub fn custom(map: IntervalMap, domain: Domain, goal: Goal) -> Self {
        Statement {
            name: "custom".to_owned(),
            map,
            parts: vec![(domain, goal)],
        }
    }

    /// # Errors
    /// [`CertificateError`] when there are no parts, a domain is infinite or touches nu = 0 or tau = 0, or a constant is not a
    /// positive number.
    pub fn check(&self) -> Result<(), CertificateError> {
        if self.parts.is_empty() {
            return Err(CertificateError::NoParts);
        }
        for (name, constant) in [("alpha", self.map.alpha), ("lambda", self.map.lambda)] {
            for value in [constant.lo(), constant.hi()] {
                if !(value.is_finite() && value > 0.0) {
                    return Err(CertificateError::Constant { name, value });
                }
            }
        }
        self.parts.iter().try_for_each(|(domain, _)| domain.check())
    }
}
