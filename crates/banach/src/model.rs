//! A fitted model: encoders, network, and how it came to be.

use std::path::Path;

use banach_data::{Encoder, Schema, TargetEncoder, Task};
use banach_nn::{Network, Precision};
use serde_json::{Map, Value};

use crate::container::FormatError;
use crate::error::Error;
use crate::model_file;
use crate::predict::Predictor;
use crate::training::Training;

/// Everything that it takes to predict from a table, in one value and one file.
///
/// ```no_run
/// use banach::Model;
/// use banach::io::{ReadOptions, read_table};
///
/// let model = Model::load("model.safetensors")?;
/// let options = ReadOptions { schema: Some(model.schema()), ..ReadOptions::default() };
/// let table = read_table("rows.csv", &options)?;
/// let (predictions, _) = model.predictor(1)?.predict(&table, Default::default())?;
/// println!("{} rows", predictions.n_rows());
/// # Ok::<(), banach::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(crate) settings: Map<String, Value>,
    pub(crate) encoder: Encoder,
    pub(crate) target: TargetEncoder,
    pub(crate) network: Network,
    pub(crate) training: Training,
}

impl Model {
    /// Reads a model file. Nothing in it is executed, and no more is allocated than the file is long.
    ///
    /// # Errors
    /// [`Error::Format`], which names the file and what is wrong with it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(model_file::read(path.as_ref())?)
    }

    /// Reads the bytes of a model file.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        model_file::from_bytes(bytes)
    }

    /// Writes the model file, whole or not at all. The same model gives the same bytes.
    ///
    /// # Errors
    /// [`Error::Format`], which names the file.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(model_file::container(self)?.write_file(path.as_ref())?)
    }

    /// The bytes that [`Model::save`] writes.
    ///
    /// # Errors
    /// [`FormatError`] when encoders are too large for the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        model_file::container(self)?.to_bytes()
    }

    /// The complete settings of the fit, none left to a preset: names and values, `null` where a
    /// setting has no meaning.
    #[must_use]
    pub fn settings(&self) -> &Map<String, Value> {
        &self.settings
    }

    /// What is predicted.
    #[must_use]
    pub fn task(&self) -> Task {
        self.target.task()
    }

    /// The columns that a table for prediction must have.
    #[must_use]
    pub fn schema(&self) -> Schema {
        self.encoder.schema()
    }

    /// How columns become the network's inputs.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// How targets become the network's outputs.
    #[must_use]
    pub fn target(&self) -> &TargetEncoder {
        &self.target
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How the model was trained.
    #[must_use]
    pub fn training(&self) -> &Training {
        &self.training
    }

    /// The same model before its training, with the weights that its seed drew: to see what training
    /// changed.
    ///
    /// # Errors
    /// [`Error::Train`] for a network that cannot be built, which no fitted model has.
    pub fn untrained(&self) -> Result<Self, Error> {
        let spec = self.network.spec().clone();
        Ok(Self {
            network: Network::new(
                spec,
                self.settings
                    .get("seed")
                    .and_then(Value::as_u64)
                    .unwrap_or(0),
            )?,
            ..self.clone()
        })
    }

    /// Makes ready to predict on `threads` threads.
    ///
    /// # Errors
    /// [`Error::Train`] if the system refuses the threads.
    pub fn predictor(&self, threads: usize) -> Result<Predictor<'_>, Error> {
        self.predictor_with_precision(threads, Precision::Single)
    }

    /// [`Model::predictor`] with the weights kept in some precision.
    ///
    /// # Errors
    /// As [`Model::predictor`].
    pub fn predictor_with_precision(
        &self,
        threads: usize,
        precision: Precision,
    ) -> Result<Predictor<'_>, Error> {
        Predictor::new(self, threads, precision)
    }
}
