//! Rows as the network takes them: features, targets, weights.

use banach_data::{Features, Targets};

use crate::error::DatasetError;

pub(crate) mod check;

/// Features with targets and, where rows count differently, weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The features.
    pub features: Features,
    /// The targets.
    pub targets: Targets,
    /// Weight of each row, finite and at least 0; `None` means 1 for all.
    pub weights: Option<Vec<f32>>,
}

impl Dataset {
    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.features.n_rows
    }

    /// Weight of a row.
    #[must_use]
    pub fn weight(&self, row: usize) -> f64 {
        self.weights
            .as_ref()
            .map_or(1.0, |weights| f64::from(weights[row]))
    }

    /// Some rows, in the order given.
    ///
    /// # Panics
    /// If a row is not below the number of rows.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        let weight = |weights: &Vec<f32>| rows.iter().map(|&row| weights[row as usize]).collect();
        Self {
            features: self.features.select(rows),
            targets: self.targets.select(rows),
            weights: self.weights.as_ref().map(weight),
        }
    }

    /// Appends the rows of `more`. If only one of the two has weights, the other's rows have weight 1.
    ///
    /// # Errors
    /// [`DatasetError::Append`] if features or targets are of another kind or width.
    pub fn append(&mut self, more: Self) -> Result<(), DatasetError> {
        let (n_mine, n_more) = (self.n_rows(), more.n_rows());
        self.features.append(more.features)?;
        self.targets.append(more.targets)?;
        if self.weights.is_some() || more.weights.is_some() {
            let mine = self.weights.get_or_insert_with(|| vec![1.0; n_mine]);
            mine.extend(more.weights.unwrap_or_else(|| vec![1.0; n_more]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(numbers: &[f32], weights: Option<&[f32]>) -> Dataset {
        Dataset {
            features: Features::from_numbers(numbers.len(), 1, numbers.to_vec()),
            targets: Targets::Values(numbers.to_vec()),
            weights: weights.map(<[f32]>::to_vec),
        }
    }

    #[test]
    fn rows_are_selected_and_appended_with_targets_and_weights() {
        let all = dataset(&[1.0, 2.0, 3.0], Some(&[0.5, 1.0, 2.0]));
        let mut part = all.select(&[0, 1]);
        part.append(all.select(&[2])).unwrap();
        assert_eq!(part, all);
        let mut plain = dataset(&[1.0], None);
        plain.append(dataset(&[2.0], None)).unwrap();
        assert_eq!(plain, dataset(&[1.0, 2.0], None));
        plain.append(dataset(&[3.0], Some(&[2.0]))).unwrap();
        assert_eq!(plain.weights, Some(vec![1.0, 1.0, 2.0]));
        let classes = Dataset {
            targets: Targets::Classes(vec![1]),
            ..dataset(&[1.0], None)
        };
        assert_eq!(
            plain.append(classes).unwrap_err().to_string(),
            "rows of classes cannot be appended to rows of numbers"
        );
    }
}
