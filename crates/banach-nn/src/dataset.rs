//! Rows as the network takes them: features, targets, weights.

use std::ops::Range;

use banach_data::{Features, Targets};

use crate::error::DatasetError;
use crate::loss::Loss;
use crate::spec::NetworkSpec;

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

    /// Checks that the data fits a network and a loss.
    ///
    /// # Errors
    /// The first misfit found.
    pub fn check(&self, spec: &NetworkSpec, loss: &Loss) -> Result<(), DatasetError> {
        check_features(spec, &self.features)?;
        let (n_rows, n_outputs) = (self.features.n_rows, spec.n_outputs);
        let misfit = |needs| DatasetError::TargetKind {
            loss: loss.name(),
            needs,
            got: self.targets.kind(),
        };
        match (&self.targets, loss) {
            (Targets::Classes(classes), Loss::CrossEntropy { .. }) => {
                check_length("targets", n_rows, classes.len())?;
                let beyond = |(_, class): &(usize, &u32)| **class as usize >= n_outputs;
                if let Some((row, &got)) = classes.iter().enumerate().find(beyond) {
                    let limit = n_outputs;
                    return Err(DatasetError::Code {
                        what: "the target",
                        row,
                        got,
                        limit,
                    });
                }
            }
            (
                Targets::Labels {
                    n_labels,
                    values: labels,
                },
                Loss::BinaryCrossEntropy,
            ) => {
                check_width("labels", n_outputs, *n_labels)?;
                check_length("targets", n_rows * n_outputs, labels.len())?;
                let other = |v: &&f32| !(v.is_nan() || **v == 0.0 || **v == 1.0);
                if let Some(index) = labels.iter().position(|v| other(&v)) {
                    return Err(DatasetError::Label {
                        row: index / n_outputs,
                        label: index % n_outputs,
                        value: labels[index],
                    });
                }
            }
            (Targets::Values(values), Loss::Squared | Loss::Huber { .. }) => {
                check_length("targets", n_rows, values.len())?;
                check_length("outputs", 1, n_outputs)?;
                check_finite("target", 0, values)?;
            }
            (_, Loss::CrossEntropy { .. }) => return Err(misfit("classes")),
            (_, Loss::BinaryCrossEntropy) => return Err(misfit("labels")),
            (_, Loss::Squared | Loss::Huber { .. }) => return Err(misfit("numbers")),
        }
        if let Some(weights) = &self.weights {
            check_length("weights", n_rows, weights.len())?;
            let bad = |(_, weight): &(usize, &f32)| !(weight.is_finite() && **weight >= 0.0);
            if let Some((row, &value)) = weights.iter().enumerate().find(bad) {
                return Err(DatasetError::Weight { row, value });
            }
        }
        Ok(())
    }
}

/// Checks that features fit a network: widths, lengths, finite numbers, codes in range.
pub(crate) fn check_features(spec: &NetworkSpec, features: &Features) -> Result<(), DatasetError> {
    check_shape(spec, features)?;
    check_rows(spec, features, 0..features.n_rows)
}

/// Checks widths and lengths.
pub(crate) fn check_shape(spec: &NetworkSpec, features: &Features) -> Result<(), DatasetError> {
    let Features {
        n_rows,
        n_numbers,
        n_categories,
        ..
    } = *features;
    check_width("numbers", spec.inputs.n_numbers, n_numbers)?;
    check_width("categories", spec.inputs.categories.len(), n_categories)?;
    check_length("numbers", n_rows * n_numbers, features.numbers.len())?;
    check_length("codes", n_rows * n_categories, features.codes.len())
}

/// Checks the values of some rows of features of the right shape.
pub(crate) fn check_rows(
    spec: &NetworkSpec,
    features: &Features,
    rows: Range<usize>,
) -> Result<(), DatasetError> {
    let (n_numbers, n_categories) = (features.n_numbers, features.n_categories);
    let numbers = &features.numbers[rows.start * n_numbers..rows.end * n_numbers];
    check_finite("number", rows.start * n_numbers, numbers)?;
    if n_categories > 0 {
        for row in rows {
            check_codes(spec, row, features.row_codes(row))?;
        }
    }
    Ok(())
}

/// Checks that one row fits a network.
pub(crate) fn check_row(
    spec: &NetworkSpec,
    numbers: &[f32],
    codes: &[u32],
) -> Result<(), DatasetError> {
    check_length("numbers", spec.inputs.n_numbers, numbers.len())?;
    check_length("codes", spec.inputs.categories.len(), codes.len())?;
    check_finite("number", 0, numbers)?;
    check_codes(spec, 0, codes)
}

fn check_codes(spec: &NetworkSpec, row: usize, codes: &[u32]) -> Result<(), DatasetError> {
    for (&got, category) in codes.iter().zip(&spec.inputs.categories) {
        let limit = category.n_codes();
        if got as usize >= limit {
            return Err(DatasetError::Code {
                what: "a category",
                row,
                got,
                limit,
            });
        }
    }
    Ok(())
}

fn check_width(what: &'static str, expected: usize, got: usize) -> Result<(), DatasetError> {
    if got == expected {
        Ok(())
    } else {
        Err(DatasetError::RowWidth {
            what,
            expected,
            got,
        })
    }
}

pub(crate) fn check_length(
    what: &'static str,
    expected: usize,
    got: usize,
) -> Result<(), DatasetError> {
    if got == expected {
        Ok(())
    } else {
        Err(DatasetError::Length {
            what,
            expected,
            got,
        })
    }
}

/// `first` is the position of the first value in the whole buffer.
fn check_finite(what: &'static str, first: usize, values: &[f32]) -> Result<(), DatasetError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(DatasetError::NotFinite {
            what,
            index: first + index,
            value: values[index],
        }),
        None => Ok(()),
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
