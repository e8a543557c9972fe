//! Whether data fits a network and a loss.

use std::ops::Range;

use banach_data::{Features, Targets};

use super::Dataset;
use crate::error::DatasetError;
use crate::loss::Loss;
use crate::spec::NetworkSpec;

impl Dataset {
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
