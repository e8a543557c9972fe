//! Logistic and ridge regression, by the crate smartcore.

use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};
use smartcore::linear::ridge_regression::{RidgeRegression, RidgeRegressionParameters};

use super::{Labels, Matrix, Outputs, Training};

/// Weight of |w|^2 / 2 beside the summed loss; the default of scikit-learn.
const PENALTY: f64 = 1.0;

pub(super) fn fit_predict(training: &Training<'_>, test: &Matrix) -> Result<Outputs, String> {
    let values = match &training.labels {
        Labels::Classes { codes, n_classes } => logistic(training.x, codes, *n_classes, test)?,
        Labels::Values(values) => ridge(training.x, values, test)?,
    };
    Ok(Outputs::plain(values))
}

fn dense(matrix: &Matrix, rows: usize) -> Result<DenseMatrix<f64>, String> {
    // Column after column, as it is taken below.
    let mut values = vec![0.0; rows * matrix.n_columns()];
    for (row, line) in (0..matrix.n_rows()).map(|row| (row, matrix.row(row))) {
        for (column, &value) in line.iter().enumerate() {
            values[column * rows + row] = f64::from(value);
        }
    }
    DenseMatrix::new(rows, matrix.n_columns(), values, true).map_err(|error| error.to_string())
}

fn logistic(
    x: &Matrix,
    codes: &[u32],
    n_classes: usize,
    test: &Matrix,
) -> Result<Vec<f64>, String> {
    let targets = codes.to_vec();
    let options = LogisticRegressionParameters::default().with_alpha(PENALTY);
    let fitted = LogisticRegression::fit(&dense(x, x.n_rows())?, &targets, options)
        .map_err(|error| error.to_string())?;
    // One line of weights for two classes, else one for each class.
    let (weights, intercept) = (fitted.coefficients(), fitted.intercept());
    let score = |line: usize, row: &[f32]| {
        let products = row.iter().enumerate();
        let products = products.map(|(at, &x)| f64::from(x) * weights.get((line, at)));
        intercept.get((line, 0)) + products.sum::<f64>()
    };
    let mut proba = Vec::new();
    for row in (0..test.n_rows()).map(|row| test.row(row)) {
        let scores: Vec<f64> = if n_classes == 2 {
            vec![0.0, score(0, row)]
        } else {
            (0..n_classes).map(|line| score(line, row)).collect()
        };
        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exps: Vec<f64> = scores.iter().map(|score| libm::exp(score - top)).collect();
        let sum: f64 = exps.iter().sum();
        proba.extend(exps.into_iter().map(|e| e / sum));
    }
    Ok(proba)
}

fn ridge(x: &Matrix, values: &[f32], test: &Matrix) -> Result<Vec<f64>, String> {
    let (n, columns) = (x.n_rows(), x.n_columns());
    let mean_of = |sum: f64| sum / n as f64;
    let mut means = vec![0.0; columns];
    for row in (0..n).map(|row| x.row(row)) {
        for (mean, &value) in means.iter_mut().zip(row) {
            *mean += mean_of(f64::from(value));
        }
    }
    let target_mean = mean_of(values.iter().map(|&value| f64::from(value)).sum());
    // The crate asks for more rows than columns; rows of zeros leave X'X and X'y as they are.
    let rows = n.max(columns + 1);
    let mut centred = vec![0.0; rows * columns];
    for row in 0..n {
        for (column, &value) in x.row(row).iter().enumerate() {
            centred[column * rows + row] = f64::from(value) - means[column];
        }
    }
    let mut targets: Vec<f64> = values.iter().map(|&v| f64::from(v) - target_mean).collect();
    targets.resize(rows, 0.0);
    let centred =
        DenseMatrix::new(rows, columns, centred, true).map_err(|error| error.to_string())?;
    let options = RidgeRegressionParameters::default()
        .with_alpha(PENALTY)
        .with_normalize(false);
    let fitted =
        RidgeRegression::fit(&centred, &targets, options).map_err(|error| error.to_string())?;
    let weights = fitted.coefficients();
    let predict = |row: usize| {
        let products = test.row(row).iter().zip(&means).enumerate();
        let products =
            products.map(|(at, (&x, mean))| (f64::from(x) - mean) * weights.get((at, 0)));
        target_mean + products.sum::<f64>()
    };
    Ok((0..test.n_rows()).map(predict).collect())
}
