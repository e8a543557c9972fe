//! Support vector machines with a Gaussian kernel, by the crate libsvm-rs.
//!
//! C and gamma are the best of a grid over inner folds. Their time grows with the square to the cube
//! of the rows, so both the choice and the last fit take a sample of a large table, and say so.

use libsvm_rs::predict::predict_values;
use libsvm_rs::probability::{multiclass_probability, sigmoid_predict, sigmoid_train};
use libsvm_rs::train::svm_train;
use libsvm_rs::{
    KernelType, SvmModel, SvmNode, SvmParameter, SvmParameterBuilder, SvmProblem, SvmType,
};

use super::folds::{INNER_FOLDS, inner_folds, sample};
use super::{Labels, Matrix, Outputs, Training};

/// Costs of errors to choose from.
const COSTS: [f64; 3] = [1.0, 10.0, 100.0];
/// Widths of the kernel to choose from, times 1 / the total variance of the features.
const GAMMAS: [f64; 3] = [0.25, 1.0, 4.0];
/// Rows that both are chosen on, at most.
const CHOICE_ROWS: usize = 2000;
/// Rows of the last fit, at most.
const FIT_ROWS: usize = 10_000;
/// Memory for kernel values, in MB.
const CACHE_MB: f64 = 200.0;
/// Errors below this, in standard deviations of the target, cost nothing: LIBSVM's default.
const TUBE: f64 = 0.1;
/// Pairwise probabilities stay this far from 0 and 1, as in LIBSVM.
const LEAST_PROBABILITY: f64 = 1e-7;

pub(super) fn fit_predict(training: &Training<'_>, test: &Matrix) -> Result<Outputs, String> {
    libsvm_rs::set_quiet(true);
    let nodes = |matrix: &Matrix| -> Vec<Vec<SvmNode>> {
        (0..matrix.n_rows())
            .map(|row| sparse(matrix.row(row)))
            .collect()
    };
    let problem = Problem {
        x: nodes(training.x),
        labels: &training.labels,
    };
    let unit = 1.0 / total_variance(training.x).max(f64::MIN_POSITIVE);
    let choice_rows = sample(training, CHOICE_ROWS);
    let folds = inner_folds(training, &choice_rows);
    let mut best: Option<Choice> = None;
    for cost in COSTS {
        for gamma in GAMMAS {
            let choice = problem.judge(&choice_rows, &folds, cost, gamma * unit)?;
            if best.as_ref().is_none_or(|best| choice.error < best.error) {
                best = Some(choice);
            }
        }
    }
    let best = best.ok_or("the grid is empty")?;
    let rows = sample(training, FIT_ROWS);
    let model = problem.fit(&rows, best.cost, best.gamma)?;
    let mut notes = vec![format!("C = {}, gamma = {:.3e}", best.cost, best.gamma)];
    if rows.len() < training.x.n_rows() {
        notes.push(format!(
            "learned from {} rows of {}",
            rows.len(),
            training.x.n_rows()
        ));
    }
    let mut values = Vec::new();
    for row in (0..test.n_rows()).map(|row| sparse(test.row(row))) {
        match &training.labels {
            Labels::Values(_) => values.push(predict_values(&model, &row, &mut [0.0])),
            Labels::Classes { n_classes, .. } => {
                let pairs = decisions(&model, &row, *n_classes);
                values.extend(probabilities(&pairs, &best.sigmoids, *n_classes));
            }
        }
    }
    Ok(Outputs { values, notes })
}

/// All rows, as the crate takes them.
struct Problem<'a> {
    x: Vec<Vec<SvmNode>>,
    labels: &'a Labels<'a>,
}

/// A point of the grid, and how it did.
struct Choice {
    cost: f64,
    gamma: f64,
    /// Wrong rows, or the sum of squared errors, over the inner folds.
    error: f64,
    /// Platt's sigmoid of each pair of classes, from decision values of rows not learned from.
    sigmoids: Vec<(f64, f64)>,
}

