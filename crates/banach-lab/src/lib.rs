//! The laboratory: other methods on the same folds, and whether they differ.
#![forbid(unsafe_code)]

pub mod baselines;
pub mod compare;
pub mod datasets;
mod error;
pub mod statistics;

pub use error::LabError;
