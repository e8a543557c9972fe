//! What methods are ranked by.

use std::str::FromStr;

use banach::metrics::Metrics;
use banach_data::{NameError, Task, by_name};
use serde::Serialize;

use crate::error::LabError;
use crate::statistics::Better;

/// A number of [`Metrics`] that methods are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Share of rows whose class was found.
    Accuracy,
    /// Mean over classes of the share of their rows that was found.
    BalancedAccuracy,
    /// Mean of -ln(probability of the true class or label).
    LogLoss,
    /// Area under the ROC curve.
    Auc,
    /// Mean squared error of probabilities.
    Brier,
    /// Root of the mean squared error.
    Rmse,
    /// Mean absolute error.
    Mae,
    /// Share of the target's variance that is explained.
    R2,
    /// Mean over labels of the area under the ROC curve.
    MeanAuc,
}

impl FromStr for Metric {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        by_name(&Self::ALL, |metric| metric.name(), text)
    }
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 9] = [
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::LogLoss,
        Self::Auc,
        Self::Brier,
        Self::Rmse,
        Self::Mae,
        Self::R2,
        Self::MeanAuc,
    ];

    /// The one that methods are ranked by when none is named: accuracy for classes, the RMSE for
    /// numbers (which ranks as R2 does), mean AUC for labels.
    #[must_use]
    pub fn main(task: Task) -> Self {
        match task {
            Task::Binary | Task::Multiclass => Self::Accuracy,
            Task::Regression => Self::Rmse,
            Task::Multilabel => Self::MeanAuc,
        }
    }

    fn of(task: Task) -> &'static [Self] {
        match task {
            Task::Binary | Task::Multiclass => &[
                Self::Accuracy,
                Self::BalancedAccuracy,
                Self::LogLoss,
                Self::Auc,
                Self::Brier,
            ],
            Task::Regression => &[Self::Rmse, Self::Mae, Self::R2],
            Task::Multilabel => &[Self::MeanAuc, Self::LogLoss],
        }
    }

    /// The metric, if the task has it.
    pub(super) fn check(self, task: Task) -> Result<Self, LabError> {
        let all = Self::of(task);
        if all.contains(&self) {
            return Ok(self);
        }
        let names: Vec<&str> = all.iter().map(|metric| metric.name()).collect();
        Err(LabError::Metric {
            got: self.name(),
            allowed: names.join(", "),
            task: task.name(),
        })
    }

    /// Its name among [`Metrics::entries`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::LogLoss => "log_loss",
            Self::Auc => "auc",
            Self::Brier => "brier",
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::R2 => "r2",
            Self::MeanAuc => "mean_auc",
        }
    }

    /// Which values are good.
    #[must_use]
    pub fn better(self) -> Better {
        match self {
            Self::Accuracy | Self::BalancedAccuracy | Self::Auc | Self::R2 | Self::MeanAuc => {
                Better::Higher
            }
            Self::LogLoss | Self::Brier | Self::Rmse | Self::Mae => Better::Lower,
        }
    }

    /// Its value; `None` where it is not defined.
    #[must_use]
    pub fn value(self, metrics: &Metrics) -> Option<f64> {
        let entries = metrics.entries().into_iter();
        let mut named = entries.filter(|(name, _)| name == self.name());
        named.next().and_then(|(_, value)| value)
    }
}
