//! How good a model is on a table with known targets.

use banach_data::{EncodeReport, Table, TargetError, Targets, UnknownCategories, sample_weights};
use banach_io::TableReader;
use banach_nn::DatasetError;
use serde::Serialize;

use crate::error::Error;
use crate::metrics::{Confusion, Metrics};
use crate::model::Model;
use crate::predict::Predictor;
use crate::prediction::Predictions;
use crate::scoring::{self, Truth};

/// Rows that are read and predicted at a time.
const PIECE_ROWS: usize = 1 << 16;

/// The result of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Rows scored.
    pub rows: usize,
    /// Rows left out because they have no target.
    pub without_target: usize,
    /// The task's metrics.
    pub metrics: Metrics,
    /// True against predicted classes; `None` unless there are classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Confusion>,
    /// Unseen and newly missing cells.
    pub encoding: EncodeReport,
}

impl Predictor<'_> {
    /// Scores the rows of a table; only predictions and targets are held in memory.
    ///
    /// The reader's schema is [`Model::schema`] with that of [`Model::target`], and with the weight
    /// column if there is one.
    ///
    /// # Errors
    /// [`Error::Data`] for the table, [`Error::Metrics`] when there is nothing to score.
    pub fn evaluate(
        &mut self,
        reader: &mut TableReader,
        weight: Option<&str>,
    ) -> Result<Evaluation, Error> {
        let mut scorer = Scorer::new(self.model(), weight);
        while let Some(table) = reader.next_table(PIECE_ROWS)? {
            scorer.add(self, &table)?;
        }
        scorer.finish()
    }

    /// Scores some rows of a table in memory.
    ///
    /// # Errors
    /// As [`Predictor::evaluate`].
    pub fn evaluate_rows(
        &mut self,
        table: &Table,
        rows: &[u32],
        weight: Option<&str>,
    ) -> Result<Evaluation, Error> {
        let mut scorer = Scorer::new(self.model(), weight);
        scorer.add_rows(self, table, Some(rows))?;
        scorer.finish()
    }
}

/// Collects predictions and targets piece by piece.
struct Scorer<'a> {
    model: &'a Model,
    weight: Option<&'a str>,
    predictions: Option<Predictions>,
    targets: Option<Targets>,
    weights: Vec<f32>,
    without_target: usize,
    encoding: EncodeReport,
}

impl<'a> Scorer<'a> {
    fn new(model: &'a Model, weight: Option<&'a str>) -> Self {
        Self {
            model,
            weight,
            predictions: None,
            targets: None,
            weights: Vec::new(),
            without_target: 0,
            encoding: EncodeReport::default(),
        }
    }

    fn add(&mut self, predictor: &mut Predictor<'_>, table: &Table) -> Result<(), Error> {
        self.add_rows(predictor, table, None)
    }

    fn add_rows(
        &mut self,
        predictor: &mut Predictor<'_>,
        table: &Table,
        among: Option<&[u32]>,
    ) -> Result<(), Error> {
        let target = &self.model.target;
        let mut rows = target.labelled_rows(table)?;
        if let Some(among) = among {
            rows.retain(|row| among.binary_search(row).is_ok());
        }
        self.without_target += among.map_or(table.n_rows(), <[u32]>::len) - rows.len();
        if rows.is_empty() {
            return Ok(());
        }
        let targets = target.encode(table, &rows)?;
        if let Some(name) = self.weight {
            match sample_weights(table, name, &rows) {
                Ok(weights) => self.weights.extend(weights),
                // A piece may count for nothing; that all of them do is seen when they are scored.
                Err(TargetError::ZeroWeights { .. }) => {
                    self.weights.resize(self.weights.len() + rows.len(), 0.0);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let (predictions, report) = predictor.predict(table, UnknownCategories::Count)?;
        self.encoding.merge(report);
        let predictions = predictions.select(&rows);
        match (&mut self.predictions, &mut self.targets) {
            (Some(all), Some(all_targets)) => {
                all_targets.append(targets).map_err(DatasetError::from)?;
                all.append(predictions);
            }
            _ => (self.predictions, self.targets) = (Some(predictions), Some(targets)),
        }
        Ok(())
    }

    fn finish(self) -> Result<Evaluation, Error> {
        let (Some(predictions), Some(targets)) = (self.predictions, self.targets) else {
            return Err(crate::metrics::MetricsError::NoRows.into());
        };
        let weights = self.weight.map(|_| self.weights.as_slice());
        let truth = Truth::new(&targets, weights);
        let score = scoring::score(&predictions, &truth, &self.model.target)?;
        Ok(Evaluation {
            rows: predictions.n_rows(),
            without_target: self.without_target,
            metrics: score.metrics,
            confusion: score.confusion,
            encoding: self.encoding,
        })
    }
}
