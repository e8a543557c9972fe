//! What stands between a model's scores and its probabilities.

use serde::{Deserialize, Serialize};

/// How the scores of all members together become probabilities.
///
/// The scores s are a network's logits, or the logarithms of the members' averaged probabilities when
/// there are several members. Numbers (regression) have no calibration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Calibration {
    /// `softmax(s)` for classes, `sigmoid(s)` for labels.
    #[default]
    None,
    /// `softmax(s / T)` for classes, `sigmoid(s / T)` for labels (Guo et al., arXiv:1706.04599,
    /// section 4.2). It changes no order of classes.
    Temperature(f64),
}

impl Calibration {
    /// The factor on the scores, if there is one.
    pub(crate) fn scale(self) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Temperature(temperature) => Some(1.0 / temperature),
        }
    }

    /// Whether every number in it can be used.
    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Self::Temperature(t) if !(t.is_finite() && t > 0.0 && (1.0 / t).is_finite()) => Err(
                format!("a calibration temperature must be finite and above 0, got {t}"),
            ),
            Self::None | Self::Temperature(_) => Ok(()),
        }
    }
}
