//! The theory of self-normalizing networks: what one layer does to mean and variance, where that map rests, and proofs that it contracts.
//!
//! It owns the moment map g of Klambauer et al. 2017 (arXiv:1706.02515), its fixed points and constants, and the certificates about them.
//! It refuses networks and files: numbers in, numbers out.
#![forbid(unsafe_code)]

pub mod activation;
pub mod certificate;
pub mod depth;
pub mod fixed_point;
#[cfg(test)]
mod goldens;
pub mod interval;
pub mod interval_map;
mod moment_error;
mod moment_map;
pub mod propagate;
mod quadrature;
pub mod region;
mod selu;
pub mod special;

pub use activation::Activation;
pub use banach_kernels::{ALPHA_01, LAMBDA_01, Selu};
pub use fixed_point::{FixedPoint, FixedPointReport, Outcome};
pub use moment_error::MomentError;
pub use moment_map::{Jacobian, MomentMap, Moments, NetInputMoments};
pub use selu::{parameters, parameters_at};

/// Cells that a thread takes at a time: each is a few microseconds to milliseconds of work.
const CELLS_AT_A_TIME: usize = 16;
