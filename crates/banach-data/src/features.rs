//! Encoded features: numbers and category codes, row by row.

use crate::append::AppendError;

/// The features of some rows, as a network takes them.
///
/// # Shapes
/// `numbers`: [n_rows, n_numbers]; `codes`: [n_rows, n_categories]; both row-major. An encoder fills
/// them accordingly; whoever fills them by hand must keep to it, and a network checks it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Features {
    /// Number of rows.
    pub n_rows: usize,
    /// Number features of each row.
    pub n_numbers: usize,
    /// All finite: [n_rows, n_numbers], row-major.
    pub numbers: Vec<f32>,
    /// Category features of each row.
    pub n_categories: usize,
    /// [n_rows, n_categories], row-major; column j is below the number of codes of category j.
    pub codes: Vec<u32>,
}

impl Features {
    /// Rows of numbers without categories.
    ///
    /// # Shapes
    /// `numbers`: [n_rows, n_numbers], row-major.
    #[must_use]
    pub fn from_numbers(n_rows: usize, n_numbers: usize, numbers: Vec<f32>) -> Self {
        Self {
            n_rows,
            n_numbers,
            numbers,
            n_categories: 0,
            codes: Vec::new(),
        }
    }

    /// The number features of one row.
    ///
    /// # Panics
    /// If `row` is not below `n_rows`.
    #[must_use]
    pub fn row_numbers(&self, row: usize) -> &[f32] {
        &self.numbers[row * self.n_numbers..][..self.n_numbers]
    }

    /// The category codes of one row.
    ///
    /// # Panics
    /// If `row` is not below `n_rows`.
    #[must_use]
    pub fn row_codes(&self, row: usize) -> &[u32] {
        &self.codes[row * self.n_categories..][..self.n_categories]
    }

    /// Some rows, in the order given.
    ///
    /// # Panics
    /// If a row is not below `n_rows`.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        let rows_of = || rows.iter().map(|&row| row as usize);
        Self {
            n_rows: rows.len(),
            n_numbers: self.n_numbers,
            numbers: rows_of()
                .flat_map(|row| self.row_numbers(row))
                .copied()
                .collect(),
            n_categories: self.n_categories,
            codes: rows_of()
                .flat_map(|row| self.row_codes(row))
                .copied()
                .collect(),
        }
    }

    /// Appends the rows of `more`.
    ///
    /// # Errors
    /// If its rows are of another width; nothing is appended then.
    pub fn append(&mut self, more: Self) -> Result<(), AppendError> {
        if (self.n_numbers, self.n_categories) != (more.n_numbers, more.n_categories) {
            return Err(AppendError {
                expected: self.describe(),
                got: more.describe(),
            });
        }
        self.n_rows += more.n_rows;
        self.numbers.extend(more.numbers);
        self.codes.extend(more.codes);
        Ok(())
    }

    fn describe(&self) -> String {
        format!(
            "{} numbers and {} categories",
            self.n_numbers, self.n_categories
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features() -> Features {
        Features {
            n_rows: 3,
            n_numbers: 2,
            numbers: vec![0.0, 0.5, 1.0, 1.5, 2.0, 2.5],
            n_categories: 1,
            codes: vec![7, 8, 9],
        }
    }

    #[test]
    fn rows_are_selected_in_the_order_given() {
        let selected = features().select(&[2, 0, 2]);
        assert_eq!(selected.n_rows, 3);
        assert_eq!(selected.numbers, [2.0, 2.5, 0.0, 0.5, 2.0, 2.5]);
        assert_eq!(selected.codes, [9, 7, 9]);
        assert_eq!(features().select(&[]).n_rows, 0);
    }

    #[test]
    fn rows_of_one_width_are_appended_and_others_refused() {
        let mut all = features().select(&[0, 1]);
        all.append(features().select(&[2])).unwrap();
        assert_eq!(all, features());
        let error = all.append(Features::from_numbers(1, 2, vec![0.0; 2]));
        assert_eq!(
            error.unwrap_err().to_string(),
            "rows of 2 numbers and 0 categories cannot be appended to rows of 2 numbers and 1 \
             categories"
        );
        assert_eq!(all, features());
    }
}
