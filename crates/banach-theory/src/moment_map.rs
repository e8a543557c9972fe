//! The map g of mean and variance through one layer of SELU units, and its Jacobian.

pub(crate) mod net_input;

use banach_kernels::Selu;
use serde::Serialize;

use crate::moment_error::{MomentError, finite, positive};
pub use net_input::NetInputMoments;

/// Mean `mu` and variance `nu` of the activations of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moments {
    /// Mean mu.
    pub mean: f64,
    /// Variance nu, above 0.
    pub variance: f64,
}

/// The map g from the moments of one layer's activations to those of the next (arXiv:1706.02515, Eq. 3 to 5).
///
/// A unit of the next layer has weights w with `omega = sum w_i` and `tau = sum w_i^2`. Its net input is taken as
/// normal with mean `m = mu omega` and variance `v = nu tau` (the central limit theorem), and g gives mean and
/// variance of SELU of it. Made by [`MomentMap::new`], which checks the parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MomentMap {
    selu: Selu,
    omega: f64,
    tau: f64,
}

impl MomentMap {
    /// The map of SELU units with these parameters and weights.
    ///
    /// # Errors
    /// If omega is not finite, or tau, alpha or lambda is not finite and above 0.
    pub fn new(selu: Selu, omega: f64, tau: f64) -> Result<Self, MomentError> {
        positive("alpha", selu.alpha)?;
        positive("lambda", selu.lambda)?;
        finite("omega", omega)?;
        positive("tau", tau)?;
        Ok(Self { selu, omega, tau })
    }

    /// SELU's parameters.
    #[must_use]
    pub fn selu(&self) -> Selu {
        self.selu
    }

    /// Sum of the weights.
    #[must_use]
    pub fn omega(&self) -> f64 {
        self.omega
    }

    /// Sum of the squared weights.
    #[must_use]
    pub fn tau(&self) -> f64 {
        self.tau
    }

    /// g and its Jacobian at `moments`.
    ///
    /// Relative error at most 1e-12 of mean and variance, and of each Jacobian entry against the largest, over
    /// mu in +-3, omega in +-2, nu in [1e-4, 300], tau in [0.05, 4] (test `map_agrees_with_200_digits`).
    ///
    /// # Errors
    /// If the mean is not finite, or the variance is not finite and above 0, or their products with omega and tau
    /// leave the range of f64.
    pub fn evaluate(&self, moments: Moments) -> Result<(Moments, Jacobian), MomentError> {
        finite("mu", moments.mean)?;
        positive("nu", moments.variance)?;
        let m = finite("mu * omega", moments.mean * self.omega)?;
        let v = positive("nu * tau", moments.variance * self.tau)?;
        let at = NetInputMoments::of_selu(self.selu, m, v);
        let jacobian = Jacobian([
            [at.d_mean_d_m * self.omega, at.d_mean_d_v * self.tau],
            [at.d_variance_d_m * self.omega, at.d_variance_d_v * self.tau],
        ]);
        let next = Moments {
            mean: at.mean,
            variance: at.variance,
        };
        Ok((next, jacobian))
    }

    /// g at `moments`.
    ///
    /// # Errors
    /// As [`MomentMap::evaluate`].
    pub fn apply(&self, moments: Moments) -> Result<Moments, MomentError> {
        self.evaluate(moments).map(|(next, _)| next)
    }
}

/// Jacobian of g in (mu, nu): rows are the derivatives of mean and variance (arXiv:1706.02515, section A3.3).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Jacobian(pub [[f64; 2]; 2]);

impl Jacobian {
    /// Largest singular value. Below 1 on a convex domain, g is a contraction there in the Euclidean norm.
    ///
    /// For [[a, b], [c, d]] it is half of `hypot(a + d, b - c) + hypot(a - d, b + c)`, which neither cancels nor overflows.
    #[must_use]
    pub fn spectral_norm(&self) -> f64 {
        let [[a, b], [c, d]] = self.0;
        0.5 * (libm::hypot(a + d, b - c) + libm::hypot(a - d, b + c))
    }

    /// Both eigenvalues as (real, imaginary), the larger in magnitude first.
    #[must_use]
    pub fn eigenvalues(&self) -> [(f64, f64); 2] {
        let [[a, b], [c, d]] = self.0;
        let centre = 0.5 * (a + d);
        let half = 0.5 * (a - d);
        let discriminant = f64::mul_add(half, half, b * c);
        if discriminant < 0.0 {
            let imaginary = (-discriminant).sqrt();
            return [(centre, imaginary), (centre, -imaginary)];
        }
        let large = centre + discriminant.sqrt().copysign(centre);
        // The product of the eigenvalues is the determinant: no cancellation in the small one.
        let small = if large == 0.0 {
            0.0
        } else {
            (a * d - b * c) / large
        };
        [(large, 0.0), (small, 0.0)]
    }

    /// Largest magnitude of an eigenvalue. Below 1 at a fixed point, the fixed point attracts its neighbourhood.
    #[must_use]
    pub fn spectral_radius(&self) -> f64 {
        let (real, imaginary) = self.eigenvalues()[0];
        libm::hypot(real, imaginary)
    }
}

#[cfg(test)]
mod tests;