impl Problem<'_> {
    fn label(&self, row: u32) -> f64 {
        match self.labels {
            Labels::Classes { codes, .. } => f64::from(codes[row as usize]),
            Labels::Values(values) => f64::from(values[row as usize]),
        }
    }

    fn fit(&self, rows: &[u32], cost: f64, gamma: f64) -> Result<SvmModel, String> {
        let problem = SvmProblem {
            labels: rows.iter().map(|&row| self.label(row)).collect(),
            instances: rows
                .iter()
                .map(|&row| self.x[row as usize].clone())
                .collect(),
        };
        let parameter = self.parameter(cost, gamma)?;
        libsvm_rs::check_parameter(&problem, &parameter).map_err(|error| error.to_string())?;
        Ok(svm_train(&problem, &parameter))
    }

    fn parameter(&self, cost: f64, gamma: f64) -> Result<SvmParameter, String> {
        let svm_type = match self.labels {
            Labels::Classes { .. } => SvmType::CSvc,
            Labels::Values(_) => SvmType::EpsilonSvr,
        };
        SvmParameterBuilder::new()
            .svm_type(svm_type)
            .kernel_type(KernelType::Rbf)
            .c(cost)
            .gamma(gamma)
            .p(TUBE)
            .cache_size(CACHE_MB)
            .build()
            .map_err(|error| error.to_string())
    }

    /// Tries a point of the grid on the inner folds.
    fn judge(
        &self,
        rows: &[u32],
        folds: &[usize],
        cost: f64,
        gamma: f64,
    ) -> Result<Choice, String> {
        let mut error = 0.0;
        let n_classes = match self.labels {
            Labels::Classes { n_classes, .. } => *n_classes,
            Labels::Values(_) => 0,
        };
        // Decision values of each pair of classes, and for which of the two they should speak.
        let mut pairs = vec![(Vec::new(), Vec::new()); n_classes * n_classes.saturating_sub(1) / 2];
        for fold in 0..INNER_FOLDS {
            let with = |inside: bool| {
                let rows = rows.iter().zip(folds);
                let rows = rows.filter(move |&(_, &f)| (f == fold) == inside);
                rows.map(|(&row, _)| row).collect::<Vec<u32>>()
            };
            let learn = with(false);
            let first = learn.first().map(|&row| self.label(row));
            if learn.iter().all(|&row| Some(self.label(row)) == first) {
                continue;
            }
            let model = self.fit(&learn, cost, gamma)?;
            for row in with(true) {
                let (x, label) = (&self.x[row as usize], self.label(row));
                if n_classes == 0 {
                    error += (predict_values(&model, x, &mut [0.0]) - label).powi(2);
                    continue;
                }
                let values = decisions(&model, x, n_classes);
                let mut votes = vec![0; n_classes];
                for (at, (i, j)) in all_pairs(n_classes).enumerate() {
                    let Some(value) = values[at] else { continue };
                    votes[if value > 0.0 { i } else { j }] += 1;
                    if label == i as f64 || label == j as f64 {
                        pairs[at].0.push(value);
                        pairs[at].1.push(if label == i as f64 { 1.0 } else { -1.0 });
                    }
                }
                let most = votes.iter().max();
                let guess = votes.iter().position(|votes| Some(votes) == most);
                error += f64::from(u8::from(guess.map(|guess| guess as f64) != Some(label)));
            }
        }
        let sigmoid = |(values, sides): (Vec<f64>, Vec<f64>)| {
            if values.is_empty() {
                // The plain logistic of the margin, where no row could be looked at.
                (-1.0, 0.0)
            } else {
                sigmoid_train(&values, &sides)
            }
        };
        Ok(Choice {
            cost,
            gamma,
            error,
            sigmoids: pairs.into_iter().map(sigmoid).collect(),
        })
    }
}

/// All pairs of classes (i, j) with i below j.
fn all_pairs(n_classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n_classes).flat_map(move |i| (i + 1..n_classes).map(move |j| (i, j)))
}

/// The decision value of each pair of classes, above 0 for the first of the two; `None` where the
/// model does not know both.
fn decisions(model: &SvmModel, x: &[SvmNode], n_classes: usize) -> Vec<Option<f64>> {
    let known = model.nr_class;
    let mut values = vec![0.0; known * known.saturating_sub(1) / 2];
    predict_values(model, x, &mut values);
    let mut ours = vec![None; n_classes * (n_classes - 1) / 2];
    // The model has its classes in the order in which it met them.
    for ((a, b), value) in all_pairs(known).zip(values) {
        let (a, b) = (model.label[a] as usize, model.label[b] as usize);
        let (i, j, value) = if a < b { (a, b, value) } else { (b, a, -value) };
        // Pairs before those of i, then those of i before j.
        let at = i * (2 * n_classes - i - 1) / 2 + j - i - 1;
        ours[at] = Some(value);
    }
    ours
}

/// Probabilities of the classes from those of all pairs.
fn probabilities(pairs: &[Option<f64>], sigmoids: &[(f64, f64)], n_classes: usize) -> Vec<f64> {
    let mut pairwise = vec![vec![0.0; n_classes]; n_classes];
    for (((i, j), value), &(a, b)) in all_pairs(n_classes).zip(pairs).zip(sigmoids) {
        let p = value.map_or(0.5, |value| sigmoid_predict(value, a, b));
        let p = p.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY);
        (pairwise[i][j], pairwise[j][i]) = (p, 1.0 - p);
    }
    if n_classes == 2 {
        return vec![pairwise[0][1], pairwise[1][0]];
    }
    let mut proba = vec![0.0; n_classes];
    multiclass_probability(n_classes, &pairwise, &mut proba);
    proba
}

fn sparse(row: &[f32]) -> Vec<SvmNode> {
    let nodes = row.iter().zip(1..).filter(|(value, _)| **value != 0.0);
    nodes
        .map(|(&value, index)| SvmNode {
            index,
            value: f64::from(value),
        })
        .collect()
}

/// The sum of the columns' variances.
fn total_variance(x: &Matrix) -> f64 {
    let n = x.n_rows() as f64;
    let (mut sums, mut squares) = (vec![0.0; x.n_columns()], 0.0);
    for row in (0..x.n_rows()).map(|row| x.row(row)) {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += f64::from(value);
            squares += f64::from(value).powi(2);
        }
    }
    squares / n - sums.iter().map(|sum| (sum / n).powi(2)).sum::<f64>()
}
