//! Train and use self-normalizing networks on tables: the documented face of the project.
//!
//! Owns the way from a table to a model: [`Settings`] and [`Recipe`], [`Estimator`], checkpoints and
//! cross-validation. What it takes to *use* a model is in [`banach_model`], file formats are in
//! [`banach_io`], tables in [`banach_data`], networks in [`banach_nn`], the theory in [`banach_theory`]:
//! all of them can be named through this crate ([`model`], [`io`], [`data`], [`nn`], [`theory`]).
//!
//! # Fit
//!
//! ```no_run
//! use banach::io::{ReadOptions, read_table};
//! use banach::{Estimator, Run, Settings};
//!
//! let table = read_table("penguins.csv", &ReadOptions::default())?;
//! let settings = Settings::for_target("species").layers(4).seed(1);
//! let fitted = Estimator::new(settings)?.fit(table, &Run::default())?;
//! println!("{:?}", fitted.model.training().valid.metrics);
//! # Ok::<(), banach::Error>(())
//! ```
//!
//! Settings are what you set; everything else comes from a preset ([`Recipe::preset`]) and depends on
//! the task and the number of rows. The same settings and table give the same model, bit for bit.
//!
//! # Save, load, predict
//!
//! ```no_run
//! use banach::io::{ReadOptions, read_table};
//! use banach::{Model, PredictOptions};
//!
//! # fn example(model: Model) -> Result<(), banach::Error> {
//! model.save("model.safetensors")?;
//!
//! let model = Model::load("model.safetensors")?;
//! let columns = ReadOptions { schema: Some(model.schema()), ..ReadOptions::default() };
//! let rows = read_table("new-penguins.csv", &columns)?;
//! let predictor = model.predictor(&PredictOptions::default())?;
//! let (predictions, unusual) = predictor.predict(&rows)?;
//! println!("{} rows, {} columns with unusual cells", predictions.n_rows(), unusual.columns.len());
//! # Ok(())
//! # }
//! ```
//!
//! # One row
//!
//! ```no_run
//! use banach::data::Scalar;
//! # fn example(predictor: banach::Predictor) -> Result<(), banach::Error> {
//! let mut row = predictor.row_predictor();
//! // In the order of `predictor.schema()`; nothing is allocated.
//! let prediction = row.predict(&[Scalar::Number(39.1), Scalar::Text("Torgersen")])?;
//! println!("{prediction:?}");
//! # Ok(())
//! # }
//! ```
//!
//! # Certify
//!
//! ```no_run
//! use banach::certify::CertifyOptions;
//! # fn example(model: banach::Model, rows: banach::data::Table) -> Result<(), banach::Error> {
//! // Do mean and variance stay near their fixed point, layer by layer (arXiv:1706.02515, Theorem 1)?
//! for certificate in model.certify(Some(&rows), &CertifyOptions::default())? {
//!     println!("{}: assuming {:?}", certificate.holds, certificate.report.assumptions);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Threads
//!
//! Nothing is global: a fit takes [`Run::threads`], a predictor [`PredictOptions::threads`], and threads
//! end with their owner. No number of threads and no instruction set changes a bit of a result. A
//! [`Predictor`] is `Send + Sync`, cheap to clone, and works on a caller's own thread while its own are
//! busy. The environment variable `BANACH_ISA` (`scalar`, `avx2`, `avx512`) forces an instruction set.
//!
//! # Errors
//!
//! [`Error`] is an enum whose variants carry the facts: which file, row, column, value, what is allowed.
//! Indices in its messages count from 1. For callers that cannot match on variants, such as bindings to
//! other languages, [`model::Error::code`] gives numbers and names that do not change. No input makes the
//! library print, exit or panic.
//!
//! # Features
//!
//! File formats: `parquet`, `ipc`, `gzip`, `zstd`, all in `full`, which is the default. `arrow`: tables
//! from Arrow record batches in memory, and predictions for them. Without features CSV and TSV are read,
//! and nothing needs a C compiler.
#![forbid(unsafe_code)]

mod checkpoint;
mod cross_validation;
mod error;
mod estimator;
mod inputs;
mod memory;
mod problem;
mod recipe;
mod run;
mod run_folder;
mod settings;
mod training;

/// Tables in memory: cells, columns, encoders and splits.
pub use banach_data as data;
/// Files of tables: readers and writers.
pub use banach_io as io;
/// Models and their use.
pub use banach_model as model;
pub use banach_model::{
    Calibration, Evaluation, Evaluator, Inspection, Member, Model, PredictOptions, Predictions,
    Predictor, RowPrediction, RowPredictor, certify, container, metrics,
};
/// Networks and their training.
pub use banach_nn as nn;
pub use banach_nn::{EpochReport, NetworkKind, Precision, Schedule, Shape, available_threads};
/// Moment map, fixed points and certificates.
pub use banach_theory as theory;
pub use cross_validation::{
    CrossValidation, CrossValidationOptions, Fold, FoldPlan, FoldResult, FoldRows, Folds, Spread,
};
pub use error::Error;
pub use estimator::{Estimator, Fitted};
pub use recipe::Recipe;
pub use run::{Event, Overview, Run, Stage};
pub use settings::{
    ClassWeight, FixedPoint, Form, Preset, SETTINGS, Setting, SettingError, Settings, Validation,
};

/// The README's program compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
