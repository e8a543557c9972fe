//! Random forests, by the crate rafor.

use rafor::prelude::*;
use rafor::rf;

use super::{Labels, Matrix, Outputs, Training};

const TREES: usize = 300;

pub(super) fn fit_predict(training: &Training<'_>, test: &Matrix) -> Result<Outputs, String> {
    let x = training.x.values();
    let values = match &training.labels {
        Labels::Classes { codes, .. } => {
            let labels: Vec<i64> = codes.iter().map(|&code| i64::from(code)).collect();
            let mut trainer = <rf::Classifier>::trainer();
            trainer
                .with_trees(TREES)
                .with_threads(1)
                .with_seed(training.seed);
            // Classes are numbered without gaps, so the columns are those of the codes.
            trainer.train(x, &labels).proba(test.values(), 1)
        }
        Labels::Values(targets) => {
            // Breiman's choice for regression.
            let features = MaxFeaturesPolicy::NUMBER((training.x.n_columns() / 3).max(1));
            let mut trainer = <rf::Regressor>::trainer();
            trainer
                .with_trees(TREES)
                .with_threads(1)
                .with_seed(training.seed);
            trainer.with_max_features(features);
            trainer.train(x, targets).predict_batch(test.values(), 1)
        }
    };
    Ok(Outputs::plain(values.into_iter().map(f64::from).collect()))
}
