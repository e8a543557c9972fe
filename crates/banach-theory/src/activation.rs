//! Named activation functions and what a layer of them does to mean and variance, by quadrature.

mod shape;
mod verdict;

use banach_kernels::{ALPHA_01, LAMBDA_01};
use serde::Serialize;

use crate::moment_error::{MomentError, finite, positive};
use crate::moment_map::{Jacobian, Moments};
use crate::quadrature;
use crate::special::{normal_cdf, normal_pdf};
pub use shape::Shape;
pub use verdict::{ActivationReport, VarianceFixedPoints, report};

/// Standard deviations of the net input that are integrated over on each side: less than 1e-30 of the weight is beyond.
const REACH: f64 = 12.0;

/// Difference of a panel and its halves that is accepted, relative to the integrand's scale.
const TOLERANCE: f64 = 1e-14;

/// Slope of leaky ReLU's negative part, the default of common frameworks.
const LEAK: f64 = 0.01;

/// Where activations change: panels start there, so that a wide net input does not step over it.
const CUTS: [f64; 7] = [-40.0, -8.0, -3.0, 0.0, 3.0, 8.0, 40.0];

/// An activation function with its usual constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `x` for x > 0, else `0.01 x`.
    LeakyRelu,
    /// `x` for x > 0, else `exp(x) - 1`.
    Elu,
    /// `lambda x` for x > 0, else `lambda alpha (exp(x) - 1)`, with alpha_01 and lambda_01.
    Selu,
    /// `x Phi(x)`.
    Gelu,
    /// `x / (1 + exp(-x))`.
    Silu,
    /// `x tanh(log(1 + exp(x)))`.
    Mish,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `log(1 + exp(x))`.
    Softplus,
    /// `x clamp(x + 3, 0, 6) / 6`.
    HardSwish,
    /// `x`.
    Identity,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Relu,
        Self::LeakyRelu,
        Self::Elu,
        Self::Selu,
        Self::Gelu,
        Self::Silu,
        Self::Mish,
        Self::Tanh,
        Self::Sigmoid,
        Self::Softplus,
        Self::HardSwish,
        Self::Identity,
    ];

    /// Its name in frameworks.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky_relu",
            Self::Elu => "elu",
            Self::Selu => "selu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Mish => "mish",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Softplus => "softplus",
            Self::HardSwish => "hard_swish",
            Self::Identity => "identity",
        }
    }

    /// The activation of this name; `-` and `_` are the same, and so are small and capital letters.
    ///
    /// # Errors
    /// If there is none.
    pub fn from_name(name: &str) -> Result<Self, MomentError> {
        let wanted = name.to_lowercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|activation| activation.name() == wanted)
            .ok_or_else(|| MomentError::UnknownActivation {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }

    /// Its value at `x`.
    #[must_use]
    pub fn value(self, x: f64) -> f64 {
        match self {
            Self::Relu => x.max(0.0),
            Self::LeakyRelu => x.max(LEAK * x),
            Self::Elu if x > 0.0 => x,
            Self::Elu => libm::expm1(x),
            Self::Selu if x > 0.0 => LAMBDA_01 * x,
            Self::Selu => LAMBDA_01 * ALPHA_01 * libm::expm1(x),
            Self::Gelu => x * normal_cdf(x),
            Self::Silu => x * sigmoid(x),
            Self::Mish => x * libm::tanh(softplus(x)),
            Self::Tanh => libm::tanh(x),
            Self::Sigmoid => sigmoid(x),
            Self::Softplus => softplus(x),
            Self::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Self::Identity => x,
        }
    }

    /// Mean and variance of the activation of z ~ Normal(m, v), their derivatives in (m, v), and the errors of all.
    ///
    /// The derivatives are those of the density, so that none of the activation is needed:
    /// `d E[F] / d m = E[F u] / s` and `d E[F] / d v = E[F (u^2 - 1)] / (2 v)` with `u = (z - m) / s`.
    ///
    /// # Errors
    /// If `m` is not finite or `v` is not finite and above 0.
    pub fn moments(self, m: f64, v: f64) -> Result<ActivationMoments, MomentError> {
        finite("m", m)?;
        positive("v", v)?;
        let s = v.sqrt();
        let median = self.value(m);
        let scale = (-6..=6)
            .map(|u| (self.value(f64::mul_add(s, f64::from(u), m)) - median).abs())
            .fold(f64::MIN_POSITIVE, f64::max);

        let (first, first_error) = integrate(m, s, scale, |z| self.value(z) - median);
        let shift = first[0];
        // Of f - mean, not of f: no cancellation, and the mean's own derivative drops out.
        let (second, second_error) = integrate(m, s, scale * scale, |z| {
            let gap = self.value(z) - median - shift;
            gap * gap
        });
        // What f(z) - f(m) loses where the net input hardly varies.
        let rounding = f64::EPSILON * (median.abs() + scale);
        let deviation = second[0].sqrt();
        Ok(ActivationMoments {
            moments: Moments {
                mean: median + shift,
                variance: second[0],
            },
            jacobian: Jacobian([
                [first[1] / s, 0.5 * first[2] / v],
                [second[1] / s, 0.5 * second[2] / v],
            ]),
            mean_error: first_error[0] + rounding,
            variance_error: second_error[0] + 2.0 * rounding * deviation,
            jacobian_error: (first_error[1] + second_error[1] + rounding * (1.0 + 2.0 * deviation))
                / s
                + 0.5 * (first_error[2] + second_error[2] + rounding * (1.0 + 2.0 * deviation)) / v,
        })
    }

    /// The moment map of a layer of these units (compare [`crate::MomentMap::evaluate`]).
    ///
    /// # Errors
    /// If the moments, omega or tau are no such numbers.
    pub fn evaluate(
        self,
        omega: f64,
        tau: f64,
        at: Moments,
    ) -> Result<(Moments, Jacobian), MomentError> {
        finite("omega", omega)?;
        positive("tau", tau)?;
        let found = self.moments(
            finite("mu * omega", at.mean * omega)?,
            positive("nu * tau", at.variance * tau)?,
        )?;
        let Jacobian([[a, b], [c, d]]) = found.jacobian;
        Ok((
            found.moments,
            Jacobian([[a * omega, b * tau], [c * omega, d * tau]]),
        ))
    }
}

