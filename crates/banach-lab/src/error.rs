//! Why a comparison or a data set failed.

use banach_data::{DataError, EncodeError, SplitError, TableError, TargetError, did_you_mean};
use banach_io::ReadError;
use banach_plot::PlotError;

use crate::baselines::BaselineError;
use crate::statistics::StatisticsError;

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// Something about settings, table or folds.
    #[error(transparent)]
    Banach(#[from] banach::Error),
    /// A network that cannot be trained.
    #[error(transparent)]
    Train(#[from] banach_nn::TrainError),
    /// A data set that cannot be read.
    #[cfg(feature = "reproduce")]
    #[error(transparent)]
    Dataset(#[from] crate::datasets::DatasetError),
    /// A statistic that is not defined.
    #[error(transparent)]
    Statistics(#[from] StatisticsError),
    /// A baseline that cannot be fitted.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A picture that cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// A name that no method has.
    #[error(
        "there is no method {name:?}{}; the methods are {known}",
        did_you_mean(nearest.as_deref())
    )]
    UnknownMethod {
        /// The name found.
        name: String,
        /// The nearest existing one, if one is near.
        nearest: Option<String>,
        /// All names.
        known: String,
    },
    /// A method that is named twice.
    #[error("method {name:?} is named twice")]
    MethodTwice {
        /// Its name.
        name: &'static str,
    },
    /// There is nothing to compare.
    #[error("a comparison needs a method")]
    NoMethod,
    /// Weights that a method would ignore.
    #[error(
        "{setting} counts for networks only, and {method} is none; the networks are {networks}"
    )]
    WeightsNeedNetworks {
        /// The setting.
        setting: &'static str,
        /// The method.
        method: &'static str,
        /// Names of all networks.
        networks: String,
    },
    /// A metric that the task does not have.
    #[error("metric must be {allowed} for the task {task}, got {got}")]
    Metric {
        /// The metric.
        got: &'static str,
        /// Those that the task has.
        allowed: String,
        /// The task.
        task: &'static str,
    },
}

/// What tables, their parts and models can be unfit for, as the crate `banach` says it.
macro_rules! from_data {
    ($($error:ty),*) => {$(
        impl From<$error> for LabError {
            fn from(error: $error) -> Self {
                Self::Banach(error.into())
            }
        }
    )*};
}
from_data!(
    DataError,
    EncodeError,
    SplitError,
    TableError,
    TargetError,
    ReadError,
    banach::model::Error
);

impl From<banach::metrics::MetricsError> for LabError {
    fn from(error: banach::metrics::MetricsError) -> Self {
        banach::model::Error::from(error).into()
    }
}
