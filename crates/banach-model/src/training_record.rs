//! How a model came to be: what its file remembers of the training.
//!
//! There are no times in it, so that the same training gives the same bytes.

use banach_nn::EpochReport;
use serde::{Deserialize, Serialize};

use crate::metrics::Metrics;

/// The training of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Number of training rows.
    pub train_rows: usize,
    /// Number of validation rows.
    pub valid_rows: usize,
    /// How good the model is on rows that it was not trained on.
    pub valid: ValidationScores,
}

/// The training of one member of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberTraining {
    /// The epoch whose weights were kept, from 1; 0 when training was interrupted before its first
    /// epoch was done.
    pub best_epoch: usize,
    /// Whether the weights come from a second training on all rows.
    pub refit: bool,
    /// Every epoch.
    pub history: Vec<EpochReport>,
}

/// Scores on validation rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ValidationScores {
    /// The loss that training minimizes and that chose the epoch, without dropout and label smoothing but
    /// with class weights; for numbers, in units of the target's variance. `None` when no epoch was done.
    pub loss: Option<f64>,
    /// The task's metrics, which class weights do not enter; absent where these rows do not define them.
    #[serde(flatten)]
    pub metrics: Option<Metrics>,
}
