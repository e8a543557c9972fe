//! How good a model is on rows with known targets.

use banach_data::{EncodeReport, Table, TargetError, Targets, sample_weights};
use serde::Serialize;

use crate::error::Error;
use crate::metrics::{Confusion, Metrics, MetricsError};
use crate::prediction::Predictions;
use crate::predictor::Predictor;
use crate::scoring::score;

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
    /// Cells unlike those of training.
    pub encoding: EncodeReport,
}

impl Predictor {
    /// Scores the rows of a table that have a target.
    ///
    /// The table has the columns of [`Predictor::schema`] and of [`Predictor::target`], and the column
    /// of sample weights named by `weight`, if there is one. For tables that come in parts see
    /// [`Evaluator`].
    ///
    /// # Errors
    /// [`Error::Data`] for the table, [`Error::Metrics`] when there is nothing to score.
    pub fn evaluate(&self, table: &Table, weight: Option<&str>) -> Result<Evaluation, Error> {
        let mut evaluator = Evaluator::new(self, weight);
        evaluator.add(table)?;
        evaluator.finish()
    }

    /// Scores some rows of a table, given in ascending order.
    ///
    /// # Errors
    /// As [`Predictor::evaluate`].
    pub fn evaluate_rows(
        &self,
        table: &Table,
        rows: &[u32],
        weight: Option<&str>,
    ) -> Result<Evaluation, Error> {
        let mut evaluator = Evaluator::new(self, weight);
        evaluator.add_rows(table, Some(rows))?;
        evaluator.finish()
    }
}

/// Scores a table that comes in parts: predictions and targets are kept, the tables are not.
///
/// ```no_run
/// # use banach_model::{Evaluator, Error, Predictor, data::Table};
/// # fn parts() -> Vec<Table> { vec![] }
/// # fn example(predictor: &Predictor) -> Result<(), Error> {
/// let mut evaluator = Evaluator::new(predictor, None);
/// for table in parts() {
///     evaluator.add(&table)?;
/// }
/// println!("{:?}", evaluator.finish()?.metrics);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Evaluator<'a> {
    predictor: &'a Predictor,
    weight: Option<&'a str>,
    scored: Option<(Predictions, Targets)>,
    weights: Vec<f32>,
    without_target: usize,
    encoding: EncodeReport,
}

impl<'a> Evaluator<'a> {
    /// Begins an evaluation; `weight` names the column of sample weights, if there is one.
    #[must_use]
    pub fn new(predictor: &'a Predictor, weight: Option<&'a str>) -> Self {
        Self {
            predictor,
            weight,
            scored: None,
            weights: Vec::new(),
            without_target: 0,
            encoding: EncodeReport::default(),
        }
    }

    /// Adds the rows of a table.
    ///
    /// # Errors
    /// [`Error::Data`] when the table does not suit the model.
    pub fn add(&mut self, table: &Table) -> Result<(), Error> {
        self.add_rows(table, None)
    }

    fn add_rows(&mut self, table: &Table, among: Option<&[u32]>) -> Result<(), Error> {
        let target = self.predictor.target();
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
                // A part may count for nothing; that all of them do is seen when they are scored.
                Err(TargetError::ZeroWeights { .. }) => {
                    self.weights.resize(self.weights.len() + rows.len(), 0.0);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let (predictions, report) = self.predictor.predict(table)?;
        self.encoding.merge(report);
        let predictions = predictions.select(&rows);
        match &mut self.scored {
            Some((all, all_targets)) => {
                all.append(predictions);
                all_targets.append(targets)?;
            }
            None => self.scored = Some((predictions, targets)),
        }
        Ok(())
    }

    /// The metrics of all rows that were added.
    ///
    /// # Errors
    /// [`Error::Metrics`] when there is nothing to score.
    pub fn finish(self) -> Result<Evaluation, Error> {
        let Some((predictions, targets)) = self.scored else {
            return Err(MetricsError::NoRows.into());
        };
        let weights = self.weight.map(|_| self.weights.as_slice());
        let score = score(&predictions, &targets, weights, self.predictor.target())?;
        Ok(Evaluation {
            rows: predictions.n_rows(),
            without_target: self.without_target,
            metrics: score.metrics,
            confusion: score.confusion,
            encoding: self.encoding,
        })
    }
}
