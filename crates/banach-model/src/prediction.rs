//! Predictions in the terms of the task.

use std::borrow::Cow;

use banach_data::{ColumnType, OutputColumn, OutputType, OutputValues, TargetEncoder, Task};

/// Predictions for some rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Predictions {
    /// Probabilities of classes.
    Classes {
        /// Number of classes.
        n_classes: usize,
        /// [n_rows, n_classes], row-major; each row sums to 1.
        proba: Vec<f32>,
    },
    /// A number for each row, in the target's own units.
    Values(Vec<f64>),
    /// Probability of each label's second class.
    Labels {
        /// Number of labels.
        n_labels: usize,
        /// [n_rows, n_labels], row-major.
        proba: Vec<f32>,
    },
}

impl Predictions {
    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Classes { n_classes, proba } => proba.len() / n_classes,
            Self::Values(values) => values.len(),
            Self::Labels { n_labels, proba } => proba.len() / n_labels,
        }
    }

    /// The predictions of some rows.
    pub(crate) fn select(&self, rows: &[u32]) -> Self {
        let lines = |values: &[f32], width: usize| -> Vec<f32> {
            let line = |&row: &u32| &values[row as usize * width..][..width];
            rows.iter().flat_map(line).copied().collect()
        };
        match self {
            Self::Classes { n_classes, proba } => Self::Classes {
                n_classes: *n_classes,
                proba: lines(proba, *n_classes),
            },
            Self::Values(values) => {
                Self::Values(rows.iter().map(|&row| values[row as usize]).collect())
            }
            Self::Labels { n_labels, proba } => Self::Labels {
                n_labels: *n_labels,
                proba: lines(proba, *n_labels),
            },
        }
    }

    /// Adds the predictions of further rows by the same model; others are ignored.
    pub(crate) fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Values(values), Self::Values(more)) => values.extend(more),
            (Self::Classes { proba, .. }, Self::Classes { proba: more, .. })
            | (Self::Labels { proba, .. }, Self::Labels { proba: more, .. }) => proba.extend(more),
            _ => debug_assert!(false, "one model made both"),
        }
    }

    /// What is predicted, in a word for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Classes { .. } => "classes",
            Self::Values(_) => "numbers",
            Self::Labels { .. } => "labels",
        }
    }

    /// Code of the most probable class of each row, the first of equal ones; empty unless these are
    /// classes.
    #[must_use]
    pub fn classes(&self) -> Vec<u32> {
        let Self::Classes { n_classes, proba } = self else {
            return Vec::new();
        };
        proba.chunks_exact(*n_classes).map(argmax).collect()
    }

    /// Names and types of the columns that these predictions are written as: `prediction` and
    /// `probability_CLASS`, or `prediction_LABEL` and `probability_LABEL` for several labels.
    #[must_use]
    pub fn columns(target: &TargetEncoder) -> Vec<OutputColumn> {
        let column = |name: String, output_type| OutputColumn { name, output_type };
        let prediction = || "prediction".to_owned();
        let probability = |of: &str| column(format!("probability_{of}"), OutputType::F32);
        match target.task() {
            Task::Regression => vec![column(prediction(), OutputType::F64)],
            Task::Binary | Task::Multiclass => {
                let classes = target.classes(0).iter().map(|class| probability(class));
                std::iter::once(column(prediction(), class_type(target, 0)))
                    .chain(classes)
                    .collect()
            }
            Task::Multilabel => {
                let names = target.names();
                let two = names.iter().enumerate().flat_map(|(label, name)| {
                    [
                        column(format!("prediction_{name}"), class_type(target, label)),
                        probability(name),
                    ]
                });
                two.collect()
            }
        }
    }

    /// The values of [`Predictions::columns`].
    #[must_use]
    pub fn values<'a>(&'a self, target: &'a TargetEncoder) -> Vec<OutputValues<'a>> {
        match self {
            Self::Values(values) => vec![OutputValues::F64(Cow::Borrowed(values))],
            Self::Classes { n_classes, proba } => {
                let names = target.classes(0);
                let chosen = self
                    .classes()
                    .into_iter()
                    .map(|code| names[code as usize].as_str());
                let classes = (0..*n_classes).map(|class| {
                    OutputValues::F32(
                        proba
                            .iter()
                            .skip(class)
                            .step_by(*n_classes)
                            .copied()
                            .collect(),
                    )
                });
                std::iter::once(class_values(target, 0, chosen.collect()))
                    .chain(classes)
                    .collect()
            }
            Self::Labels { n_labels, proba } => {
                let two = (0..*n_labels).flat_map(|label| {
                    let of_label = proba.iter().skip(label).step_by(*n_labels).copied();
                    let names = target.classes(label);
                    let chosen = of_label
                        .clone()
                        .map(|p| names[usize::from(p >= 0.5)].as_str());
                    [
                        class_values(target, label, chosen.collect()),
                        OutputValues::F32(of_label.collect()),
                    ]
                });
                two.collect()
            }
        }
    }
}

/// The type of the names of classes: that of the target's cells, where every name is one of them.
fn class_type(target: &TargetEncoder, label: usize) -> OutputType {
    let classes = target.classes(label);
    let is_integer = |class: &String| class.parse::<i64>().is_ok_and(|n| n.to_string() == *class);
    match target.column_type(label) {
        ColumnType::Boolean => OutputType::Booleans,
        ColumnType::Number if classes.iter().all(is_integer) => OutputType::Integers,
        _ => OutputType::Text,
    }
}

fn class_values<'a>(target: &TargetEncoder, label: usize, names: Vec<&'a str>) -> OutputValues<'a> {
    match class_type(target, label) {
        OutputType::Booleans => OutputValues::Booleans(names),
        OutputType::Integers => OutputValues::Integers(names),
        _ => OutputValues::Text(names),
    }
}

fn argmax(proba: &[f32]) -> u32 {
    let mut best = 0;
    for (at, value) in proba.iter().enumerate() {
        if *value > proba[best] {
            best = at;
        }
    }
    best as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_classes_is_taken() {
        assert_eq!(argmax(&[0.2, 0.4, 0.4]), 1);
        assert_eq!(argmax(&[0.5, 0.5]), 0);
    }
}
