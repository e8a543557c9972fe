//! Metrics of a classification: one true class and one probability per class in each row.

use serde::{Deserialize, Serialize};

use super::auc::{Ranked, auc};
use super::{
    Confusion, Metrics, MetricsError, Weights, check_length, check_probabilities, clipped_neg_ln,
    mean_defined,
};

/// Bins of the calibration error, each 1/15 of confidence wide (Guo et al. 2017, arXiv:1706.04599, sec. 2).
const ECE_BINS: usize = 15;

/// The metrics of a classification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassMetrics {
    /// Share of rows whose most probable class is the true one, in [0, 1].
    pub accuracy: f64,
    /// Mean over classes of the share of their rows that was found, in [0, 1].
    pub balanced_accuracy: f64,
    /// Mean of -ln(probability of the true class), in nats.
    pub log_loss: f64,
    /// Area under the ROC curve, in [0, 1]; one-vs-rest mean for more than two classes; `None` with one class.
    pub auc: Option<f64>,
    /// Mean squared error of the probabilities: in [0, 1] for two classes, in [0, 2] for more.
    pub brier: f64,
    /// Expected calibration error of the most probable class, in [0, 1].
    pub ece: f64,
}

/// True classes with predicted probabilities and optional sample weights, checked to fit together.
///
/// # Shapes
/// `target` \[n_samples\] of class codes, `proba` \[n_samples, n_classes\] row by row, `weight` \[n_samples\].
#[derive(Debug, Clone, Copy)]
pub struct ClassRows<'a> {
    target: &'a [u32],
    proba: &'a [f32],
    n_classes: usize,
    weight: Weights<'a>,
}

impl<'a> ClassRows<'a> {
    /// Checks the rows once, for all metrics.
    ///
    /// # Errors
    /// No rows, lengths that differ, fewer than two classes, a class code or probability out of range,
    /// a negative or non-finite weight, weights that are all zero.
    pub fn new(
        target: &'a [u32],
        proba: &'a [f32],
        n_classes: usize,
        weight: Option<&'a [f32]>,
    ) -> Result<Self, MetricsError> {
        let weight = Weights::new(weight, target.len())?;
        if n_classes < 2 {
            return Err(MetricsError::TooFewClasses { got: n_classes });
        }
        // Saturating: a product too large for memory cannot be a slice's length either.
        let expected = target.len().saturating_mul(n_classes);
        check_length("class probability", expected, proba.len())?;
        check_probabilities(proba, n_classes)?;
        if let Some(row) = target.iter().position(|&code| code as usize >= n_classes) {
            return Err(MetricsError::ClassCode {
                row,
                got: target[row],
                n_classes,
            });
        }
        Ok(ClassRows {
            target,
            proba,
            n_classes,
            weight,
        })
    }

    /// Every metric of a classification.
    pub fn metrics(&self) -> Metrics {
        Metrics::Classes(ClassMetrics {
            accuracy: self.accuracy(),
            balanced_accuracy: self.balanced_accuracy(),
            log_loss: self.log_loss(),
            auc: self.auc(),
            brier: self.brier(),
            ece: self.ece(),
        })
    }

    /// Weighted share of rows whose most probable class is the true one; the first of equally probable
    /// classes is taken, as `argmax` does.
    pub fn accuracy(&self) -> f64 {
        self.weight
            .mean(|row| f64::from(u8::from(self.is_correct(row))))
    }

    /// Mean over the classes that occur of the weighted share of their rows that was found (macro recall).
    pub fn balanced_accuracy(&self) -> f64 {
        let mut found = vec![0.0; self.n_classes];
        let mut total = vec![0.0; self.n_classes];
        for (row, &class) in self.target.iter().enumerate() {
            let weight = self.weight.get(row);
            total[class as usize] += weight;
            if self.is_correct(row) {
                found[class as usize] += weight;
            }
        }
        let recalls = found
            .iter()
            .zip(&total)
            .map(|(found, &total)| (total > 0.0).then(|| found / total));
        // Some class has weight: the weights are not all zero.
        mean_defined(recalls).unwrap_or(0.0)
    }

    /// Weighted mean of -ln p(true class), p clipped to [eps, 1 - eps] with the eps of f64, in nats.
    pub fn log_loss(&self) -> f64 {
        self.weight
            .mean(|row| clipped_neg_ln(f64::from(self.row(row)[self.target[row] as usize])))
    }

    /// Area under the ROC curve.
    ///
    /// Two classes: the score is the probability of class 1. More: the unweighted mean over classes of
    /// class against rest, as scikit-learn's `multi_class="ovr"`. A class that does not occur has no
    /// curve and is left out of the mean; `None` when no class has one.
    pub fn auc(&self) -> Option<f64> {
        if self.n_classes == 2 {
            return self.one_vs_rest(1);
        }
        mean_defined((0..self.n_classes).map(|class| self.one_vs_rest(class)))
    }

    /// Brier score: two classes mean (p_1 - y)^2, more classes mean sum over classes (p_c - y_c)^2.
    pub fn brier(&self) -> f64 {
        self.weight.mean(|row| {
            let target = self.target[row] as usize;
            let proba = self.row(row).iter().enumerate();
            let squares = proba.map(|(class, &p)| {
                let truth = if class == target { 1.0 } else { 0.0 };
                (f64::from(p) - truth).powi(2)
            });
            if self.n_classes == 2 {
                squares.skip(1).sum()
            } else {
                squares.sum()
            }
        })
    }

    /// Expected calibration error: sum over 15 equal-width bins of confidence (lo, hi] of
    /// |weight found correct - weight times confidence| / total weight, confidence being the probability
    /// of the most probable class (Guo et al. 2017, arXiv:1706.04599, Eq. 3).
    pub fn ece(&self) -> f64 {
        let mut gap = [0.0; ECE_BINS];
        let mut total = 0.0;
        for row in 0..self.target.len() {
            let weight = self.weight.get(row);
            let confidence = f64::from(self.row(row)[self.predicted(row)]);
            let bin = (confidence * ECE_BINS as f64).ceil() as usize;
            let correct = f64::from(u8::from(self.is_correct(row)));
            gap[bin.clamp(1, ECE_BINS) - 1] += weight * (correct - confidence);
            total += weight;
        }
        gap.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / total
    }

    /// Weight of every pair of true and predicted class.
    ///
    /// # Errors
    /// `classes` must name each class once, in code order.
    pub fn confusion(&self, classes: &[String]) -> Result<Confusion, MetricsError> {
        check_length("class name", self.n_classes, classes.len())?;
        let rows = self.target.iter().enumerate();
        let rows =
            rows.map(|(row, &class)| (class as usize, self.predicted(row), self.weight.get(row)));
        Ok(Confusion::new(classes.to_vec(), rows))
    }

    fn row(&self, row: usize) -> &'a [f32] {
        &self.proba[row * self.n_classes..(row + 1) * self.n_classes]
    }

    fn predicted(&self, row: usize) -> usize {
        let proba = self.row(row);
        (1..proba.len()).fold(0, |best, class| {
            if proba[class] > proba[best] {
                class
            } else {
                best
            }
        })
    }

    fn is_correct(&self, row: usize) -> bool {
        self.predicted(row) == self.target[row] as usize
    }

    fn one_vs_rest(&self, class: usize) -> Option<f64> {
        let mut rows: Vec<Ranked> = (0..self.target.len())
            .map(|row| Ranked {
                score: self.row(row)[class],
                positive: self.target[row] as usize == class,
                weight: self.weight.get(row),
            })
            .collect();
        auc(&mut rows)
    }
}
