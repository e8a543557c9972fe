//! Predictions for tables.

use banach_data::{EncodeReport, Table, UnknownCategories};
use banach_nn::Precision;

use crate::error::Error;
use crate::inputs::inputs;
use crate::model::Model;
use crate::prediction::Predictions;

/// A model made ready to predict. A row's prediction has the same bits alone, among others, and with
/// any number of threads.
pub struct Predictor<'a> {
    model: &'a Model,
    network: banach_nn::Predictor,
}

impl<'a> Predictor<'a> {
    pub(crate) fn new(
        model: &'a Model,
        threads: usize,
        precision: Precision,
    ) -> Result<Self, Error> {
        Ok(Self {
            model,
            network: banach_nn::Predictor::with_precision(&model.network, threads, precision)?,
        })
    }

    /// The model that predicts.
    pub(crate) fn model(&self) -> &'a Model {
        self.model
    }

    /// Predicts all rows of a table and reports unseen and newly missing cells.
    ///
    /// # Errors
    /// [`Error::Data`] when the table lacks a column or has cells of another type, and with
    /// [`UnknownCategories::Refuse`] for a category that training did not know.
    pub fn predict(
        &mut self,
        table: &Table,
        unknown: UnknownCategories,
    ) -> Result<(Predictions, EncodeReport), Error> {
        let (features, report) = self.model.encoder.encode(table, unknown)?;
        let outputs = self
            .network
            .outputs(&inputs(features, self.model.network.spec()))?;
        Ok((
            Predictions::from_outputs(outputs, &self.model.target),
            report,
        ))
    }

    /// Mean and variance of the input and of every layer's activations over the rows of a table; the
    /// last entry is the output layer's.
    ///
    /// # Errors
    /// As [`Predictor::predict`].
    pub fn moments(&mut self, table: &Table) -> Result<Vec<banach_nn::LayerMoments>, Error> {
        let (features, _) = self.model.encoder.encode(table, UnknownCategories::Count)?;
        Ok(self
            .network
            .moments(&inputs(features, self.model.network.spec()))?)
    }
}
