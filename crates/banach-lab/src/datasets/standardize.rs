//! Standardization of features.

use crate::baselines::{BaselineError, Matrix};

/// Mean and standard deviation of each feature over some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardizer {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Standardizer {
    /// From the given rows of a matrix, in f64; the divisor is n.
    ///
    /// # Panics
    /// When a row is not below the number of rows.
    #[must_use]
    pub fn fit(x: &Matrix, rows: &[u32]) -> Self {
        let n = rows.len().max(1) as f64;
        let mut mean = vec![0.0; x.n_columns()];
        for &row in rows {
            for (mean, &value) in mean.iter_mut().zip(x.row(row as usize)) {
                *mean += f64::from(value) / n;
            }
        }
        let mut deviation = vec![0.0; x.n_columns()];
        for &row in rows {
            let row = x.row(row as usize).iter().zip(&mean);
            for (sum, (&value, mean)) in deviation.iter_mut().zip(row) {
                *sum += (f64::from(value) - mean).powi(2) / n;
            }
        }
        for sum in &mut deviation {
            *sum = sum.sqrt();
        }
        Self { mean, deviation }
    }

    /// `(x - mean) / deviation`, and 0 where the feature did not vary.
    ///
    /// # Errors
    /// [`BaselineError::Length`] for another number of features.
    pub fn apply(&self, x: &Matrix) -> Result<Matrix, BaselineError> {
        if x.n_columns() != self.mean.len() {
            return Err(BaselineError::Length {
                what: "a row to standardize",
                expected: self.mean.len(),
                got: x.n_columns(),
            });
        }
        let mut values = Vec::with_capacity(x.values().len());
        for row in (0..x.n_rows()).map(|row| x.row(row)) {
            let scales = self.mean.iter().zip(&self.deviation);
            values.extend(row.iter().zip(scales).map(|(&value, (mean, deviation))| {
                if *deviation > 0.0 {
                    ((f64::from(value) - mean) / deviation) as f32
                } else {
                    0.0
                }
            }));
        }
        Matrix::new(x.n_rows(), x.n_columns(), values)
    }
}
