//! Encoded targets: what a network learns to predict.

use crate::append::AppendError;

/// The targets of some rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// The class of each row, below the number of classes.
    Classes(Vec<u32>),
    /// A finite number for each row; a target encoder gives them mean 0 and standard deviation 1 over
    /// the training rows.
    Values(Vec<f32>),
    /// Several labels for each row.
    Labels {
        /// Labels of each row.
        n_labels: usize,
        /// 0, 1 or NaN (missing): [n_rows, n_labels], row-major.
        values: Vec<f32>,
    },
}

impl Targets {
    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values) => values.len(),
            Self::Labels { n_labels, values } => values.len() / n_labels.max(&1),
        }
    }

    /// What the targets are, in messages: `classes`, `numbers` or `labels`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Classes(_) => "classes",
            Self::Values(_) => "numbers",
            Self::Labels { .. } => "labels",
        }
    }

    /// The targets of some rows, in the order given.
    ///
    /// # Panics
    /// If a row is not below [`Targets::n_rows`].
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        match self {
            Self::Classes(classes) => {
                Self::Classes(rows.iter().map(|&row| classes[row as usize]).collect())
            }
            Self::Values(values) => {
                Self::Values(rows.iter().map(|&row| values[row as usize]).collect())
            }
            Self::Labels { n_labels, values } => {
                let of_row = |&row: &u32| &values[row as usize * n_labels..][..*n_labels];
                Self::Labels {
                    n_labels: *n_labels,
                    values: rows.iter().flat_map(of_row).copied().collect(),
                }
            }
        }
    }

    /// Appends the targets of more rows.
    ///
    /// # Errors
    /// If they are of another kind, or another number of labels; nothing is appended then.
    pub fn append(&mut self, more: Self) -> Result<(), AppendError> {
        match (self, more) {
            (Self::Classes(classes), Self::Classes(more)) => classes.extend(more),
            (Self::Values(values), Self::Values(more)) => values.extend(more),
            (
                Self::Labels { n_labels, values },
                Self::Labels {
                    n_labels: n,
                    values: more,
                },
            ) if *n_labels == n => values.extend(more),
            (expected, got) => {
                return Err(AppendError {
                    expected: expected.describe(),
                    got: got.describe(),
                });
            }
        }
        Ok(())
    }

    fn describe(&self) -> String {
        match self {
            Self::Labels { n_labels, .. } => format!("{n_labels} labels"),
            other => other.kind().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(n_labels: usize, values: &[f32]) -> Targets {
        Targets::Labels {
            n_labels,
            values: values.to_vec(),
        }
    }

    #[test]
    fn rows_are_counted_and_selected() {
        let classes = Targets::Classes(vec![4, 5, 6]);
        assert_eq!((classes.n_rows(), classes.kind()), (3, "classes"));
        assert_eq!(classes.select(&[2, 0]), Targets::Classes(vec![6, 4]));
        let values = Targets::Values(vec![0.5, 1.5]);
        assert_eq!(values.select(&[1, 1]), Targets::Values(vec![1.5, 1.5]));
        let labels = labels(2, &[0.0, 1.0, 1.0, 0.0]);
        assert_eq!((labels.n_rows(), labels.kind()), (2, "labels"));
        assert_eq!(labels.select(&[1]), self::labels(2, &[1.0, 0.0]));
    }

    #[test]
    fn targets_of_one_kind_are_appended_and_others_refused() {
        let mut targets = labels(2, &[0.0, 1.0]);
        targets.append(labels(2, &[1.0, 1.0])).unwrap();
        assert_eq!(targets, labels(2, &[0.0, 1.0, 1.0, 1.0]));
        for (other, got) in [
            (Targets::Classes(vec![1]), "classes"),
            (Targets::Values(vec![1.0]), "numbers"),
            (labels(1, &[1.0]), "1 labels"),
        ] {
            assert_eq!(
                targets.append(other).unwrap_err().to_string(),
                format!("rows of {got} cannot be appended to rows of 2 labels")
            );
        }
        assert_eq!(targets.n_rows(), 2);
    }
}
