//! Metrics of several yes-or-no labels per row, any of which may be missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::auc::{Ranked, auc};
use super::{
    Metrics, MetricsError, Weights, check_length, check_probabilities, clipped_neg_ln, mean_defined,
};

/// The metrics of a multi-label task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelMetrics {
    /// Mean binary cross-entropy over the labels that are present, in nats.
    pub log_loss: f64,
    /// Mean of the tasks' AUC that are defined; `None` when none is.
    pub mean_auc: Option<f64>,
    /// Area under the ROC curve of each task; `None` where only one of its two values occurs.
    pub auc: BTreeMap<String, Option<f64>>,
}

/// True labels with predicted probabilities and optional sample weights, checked to fit together.
///
/// # Shapes
/// `target` \[n_samples, n_tasks\] of 0, 1 or NaN (missing), `proba` the same shape: probability of 1,
/// `weight` \[n_samples\].
#[derive(Debug, Clone, Copy)]
pub struct LabelRows<'a> {
    tasks: &'a [String],
    target: &'a [f32],
    proba: &'a [f32],
    weight: Weights<'a>,
    n_samples: usize,
}

impl<'a> LabelRows<'a> {
    /// Checks the rows once, for all metrics; `tasks` are the names of the label columns.
    ///
    /// # Errors
    /// No rows, lengths that differ, a label that is not 0, 1 or NaN, a probability out of range, a
    /// negative or non-finite weight, weights that are all zero, every label missing.
    pub fn new(
        tasks: &'a [String],
        target: &'a [f32],
        proba: &'a [f32],
        weight: Option<&'a [f32]>,
    ) -> Result<Self, MetricsError> {
        let n_samples = target.len().checked_div(tasks.len()).unwrap_or(0);
        let weight = Weights::new(weight, n_samples)?;
        check_length("label", n_samples * tasks.len(), target.len())?;
        check_length("label probability", target.len(), proba.len())?;
        check_probabilities(proba, tasks.len())?;
        let allowed = |y: &f32| y.is_nan() || *y == 0.0 || *y == 1.0;
        if let Some(at) = target.iter().position(|y| !allowed(y)) {
            return Err(MetricsError::Label {
                row: at / tasks.len(),
                label: at % tasks.len(),
                got: target[at],
            });
        }
        let rows = LabelRows {
            tasks,
            target,
            proba,
            weight,
            n_samples,
        };
        if (0..target.len()).all(|at| target[at].is_nan() || rows.weight_at(at) == 0.0) {
            return Err(MetricsError::NoLabels { rows: n_samples });
        }
        Ok(rows)
    }

    /// Every metric of a multi-label task.
    pub fn metrics(&self) -> Metrics {
        let auc = (0..self.tasks.len()).map(|task| (self.tasks[task].clone(), self.task_auc(task)));
        Metrics::Labels(LabelMetrics {
            log_loss: self.log_loss(),
            mean_auc: self.mean_auc(),
            auc: auc.collect(),
        })
    }

    /// sum w_i -ln p(y_it) / sum w_i over the present labels y_it, p clipped to [eps, 1 - eps] of f64.
    pub fn log_loss(&self) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for (at, &y) in self.target.iter().enumerate() {
            if !y.is_nan() {
                let p = f64::from(self.proba[at]);
                let p_true = if y == 1.0 { p } else { 1.0 - p };
                sum += self.weight_at(at) * clipped_neg_ln(p_true);
                total += self.weight_at(at);
            }
        }
        sum / total
    }

    /// Area under the ROC curve of task number `task` over its present labels; `None` when only one of
    /// its two values occurs.
    ///
    /// # Panics
    /// When `task` is not below the number of tasks.
    pub fn task_auc(&self, task: usize) -> Option<f64> {
        let mut rows: Vec<Ranked> = (0..self.n_samples)
            .map(|row| row * self.tasks.len() + task)
            .filter(|&at| !self.target[at].is_nan())
            .map(|at| Ranked {
                score: self.proba[at],
                positive: self.target[at] == 1.0,
                weight: self.weight_at(at),
            })
            .collect();
        auc(&mut rows)
    }

    /// Unweighted mean of the tasks' AUC that are defined.
    pub fn mean_auc(&self) -> Option<f64> {
        mean_defined((0..self.tasks.len()).map(|task| self.task_auc(task)))
    }

    fn weight_at(&self, at: usize) -> f64 {
        self.weight.get(at / self.tasks.len())
    }
}
