//! Settings as a person types them: all optional, the same names in a file and on a command line.
//!
//! A setting comes from the command line, else from a settings file, else from the preset
//! ([`Settings::or`]). [`crate::Config`] is the checked and complete form.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use banach_data::{Scaling, Split, Task, nearest_name};
use banach_nn::{Schedule, Shape};
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// Everything that can be set about a fit. `None` leaves it to the preset.
///
/// Text fields are checked when they enter; ranges are checked by [`crate::Estimator`], which
/// knows the task and the table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Column to predict; give it several times (or a list) for several labels
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "COL", help_heading = "Table")
    )]
    pub target: Option<Vec<String>>,
    /// What to predict: auto, binary, multiclass, regression or multilabel
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<TaskChoice>, help_heading = "Table"))]
    pub task: Option<TaskChoice>,
    /// Validation rows: a share of the table such as 0.2, or a file of their own
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "FRACTION|FILE", help_heading = "Table")
    )]
    pub valid: Option<Valid>,
    /// How validation rows and folds are chosen: random, stratified, group=COL or time=COL
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "HOW", help_heading = "Table")
    )]
    pub split: Option<SplitChoice>,
    /// Column of sample weights
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "COL", help_heading = "Table")
    )]
    pub weight: Option<String>,
    /// Weights of classes: balanced gives each class the same total, none leaves them alone
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<ClassWeight>, help_heading = "Table"))]
    pub class_weight: Option<ClassWeight>,
    /// Columns not to use
    #[cfg_attr(
        feature = "clap",
        arg(
            long,
            value_name = "COL,..",
            value_delimiter = ',',
            help_heading = "Table"
        )
    )]
    pub drop: Option<Vec<String>>,
    /// Columns to take as categories whatever they hold
    #[cfg_attr(
        feature = "clap",
        arg(
            long,
            value_name = "COL,..",
            value_delimiter = ',',
            help_heading = "Table"
        )
    )]
    pub categorical: Option<Vec<String>>,
    /// Columns to take as numbers whatever they look like
    #[cfg_attr(
        feature = "clap",
        arg(
            long,
            value_name = "COL,..",
            value_delimiter = ',',
            help_heading = "Table"
        )
    )]
    pub numeric: Option<Vec<String>>,

    /// Where settings come from that are not given: default (strong) or paper (Klambauer et al. 2017)
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<Preset>, help_heading = "Recipe"))]
    pub preset: Option<Preset>,
    /// Seed of all randomness
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Recipe"))]
    pub seed: Option<u64>,

    /// Scaling of numbers: robust (median, quartiles, smooth clip) or standard (mean, deviation)
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<Scaling>, help_heading = "Inputs"))]
    pub scaling: Option<Scaling>,
    /// Categories in fewer training rows than this are treated as unknown
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", help_heading = "Inputs"))]
    pub min_category_count: Option<u64>,
    /// Category columns with more values than this get trained vectors instead of one unit a value
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", help_heading = "Inputs"))]
    pub max_one_hot: Option<usize>,
    /// Length of the trained vector of a category
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", help_heading = "Inputs"))]
    pub embedding_dim: Option<usize>,
    /// Share of training cells whose category is hidden, so that the unknown code is trained
    #[cfg_attr(feature = "clap", arg(long, value_name = "P", help_heading = "Inputs"))]
    pub hide_categories: Option<f64>,

    /// Kind of network: snn (self-normalizing), or one that it is compared with: msra, batchnorm,
    /// layernorm, weightnorm, highway or resnet
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<NetworkChoice>, help_heading = "Network"))]
    pub network: Option<NetworkChoice>,
    /// Number of hidden layers, 1 to 256; of a resnet its first layer and its blocks
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "N", help_heading = "Network")
    )]
    pub layers: Option<usize>,
    /// Units in the first hidden layer; not with highway, which is as wide as its input
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "N", help_heading = "Network")
    )]
    pub width: Option<usize>,
    /// Widths of the layers: rectangular (all equal) or conic (falling to the output's); not with
    /// highway and resnet
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<Shape>, help_heading = "Network"))]
    pub shape: Option<Shape>,
    /// With resnet: layers of a residual block, 2 or 3
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "N", help_heading = "Network")
    )]
    pub block: Option<usize>,
    /// With resnet: width of a block's inner layers as a share of the others'; 1 is rectangular
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "SHARE", help_heading = "Network")
    )]
    pub bottleneck: Option<f64>,
    /// With snn: mean and variance that SELU shall keep, such as 0,1
    #[cfg_attr(
        feature = "clap",
        arg(
            long,
            value_name = "MEAN,VARIANCE",
            allow_hyphen_values = true,
            help_heading = "Network"
        )
    )]
    pub fixed_point: Option<FixedPoint>,
    /// Dropout rate of hidden units: alpha dropout with snn, ordinary dropout with the others
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "P", help_heading = "Network")
    )]
    pub dropout: Option<f64>,
    /// Dropout rate of input units, of the same kind
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "P", help_heading = "Network")
    )]
    pub input_dropout: Option<f64>,

    /// Loss of a regression: squared or huber
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<LossChoice>, help_heading = "Training"))]
    pub loss: Option<LossChoice>,
    /// Where the Huber loss turns linear, in standard deviations of the target
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "X", help_heading = "Training")
    )]
    pub huber_delta: Option<f64>,
    /// Label smoothing of a classification
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "P", help_heading = "Training")
    )]
    pub label_smoothing: Option<f64>,
    /// Optimiser: sgd, adam or adamw
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<OptimizerChoice>, help_heading = "Training"))]
    pub optimizer: Option<OptimizerChoice>,
    /// Learning rate
    #[serde(rename = "lr", alias = "learning_rate")]
    #[cfg_attr(
        feature = "clap",
        arg(
            long = "lr",
            visible_alias = "learning-rate",
            value_name = "X",
            help_heading = "Training"
        )
    )]
    pub learning_rate: Option<f64>,
    /// Course of the learning rate: constant, cosine, one_cycle or coslog4
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<Schedule>, help_heading = "Training"))]
    pub schedule: Option<Schedule>,
    /// Momentum of sgd
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "X", help_heading = "Training")
    )]
    pub momentum: Option<f64>,
    /// Nesterov's form of momentum
    #[cfg_attr(feature = "clap", arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", help_heading = "Training"))]
    pub nesterov: Option<bool>,
    /// Decay of Adam's mean of gradients
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "X", help_heading = "Training")
    )]
    pub beta1: Option<f64>,
    /// Decay of Adam's mean of squared gradients
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "X", help_heading = "Training")
    )]
    pub beta2: Option<f64>,
    /// Adam's epsilon
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "X", help_heading = "Training")
    )]
    pub epsilon: Option<f64>,
    /// Weight decay: L2 penalty with sgd and adam, decoupled with adamw
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "X", help_heading = "Training")
    )]
    pub weight_decay: Option<f64>,
    /// Longest gradient allowed; 0 for no limit
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "X", help_heading = "Training")
    )]
    pub clip_norm: Option<f64>,
    /// Rows in a step
    #[serde(rename = "batch", alias = "batch_size")]
    #[cfg_attr(
        feature = "clap",
        arg(
            long = "batch",
            visible_alias = "batch-size",
            value_name = "N",
            help_heading = "Training"
        )
    )]
    pub batch_size: Option<usize>,
    /// Most passes over the training rows
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "N", help_heading = "Training")
    )]
    pub epochs: Option<usize>,
    /// Which epoch is kept: best, smoothed (the paper's) or last
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<StoppingChoice>, help_heading = "Training"))]
    pub stopping: Option<StoppingChoice>,
    /// With best: stop after this many epochs without a new best one; 0 runs all epochs
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "N", help_heading = "Training")
    )]
    pub patience: Option<usize>,
    /// With smoothed: epochs in the moving average
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "N", help_heading = "Training")
    )]
    pub window: Option<usize>,
    /// Train again on all rows for as long as was best on the validation rows
    #[cfg_attr(feature = "clap", arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", help_heading = "Training"))]
    pub refit: Option<bool>,
}

