//! Forward and backward through all layers for some rows.
//!
//! Layer I computes `y = dropout(activation(weight x + bias))`; the output layer has no activation.
//! Units are lines and rows of the batch are lanes, so that one layout serves all three products of a
//! layer. A panel of 32 units is computed, biased, activated and dropped out while it is in cache.
//! Backward turns the gradient at y into the one at the net input (from y alone, see `selu_backward`),
//! and `d_x = weight^T d_z` into the gradient at the layer before.

use std::ops::Range;

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{
    DropoutMask, Into, Isa, LANES, Line, Panels, PanelsMut, Piece, Real, dropout_backward,
    dropout_forward, identity_forward, lines_for, matmul_nn, matmul_tn, relu_backward,
    relu_forward, selu_backward, selu_forward, transpose, widen,
};

use crate::dataset::Dataset;
use crate::input::HideCategories;
use crate::layout::Weights;
use crate::loss::Loss;
use crate::spec::{Activation, Dropout, NetworkSpec};

/// Rows of a shard are a multiple of this, the batch's last ones excepted: half a panel, below which
/// a product is no faster for fewer rows.
pub(crate) const ROW_STEP: usize = LANES / 2;

/// Panels of rows that go backward together: their gradients stay in the second-level cache from layer
/// to layer, and each weight that is read serves 64 rows.
const BACKWARD_PANELS: usize = 2;

/// The randomness of one training step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepNoise {
    pub(crate) seed: u64,
    pub(crate) step: u32,
    pub(crate) hide: HideCategories,
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

/// Rows that go through the network together, with room for their activations and gradients.
#[derive(Debug)]
pub(crate) struct Shard<T> {
    /// Position of the first row in the batch.
    pub(crate) first_row: usize,
    /// Rows in use.
    pub(crate) n_rows: usize,
    /// `y[0]` is the input, `y[l + 1]` the output of layer l: [width, rows] in panels.
    y: Vec<Vec<Line<T>>>,
    /// The gradient at a place for the rows of a few panels. Two buffers that take turns.
    d: [Vec<Line<T>>; 2],
    /// The gradient at the input units, if the network has embeddings: [width, rows] in panels.
    d_input: Vec<Line<T>>,
    /// Gradients at the net inputs of each layer, transposed: [rows, out] in panels.
    d_rows: Vec<Vec<Line<T>>>,
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
    pub(crate) fn new(spec: &NetworkSpec, capacity: usize, training: bool) -> Self {
        let widths = spec.widths();
        let panels = lines_for(capacity);
        let lines = |n: usize| vec![Line::ZERO; if training { n } else { 0 }];
        let widest = widths.iter().copied().max().unwrap_or(0);
        let backward = widest * panels.min(BACKWARD_PANELS);
        let input = if spec.inputs.has_embeddings() {
            widths[0] * panels
        } else {
            0
        };
        let rows = |&width: &usize| lines(lines_for(width) * capacity);
        Self {
            first_row: 0,
            n_rows: 0,
            y: widths
                .iter()
                .map(|&w| vec![Line::ZERO; w * panels])
                .collect(),
            d: [lines(backward), lines(backward)],
            d_input: lines(input),
            d_rows: widths[1..].iter().map(rows).collect(),
            losses: vec![0.0; capacity],
            wide: Vec::new(),
            row: [vec![T::ZERO; spec.n_outputs], vec![T::ZERO; spec.n_outputs]],
            widths,
        }
    }

    /// Makes room for weights that come as bfloat16.
    pub(crate) fn widens(mut self) -> Self {
        let widest = self.widths.iter().copied().max().unwrap_or(0);
        self.wide = vec![Line::ZERO; widest + 1];
        self
    }

    fn n_lines(&self, place: usize) -> usize {
        self.widths[place] * lines_for(self.n_rows)
    }

