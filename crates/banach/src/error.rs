//! What can go wrong between a table and a model, with the facts to act on.

use banach_data::{DataError, EncodeError, SplitError, TableError, TargetError};
use banach_io::{ReadError, WriteError};
use banach_nn::{DatasetError, SpecError, TrainError};

use banach_model::container::FormatError;

use crate::settings::error::SettingError;

/// Why a model could not be fitted, stored, loaded or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something about a table.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file that cannot be read as a table.
    #[error(transparent)]
    ReadTable(ReadError),
    /// A table that cannot be written to a file.
    #[error(transparent)]
    WriteTable(#[from] WriteError),
    /// Something about the use of a model, or about a model file or checkpoint.
    #[error(transparent)]
    Model(banach_model::Error),
    /// Something about the training run.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A setting out of its range, or at odds with another one.
    #[error("{name} must be {allowed}, got {got}")]
    Setting {
        /// The setting's name, as it stands in a settings file.
        name: &'static str,
        /// Values it may have.
        allowed: &'static str,
        /// The value found.
        got: String,
    },
    /// A fixed point that no SELU has.
    #[error("fixed_point: {0}")]
    FixedPoint(#[from] banach_theory::MomentError),
    /// A setting that does not go with the task.
    #[error("{name} = {got} does not go with the task {task}: {reason}")]
    SettingForTask {
        /// The setting's name.
        name: &'static str,
        /// The value found.
        got: String,
        /// The task.
        task: &'static str,
        /// What it is for.
        reason: &'static str,
    },
    /// A settings file that is not what it should be.
    #[error("{file}: {source}")]
    SettingsFile {
        /// The file.
        file: String,
        /// What is wrong, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A value of a settings file that is not of the setting's type.
    #[error("{file}, line {line}, column {column}: {name}: {reason}")]
    SettingValue {
        /// The file.
        file: String,
        /// Line of the value, from 1.
        line: usize,
        /// Column of the value in characters, from 1.
        column: usize,
        /// The setting's name.
        name: &'static str,
        /// What was expected and what was found.
        reason: String,
    },
    /// Settings that were stored and cannot be read.
    #[error(transparent)]
    StoredSetting(#[from] SettingError),
    /// A settings file that cannot be read.
    #[error("cannot read {file}: {source}")]
    ReadSettings {
        /// The file.
        file: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A setting that does not exist.
    #[error("{file}: there is no setting {key:?}{}", banach_data::did_you_mean(nearest.as_deref()))]
    UnknownSetting {
        /// The file.
        file: String,
        /// The key found.
        key: String,
        /// The nearest existing one, if one is near.
        nearest: Option<String>,
    },
    /// A network that does not fit into memory.
    #[error(
        "training this network needs about {needed_mb} MB ({parameters} parameters, batch size \
         {batch_size}), but only {available_mb} MB are free"
    )]
    OutOfMemory {
        /// Estimate for training, in units of 10^6 bytes.
        needed_mb: u64,
        /// Free memory, in units of 10^6 bytes.
        available_mb: u64,
        /// Number of trained parameters.
        parameters: usize,
        /// Batch size.
        batch_size: usize,
    },
    /// A checkpoint of another run.
    #[error("{file} belongs to another run: {what}")]
    OtherRun {
        /// The checkpoint.
        file: String,
        /// What is not the same.
        what: &'static str,
    },
    /// There is nothing to resume from.
    #[error("{file} does not exist, so there is no run to resume")]
    NoCheckpoint {
        /// The checkpoint looked for.
        file: String,
    },
    /// A run folder in which another run is at work.
    #[error("another run is writing checkpoints to {folder}")]
    FolderInUse {
        /// The folder.
        folder: String,
    },
    /// A run folder that cannot be written to.
    #[error("cannot write {file}: {source}")]
    Write {
        /// The file.
        file: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Training was interrupted before there was anything to keep.
    #[error("interrupted before the first step was done; there is no model to keep")]
    Interrupted,
    /// Folds in which the model cannot be scored.
    #[error("fold {fold}: {source}")]
    Fold {
        /// The fold's name.
        fold: String,
        /// What is wrong in it.
        source: Box<Error>,
    },
}

impl From<banach_model::Error> for Error {
    fn from(error: banach_model::Error) -> Self {
        match error {
            banach_model::Error::Data(error) => Self::Data(error),
            other => Self::Model(other),
        }
    }
}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        Self::Model(error.into())
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Table(error) => error.into(),
            other => Self::ReadTable(other),
        }
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Self {
        Self::Data(error.into())
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::Data(error.into())
    }
}

impl From<TargetError> for Error {
    fn from(error: TargetError) -> Self {
        Self::Data(error.into())
    }
}

impl From<SplitError> for Error {
    fn from(error: SplitError) -> Self {
        Self::Data(error.into())
    }
}

impl From<SpecError> for Error {
    fn from(error: SpecError) -> Self {
        Self::Train(error.into())
    }
}

impl From<DatasetError> for Error {
    fn from(error: DatasetError) -> Self {
        Self::Train(error.into())
    }
}
