//! Predictions for tables.

use banach_data::{EncodeReport, Table, UnknownCategories};
use banach_nn::{Pool, Precision, TrainError, Workspace};

use crate::error::Error;
use crate::inputs::network_features;
use crate::model::Model;
use crate::prediction::Predictions;

/// A model made ready to predict. A row's prediction has the same bits alone, among others, and with
/// any number of threads.
pub struct Predictor<'a> {
    model: &'a Model,
    network: banach_nn::Predictor,
    workspace: Workspace,
    pool: Pool,
}

impl<'a> Predictor<'a> {
    pub(crate) fn new(
        model: &'a Model,
        threads: usize,
        precision: Precision,
    ) -> Result<Self, Error> {
        let threads = threads.max(1);
        let pool = Pool::new(threads).map_err(|source| TrainError::Threads { threads, source })?;
        let network = banach_nn::Predictor::new(&model.network, precision);
        Ok(Self {
            model,
            workspace: network.workspace(threads),
            network,
            pool,
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
        let features = network_features(features, self.model.network.spec());
        let outputs = self
            .network
            .outputs(&mut self.workspace, &mut self.pool, &features)?;
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
        let features = network_features(features, self.model.network.spec());
        Ok(self.network.moments(&mut self.workspace, &features)?)
    }
}
