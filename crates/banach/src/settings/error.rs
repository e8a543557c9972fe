//! Why a setting cannot be read.

/// A setting that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// There is none of this name.
    #[error("there is no setting {name:?}{}", nearest.as_ref().map_or(String::new(), |name| format!("; did you mean {name:?}?")))]
    Unknown {
        /// The name found.
        name: String,
        /// The nearest existing one, if one is near.
        nearest: Option<String>,
    },
    /// Its value is not of its type.
    #[error("{name}: {reason}")]
    Value {
        /// The setting's name.
        name: &'static str,
        /// What was expected and what was found.
        reason: String,
    },
    /// A complete recipe lacks it.
    #[error("the setting {name} is missing")]
    Missing {
        /// The setting's name.
        name: &'static str,
    },
}
