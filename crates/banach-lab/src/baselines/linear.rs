//! Logistic and ridge regression.
//!
//! Ours, because they are short, and the logistic regression of the crate that was tried (smartcore
//! 0.7) took 26 s where this one takes 1.5 (22,621 rows of 105 features).

use super::minimize::minimize;
use super::{Labels, Matrix, Outputs, Training};

/// Weight of |w|^2 / 2 beside the summed loss; the default of scikit-learn. Intercepts are free.
const PENALTY: f64 = 1.0;

pub(super) fn fit_predict(training: &Training<'_>, test: &Matrix) -> Result<Outputs, String> {
    let values = match &training.labels {
        Labels::Classes { codes, n_classes } => {
            let logistic = Logistic {
                x: training.x,
                codes,
                n_classes: *n_classes,
            };
            logistic.predict(&logistic.fit()?, test)
        }
        Labels::Values(values) => ridge(training.x, values, test)?,
    };
    Ok(Outputs::plain(values))
}

/// Multinomial logistic regression; two classes need one line of weights, more a line each.
struct Logistic<'a> {
    x: &'a Matrix,
    codes: &'a [u32],
    n_classes: usize,
}

impl Logistic<'_> {
    fn n_lines(&self) -> usize {
        if self.n_classes == 2 {
            1
        } else {
            self.n_classes
        }
    }

    /// Weights and, last, the intercept of each line.
    fn fit(&self) -> Result<Vec<f64>, String> {
        let start = vec![0.0; self.n_lines() * (self.x.n_columns() + 1)];
        minimize(start, |weights, gradient| self.loss(weights, gradient))
    }

    /// Mean loss of the rows with the penalty, and its gradient.
    fn loss(&self, weights: &[f64], gradient: &mut [f64]) -> f64 {
        let (n, width) = (self.x.n_rows() as f64, self.x.n_columns() + 1);
        gradient.fill(0.0);
        let mut loss = 0.0;
        let mut proba = vec![0.0; self.n_classes];
        for (row, &code) in self.codes.iter().enumerate() {
            let row = self.x.row(row);
            let (code, first) = (code as usize, self.n_classes - self.n_lines());
            loss -= self.proba(weights, row, &mut proba)[code] / n;
            for (line, gradient) in gradient.chunks_exact_mut(width).enumerate() {
                let class = line + first;
                let d_score = (proba[class] - f64::from(u8::from(class == code))) / n;
                for (d, &x) in gradient.iter_mut().zip(row) {
                    *d += d_score * f64::from(x);
                }
                gradient[width - 1] += d_score;
            }
        }
        let lines = weights
            .chunks_exact(width)
            .zip(gradient.chunks_exact_mut(width));
        for (weights, gradient) in lines {
            for (d, w) in gradient.iter_mut().zip(weights).take(width - 1) {
                loss += 0.5 * PENALTY / n * w * w;
                *d += PENALTY / n * w;
            }
        }
        loss
    }

    /// Writes the probabilities of a row's classes, and gives their logarithms.
    fn proba(&self, weights: &[f64], row: &[f32], proba: &mut [f64]) -> Vec<f64> {
        // The first of two classes has the score 0.
        let mut logs = vec![0.0; self.n_classes - self.n_lines()];
        let lines = weights.chunks_exact(row.len() + 1);
        logs.extend(lines.map(|line| dot(line, row) + line[row.len()]));
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|score| libm::exp(score - top)).sum();
        let all = top + libm::log(sum);
        for (p, log) in proba.iter_mut().zip(&mut logs) {
            *log -= all;
            *p = libm::exp(*log);
        }
        logs
    }

    fn predict(&self, weights: &[f64], test: &Matrix) -> Vec<f64> {
        let mut all = vec![0.0; test.n_rows() * self.n_classes];
        for (row, proba) in all.chunks_exact_mut(self.n_classes).enumerate() {
            self.proba(weights, test.row(row), proba);
        }
        all
    }
}

