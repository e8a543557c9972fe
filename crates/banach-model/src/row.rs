//! Predictions for single rows, without allocating.

use std::fmt;
use std::sync::Arc;

use banach_data::{RowEncoder, Scalar, Task};
use banach_nn::Workspace;

use crate::error::Error;
use crate::inputs::{first_activation, to_fixed_point};
use crate::predictor::{Predictor, Ready, Shared};

/// A model made ready to predict one row after the other on the calling thread. No call allocates
/// memory, but for those that end in an error.
///
/// Made by [`Predictor::row_predictor`](crate::Predictor::row_predictor); each thread has one of its own.
/// A row has the same bits as in a table.
pub struct RowPredictor {
    shared: Arc<Shared>,
    encoders: Vec<EncodedRow>,
    members: Vec<Workspace>,
    /// A member's numbers, where it has its own fixed point.
    numbers: Vec<f32>,
    /// Outputs of each member, one after the other.
    outputs: Vec<f32>,
    scratch: Vec<f64>,
    proba: Vec<f32>,
}

/// One encoder, the cells that it takes, and what it made of them.
struct EncodedRow {
    encoder: RowEncoder,
    /// Position in the row of each cell that the encoder takes.
    cells: Vec<usize>,
    numbers: Vec<f32>,
    codes: Vec<u32>,
}

/// The prediction for one row.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RowPrediction<'a> {
    /// The probability of each class, in the order of
    /// [`TargetEncoder::classes`](banach_data::TargetEncoder::classes).
    Classes(&'a [f32]),
    /// The number, in the target's own units.
    Value(f64),
    /// The probability of each label's second class.
    Labels(&'a [f32]),
}

impl fmt::Debug for RowPredictor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowPredictor")
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}

impl Predictor {
    /// Makes ready to predict single rows without allocating; one for each thread that does so.
    #[must_use]
    pub fn row_predictor(&self) -> RowPredictor {
        RowPredictor::new(Arc::clone(&self.shared))
    }
}

impl RowPredictor {
    fn new(shared: Arc<Shared>) -> Self {
        let position = |name: &str| {
            let mut fields = shared.schema.fields.iter();
            // The schema is that of all encoders together.
            fields.position(|field| field.name == name).unwrap_or(0)
        };
        let encoders = shared.encoders.iter().map(|encoder| {
            let fields = encoder.schema().fields;
            EncodedRow {
                cells: fields.iter().map(|field| position(&field.name)).collect(),
                numbers: vec![0.0; encoder.n_numbers()],
                codes: vec![0; encoder.category_counts().len()],
                encoder: encoder.row_encoder(),
            }
        });
        let (n_members, n_outputs) = (shared.members.len(), shared.rule.n_outputs);
        let members = shared.members.iter();
        Self {
            encoders: encoders.collect(),
            members: members.map(|member| member.network.workspace(1)).collect(),
            numbers: Vec::new(),
            outputs: vec![0.0; n_members * n_outputs],
            scratch: vec![0.0; 2 * n_outputs],
            proba: vec![0.0; n_outputs],
            shared,
        }
    }

    /// Predicts one row. `cells` are those of [`Predictor::schema`](crate::Predictor::schema), in its
    /// order, with the meaning that they have in a table: text is read as numbers, times and categories
    /// as the column needs it.
    ///
    /// # Errors
    /// [`Error::Data`] for a wrong number of cells, a cell of another type, and, if the options say so, a
    /// category that did not occur in training.
    pub fn predict(&mut self, cells: &[Scalar<'_>]) -> Result<RowPrediction<'_>, Error> {
        let expected = self.shared.schema.fields.len();
        if cells.len() != expected {
            let got = cells.len();
            return Err(Error::CellCount { expected, got });
        }
        let unknown = self.shared.options.unknown_categories;
        for row in &mut self.encoders {
            let cell = |at: usize| cells[row.cells[at]];
            row.encoder
                .encode_with(cell, &mut row.numbers, &mut row.codes, unknown)?;
        }
        let n_outputs = self.shared.rule.n_outputs;
        let outputs = self.outputs.chunks_exact_mut(n_outputs);
        let members = self.shared.members.iter().zip(&mut self.members);
        for ((member, workspace), outputs) in members.zip(outputs) {
            let row = &self.encoders[member.encoder];
            let numbers = own_numbers(member, &row.numbers, &mut self.numbers);
            member
                .network
                .row(workspace, numbers, &row.codes, outputs)?;
        }
        let rule = &self.shared.rule;
        if rule.task == Task::Regression {
            return Ok(RowPrediction::Value(
                rule.value(&self.outputs, &self.shared.target),
            ));
        }
        rule.proba(&self.outputs, &mut self.scratch, &mut self.proba);
        Ok(match rule.task {
            Task::Multilabel => RowPrediction::Labels(&self.proba),
            _ => RowPrediction::Classes(&self.proba),
        })
    }
}

/// The numbers that a member takes: as they were encoded, or brought to its fixed point in `own`.
fn own_numbers<'a>(member: &Ready, numbers: &'a [f32], own: &'a mut Vec<f32>) -> &'a [f32] {
    let activation = first_activation(member.network.spec());
    if crate::inputs::shifted_fixed_point(activation).is_none() {
        return numbers;
    }
    own.clear();
    own.extend_from_slice(numbers);
    to_fixed_point(activation, own);
    own
}
