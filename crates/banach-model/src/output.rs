//! From the outputs of all members for a row to its prediction. One function for a row alone and for
//! rows of a table, so that both have the same bits.

use banach_data::{TargetEncoder, Task};
use banach_nn::sigmoid;

use crate::calibration::Calibration;
use crate::member::Affine;
use crate::prediction::Predictions;

/// How the outputs of a model's members become predictions.
#[derive(Debug, Clone)]
pub(crate) struct OutputRule {
    pub(crate) task: Task,
    pub(crate) n_outputs: usize,
    pub(crate) calibration: Calibration,
    /// For each member its share of the mean, and the map of its output; shares sum to 1.
    pub(crate) members: Vec<(f64, Option<Affine>)>,
}

impl OutputRule {
    /// Probabilities of one row. `outputs` are those of each member, one after the other; `scratch` has
    /// room for `2 * n_outputs` numbers.
    pub(crate) fn proba(&self, outputs: &[f32], scratch: &mut [f64], proba: &mut [f32]) {
        let n = self.n_outputs;
        let scale = self.calibration.scale();
        let classes = matches!(self.task, Task::Binary | Task::Multiclass);
        if self.members.len() == 1 {
            match (classes, scale) {
                (true, None) => {
                    proba.copy_from_slice(outputs);
                    softmax(proba);
                }
                (true, Some(scale)) => {
                    let scores = &mut scratch[..n];
                    scores
                        .iter_mut()
                        .zip(outputs)
                        .for_each(|(s, &y)| *s = f64::from(y) * scale);
                    softmax_f64(scores);
                    proba
                        .iter_mut()
                        .zip(&*scores)
                        .for_each(|(p, &s)| *p = s as f32);
                }
                (false, scale) => {
                    for (p, &y) in proba.iter_mut().zip(outputs) {
                        *p = sigmoid(f64::from(y) * scale.unwrap_or(1.0)) as f32;
                    }
                }
            }
            return;
        }
        let (mean, own) = scratch[..2 * n].split_at_mut(n);
        mean.fill(0.0);
        for (&(share, _), outputs) in self.members.iter().zip(outputs.chunks_exact(n)) {
            own.iter_mut()
                .zip(outputs)
                .for_each(|(p, &y)| *p = f64::from(y));
            if classes {
                softmax_f64(own);
            } else {
                own.iter_mut().for_each(|p| *p = sigmoid(*p));
            }
            mean.iter_mut()
                .zip(&*own)
                .for_each(|(mean, p)| *mean += share * p);
        }
        if let Some(scale) = scale {
            if classes {
                mean.iter_mut().for_each(|p| *p = libm::log(*p) * scale);
                softmax_f64(mean);
            } else {
                let logit = |p: f64| libm::log(p) - libm::log1p(-p);
                mean.iter_mut()
                    .for_each(|p| *p = sigmoid(logit(*p) * scale));
            }
        }
        // Shares that sum to 1 but for rounding may bring a certain event a hair above 1.
        proba
            .iter_mut()
            .zip(&*mean)
            .for_each(|(p, &mean)| *p = mean.min(1.0) as f32);
    }

    /// Predictions from the outputs of each member, [n_rows, n_outputs] row-major.
    pub(crate) fn predictions(
        &self,
        outputs: &[Vec<f32>],
        n_rows: usize,
        target: &TargetEncoder,
    ) -> Predictions {
        let n = self.n_outputs;
        // One row of each member side by side, as the functions above and below take them.
        let mut side_by_side = vec![0.0; outputs.len() * n];
        let mut scratch = vec![0.0; 2 * n];
        let (mut values, mut proba) = (Vec::new(), Vec::new());
        match self.task {
            Task::Regression => values.reserve_exact(n_rows),
            _ => proba.resize(n_rows * n, 0.0),
        }
        for row in 0..n_rows {
            let of_row = match outputs {
                [only] => &only[row * n..][..n],
                _ => {
                    for (own, all) in side_by_side.chunks_exact_mut(n).zip(outputs) {
                        own.copy_from_slice(&all[row * n..][..n]);
                    }
                    &side_by_side
                }
            };
            match self.task {
                Task::Regression => values.push(self.value(of_row, target)),
                _ => self.proba(of_row, &mut scratch, &mut proba[row * n..][..n]),
            }
        }
        match self.task {
            Task::Regression => Predictions::Values(values),
            Task::Multilabel => Predictions::Labels { n_labels: n, proba },
            Task::Binary | Task::Multiclass => Predictions::Classes {
                n_classes: n,
                proba,
            },
        }
    }

    /// The predicted number of one row, in the target's own units.
    pub(crate) fn value(&self, outputs: &[f32], target: &TargetEncoder) -> f64 {
        if let [(_, None)] = self.members[..] {
            return target.decode(f64::from(outputs[0]));
        }
        let members = self.members.iter().zip(outputs);
        let mean: f64 = members
            .map(|(&(share, map), &y)| {
                let y = f64::from(y);
                share * map.map_or(y, |map| map.apply(y))
            })
            .sum();
        target.decode(mean)
    }
}