/// Sums in eight lanes, which compilers turn into vector instructions. `line` may be longer.
fn dot(line: &[f64], row: &[f32]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (rows, lines) = (row.chunks_exact(LANES), line.chunks_exact(LANES));
    let rest = rows.remainder();
    let tail = &line[row.len() - rest.len()..];
    let rest: f64 = rest.iter().zip(tail).map(|(&x, w)| f64::from(x) * w).sum();
    for (row, line) in rows.zip(lines) {
        for lane in 0..LANES {
            sums[lane] += f64::from(row[lane]) * line[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Solves (X'X + penalty I) w = X'y for centred columns and targets, by Cholesky.
fn ridge(x: &Matrix, values: &[f32], test: &Matrix) -> Result<Vec<f64>, String> {
    let (n, p) = (x.n_rows(), x.n_columns());
    let mut means = vec![0.0; p];
    for row in (0..n).map(|row| x.row(row)) {
        for (mean, &value) in means.iter_mut().zip(row) {
            *mean += f64::from(value) / n as f64;
        }
    }
    let target_mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n as f64;
    let centred = |row: &[f32]| -> Vec<f64> {
        let pairs = row.iter().zip(&means);
        pairs
            .map(|(&value, mean)| f64::from(value) - mean)
            .collect()
    };
    // The lower triangle, row after row.
    let (mut products, mut weights) = (vec![0.0; p * p], vec![0.0; p]);
    for (row, &value) in values.iter().enumerate() {
        let row = centred(x.row(row));
        for i in 0..p {
            weights[i] += row[i] * (f64::from(value) - target_mean);
            for (product, other) in products[i * p..].iter_mut().zip(&row[..=i]) {
                *product += row[i] * other;
            }
        }
    }
    for i in 0..p {
        products[i * p + i] += PENALTY;
    }
    solve(&mut products, &mut weights, p)?;
    let predict = |row: usize| {
        let products = centred(test.row(row));
        let products = products.iter().zip(&weights).map(|(x, w)| x * w);
        target_mean + products.sum::<f64>()
    };
    Ok((0..test.n_rows()).map(predict).collect())
}

/// Solves A x = b in place for the lower triangle of a positive definite A of size p.
fn solve(a: &mut [f64], b: &mut [f64], p: usize) -> Result<(), String> {
    for i in 0..p {
        for j in 0..=i {
            let before: f64 = (0..j).map(|k| a[i * p + k] * a[j * p + k]).sum();
            let rest = a[i * p + j] - before;
            a[i * p + j] = if i == j {
                if rest.is_nan() || rest <= 0.0 {
                    return Err("the normal equations have no unique solution".to_owned());
                }
                rest.sqrt()
            } else {
                rest / a[j * p + j]
            };
        }
    }
    for i in 0..p {
        let before: f64 = (0..i).map(|k| a[i * p + k] * b[k]).sum();
        b[i] = (b[i] - before) / a[i * p + i];
    }
    for i in (0..p).rev() {
        let after: f64 = (i + 1..p).map(|k| a[k * p + i] * b[k]).sum();
        b[i] = (b[i] - after) / a[i * p + i];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice what the minimiser stops at.
    const FLAT: f64 = 2e-6;
    /// The same problem solved with other sums.
    const TOLERANCE: f64 = 1e-9;

    fn rows(n: usize) -> Matrix {
        let value = |i: usize| ((i * 7919) % 1009) as f32 / 500.0 - 1.0;
        Matrix::new(n, 3, (0..3 * n).map(value).collect()).unwrap()
    }

    #[test]
    fn the_penalized_loss_is_flat_where_logistic_regression_ends() {
        let x = rows(60);
        for n_classes in [2, 4] {
            let codes: Vec<u32> = (0..60)
                .map(|row| (row * row / 7) % n_classes as u32)
                .collect();
            let logistic = Logistic {
                x: &x,
                codes: &codes,
                n_classes,
            };
            let weights = logistic.fit().unwrap();
            let loss = |weights: &[f64]| logistic.loss(weights, &mut vec![0.0; weights.len()]);
            let mut gradient = vec![0.0; weights.len()];
            logistic.loss(&weights, &mut gradient);
            for at in 0..weights.len() {
                // Central differences: the gradient is the loss's own.
                let step = 1e-5;
                let moved = |by: f64| {
                    let mut moved = weights.clone();
                    moved[at] += by;
                    loss(&moved)
                };
                let slope = (moved(step) - moved(-step)) / (2.0 * step);
                assert!(
                    (slope - gradient[at]).abs() < 1e-9,
                    "{at}: {slope} {}",
                    gradient[at]
                );
                assert!(gradient[at].abs() < FLAT, "{at}: {}", gradient[at]);
            }
            assert!(weights.iter().any(|w| w.abs() > 0.01), "{weights:?}");
        }
    }

    #[test]
    fn ridge_regression_leaves_residuals_that_its_weights_balance() {
        let x = rows(40);
        let values: Vec<f32> = (0..40).map(|i| ((i * 37) % 19) as f32 / 10.0).collect();
        let fitted = ridge(&x, &values, &x).unwrap();
        let mut base = [0.0; 3];
        // Weights by differences of predictions, from 0 and from each unit vector.
        let mut units = vec![0.0; 12];
        for at in 0..3 {
            units[3 * (at + 1) + at] = 1.0;
        }
        let probes = ridge(&x, &values, &Matrix::new(4, 3, units).unwrap()).unwrap();
        for (weight, probe) in base.iter_mut().zip(&probes[1..]) {
            *weight = probe - probes[0];
        }
        // X'(y - prediction) = penalty w for centred columns.
        for (column, weight) in base.iter().enumerate() {
            let mean: f64 = (0..40).map(|r| f64::from(x.row(r)[column])).sum::<f64>() / 40.0;
            let pull: f64 = (0..40)
                .map(|r| {
                    let residual = f64::from(values[r]) - fitted[r];
                    (f64::from(x.row(r)[column]) - mean) * residual
                })
                .sum();
            assert!(
                (pull - PENALTY * weight).abs() < TOLERANCE,
                "{pull} {weight}"
            );
        }
    }
}