    /// The units at a place: 0 is the input, l + 1 the output of layer l.
    pub(crate) fn units(&self, place: usize) -> Panels<'_, T> {
        let width = self.widths[place];
        let lines = &self.y[place][..self.n_lines(place)];
        Panels::new(lines, width, self.n_rows, width)
    }

    /// The input units, to be filled.
    pub(crate) fn input_mut(&mut self) -> PanelsMut<'_, T> {
        let (width, n_lines) = (self.widths[0], self.n_lines(0));
        PanelsMut::new(&mut self.y[0][..n_lines], width, self.n_rows, width)
    }

    /// The gradient at the input units after [`Shard::backward`].
    pub(crate) fn input_gradient(&self) -> Panels<'_, T> {
        let width = self.widths[0];
        Panels::new(&self.d_input[..self.n_lines(0)], width, self.n_rows, width)
    }

    /// The gradient at the net inputs of one panel of a layer's units: [rows, 32].
    pub(crate) fn row_gradients(&self, layer: usize, panel: usize) -> &[Line<T>] {
        &self.d_rows[layer][panel * self.n_rows..][..self.n_rows]
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
    pub(crate) fn losses(
        &mut self,
        data: &Dataset,
        batch: &[u32],
        loss: &Loss,
        scale: Option<f64>,
    ) {
        let last = self.widths.len() - 1;
        let [mut outputs, mut gradient] = std::mem::take(&mut self.row);
        for row in 0..self.n_rows {
            self.row_outputs(row, &mut outputs);
            let in_data = batch[self.first_row + row] as usize;
            let d_outputs_wanted = scale.is_some();
            let d_outputs = d_outputs_wanted.then_some(gradient.as_mut_slice());
            let scale = scale.unwrap_or(0.0);
            self.losses[row] = loss.row(&outputs, data, in_data, scale, d_outputs);
            if d_outputs_wanted {
                let lines = self.d_rows[last - 1][row..].iter_mut().step_by(self.n_rows);
                for (line, values) in lines.zip(gradient.chunks(LANES)) {
                    *line = Line::ZERO;
                    line.0[..values.len()].copy_from_slice(values);
                }
            }
        }
        self.row = [outputs, gradient];
    }

    /// Runs the filled input through all layers.
    pub(crate) fn forward(
        &mut self,
        isa: Isa,
        spec: &NetworkSpec,
        weights: Weights<'_, T>,
        noise: Option<&StepNoise>,
    ) {
        let (first_row, n_rows) = (self.first_row, self.n_rows);
        if let Some(mask) = noise.and_then(|noise| noise.mask(spec, 0)) {
            let mut input = self.input_mut();
            for (panel, lanes) in panels(n_rows) {
                let piece = Piece {
                    first_unit: 0,
                    first_row: first_row + panel * LANES,
                    lanes,
                };
                dropout_forward(isa, input.panel_mut(panel), piece, &mask);
            }
        }
        for (layer, place) in weights.layout.layers.iter().enumerate() {
            let n_lines = [self.n_lines(layer), self.n_lines(layer + 1)];
            let (before, after) = self.y.split_at_mut(layer + 1);
            let (n_in, n_out) = (place.n_in, place.n_out);
            let x = Panels::new(&before[layer][..n_lines[0]], n_in, n_rows, n_in);
            let mut y = PanelsMut::new(&mut after[0][..n_lines[1]], n_out, n_rows, n_out);
            let mask = noise.and_then(|noise| noise.mask(spec, layer + 1));
            let activation = spec.layers.get(layer).map(|layer| layer.activation);
            for group in 0..place.n_panels() {
                let units = place.units(group);
                let lines = place.lines(group..group + 1);
                let panel = match weights.half {
                    None => &weights.lines[lines],
                    Some(half) => {
                        let wide = &mut self.wide[..lines.len()];
                        widen(isa, &half[lines], wide);
                        wide
                    }
                };
                let (weight, bias) = panel.split_at(n_in);
                let bias = &bias[0].0;
                matmul_tn(isa, weight, x, &mut y, units.clone());
                for (panel, lanes) in panels(n_rows) {
                    let z = &mut y.panel_mut(panel)[units.clone()];
                    let piece = Piece {
                        first_unit: units.start,
                        first_row: first_row + panel * LANES,
                        lanes,
                    };
                    activate(isa, activation, z, bias, piece, mask.as_ref());
                }
            }
        }
    }

    /// Takes the gradient at the outputs back through all layers.
    ///
    /// Afterwards `row_gradients(l, ..)` is the gradient at layer l's net input, and
    /// `input_gradient()` the one at the input units if the network has embeddings.
    pub(crate) fn backward(
        &mut self,
        isa: Isa,
        spec: &NetworkSpec,
        weights: Weights<'_, T>,
        noise: Option<&StepNoise>,
    ) {
        let n_panels = lines_for(self.n_rows);
        for first in (0..n_panels).step_by(BACKWARD_PANELS) {
            let last = n_panels.min(first + BACKWARD_PANELS);
            self.backward_panels(isa, spec, weights, noise, first..last);
        }
    }

    /// [`Shard::backward`] for the rows of some panels.
    fn backward_panels(
        &mut self,
        isa: Isa,
        spec: &NetworkSpec,
        weights: Weights<'_, T>,
        noise: Option<&StepNoise>,
        panels: Range<usize>,
    ) {
        let rows = panels.start * LANES..self.n_rows.min(panels.end * LANES);
        let lanes = |panel: usize| LANES.min(self.n_rows - panel * LANES);
        let layers = &weights.layout.layers;
        let last = layers.len();
        // The gradient at the outputs comes row by row.
        let width = self.widths[last];
        for panel in panels.clone() {
            let d = &mut self.d[last % 2][(panel - panels.start) * width..][..width];
            for (group, d) in d.chunks_mut(LANES).enumerate() {
                let start = group * self.n_rows + panel * LANES;
                transpose(isa, &self.d_rows[last - 1][start..][..lanes(panel)], d);
            }
        }
        let first_place = if self.d_input.is_empty() { 1 } else { 0 };
        for place in (first_place..last).rev() {
            let layer = &layers[place];
            let [even, odd] = &mut self.d;
            let (d_x, d_z) = if place % 2 == 0 {
                (even, odd)
            } else {
                (odd, even)
            };
            let n_lines = |width: usize| width * panels.len();
            let d_z = &d_z[..n_lines(layer.n_out)];
            let d_z = Panels::new(d_z, layer.n_out, rows.len(), layer.n_out);
            let d_x = &mut d_x[..n_lines(layer.n_in)];
            let mut d_x = PanelsMut::new(d_x, layer.n_in, rows.len(), layer.n_in);
            let below = place.checked_sub(1);
            let activation = below.map(|below| spec.layers[below].activation);
            let mask = noise.and_then(|noise| noise.mask(spec, place));
            let weight = layer.weights(weights.lines);
            for first in (0..layer.n_in).step_by(LANES) {
                let units = first..layer.n_in.min(first + LANES);
                matmul_nn(isa, weight, d_z, &mut d_x, units.clone(), Into::Overwrite);
                for panel in panels.clone() {
                    let d = &mut d_x.panel_mut(panel - panels.start)[units.clone()];
                    let place_lines = panel * layer.n_in + units.start..;
                    let y = &self.y[place][place_lines.clone()][..units.len()];
                    match activation {
                        Some(Activation::Relu) => relu_backward(isa, d, y, mask.as_ref()),
                        Some(activation @ Activation::Selu { .. }) => {
                            let selu = activation.selu().unwrap_or_default();
                            selu_backward(isa, d, y, selu, mask.as_ref());
                        }
                        None => {
                            if let Some(mask) = &mask {
                                let piece = Piece {
                                    first_unit: units.start,
                                    first_row: self.first_row + panel * LANES,
                                    lanes: lanes(panel),
                                };
                                dropout_backward(isa, d, piece, mask);
                            }
                        }
                    }
                    match below {
                        Some(below) => {
                            let start = units.start / LANES * self.n_rows + panel * LANES;
                            let by_row = &mut self.d_rows[below][start..][..lanes(panel)];
                            transpose(isa, d, by_row);
                        }
                        None => self.d_input[place_lines][..units.len()].copy_from_slice(d),
                    }
                }
            }
        }
    }
}

/// The panels of some rows, with the number of rows in each.
fn panels(n_rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..lines_for(n_rows)).map(move |panel| (panel, LANES.min(n_rows - panel * LANES)))
}

/// Bias, activation and dropout of a piece.
fn activate<T: Real>(
    isa: Isa,
    activation: Option<Activation>,
    z: &mut [Line<T>],
    bias: &[T],
    piece: Piece,
    mask: Option<&DropoutMask>,
) {
    match activation {
        None => identity_forward(isa, z, bias, piece),
        Some(Activation::Relu) => relu_forward(isa, z, bias, piece, mask),
        Some(activation @ Activation::Selu { .. }) => {
            let selu = activation.selu().unwrap_or_default();
            selu_forward(isa, z, bias, piece, selu, mask);
        }
    }
}
