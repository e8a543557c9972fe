//! Use a trained model: predict, measure, inspect, certify, store.
//!
//! Owns everything that it takes to *use* a model: [`Model`] with its encoders, target, members and
//! calibration, the [`Predictor`], the model file ([`container`]), [`metrics`], inspection and
//! certificates ([`certify`]). Refuses to read tables from files and to train: tables come from
//! `banach-io` or from memory, models from `banach` or from a file. Everything that embeds a model
//! (Python, C, the browser, a server) stands on this crate alone.
//!
//! ```no_run
//! use banach_model::data::Scalar;
//! use banach_model::{Model, PredictOptions};
//!
//! let model = Model::load("penguins.safetensors")?;
//! let predictor = model.predictor(&PredictOptions::default())?;
//!
//! // A single row, in the order of `predictor.schema()`, without allocating.
//! let mut row = predictor.row_predictor();
//! let cells = [Scalar::Number(39.1), Scalar::Text("Torgersen")];
//! println!("{:?}", row.predict(&cells)?);
//! # Ok::<(), banach_model::Error>(())
//! ```
#![forbid(unsafe_code)]

mod calibration;
pub mod certify;
pub mod container;
mod error;
mod evaluate;
mod inputs;
mod inspect;
mod member;
pub mod metrics;
mod model;
mod model_file;
mod options;
mod output;
mod prediction;
mod predictor;
mod row;
mod scoring;
mod training_record;

/// Cells, columns, tables, encoders and targets.
pub use banach_data as data;
pub use calibration::Calibration;
pub use error::{Error, ErrorCode};
pub use evaluate::{Evaluation, Evaluator};
pub use inputs::{network_features, to_fixed_point};
pub use inspect::{EncoderInspection, Inspection, Layer, MemberInspection, Moments, Target};
pub use member::{Affine, Member, MemberKind};
pub use model::{Model, ModelParts};
pub use options::PredictOptions;
pub use prediction::Predictions;
pub use predictor::Predictor;
pub use row::{RowPrediction, RowPredictor};
pub use scoring::{Score, score};
pub use training_record::{MemberTraining, Training, ValidationScores};
