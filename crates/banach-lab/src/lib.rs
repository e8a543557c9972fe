//! The laboratory: other methods on the same folds, and whether they differ.
#![forbid(unsafe_code)]

pub mod baselines;
pub mod statistics;
