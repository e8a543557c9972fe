//! Rows of numbers.

use super::BaselineError;

/// Rows of finite numbers, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    n_rows: usize,
    n_columns: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// From `values` of [n_rows, n_columns], row by row.
    ///
    /// # Errors
    /// [`BaselineError::Length`], [`BaselineError::NotFinite`].
    pub fn new(n_rows: usize, n_columns: usize, values: Vec<f32>) -> Result<Self, BaselineError> {
        let expected = n_rows.saturating_mul(n_columns);
        if values.len() != expected {
            return Err(BaselineError::Length {
                what: "the matrix",
                expected,
                got: values.len(),
            });
        }
        match values.iter().find(|value| !value.is_finite()) {
            Some(&got) => Err(BaselineError::NotFinite { got }),
            None => Ok(Self {
                n_rows,
                n_columns,
                values,
            }),
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// All numbers, row by row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The rows as a network's features: numbers, and no categories.
    #[must_use]
    pub fn features(&self) -> banach_nn::Features {
        banach_nn::Features::from_numbers(self.n_rows, self.n_columns, self.values.clone())
    }

    /// One row, counted from 0.
    ///
    /// # Panics
    /// When `row` is not below the number of rows.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.n_columns..][..self.n_columns]
    }

    /// Some rows, in the order given.
    ///
    /// # Panics
    /// When a row is not below the number of rows.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        let lines = rows.iter().flat_map(|&row| self.row(row as usize));
        Self {
            n_rows: rows.len(),
            n_columns: self.n_columns,
            values: lines.copied().collect(),
        }
    }

    /// Column after column in f64.
    pub(super) fn columns(&self) -> Vec<f64> {
        let column = |at: usize| self.values.iter().skip(at).step_by(self.n_columns.max(1));
        (0..self.n_columns)
            .flat_map(column)
            .map(|&value| f64::from(value))
            .collect()
    }
}
