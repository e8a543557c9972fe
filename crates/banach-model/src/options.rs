//! How predictions are made.

use banach_data::UnknownCategories;
use banach_nn::{Precision, available_threads};

/// How a [`Predictor`](crate::Predictor) works. Neither the number of threads nor the size of a batch
/// changes a bit of a prediction.
///
/// ```
/// use banach_model::PredictOptions;
///
/// let options = PredictOptions::default().threads(1);
/// assert_eq!(options.threads, 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PredictOptions {
    /// Threads that predict the rows of a table; default: all available. A single row is predicted on
    /// the calling thread.
    pub threads: usize,
    /// How the networks' weights are kept; default: as trained.
    pub precision: Precision,
    /// What to do with a category that did not occur in training; default: count it as unknown.
    pub unknown_categories: UnknownCategories,
}

impl Default for PredictOptions {
    fn default() -> Self {
        Self {
            threads: available_threads(),
            precision: Precision::default(),
            unknown_categories: UnknownCategories::default(),
        }
    }
}

impl PredictOptions {
    /// Sets the number of threads; 0 counts as 1.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Sets the precision of the weights.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Sets what to do with a category that did not occur in training.
    #[must_use]
    pub fn unknown_categories(mut self, unknown_categories: UnknownCategories) -> Self {
        self.unknown_categories = unknown_categories;
        self
    }
}