impl Predictions {
    /// From the outputs of one network for some rows, without calibration: softmax for classes, sigmoid
    /// for labels, the target's own units for numbers.
    ///
    /// # Shapes
    /// `outputs`: [n_rows, n_outputs], row-major.
    #[must_use]
    pub fn from_outputs(outputs: Vec<f32>, target: &TargetEncoder) -> Self {
        let n_outputs = target.n_outputs();
        let rule = OutputRule {
            task: target.task(),
            n_outputs,
            calibration: Calibration::None,
            members: vec![(1.0, None)],
        };
        let n_rows = outputs.len() / n_outputs;
        rule.predictions(&[outputs], n_rows, target)
    }
}

/// Softmax in place, in f64: finite for all finite outputs.
pub(crate) fn softmax(outputs: &mut [f32]) {
    let top = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exp = |&output: &f32| libm::exp(f64::from(output) - f64::from(top));
    let sum: f64 = outputs.iter().map(exp).sum();
    for output in outputs {
        *output = (exp(output) / sum) as f32;
    }
}

fn softmax_f64(scores: &mut [f64]) {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores
        .iter_mut()
        .for_each(|score| *score = libm::exp(*score - top));
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(task: Task, n_outputs: usize, calibration: Calibration, shares: &[f64]) -> OutputRule {
        let members = shares.iter().map(|&share| (share, None)).collect();
        OutputRule {
            task,
            n_outputs,
            calibration,
            members,
        }
    }

    fn proba(rule: &OutputRule, outputs: &[f32]) -> Vec<f32> {
        let (mut scratch, mut proba) = (
            vec![f64::NAN; 2 * rule.n_outputs],
            vec![0.0; rule.n_outputs],
        );
        rule.proba(outputs, &mut scratch, &mut proba);
        proba
    }

    #[test]
    fn probabilities_are_right_and_finite_far_out() {
        let mut outputs = [1.0_f32, 2.0, 3.0];
        softmax(&mut outputs);
        assert!((outputs.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((outputs[2] - 0.665_240_96).abs() < 1e-6, "{outputs:?}");
        let mut far = [1e38_f32, -1e38];
        softmax(&mut far);
        assert_eq!(far, [1.0, 0.0]);
        assert_eq!(
            (sigmoid(0.0), sigmoid(1e30), sigmoid(-1e30)),
            (0.5, 1.0, 0.0)
        );
        assert!((sigmoid(-1.5) - 0.182_425_523_806_356_34).abs() < 1e-15);
    }

    #[test]
    fn a_temperature_divides_the_logits_of_one_member_and_of_many_alike() {
        let logits = [0.5_f32, -1.0, 2.0];
        let by_hand = |t: f32| {
            let mut scaled = logits.map(|y| y / t);
            softmax(&mut scaled);
            scaled
        };
        for temperature in [0.5, 1.0, 3.0] {
            let calibration = Calibration::Temperature(temperature);
            let one = rule(Task::Multiclass, 3, calibration, &[1.0]);
            let two = rule(Task::Multiclass, 3, calibration, &[0.25, 0.75]);
            let twice = [logits, logits].concat();
            for got in [proba(&one, &logits), proba(&two, &twice)] {
                for (got, expected) in got.iter().zip(by_hand(temperature as f32)) {
                    assert!(
                        (got - expected).abs() < 1e-6,
                        "{temperature}: {got} {expected}"
                    );
                }
            }
            let one = rule(Task::Multilabel, 1, calibration, &[1.0]);
            let two = rule(Task::Multilabel, 1, calibration, &[0.5, 0.5]);
            let expected = sigmoid(0.7 / temperature) as f32;
            assert!((proba(&one, &[0.7])[0] - expected).abs() < 1e-6);
            assert!((proba(&two, &[0.7, 0.7])[0] - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn the_mean_of_members_is_that_of_their_probabilities_by_their_shares() {
        let two = rule(Task::Binary, 2, Calibration::None, &[0.25, 0.75]);
        let got = proba(&two, &[0.0, 0.0, 0.0, 30.0]);
        assert!((got[1] - (0.25 * 0.5 + 0.75)).abs() < 1e-6, "{got:?}");
        assert!((got[0] + got[1] - 1.0).abs() < 1e-6);
        // Certain members stay probabilities.
        let three = rule(Task::Multilabel, 1, Calibration::None, &[0.1, 0.2, 0.7]);
        assert_eq!(proba(&three, &[100.0; 3]), [1.0]);
        let sure = rule(Task::Binary, 2, Calibration::Temperature(2.0), &[0.5, 0.5]);
        assert_eq!(proba(&sure, &[1e6, 0.0, 1e6, 0.0]), [1.0, 0.0]);
    }
}
