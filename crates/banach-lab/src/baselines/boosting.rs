//! Gradient-boosted trees, by the crate forust-ml.

use forust_ml::gradientbooster::GradientBooster;
use forust_ml::objective::ObjectiveType;

use super::{Labels, Matrix, Outputs, Training};

/// The defaults of LightGBM, which are what most people run first.
const ROUNDS: usize = 100;
const LEARNING_RATE: f32 = 0.1;
const LEAVES: usize = 31;
/// Deep enough for 31 leaves of any shape.
const DEPTH: usize = 30;

pub(super) fn fit_predict(training: &Training<'_>, test: &Matrix) -> Result<Outputs, String> {
    let x = Columns::new(training.x);
    let test = Columns::new(test);
    match &training.labels {
        Labels::Values(values) => {
            let y: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            let outputs = boost(ObjectiveType::SquaredLoss, &x, &y, &test, training.seed)?;
            Ok(Outputs::plain(outputs))
        }
        Labels::Classes { codes, n_classes } => {
            let against_rest = |class: u32| {
                let y: Vec<f64> = codes
                    .iter()
                    .map(|&c| f64::from(u8::from(c == class)))
                    .collect();
                let logits = boost(ObjectiveType::LogLoss, &x, &y, &test, training.seed)?;
                let sigmoid = |z: f64| 1.0 / (1.0 + libm::exp(-z));
                Ok::<Vec<f64>, String>(logits.into_iter().map(sigmoid).collect())
            };
            if *n_classes == 2 {
                let second = against_rest(1)?;
                return Ok(Outputs::plain(
                    second.into_iter().flat_map(|p| [1.0 - p, p]).collect(),
                ));
            }
            let each: Vec<Vec<f64>> = (0..*n_classes as u32)
                .map(against_rest)
                .collect::<Result<_, _>>()?;
            let row = |at: usize| {
                let row: Vec<f64> = each.iter().map(|class| class[at]).collect();
                let sum = row.iter().sum::<f64>().max(f64::MIN_POSITIVE);
                row.into_iter().map(move |p| p / sum)
            };
            Ok(Outputs::plain((0..test.rows).flat_map(row).collect()))
        }
    }
}

/// A matrix as the booster takes it: column after column.
struct Columns {
    values: Vec<f64>,
    rows: usize,
    columns: usize,
}

impl Columns {
    fn new(matrix: &Matrix) -> Self {
        Self {
            values: matrix.columns(),
            rows: matrix.n_rows(),
            columns: matrix.n_columns(),
        }
    }

    fn matrix(&self) -> forust_ml::Matrix<'_, f64> {
        forust_ml::Matrix::new(&self.values, self.rows, self.columns)
    }
}

fn boost(
    objective: ObjectiveType,
    x: &Columns,
    y: &[f64],
    test: &Columns,
    seed: u64,
) -> Result<Vec<f64>, String> {
    let mut booster = GradientBooster::default()
        .set_objective_type(objective)
        .set_iterations(ROUNDS)
        .set_learning_rate(LEARNING_RATE)
        .set_max_leaves(LEAVES)
        .set_max_depth(DEPTH)
        .set_initialize_base_score(true)
        .set_parallel(false)
        .set_seed(seed);
    booster.grow_policy = forust_ml::gradientbooster::GrowPolicy::LossGuide;
    let fitted = booster.fit_unweighted(&x.matrix(), y, None);
    fitted.map_err(|error| error.to_string())?;
    Ok(booster.predict(&test.matrix(), false))
}