/// What [`Activation::moments`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ActivationMoments {
    /// Mean and variance of the activation.
    pub moments: Moments,
    /// Derivatives of mean and variance in m and v.
    pub jacobian: Jacobian,
    /// Bound on the error of the mean: last differences of the quadrature and rounding.
    pub mean_error: f64,
    /// The same of the variance.
    pub variance_error: f64,
    /// The same of each entry of the Jacobian.
    pub jacobian_error: f64,
}

/// `E[F]`, `E[F u]` and `E[F (u^2 - 1)]` for z = m + s u, and their errors.
fn integrate(m: f64, s: f64, scale: f64, f: impl Fn(f64) -> f64) -> ([f64; 3], [f64; 3]) {
    let integrand = |u: f64| {
        let value = f(f64::mul_add(s, u, m)) * normal_pdf(u);
        [value, value * u, value * (u * u - 1.0)]
    };
    let mut ends = vec![-REACH];
    ends.extend(
        CUTS.map(|cut| (cut - m) / s)
            .into_iter()
            .filter(|u| u.abs() < REACH),
    );
    ends.push(REACH);
    let mut total = [0.0; 3];
    let mut error = [0.0; 3];
    for pair in ends.windows(2) {
        let (part, part_error) =
            quadrature::adaptive(integrand, pair[0], pair[1], [TOLERANCE * scale; 3]);
        for k in 0..3 {
            total[k] += part[k];
            error[k] += part_error[k];
        }
    }
    (total, error)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

#[cfg(test)]
mod tests;
