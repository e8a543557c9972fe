//! What can be wrong with a question about moments.

/// Why moments, fixed points or parameters could not be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MomentError {
    /// A number that must be finite is not.
    #[error("{name} must be a finite number, got {value}")]
    NotFinite {
        /// The paper's name of the quantity.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// A number that must be finite and above zero is not.
    #[error("{name} must be a finite number above 0, got {value}")]
    NotPositive {
        /// The paper's name of the quantity.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// No SELU has this fixed point: the mean is outside of what alpha > 0 reaches.
    #[error(
        "no SELU has the fixed point (mean {mean}, variance {variance}): mean / sqrt(variance + mean^2) is {share:.6}, \
         but with these weights it is above {lowest:.6} and below {highest:.6} for every alpha > 0"
    )]
    NoParameters {
        /// The mean asked for.
        mean: f64,
        /// The variance asked for.
        variance: f64,
        /// Mean over root mean square.
        share: f64,
        /// What it approaches as alpha grows without bound.
        lowest: f64,
        /// What it approaches as alpha goes to 0 (a scaled ReLU).
        highest: f64,
    },
    /// There is no activation function of this name.
    #[error("unknown activation {name:?}: known are {known}")]
    UnknownActivation {
        /// The name asked for.
        name: String,
        /// The known names, separated by commas.
        known: String,
    },
    /// A simulation was asked for with nothing to simulate, or with more than fits.
    #[error("{name} must be from {lowest} to {highest}, got {value}")]
    Count {
        /// What is counted.
        name: &'static str,
        /// What was given.
        value: usize,
        /// The least value allowed.
        lowest: usize,
        /// The greatest value allowed.
        highest: usize,
    },
}

pub(crate) fn finite(name: &'static str, value: f64) -> Result<f64, MomentError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(MomentError::NotFinite { name, value })
    }
}

pub(crate) fn positive(name: &'static str, value: f64) -> Result<f64, MomentError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(MomentError::NotPositive { name, value })
    }
}

pub(crate) fn count(
    name: &'static str,
    value: usize,
    lowest: usize,
    highest: usize,
) -> Result<usize, MomentError> {
    if (lowest..=highest).contains(&value) {
        Ok(value)
    } else {
        Err(MomentError::Count {
            name,
            value,
            lowest,
            highest,
        })
    }
}
