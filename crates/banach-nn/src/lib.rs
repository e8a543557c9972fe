//! Self-normalizing networks: what they are, how they compute, how they are trained.
//!
//! Owns the network specification, parameters, losses, optimisers, schedules, early stopping and the
//! training loop. Refuses files and tables: a [`Dataset`] comes in as numbers and codes, parameters
//! go out as named tensors.
//!
//! Everything is generic over [`Real`]: training runs in `f32`, and the same code in `f64` is checked
//! against central differences.

#![forbid(unsafe_code)]

mod architecture;
mod blocks;
mod dataset;
mod error;
mod fleet;
mod input;
mod layout;
mod loss;
mod names;
mod network;
mod optimizer;
mod pass;
mod predict;
mod schedule;
mod spec;
mod step;
mod stopping;
#[cfg(test)]
mod tests;
mod train;

pub use architecture::Architecture;
pub use banach_kernels::{ALPHA_01, Isa, LAMBDA_01, Real, available_threads};
pub use dataset::{Dataset, Inputs, Targets};
pub use error::{DatasetError, SpecError, TrainError};
pub use fleet::{side_by_side, train_fleet};
pub use loss::Loss;
pub use names::NameError;
pub use network::{Network, TensorInfo};
pub use optimizer::{Optimizer, OptimizerState};
pub use predict::{LayerMoments, Precision, Predictor};
pub use schedule::Schedule;
pub use spec::{
    Activation, CategorySpec, Connection, Dropout, InputSpec, LayerSpec, NetworkSpec,
    Normalization, Shape,
};
pub use step::{BatchResult, Stepper};
pub use stopping::Stopping;
pub use train::{EpochOutcome, EpochReport, TrainOptions, TrainState, Trainer};
