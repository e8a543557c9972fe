//! Forward and backward through all layers for some rows.
//!
//! `layers/` says what each kind of layer computes; here are the loops over layers and panels, the products
//! with the weights, and the memory of the rows. Units run down the lines, batch rows across the lanes, so
//! that one layout serves all three products of a layer. A panel of 32 units is computed, biased, activated
//! and dropped out while it is in cache. Backward turns the gradient at y into the one at the net input,
//! and `d_x = weight^T d_z` into the gradient at the layer before.
//!
//! Batch normalization needs sums over the whole batch, that is over all shards: both directions stop
//! there and go on when the sums are made ([`Stop`]).

mod backward;
mod forward;

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{
    DropoutMask, Isa, LANES, Line, Panels, PanelsMut, Piece, ROWS_PER_SUM, Real, lines_for,
};

use crate::batch::Batch;
use crate::input::CategoryDropout;
use crate::layers::batch_norm::BatchMoments;
use crate::layers::unit_sums::UnitSums;
use crate::layers::{BufferSizes, LayerBuffers, LayerKind};
use crate::layout::{LayerLayout, Layout, Weights};
use crate::loss::Loss;
use crate::spec::{Activation, Dropout, LayerSpec, NetworkSpec};
use backward::Gradients;

/// Rows of a shard are a multiple of this, the batch's last ones excepted: half a panel, below which
/// a product is no faster for fewer rows.
pub(crate) const ROW_STEP: usize = ROWS_PER_SUM;

/// The randomness of one training step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepNoise {
    pub(crate) seed: u64,
    pub(crate) step: u32,
    pub(crate) category_dropout: CategoryDropout,
}

impl StepNoise {
    /// The mask of the units after layer `layer - 1`; 0 is the input.
    fn mask(&self, spec: &NetworkSpec, layer: usize) -> Option<DropoutMask> {
        let dropout = match layer {
            0 => spec.inputs.dropout,
            _ => spec.layers.get(layer - 1)?.dropout,
        };
        let stream = Stream::new(self.seed, Purpose::Dropout, self.step, layer as u32);
        match dropout {
            Dropout::None => None,
            Dropout::Ordinary { rate } => Some(DropoutMask::ordinary(stream, rate)),
            Dropout::Alpha { rate } => {
                // The spec's check ties alpha dropout to SELU; inputs go with the first layer.
                let Activation::Selu { mean, variance, .. } =
                    spec.layers[layer.saturating_sub(1)].activation
                else {
                    return None;
                };
                let selu = spec.layers[layer.saturating_sub(1)].activation.selu()?;
                Some(DropoutMask::alpha(stream, rate, selu, mean, variance))
            }
        }
    }
}

/// What a pass needs beside its rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass<'a, T> {
    pub(crate) isa: Isa,
    pub(crate) spec: &'a NetworkSpec,
    pub(crate) weights: Weights<'a, T>,
    /// The step's randomness; `None` without dropout.
    pub(crate) noise: Option<&'a StepNoise>,
    /// For each layer with batch normalization, its moments over the batch.
    pub(crate) moments: &'a [BatchMoments<T>],
}

impl<T: Real> Pass<'_, T> {
    /// The mask of the units with an index: 0 is the input, l + 1 the output of layer l.
    fn mask(&self, index: usize) -> Option<DropoutMask> {
        self.noise?.mask(self.spec, index)
    }

    /// The specification of a hidden layer; `None` for the output layer.
    fn layer_spec(&self, layer: usize) -> Option<&LayerSpec> {
        self.spec.layers.get(layer)
    }

    fn kind(&self, layer: usize) -> LayerKind {
        LayerKind::of(self.layer_spec(layer))
    }

    fn layer_layout(&self, layer: usize) -> &LayerLayout {
        &self.weights.layout.layers[layer]
    }

    fn activation(&self, layer: usize) -> Option<Activation> {
        self.layer_spec(layer)
            .map(|layer_spec| layer_spec.activation)
    }
}

/// Where a pass stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Before batch normalization in this layer: its moments are needed.
    Moments(usize),
    /// Before the gradient of batch normalization in this layer: its sums are needed.
    Sums(usize),
    /// At the end.
    End,
}

/// Rows that go through the network together, with room for their activations and gradients.
#[derive(Debug)]
pub(crate) struct Shard<T> {
    /// Position of the first row in the batch.
    pub(crate) first_row: usize,
    /// Rows in use.
    pub(crate) n_rows: usize,
    /// Where the last pass stopped.
    pub(crate) stop: Stop,
    /// `y[0]` is the input, `y[l + 1]` the output of layer l: [width, rows] in panels.
    y: Vec<Vec<Line<T>>>,
    /// What each layer keeps beside its units.
    layers: Vec<LayerBuffers<T>>,
    /// Memory for the backward pass.
    gradients: Gradients<T>,
    widths: Vec<usize>,
    /// Loss of each row, weighted.
    pub(crate) losses: Vec<f64>,
    /// A panel of weights made from bfloat16; empty until [`Shard::widens`].
    wide: Vec<Line<T>>,
    /// One row's outputs, and the gradient at them.
    row: [Vec<T>; 2],
}

