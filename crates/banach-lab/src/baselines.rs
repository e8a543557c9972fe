//! Other methods for tables: forests, boosting, support vector machines, nearest neighbours, linear
//! models, and the constant that every method must beat.
//!
//! Owns the way from an encoded matrix to predictions of each method, with settings that are stated
//! and the same for every table. Which crate does the work, and why, is in ARCHITECTURE.md.

mod boosting;
mod constant;
mod error;
mod folds;
mod forest;
mod linear;
mod matrix;
mod minimize;
mod neighbours;
mod svm;

use std::panic::{AssertUnwindSafe, catch_unwind};

use banach::Predictions;

pub use error::BaselineError;
pub use matrix::Matrix;

/// A method other than a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// 300 trees on bootstrap samples; square root of the features for classes, a third for numbers.
    RandomForest,
    /// 100 rounds of trees with up to 31 leaves, learning rate 0.1; one against rest for more than
    /// two classes.
    Boosting,
    /// Support vector machine with a Gaussian kernel; C and gamma from 3 inner folds.
    Svm,
    /// Nearest neighbours; their number from 3 inner folds.
    Neighbours,
    /// Logistic regression for classes, ridge regression for numbers, both with the penalty
    /// |w|^2 / 2 beside the summed loss.
    Linear,
    /// The shares of the classes, or the mean.
    Constant,
}

/// What is to be learned, one entry for each row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target<'a> {
    /// Classes.
    Classes {
        /// Class of each row.
        codes: &'a [u32],
        /// Number of classes; some may not occur.
        n_classes: usize,
    },
    /// Numbers, of about mean 0 and variance 1.
    Values(&'a [f32]),
}

/// Predictions of a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Probabilities of classes, or numbers on the scale of the targets.
    pub predictions: Predictions,
    /// What was chosen from the data, and what was left out.
    pub notes: Vec<String>,
}

/// Checked training rows. Classes are numbered without gaps.
struct Training<'a> {
    x: &'a Matrix,
    labels: Labels<'a>,
    seed: u64,
}

enum Labels<'a> {
    Classes { codes: Vec<u32>, n_classes: usize },
    Values(&'a [f32]),
}

/// Outputs of a method: [n_rows, n_classes] probabilities row by row, or a number for each row.
struct Outputs {
    values: Vec<f64>,
    notes: Vec<String>,
}

impl Outputs {
    fn plain(values: Vec<f64>) -> Self {
        Self {
            values,
            notes: Vec::new(),
        }
    }
}

impl Baseline {
    /// Its name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RandomForest => "random forest",
            Self::Boosting => "gradient boosting",
            Self::Svm => "support vector machine",
            Self::Neighbours => "nearest neighbours",
            Self::Linear => "linear model",
            Self::Constant => "constant",
        }
    }

    /// Learns from some rows and predicts others. The same seed gives the same predictions; one
    /// thread does the work.
    ///
    /// # Errors
    /// [`BaselineError`] for rows that do not fit together, and when the method fails.
    pub fn fit_predict(
        self,
        x: &Matrix,
        target: Target<'_>,
        test: &Matrix,
        seed: u64,
    ) -> Result<Outcome, BaselineError> {
        check(x, target, test)?;
        let (labels, classes) = match target {
            Target::Classes { codes, .. } => {
                let mut present = codes.to_vec();
                present.sort_unstable();
                present.dedup();
                let dense = |code: &u32| present.partition_point(|other| other < code) as u32;
                let codes = codes.iter().map(dense).collect();
                let n_classes = present.len();
                (Labels::Classes { codes, n_classes }, present)
            }
            Target::Values(values) => (Labels::Values(values), Vec::new()),
        };
        let training = Training { x, labels, seed };
        // With nothing to tell apart, or nothing to tell it by, all methods are the constant one;
        // the crates behind them need not be asked about it.
        let method = if training.is_trivial() {
            Self::Constant
        } else {
            self
        };
        let failed = |reason: String| BaselineError::Method {
            method: self.name(),
            reason,
        };
        // A panic of one of the crates shall cost one cell of a comparison, not all of it.
        let outputs = catch_unwind(AssertUnwindSafe(|| method.run(&training, test)))
            .map_err(|panic| failed(format!("it panicked: {}", message(&*panic))))?
            .map_err(failed)?;
        if outputs.values.iter().any(|value| !value.is_finite()) {
            return Err(failed("a prediction is not finite".to_owned()));
        }
        let predictions = match target {
            Target::Values(_) => Predictions::Values(outputs.values),
            Target::Classes { n_classes, .. } => {
                let mut proba = vec![0.0; test.n_rows() * n_classes];
                let rows = outputs.values.chunks_exact(classes.len());
                for (line, row) in proba.chunks_exact_mut(n_classes).zip(rows) {
                    for (&class, &p) in classes.iter().zip(row) {
                        line[class as usize] = p.clamp(0.0, 1.0) as f32;
                    }
                }
                Predictions::Classes { n_classes, proba }
            }
        };
        Ok(Outcome {
            predictions,
            notes: outputs.notes,
        })
    }

    fn run(self, training: &Training<'_>, test: &Matrix) -> Result<Outputs, String> {
        match self {
            Self::RandomForest => forest::fit_predict(training, test),
            Self::Boosting => boosting::fit_predict(training, test),
            Self::Svm => svm::fit_predict(training, test),
            Self::Neighbours => neighbours::fit_predict(training, test),
            Self::Linear => linear::fit_predict(training, test),
            Self::Constant => Ok(constant::fit_predict(training, test)),
        }
    }
}

impl Training<'_> {
    fn is_trivial(&self) -> bool {
        let same = match &self.labels {
            Labels::Classes { n_classes, .. } => *n_classes < 2,
            Labels::Values(values) => values.iter().all(|value| Some(value) == values.first()),
        };
        same || self.x.n_columns() == 0
    }
}

fn check(x: &Matrix, target: Target<'_>, test: &Matrix) -> Result<(), BaselineError> {
    let length = |what, expected, got| BaselineError::Length {
        what,
        expected,
        got,
    };
    if x.n_rows() == 0 {
        return Err(BaselineError::NoRows);
    }
    if test.n_columns() != x.n_columns() {
        return Err(length("a row to predict", x.n_columns(), test.n_columns()));
    }
    match target {
        Target::Classes { codes, n_classes } => {
            if codes.len() != x.n_rows() {
                return Err(length("the list of classes", x.n_rows(), codes.len()));
            }
            match codes.iter().find(|&&code| code as usize >= n_classes) {
                Some(&got) => Err(BaselineError::ClassCode { got, n_classes }),
                None => Ok(()),
            }
        }
        Target::Values(values) => {
            if values.len() != x.n_rows() {
                return Err(length("the list of numbers", x.n_rows(), values.len()));
            }
            match values.iter().find(|value| !value.is_finite()) {
                Some(&got) => Err(BaselineError::NotFinite { got }),
                None => Ok(()),
            }
        }
    }
}

/// The words of a panic.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

/// The most frequent or most probable class of a row, the first of equal ones.
fn argmax(values: &[f64]) -> usize {
    let better = |best: usize, at: usize| if values[at] > values[best] { at } else { best };
    (0..values.len()).reduce(better).unwrap_or(0)
}

#[cfg(test)]
mod tests;
