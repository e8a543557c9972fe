//! Losses of one row, and their gradients at the outputs.

use banach_data::Targets;
use banach_kernels::Real;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::names::from_name;

/// The loss that training minimizes.
///
/// The loss of a set of rows is `sum_i w_i l_i / sum_i w_i` with row weights w_i; for
/// [`Loss::BinaryCrossEntropy`] both sums run over the labels that are present.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Softmax and cross-entropy: `-sum_k q_k log p_k` with q = (1 - s) onehot + s / n_classes.
    CrossEntropy {
        /// Label smoothing s, in [0, 1).
        label_smoothing: f64,
    },
    /// A sigmoid and cross-entropy for each label, missing labels left out.
    BinaryCrossEntropy,
    /// `(y - t)^2`.
    Squared,
    /// `(y - t)^2 / 2` for |y - t| <= delta, else `delta (|y - t| - delta / 2)`.
    Huber {
        /// Where the loss turns from square to linear, above 0.
        delta: f64,
    },
}

impl Loss {
    /// All of them with their usual parameters: cross-entropy without label smoothing, Huber's with
    /// delta 1.
    pub const ALL: [Self; 4] = [
        Self::CrossEntropy {
            label_smoothing: 0.0,
        },
        Self::BinaryCrossEntropy,
        Self::Squared,
        Self::Huber { delta: 1.0 },
    ];

    /// The name in settings and messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::CrossEntropy { .. } => "cross_entropy",
            Self::BinaryCrossEntropy => "binary_cross_entropy",
            Self::Squared => "squared",
            Self::Huber { .. } => "huber",
        }
    }

    /// What row `row` adds to the divisor of a mean: its weight, times its number of present labels.
    #[must_use]
    pub(crate) fn row_weight(&self, data: &Dataset, row: usize) -> f64 {
        match &data.targets {
            Targets::Labels { n_labels, values } => {
                let labels = &values[row * n_labels..][..*n_labels];
                data.weight(row) * labels.iter().filter(|label| !label.is_nan()).count() as f64
            }
            Targets::Classes(_) | Targets::Values(_) => data.weight(row),
        }
    }

    /// The weighted loss of row `row` for its `outputs`; writes its gradient at the outputs, times
    /// `scale`, to `d_outputs` where that is given.
    ///
    /// Computed in `f64` whatever `T` is: outputs are few, and the sums must not lose digits.
    /// The targets are of this loss's kind ([`Dataset::check`]).
    pub(crate) fn row<T: Real>(
        &self,
        outputs: &[T],
        data: &Dataset,
        row: usize,
        scale: f64,
        d_outputs: Option<&mut [T]>,
    ) -> f64 {
        let weight = data.weight(row);
        let factor = weight * scale;
        let d_outputs = d_outputs.unwrap_or(&mut []);
        match (self, &data.targets) {
            (Self::CrossEntropy { label_smoothing }, Targets::Classes(classes)) => {
                let class = classes[row] as usize;
                let top = outputs
                    .iter()
                    .fold(f64::NEG_INFINITY, |top, y| top.max(y.to_f64()));
                let sum: f64 = outputs.iter().map(|y| libm::exp(y.to_f64() - top)).sum();
                let log_sum = top + libm::log(sum);
                let share = label_smoothing / outputs.len() as f64;
                let target = |k| {
                    share
                        + if k == class {
                            1.0 - label_smoothing
                        } else {
                            0.0
                        }
                };
                for (k, (d, y)) in d_outputs.iter_mut().zip(outputs).enumerate() {
                    let p = libm::exp(y.to_f64() - log_sum);
                    *d = T::from_f64(factor * (p - target(k)));
                }
                let loss = |(k, y): (usize, &T)| target(k) * (log_sum - y.to_f64());
                weight * outputs.iter().enumerate().map(loss).sum::<f64>()
            }
            (Self::BinaryCrossEntropy, Targets::Labels { values, .. }) => {
                let labels = &values[row * outputs.len()..][..outputs.len()];
                for ((d, y), &label) in d_outputs.iter_mut().zip(outputs).zip(labels) {
                    let difference = sigmoid(y.to_f64()) - f64::from(label);
                    *d = if label.is_nan() {
                        T::ZERO
                    } else {
                        T::from_f64(factor * difference)
                    };
                }
                let loss = |(y, &label): (&T, &f32)| {
                    // log(1 + exp(y)) - label y, written so that no exponential overflows.
                    let y = y.to_f64();
                    y.max(0.0) - y * f64::from(label) + libm::log1p(libm::exp(-y.abs()))
                };
                let present = outputs
                    .iter()
                    .zip(labels)
                    .filter(|(_, label)| !label.is_nan());
                weight * present.map(loss).sum::<f64>()
            }
            (Self::Squared, Targets::Values(values)) => {
                let difference = outputs[0].to_f64() - f64::from(values[row]);
                if let Some(d) = d_outputs.first_mut() {
                    *d = T::from_f64(2.0 * factor * difference);
                }
                weight * difference * difference
            }
            (Self::Huber { delta }, Targets::Values(values)) => {
                let difference = outputs[0].to_f64() - f64::from(values[row]);
                if let Some(d) = d_outputs.first_mut() {
                    *d = T::from_f64(factor * difference.clamp(-delta, *delta));
                }
                let size = difference.abs();
                let loss = if size <= *delta {
                    0.5 * difference * difference
                } else {
                    delta * (size - 0.5 * delta)
                };
                weight * loss
            }
            _ => unreachable!("Dataset::check pairs every loss with its kind of targets"),
        }
    }
}