impl<T: Real> Shard<T> {
    /// Room for `capacity` rows; with `training`, for their gradients too.
    pub(crate) fn new(
        spec: &NetworkSpec,
        layout: &Layout,
        capacity: usize,
        training: bool,
    ) -> Self {
        let widths = spec.widths();
        let panels = lines_for(capacity);
        let n_layers = layout.layers.len();
        let kind = |layer: usize| LayerKind::of(spec.layers.get(layer));
        let lines = |n: usize| vec![Line::ZERO; n];
        let buffers = |layer: usize| {
            kind(layer).buffers(&BufferSizes {
                width: widths[layer + 1],
                n_out: layout.layers[layer].n_out(),
                capacity,
                panels,
                training,
            })
        };
        Self {
            first_row: 0,
            n_rows: 0,
            stop: Stop::End,
            y: widths.iter().map(|&width| lines(width * panels)).collect(),
            layers: (0..n_layers).map(buffers).collect(),
            gradients: Gradients::new(spec, layout, capacity, training),
            losses: vec![0.0; capacity],
            wide: Vec::new(),
            row: [0, 1].map(|_| vec![T::ZERO; spec.n_outputs]),
            widths,
        }
    }

    /// Makes room for weights that come as bfloat16.
    pub(crate) fn widens(mut self, layout: &Layout) -> Self {
        let longest = layout.layers.iter().map(LayerLayout::stride).max();
        self.wide = vec![Line::ZERO; longest.unwrap_or(0)];
        self
    }

    /// The units with an index: 0 is the input, l + 1 the output of layer l.
    pub(crate) fn units(&self, index: usize) -> Panels<'_, T> {
        let width = self.widths[index];
        let lines = &self.y[index][..width * lines_for(self.n_rows)];
        Panels::new(lines, width, self.n_rows, width)
    }

    /// The input units, to be filled.
    pub(crate) fn input_mut(&mut self) -> PanelsMut<'_, T> {
        let width = self.widths[0];
        let lines = &mut self.y[0][..width * lines_for(self.n_rows)];
        PanelsMut::new(lines, width, self.n_rows, width)
    }

    /// The gradient at the input units after [`Shard::backward`].
    pub(crate) fn input_gradient(&self) -> Panels<'_, T> {
        let width = self.widths[0];
        let lines = &self.gradients.d_input[..width * lines_for(self.n_rows)];
        Panels::new(lines, width, self.n_rows, width)
    }

    /// The gradient at the net inputs of one panel of a layer's units: [rows, 32].
    pub(crate) fn row_gradients(&self, layer: usize, panel: usize) -> &[Line<T>] {
        &self.gradients.d_rows[layer][panel * self.n_rows..][..self.n_rows]
    }

    /// For each group of 16 rows in order, its number of rows and two sums for each unit of a layer
    /// with batch or layer normalization (`layers/unit_sums.rs`).
    pub(crate) fn group_sums(
        &self,
        layer: usize,
    ) -> impl Iterator<Item = (usize, &[T], &[T])> + Clone {
        self.layers[layer].sums.groups(self.n_rows)
    }

    /// The sums of [`Shard::group_sums`].
    pub(crate) fn unit_sums(&self, layer: usize) -> &UnitSums<T> {
        &self.layers[layer].sums
    }

    /// The outputs of one row.
    pub(crate) fn row_outputs(&self, row: usize, outputs: &mut [T]) {
        let panel = self.units(self.widths.len() - 1).panel(row / LANES);
        for (output, line) in outputs.iter_mut().zip(panel) {
            *output = line.0[row % LANES];
        }
    }

    /// Losses of the shard's rows and, given the factor on each row's loss, the gradient at the
    /// outputs.
    pub(crate) fn losses(&mut self, batch: &Batch<'_>, loss: &Loss, scale: Option<f64>) {
        let last = self.widths.len() - 1;
        let [mut outputs, mut gradient] = std::mem::take(&mut self.row);
        for row in 0..self.n_rows {
            self.row_outputs(row, &mut outputs);
            let in_dataset = batch.rows()[self.first_row + row] as usize;
            let d_outputs_wanted = scale.is_some();
            let d_outputs = d_outputs_wanted.then_some(gradient.as_mut_slice());
            let scale = scale.unwrap_or(0.0);
            self.losses[row] = loss.row(&outputs, batch.dataset(), in_dataset, scale, d_outputs);
            if d_outputs_wanted {
                let lines = self.gradients.d_rows[last - 1][row..]
                    .iter_mut()
                    .step_by(self.n_rows);
                for (line, values) in lines.zip(gradient.chunks(LANES)) {
                    *line = Line::ZERO;
                    line.0[..values.len()].copy_from_slice(values);
                }
            }
        }
        self.row = [outputs, gradient];
    }

    /// Where a piece of units and rows lies in its layer and in the batch.
    fn piece(&self, first_unit: usize, panel: usize) -> Piece {
        Piece {
            first_unit,
            first_row: self.first_row + panel * LANES,
            lanes: LANES.min(self.n_rows - panel * LANES),
        }
    }
}
