//! How what the builder's methods take becomes the value of a setting.

use banach_nn::{Loss, Optimizer, Stopping};

use super::Settings;
use super::kind::Kind;

/// A value as it is.
pub(super) fn plain<T>(_: &mut Settings, value: impl Into<T>) -> T {
    value.into()
}

/// Names of columns.
pub(super) fn names(
    _: &mut Settings,
    names: impl IntoIterator<Item = impl Into<String>>,
) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

/// A kind, whose parameters are settings of their own.
pub(super) fn kind<T: Parameters>(settings: &mut Settings, value: T) -> T {
    value.parameters(settings);
    value.without_parameters()
}

/// A kind whose parameters can be set.
pub(super) trait Parameters: Kind {
    /// Sets the settings of the parameters.
    fn parameters(self, settings: &mut Settings);
}

impl Parameters for Loss {
    fn parameters(self, settings: &mut Settings) {
        match self {
            Self::Huber { delta } => settings.huber_delta = Some(delta),
            Self::CrossEntropy { label_smoothing } => {
                settings.label_smoothing = Some(label_smoothing);
            }
            Self::BinaryCrossEntropy | Self::Squared => {}
        }
    }
}

impl Parameters for Optimizer {
    fn parameters(self, settings: &mut Settings) {
        match self {
            Self::Sgd { momentum, nesterov } => {
                (settings.momentum, settings.nesterov) = (Some(momentum), Some(nesterov));
            }
            Self::Adam {
                beta1,
                beta2,
                epsilon,
            }
            | Self::AdamW {
                beta1,
                beta2,
                epsilon,
            } => {
                (settings.beta1, settings.beta2) = (Some(beta1), Some(beta2));
                settings.epsilon = Some(epsilon);
            }
        }
    }
}

impl Parameters for Stopping {
    fn parameters(self, settings: &mut Settings) {
        match self {
            Self::Best { patience } => settings.patience = Some(patience.unwrap_or(0)),
            Self::Smoothed { window } => settings.window = Some(window),
            Self::Last => {}
        }
    }
}
