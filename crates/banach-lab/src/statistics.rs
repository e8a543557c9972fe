//! Statistics of comparisons: ranks, and tests whether methods differ.
//!
//! A comparison is a table of scores: a row for each data set or fold (a block), a column for each
//! method. Which test answers which question: Demsar, "Statistical comparisons of classifiers over
//! multiple data sets", Journal of Machine Learning Research 7 (2006).

mod friedman;
mod holm;
mod nemenyi;
mod ranks;
mod special;
mod wilcoxon;

pub use friedman::{Friedman, friedman};
pub use holm::holm;
pub use nemenyi::critical_difference;
pub use ranks::{Better, average_ranks, mean_ranks};
pub use wilcoxon::{MAX_EXACT, Wilcoxon, wilcoxon};

/// Why a statistic is not defined for some numbers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// Two lists of the same blocks have different lengths.
    #[error("paired scores must have one length, got {first} and {second}")]
    Pairs {
        /// Length of the first list.
        first: usize,
        /// Length of the second list.
        second: usize,
    },
    /// A row of scores has another length than the first one.
    #[error("row {row} has {got} scores, expected {expected}")]
    Row {
        /// Row, from 0.
        row: usize,
        /// Scores in the first row.
        expected: usize,
        /// Scores in this row.
        got: usize,
    },
    /// Too little for a test.
    #[error("{what} must be at least {least}, got {got}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// The least number allowed.
        least: usize,
        /// The number found.
        got: usize,
    },
    /// A score that is NaN or infinite.
    #[error("scores must be finite, got {got}")]
    NotFinite {
        /// The score.
        got: f64,
    },
    /// A level or p value out of its range.
    #[error("{what} must be {allowed}, got {got}")]
    Probability {
        /// What it is.
        what: &'static str,
        /// The range.
        allowed: &'static str,
        /// The value.
        got: f64,
    },
}

fn check_finite(values: &[f64]) -> Result<(), StatisticsError> {
    match values.iter().find(|value| !value.is_finite()) {
        Some(&got) => Err(StatisticsError::NotFinite { got }),
        None => Ok(()),
    }
}

/// The reference values under a name in `goldens/data/statistics.json`.
#[cfg(test)]
fn golden<T: serde::de::DeserializeOwned>(name: &str) -> Vec<T> {
    let text = include_str!("../../../goldens/data/statistics.json");
    let all: serde_json::Value = serde_json::from_str(text).unwrap();
    serde_json::from_value(all[name].clone()).unwrap()
}
