//! Types of values that only settings have, with the words for them in files and on a command line.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use banach_data::{NameError, by_name};

/// Defaults for settings that are not given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preset {
    /// The strongest recipe known here.
    #[default]
    Default,
    /// The recipe of Klambauer et al. 2017 (arXiv:1706.02515, section A.4).
    Paper,
}

impl Preset {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Default, Self::Paper];

    /// The name in settings.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Paper => "paper",
        }
    }
}

impl FromStr for Preset {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        by_name(&Self::ALL, Self::name, text)
    }
}

/// Weights of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClassWeight {
    /// Every row has the same weight.
    #[default]
    None,
    /// Every class has the same total weight in the training rows, for the loss but not for metrics.
    Balanced,
}

impl ClassWeight {
    /// The name in settings.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Balanced => "balanced",
        }
    }
}

impl FromStr for ClassWeight {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        by_name(&[Self::None, Self::Balanced], Self::name, text)
    }
}

/// Where validation rows come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Validation {
    /// This fraction of the table's rows, between 0 and 1.
    Fraction(f64),
    /// All rows of this file.
    File(PathBuf),
}

impl From<f64> for Validation {
    fn from(fraction: f64) -> Self {
        Self::Fraction(fraction)
    }
}

impl From<&Path> for Validation {
    fn from(file: &Path) -> Self {
        Self::File(file.to_owned())
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fraction(fraction) => write!(f, "{fraction}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Mean and variance of the activations that a SELU keeps, written `MEAN,VARIANCE`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedPoint {
    /// The mean.
    pub mean: f64,
    /// The variance.
    pub variance: f64,
}

impl FromStr for FixedPoint {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new("MEAN,VARIANCE such as 0,1", text);
        let (mean, variance) = text.split_once(',').ok_or_else(error)?;
        let number = |text: &str| text.trim().parse().map_err(|_| error());
        Ok(Self {
            mean: number(mean)?,
            variance: number(variance)?,
        })
    }
}

impl fmt::Display for FixedPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.mean, self.variance)
    }
}