impl Settings {
    /// These settings, completed by `other` where they say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        macro_rules! each {
            ($($field:ident),* $(,)?) => {
                Self { $($field: self.$field.or(other.$field)),* }
            };
        }
        each!(
            target,
            task,
            valid,
            split,
            weight,
            class_weight,
            drop,
            categorical,
            numeric,
            preset,
            seed,
            scaling,
            min_category_count,
            max_one_hot,
            embedding_dim,
            hide_categories,
            network,
            layers,
            width,
            shape,
            block,
            bottleneck,
            fixed_point,
            dropout,
            input_dropout,
            loss,
            huber_delta,
            label_smoothing,
            optimizer,
            learning_rate,
            schedule,
            momentum,
            nesterov,
            beta1,
            beta2,
            epsilon,
            weight_decay,
            clip_norm,
            batch_size,
            epochs,
            stopping,
            patience,
            window,
            refit,
        )
    }

    /// Reads a TOML file whose keys are the names of the settings; `weight-decay` and `weight_decay`
    /// are the same key.
    ///
    /// # Errors
    /// [`Error::ReadSettings`], [`Error::UnknownSetting`] with the nearest name, or
    /// [`Error::SettingsFile`] with line and column.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = path.as_ref().display().to_string();
        let text =
            std::fs::read_to_string(path.as_ref()).map_err(|source| Error::ReadSettings {
                file: file.clone(),
                source,
            })?;
        Self::from_toml(&text, &file)
    }

    /// Reads TOML text; `file` stands for it in messages. See [`Settings::read`].
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn from_toml(text: &str, file: &str) -> Result<Self, Error> {
        let invalid = |source| Error::SettingsFile {
            file: file.to_owned(),
            source: Box::new(source),
        };
        let table: toml::Table = text.parse().map_err(invalid)?;
        let names = Self::names();
        let mut dashed = false;
        for key in table.keys() {
            let name = key.replace('-', "_");
            let is_alias = matches!(name.as_str(), "learning_rate" | "batch_size");
            if !is_alias && !names.contains(&name) {
                return Err(Error::UnknownSetting {
                    file: file.to_owned(),
                    nearest: nearest_name(&name, names.iter().map(String::as_str)),
                    key: key.clone(),
                });
            }
            dashed |= key.contains('-');
        }
        if dashed {
            // Line numbers are lost this way, so it is done only where it must be.
            let renamed = table
                .into_iter()
                .map(|(key, value)| (key.replace('-', "_"), value));
            return toml::Value::Table(renamed.collect())
                .try_into()
                .map_err(invalid);
        }
        toml::from_str(text).map_err(invalid)
    }

    /// The names of all settings.
    fn names() -> Vec<String> {
        // Serialised to JSON every field is there, `null` where it is not set.
        match serde_json::to_value(Self::default()) {
            Ok(serde_json::Value::Object(fields)) => fields.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

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
    /// Kind of network, by the names of [`banach_nn::Architecture`].
    NetworkChoice {
        /// Self-normalizing: SELU and alpha dropout.
        Snn,
        /// ReLU with weights of variance 2/fan_in, as in all that follow.
        Msra,
        /// Batch normalization.
        #[serde(rename = "batchnorm")]
        BatchNorm,
        /// Layer normalization.
        #[serde(rename = "layernorm")]
        LayerNorm,
        /// Weight normalization.
        #[serde(rename = "weightnorm")]
        WeightNorm,
        /// Highway layers.
        Highway,
        /// Residual blocks with batch normalization.
        #[serde(rename = "resnet")]
        ResNet,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settings_file_takes_every_name_with_either_dash() {
        let settings = Settings::from_toml(
            "target = [\"y\"]\nweight-decay = 0.1\nlr = 0.5\nsplit = \"group=g\"\nvalid = 0.3\n\
             optimizer = \"adamw\"\nfixed_point = \"0,2\"",
            "s.toml",
        )
        .unwrap();
        assert_eq!(settings.weight_decay, Some(0.1));
        assert_eq!(settings.learning_rate, Some(0.5));
        assert_eq!(settings.split, Some(SplitChoice(Split::Group("g".into()))));
        assert_eq!(settings.valid, Some(Valid::Fraction(0.3)));
        assert_eq!(settings.optimizer, Some(OptimizerChoice::AdamW));
        let long = Settings::from_toml("learning_rate = 0.5\nbatch_size = 8", "s.toml").unwrap();
        assert_eq!((long.learning_rate, long.batch_size), (Some(0.5), Some(8)));
    }

    #[test]
    fn unknown_and_misspelt_settings_are_named_with_the_nearest_one() {
        let error = Settings::from_toml("leyers = 3", "s.toml")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "s.toml: there is no setting \"leyers\"; did you mean \"layers\"?"
        );
        let error = Settings::from_toml("optimizer = \"adm\"", "s.toml")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 1") && error.contains("adamw"),
            "{error}"
        );
        let error = Settings::from_toml("layers = ", "s.toml")
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 1"), "{error}");
    }

    #[test]
    fn the_first_settings_win_and_the_others_fill_up() {
        let typed = Settings {
            layers: Some(2),
            ..Settings::default()
        };
        let file = Settings {
            layers: Some(5),
            width: Some(7),
            ..Settings::default()
        };
        let both = typed.or(file);
        assert_eq!(
            (both.layers, both.width, both.epochs),
            (Some(2), Some(7), None)
        );
    }

    #[test]
    fn json_and_text_forms_read_back() {
        let settings = Settings {
            split: Some("time=t".parse().unwrap()),
            fixed_point: Some("0.5, 2".parse().unwrap()),
            valid: Some("rows.csv".parse().unwrap()),
            task: Some(TaskChoice::Auto),
            ..Settings::default()
        };
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings);
        assert!("group=".parse::<SplitChoice>().is_err());
        assert!("1".parse::<FixedPoint>().is_err());
    }
}
