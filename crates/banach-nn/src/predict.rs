//! Prediction: a network with its weights laid out for it once.

mod moments;
mod network;
mod row;

use std::ops::Range;
use std::sync::Arc;

use banach_data::Features;
use banach_kernels::Pool;
use serde::{Deserialize, Serialize};

use crate::error::{DatasetError, TrainError};
use crate::names::from_name;
use crate::network::Network;
use crate::spec::NetworkSpec;

pub use moments::LayerMoments;
pub(crate) use network::{PredictorOf, WorkspaceOf};

/// Rows that one thread takes at a time.
const ROWS: usize = 64;

/// The same with weights in bfloat16, which are widened once for all of them.
const ROWS_OF_BF16: usize = 256;

/// Up to this many rows are run row by row: a product would compute 16 of them.
const FEW_ROWS: usize = 4;

/// How a predictor keeps the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// As trained, in single precision.
    #[default]
    Single,
    /// Rounded to bfloat16, the upper half of an `f32`: half the memory, and half the time of a single
    /// row when that is bound by reading the weights. Sums stay in `f32`. Each weight moves by up to
    /// 2^-9 of itself.
    Bf16,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Single, Self::Bf16];

    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Bf16 => "bf16",
        }
    }
}

from_name!(Precision);

/// A network made ready to predict. A row's outputs have the same bits alone, in a batch, and with any
/// number of threads.
///
/// It does not change and is shared by cloning, which copies no weights; what a prediction writes is in
/// a [`Workspace`], of which every caller has its own.
#[derive(Debug, Clone)]
pub struct Predictor(Arc<PredictorOf<f32>>);

/// Memory for predictions: the activations of a few rows for each thread. It belongs to one predictor,
/// or to several whose networks have the same layers and the same precision.
#[derive(Debug)]
pub struct Workspace(WorkspaceOf<f32>);

impl Predictor {
    /// Lays out a network's weights.
    #[must_use]
    pub fn new(network: &Network, precision: Precision) -> Self {
        let (spec, parameters) = (network.spec(), network.parameters());
        Self(Arc::new(PredictorOf::new(spec, parameters, precision)))
    }

    /// What is computed: the network's specification, without the normalizations that became part of
    /// the weights ([`Network::folded`]).
    #[must_use]
    pub fn spec(&self) -> &NetworkSpec {
        &self.0.spec
    }

    /// Memory for predictions on up to `threads` threads; it grows where more are used. No thread is
    /// started.
    #[must_use]
    pub fn workspace(&self, threads: usize) -> Workspace {
        Workspace(self.0.workspace(threads))
    }

    /// Outputs of the last layer (logits, or the number) for one row, on the calling thread and without
    /// allocating.
    ///
    /// # Shapes
    /// `numbers`: the number features; `codes`: the category codes; `outputs`: one number for each output.
    ///
    /// # Errors
    /// If the row, the outputs or the workspace do not fit the network.
    pub fn row(
        &self,
        workspace: &mut Workspace,
        numbers: &[f32],
        codes: &[u32],
        outputs: &mut [f32],
    ) -> Result<(), DatasetError> {
        self.0.row(&mut workspace.0, numbers, codes, outputs)
    }

    /// Outputs for some rows, on the calling thread and without allocating.
    ///
    /// # Shapes
    /// `outputs`: [rows, n_outputs], row-major.
    ///
    /// # Errors
    /// If features, rows, outputs or workspace do not fit the network. Values of other rows are not
    /// looked at.
    pub fn rows(
        &self,
        workspace: &mut Workspace,
        features: &Features,
        rows: Range<usize>,
        outputs: &mut [f32],
    ) -> Result<(), DatasetError> {
        self.0.rows(&mut workspace.0, features, rows, outputs)
    }

    /// Outputs for all rows, on all threads of a pool: [n_rows, n_outputs], row-major.
    ///
    /// # Errors
    /// If features or workspace do not fit the network.
    pub fn outputs(
        &self,
        workspace: &mut Workspace,
        pool: &mut Pool,
        features: &Features,
    ) -> Result<Vec<f32>, DatasetError> {
        self.0.outputs(&mut workspace.0, pool, features)
    }

    /// [`Predictor::outputs`] with a workspace and a pool of `threads` threads for this one call.
    ///
    /// # Errors
    /// If the features do not fit the network, or if the system refuses the threads.
    pub fn outputs_once(
        &self,
        features: &Features,
        threads: usize,
    ) -> Result<Vec<f32>, TrainError> {
        let threads = threads.max(1);
        let mut pool =
            Pool::new(threads).map_err(|source| TrainError::Threads { threads, source })?;
        Ok(self.outputs(&mut self.workspace(threads), &mut pool, features)?)
    }

    /// Moments of the input and of every layer's activations over all rows, on the calling thread; the
    /// last entry is the output layer's.
    ///
    /// # Errors
    /// If features or workspace do not fit the network.
    pub fn moments(
        &self,
        workspace: &mut Workspace,
        features: &Features,
    ) -> Result<Vec<LayerMoments>, DatasetError> {
        self.0.moments(&mut workspace.0, features)
    }
}
