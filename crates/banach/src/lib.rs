//! Train, use and store self-normalizing networks on tables: the documented face of the project.
//!
//! Owns the way from a table to a model and back: [`Settings`], [`Recipe`], [`Estimator`],
//! [`Model`], the model file, metrics and cross-validation. Refuses parsing and kernels, which live in the crates below.
//!
//! ```no_run
//! use banach::io::{ReadOptions, read_table};
//! use banach::{Estimator, Model, Run, Settings};
//!
//! // From a table to a model ...
//! let settings = Settings::for_target("species");
//! let table = read_table("penguins.csv", &ReadOptions::default())?;
//! let fitted = Estimator::new(settings)?.fit(table, &Run::default())?;
//! fitted.model.save("model.safetensors")?;
//!
//! // ... and back.
//! let model = Model::load("model.safetensors")?;
//! let options = ReadOptions { schema: Some(model.schema()), ..ReadOptions::default() };
//! let rows = read_table("new-penguins.csv", &options)?;
//! let (predictions, report) = model.predictor(1)?.predict(&rows, Default::default())?;
//! # Ok::<(), banach::Error>(())
//! ```
#![forbid(unsafe_code)]

mod checkpoint;
pub mod container;
mod cross_validation;
mod error;
mod estimator;
mod evaluate;
mod inputs;
mod inspect;
mod memory;
pub mod metrics;
mod model;
mod model_file;
mod predict;
mod prediction;
mod problem;
mod recipe;
mod run;
mod scoring;
mod settings;
mod training;

/// Tables in memory: columns, encoders and splits.
pub use banach_data as data;
/// Files of tables: readers and writers.
pub use banach_io as io;
pub use banach_nn::{EpochReport, NetworkKind, Precision, Schedule, Shape, available_threads};
pub use cross_validation::{CrossValidation, Fold, FoldPlan, FoldRows, Folds, Spread};
pub use error::Error;
pub use estimator::{Estimator, Fitted};
pub use evaluate::Evaluation;
pub use inspect::{Inspection, Layer, Moments, Target};
pub use model::Model;
pub use predict::Predictor;
pub use prediction::Predictions;
pub use recipe::Recipe;
pub use run::{Event, Overview, Run, Stage};
pub use settings::{
    ClassWeight, FixedPoint, Form, Preset, SETTINGS, Setting, SettingError, Settings, Validation,
};
pub use training::{Training, ValidationScores};
