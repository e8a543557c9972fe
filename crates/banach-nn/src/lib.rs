//! Self-normalizing networks: what they are, how they compute, how they are trained.
//!
//! Owns the network specification, parameters, losses, optimizers, learning-rate schedules, early
//! stopping and the training loop. Refuses files and tables: a [`Dataset`] comes in as numbers and
//! codes, parameters go out as named tensors.
//!
//! A [`Trainer`] turns a [`Network`] and a [`Dataset`] into a trained network, epoch by epoch; a
//! [`Predictor`] computes its outputs. Everything public is in `f32`. Inside, the code is generic over
//! the number type, so that the same code in `f64` is checked against central differences.

#![forbid(unsafe_code)]

mod architecture;
mod batch;
mod blocks;
mod dataset;
mod engine;
mod error;
mod fleet;
mod fold;
mod input;
mod layers;
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
mod stepper;
mod stopping;
mod tensor;
#[cfg(test)]
mod tests;
mod train;

pub use architecture::{Architecture, BlockShape, NetworkKind};
pub use banach_data::{Features, NameError, Targets};
pub use banach_kernels::{ALPHA_01, Isa, LAMBDA_01, Pool, available_threads, parallel_map};
pub use batch::Batch;
pub use dataset::Dataset;
pub use engine::{BatchResult, Engine, StepOptions};
pub use error::{DatasetError, SpecError, TrainError};
pub use fleet::train_fleet;
pub use loss::{Loss, sigmoid};
pub use network::Network;
pub use optimizer::{Optimizer, OptimizerState};
pub use predict::{LayerMoments, Precision, Predictor, Workspace};
pub use schedule::Schedule;
pub use spec::{
    Activation, CategorySpec, Connection, Dropout, InputSpec, LayerSpec, NetworkSpec,
    Normalization, Shape,
};
pub use stepper::Stepper;
pub use stopping::Stopping;
pub use tensor::{TensorInfo, TensorRole};
pub use train::{EpochOutcome, EpochReport, TrainOptions, TrainState, Trainer};
