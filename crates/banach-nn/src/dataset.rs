//! Rows as the network takes them: numbers, codes, targets, weights.

use crate::error::DatasetError;
use crate::loss::Loss;
use crate::spec::NetworkSpec;

/// The inputs of some rows, without targets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inputs {
    /// Number of rows.
    pub n_rows: usize,
    /// Number features: [n_rows, n_numbers], row-major, all finite.
    pub numbers: Vec<f32>,
    /// Category codes: [n_rows, n_categories], row-major.
    pub codes: Vec<u32>,
}

impl Inputs {
    /// Some rows, in the order given.
    ///
    /// # Panics
    /// If a row is not below `n_rows`.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        fn lines<T: Copy>(values: &[T], n_rows: usize, rows: &[u32]) -> Vec<T> {
            let width = values.len().checked_div(n_rows).unwrap_or(0);
            rows.iter()
                .flat_map(|&row| &values[row as usize * width..][..width])
                .copied()
                .collect()
        }
        Self {
            n_rows: rows.len(),
            numbers: lines(&self.numbers, self.n_rows, rows),
            codes: lines(&self.codes, self.n_rows, rows),
        }
    }

    /// Checks that these inputs fit a network: lengths, finite numbers, codes in range.
    ///
    /// # Errors
    /// The first misfit found.
    pub fn check(&self, spec: &NetworkSpec) -> Result<(), DatasetError> {
        let n_numbers = spec.inputs.n_numbers;
        let categories = &spec.inputs.categories;
        check_length("numbers", self.n_rows * n_numbers, self.numbers.len())?;
        check_length("codes", self.n_rows * categories.len(), self.codes.len())?;
        check_finite("number", &self.numbers)?;
        if !categories.is_empty() {
            for (row, codes) in self.codes.chunks_exact(categories.len()).enumerate() {
                check_codes(spec, row, codes)?;
            }
        }
        Ok(())
    }
}

/// Checks that one row fits a network.
pub(crate) fn check_row(
    spec: &NetworkSpec,
    numbers: &[f32],
    codes: &[u32],
) -> Result<(), DatasetError> {
    check_length("numbers", spec.inputs.n_numbers, numbers.len())?;
    check_length("codes", spec.inputs.categories.len(), codes.len())?;
    check_finite("number", numbers)?;
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

/// What the network shall say, one entry or row of entries for each row of inputs.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Class index of each row.
    Classes(Vec<u32>),
    /// One number for each row.
    Values(Vec<f32>),
    /// 0, 1 or NaN (missing) for each label of each row: [n_rows, n_labels], row-major.
    Labels(Vec<f32>),
}

impl Targets {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Classes(_) => "classes",
            Self::Values(_) => "numbers",
            Self::Labels(_) => "labels",
        }
    }
}

/// Inputs with targets and, if rows count differently, weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The inputs.
    pub inputs: Inputs,
    /// The targets.
    pub targets: Targets,
    /// Weight of each row, finite and at least 0; `None` means 1 for all.
    pub weights: Option<Vec<f32>>,
}

impl Dataset {
    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.inputs.n_rows
    }

    /// Weight of a row.
    #[must_use]
    pub fn weight(&self, row: usize) -> f64 {
        self.weights
            .as_ref()
            .map_or(1.0, |weights| f64::from(weights[row]))
    }

    /// Checks that the data fits a network and a loss.
    ///
    /// # Errors
    /// The first misfit found.
    pub fn check(&self, spec: &NetworkSpec, loss: &Loss) -> Result<(), DatasetError> {
        self.inputs.check(spec)?;
        let (n_rows, n_outputs) = (self.inputs.n_rows, spec.n_outputs);
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
            (Targets::Labels(labels), Loss::BinaryCrossEntropy) => {
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
                check_finite("target", values)?;
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

fn check_length(what: &'static str, expected: usize, got: usize) -> Result<(), DatasetError> {
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

fn check_finite(what: &'static str, values: &[f32]) -> Result<(), DatasetError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(DatasetError::NotFinite {
            what,
            index,
            value: values[index],
        }),
        None => Ok(()),
    }
}
