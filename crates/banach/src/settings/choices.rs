//! The values that settings take, with the words for them in files and on the command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use banach_data::{Split, Task};
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Reads one of the names that an enumeration has in settings files.
///
/// # Errors
/// The names that there are.
pub fn parse_name<T: DeserializeOwned>(name: &str) -> Result<T, NameError> {
    let deserializer: StrDeserializer<'_, NameError> = name.into_deserializer();
    T::deserialize(deserializer)
}

macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_meta])* $variant),* }
    };
}

choice! {
    /// Where settings come from that nobody gave.
    Preset {
        /// The strongest recipe known here.
        Default,
        /// The recipe of Klambauer et al. 2017 (arXiv:1706.02515, section A.4).
        Paper,
    }
}

choice! {
    /// What to predict.
    TaskChoice {
        /// Found from the target columns.
        Auto,
        /// One of two classes.
        Binary,
        /// One of several classes.
        Multiclass,
        /// A number.
        Regression,
        /// Several labels.
        Multilabel,
    }
}

impl TaskChoice {
    /// The task, unless it is to be found.
    #[must_use]
    pub fn task(self) -> Option<Task> {
        match self {
            Self::Auto => None,
            Self::Binary => Some(Task::Binary),
            Self::Multiclass => Some(Task::Multiclass),
            Self::Regression => Some(Task::Regression),
            Self::Multilabel => Some(Task::Multilabel),
        }
    }
}

impl From<Task> for TaskChoice {
    fn from(task: Task) -> Self {
        match task {
            Task::Binary => Self::Binary,
            Task::Multiclass => Self::Multiclass,
            Task::Regression => Self::Regression,
            Task::Multilabel => Self::Multilabel,
        }
    }
}

choice! {
    /// Weights of classes.
    ClassWeight {
        /// Every row counts alike.
        None,
        /// Every class has the same total weight in the training rows.
        Balanced,
    }
}

choice! {
    /// Loss of a regression.
    LossChoice {
        /// Squared error.
        Squared,
        /// Huber's loss.
        Huber,
    }
}

choice! {
    /// Optimiser.
    OptimizerChoice {
        /// Stochastic gradient descent.
        Sgd,
        /// Adam with an L2 penalty.
        Adam,
        /// Adam with decoupled weight decay.
        #[serde(rename = "adamw")]
        AdamW,
    }
}

choice! {
    /// Which epoch is kept.
    StoppingChoice {
        /// The one with the lowest validation loss.
        Best,
        /// The one with the lowest moving average of the validation loss.
        Smoothed,
        /// The last.
        Last,
    }
}

/// Where validation rows come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Valid {
    /// This share of the table's rows.
    Fraction(f64),
    /// All rows of this file.
    File(PathBuf),
}

impl FromStr for Valid {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.parse() {
            Ok(fraction) => Self::Fraction(fraction),
            Err(_) => Self::File(text.into()),
        })
    }
}

impl fmt::Display for Valid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fraction(fraction) => write!(f, "{fraction}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A value whose text is not one of those allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {allowed}, got {got:?}")]
pub struct TextError {
    allowed: &'static str,
    got: String,
}

/// A [`Split`] as it is written: `random`, `stratified`, `group=COL` or `time=COL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitChoice(pub Split);

impl FromStr for SplitChoice {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let split = match text.split_once('=') {
            None if text == "random" => Split::Random,
            None if text == "stratified" => Split::Stratified,
            Some(("group", column)) if !column.is_empty() => Split::Group(column.to_owned()),
            Some(("time", column)) if !column.is_empty() => Split::Time(column.to_owned()),
            _ => {
                return Err(TextError {
                    allowed: "random, stratified, group=COLUMN or time=COLUMN",
                    got: text.to_owned(),
                });
            }
        };
        Ok(Self(split))
    }
}

impl fmt::Display for SplitChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.column() {
            None => f.write_str(self.0.name()),
            Some(column) => write!(f, "{}={column}", self.0.name()),
        }
    }
}

/// Mean and variance that SELU shall keep, written `MEAN,VARIANCE`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedPoint {
    /// The mean.
    pub mean: f64,
    /// The variance.
    pub variance: f64,
}

impl FromStr for FixedPoint {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let error = || TextError {
            allowed: "MEAN,VARIANCE such as 0,1",
            got: text.to_owned(),
        };
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

/// Types that stand in a file as the text that a person types.
macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(SplitChoice);
as_text!(FixedPoint);