from_name!(Loss);

/// The logistic function 1 / (1 + exp(-x)), without overflow: the probability of a label whose logit is x.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    let e = libm::exp(-x.abs());
    if x >= 0.0 {
        1.0 / (1.0 + e)
    } else {
        e / (1.0 + e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use banach_data::Features;

    fn data(targets: Targets) -> Dataset {
        Dataset {
            features: Features::default(),
            targets,
            weights: Some(vec![1.5, 0.5]),
        }
    }

    #[test]
    fn gradients_are_central_differences_and_stay_finite_far_out() {
        let cases = [
            (
                Loss::CrossEntropy {
                    label_smoothing: 0.0,
                },
                Targets::Classes(vec![0, 2]),
                3,
            ),
            (
                Loss::CrossEntropy {
                    label_smoothing: 0.2,
                },
                Targets::Classes(vec![0, 2]),
                3,
            ),
            (
                Loss::BinaryCrossEntropy,
                Targets::Labels {
                    n_labels: 3,
                    values: vec![0.0, 1.0, f32::NAN, 1.0, f32::NAN, 0.0],
                },
                3,
            ),
            (Loss::Squared, Targets::Values(vec![0.3, -2.0]), 1),
            (
                Loss::Huber { delta: 0.5 },
                Targets::Values(vec![0.3, -2.0]),
                1,
            ),
        ];
        for (loss, targets, n) in cases {
            let data = data(targets);
            for row in 0..2 {
                for size in [0.7, 100.0, 1e4] {
                    let outputs: Vec<f64> = [0.5, -1.0, 0.9].iter().map(|y| y * size).collect();
                    let outputs = &outputs[..n];
                    let mut d = vec![f64::NAN; n];
                    let value = loss.row(outputs, &data, row, 2.0, Some(&mut d));
                    assert!(
                        value.is_finite() && d.iter().all(|d| d.is_finite()),
                        "{loss:?}"
                    );
                    for k in 0..n {
                        let at = |step: f64| {
                            let mut moved = outputs.to_vec();
                            moved[k] += step;
                            loss.row(&moved, &data, row, 1.0, None)
                        };
                        let step = 1e-5 * size;
                        let difference = 2.0 * (at(step) - at(-step)) / (2.0 * step);
                        let tolerance = 1e-6 * (1.0 + d[k].abs());
                        assert!(
                            (difference - d[k]).abs() < tolerance,
                            "{loss:?} {row} {size} {k}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_without_labels_has_no_loss_and_no_weight() {
        let data = data(Targets::Labels {
            n_labels: 2,
            values: vec![f32::NAN, f32::NAN],
        });
        let mut d = [7.0_f32; 2];
        assert_eq!(
            Loss::BinaryCrossEntropy.row(&[1.0, 2.0], &data, 0, 1.0, Some(&mut d)),
            0.0
        );
        assert_eq!(d, [0.0; 2]);
        assert_eq!(Loss::BinaryCrossEntropy.row_weight(&data, 0), 0.0);
    }
}
