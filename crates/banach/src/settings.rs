//! Settings as a person types them: all optional, the same names in a file and on a command line.
//!
//! A setting comes from the command line, else from a settings file, else from the preset
//! ([`Settings::or`]). [`crate::Config`] is the checked and complete form.

use std::path::Path;

use banach_data::{Scaling, nearest_name};
use banach_nn::{NetworkKind, Schedule, Shape};
use serde::{Deserialize, Serialize};

use crate::error::Error;

mod choices;

pub use choices::{
    ClassWeight, FixedPoint, LossChoice, OptimizerChoice, Preset, SplitChoice, StoppingChoice,
    TaskChoice, TextError, Valid, parse_name,
};

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
    #[cfg_attr(feature = "clap", arg(long, value_parser = parse_name::<NetworkKind>, help_heading = "Network"))]
    pub network: Option<NetworkKind>,
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

#[cfg(test)]
mod tests {
    use banach_data::Split;

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
