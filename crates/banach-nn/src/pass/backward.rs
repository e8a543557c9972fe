//! Backward.

use std::ops::Range;

use banach_kernels::{
    Accumulate, LANES, Line, Panels, PanelsMut, Piece, Real, add, dropout_backward, lines_for,
    matmul_nn, transpose,
};

use super::{Pass, Shard, Stop};
use crate::layers::{LayerKind, batch_norm, dense, highway, layer_norm, residual, weight_norm};
use crate::layout::{LayerLayout, Layout};
use crate::spec::{Connection, LayerSpec, NetworkSpec};

/// Panels of rows that go backward together: their gradients stay in the second-level cache from layer
/// to layer, and each weight that is read serves 64 rows.
const BACKWARD_PANELS: usize = 2;

/// The gradients of some rows on their way back. Everything is empty without training.
#[derive(Debug)]
pub(super) struct Gradients<T> {
    /// The gradient at some layer's units for the rows of a few panels. Two buffers that take turns.
    d: [Vec<Line<T>>; 2],
    /// For each index of units, the part of the gradient that skips layers; empty where nothing does.
    d_skip: Vec<Vec<Line<T>>>,
    /// The gradient at the net inputs of a highway layer's units and gates.
    d_gated: Vec<Line<T>>,
    /// The gradient at the input units, if the network has embeddings: [width, rows] in panels.
    pub(super) d_input: Vec<Line<T>>,
    /// Gradients at the net inputs of each layer, transposed: [rows, out] in panels.
    pub(super) d_rows: Vec<Vec<Line<T>>>,
    /// Panels of rows that go backward together.
    panels: usize,
}

impl<T: Real> Gradients<T> {
    pub(super) fn new(
        spec: &NetworkSpec,
        layout: &Layout,
        capacity: usize,
        training: bool,
    ) -> Self {
        let widths = spec.widths();
        let all_panels = lines_for(capacity);
        let mut kinds = spec.layers.iter().map(|layer| LayerKind::of(Some(layer)));
        let panels = if kinds.any(|kind| kind == LayerKind::BatchNorm) {
            all_panels.max(1)
        } else {
            BACKWARD_PANELS.min(all_panels)
        };
        let lines = |n: usize| vec![Line::ZERO; if training { n } else { 0 }];
        let embeds = spec.inputs.has_embeddings();
        let skip = |(index, width): (usize, &usize)| {
            let kept = (index > 0 || embeds) && is_skip_source(spec, index);
            lines(if kept { width * panels } else { 0 })
        };
        let gated = layout.layers.iter().filter(|layer| layer.gated);
        let widest_gated = gated.map(LayerLayout::n_out).max().unwrap_or(0);
        let widest = widths.iter().copied().max().unwrap_or(0);
        let rows = |layer: &LayerLayout| lines(layer.n_panels() * capacity);
        Self {
            d: [0, 1].map(|_| lines(widest * panels)),
            d_skip: widths.iter().enumerate().map(skip).collect(),
            d_gated: lines(widest_gated * panels),
            d_input: lines(if embeds { widths[0] * all_panels } else { 0 }),
            d_rows: layout.layers.iter().map(rows).collect(),
            panels,
        }
    }
}

impl<T: Real> Shard<T> {
    /// Takes the gradient at the outputs back through all layers, or goes on from where it stopped.
    ///
    /// Afterwards `row_gradients(l, ..)` is the gradient at layer l's net input, and
    /// `input_gradient()` the one at the input units if the network has embeddings.
    pub(crate) fn backward(&mut self, pass: &Pass<'_, T>, from: Option<usize>) -> Stop {
        let n_panels = lines_for(self.n_rows);
        // With batch normalization there is one piece, so that a stop is a stop of all rows.
        for first in (0..n_panels).step_by(self.gradients.panels.max(1)) {
            let panels = first..n_panels.min(first + self.gradients.panels);
            let stop = self.backward_panels(pass, panels, from);
            if stop != Stop::End {
                return stop;
            }
        }
        Stop::End
    }

    fn backward_panels(
        &mut self,
        pass: &Pass<'_, T>,
        panels: Range<usize>,
        from: Option<usize>,
    ) -> Stop {
        let last = pass.weights.layout.layers.len() - 1;
        let mut layer = match from {
            None => {
                for skip in &mut self.gradients.d_skip {
                    skip.fill(Line::ZERO);
                }
                self.transpose_outputs(pass, &panels);
                last
            }
            Some(layer) => {
                self.finish_layer_back(pass, layer, &panels);
                layer
            }
        };
        while layer > 0 {
            self.products_back(pass, layer, &panels);
            layer -= 1;
            match pass.kind(layer) {
                LayerKind::BatchNorm => return Stop::Sums(layer),
                LayerKind::LayerNorm | LayerKind::Highway => {
                    self.finish_layer_back(pass, layer, &panels);
                }
                LayerKind::Dense | LayerKind::WeightNorm => {}
            }
        }
        if !self.gradients.d_input.is_empty() {
            self.products_back(pass, 0, &panels);
        }
        Stop::End
    }

    /// The gradient at the outputs comes row by row.
    fn transpose_outputs(&mut self, pass: &Pass<'_, T>, panels: &Range<usize>) {
        let last = self.widths.len() - 1;
        let width = self.widths[last];
        for panel in panels.clone() {
            let lanes = self.piece(0, panel).lanes;
            let d = &mut self.gradients.d[last % 2][(panel - panels.start) * width..][..width];
            for (group, d) in d.chunks_mut(LANES).enumerate() {
                let start = group * self.n_rows + panel * LANES;
                transpose(
                    pass.isa,
                    &self.gradients.d_rows[last - 1][start..][..lanes],
                    d,
                );
            }
        }
    }

    /// From the gradient at a layer's net inputs to the one at its inputs; and all the rest of the
    /// layer below if its units need neither other units nor other rows.
    fn products_back(&mut self, pass: &Pass<'_, T>, layer: usize, panels: &Range<usize>) {
        let isa = pass.isa;
        let layer_layout = pass.layer_layout(layer);
        let (n_in, n_out) = (layer_layout.n_in, layer_layout.n_out());
        let rows = panels.start * LANES..self.n_rows.min(panels.end * LANES);
        let [even, odd] = &mut self.gradients.d;
        let (d_x, d_z) = if layer.is_multiple_of(2) {
            (even, odd)
        } else {
            (odd, even)
        };
        let gated = layer_layout.gated;
        let d_z = if gated {
            &self.gradients.d_gated
        } else {
            &*d_z
        };
        let d_z = Panels::new(&d_z[..n_out * panels.len()], n_out, rows.len(), n_out);
        let d_x = &mut d_x[..n_in * panels.len()];
        let mut d_x = PanelsMut::new(d_x, n_in, rows.len(), n_in);
        let mask = pass.mask(layer);
        let weight = layer_layout.weights(pass.weights.lines);
        let below = layer.checked_sub(1);
        for first in (0..n_in).step_by(LANES) {
            let units = first..n_in.min(first + LANES);
            matmul_nn(isa, weight, d_z, &mut d_x, units.clone(), Accumulate::No);
            for panel in panels.clone() {
                let in_piece = panel - panels.start;
                let d = &mut d_x.panel_mut(in_piece)[units.clone()];
                let start = in_piece * n_in + units.start;
                let skip = &self.gradients.d_skip[layer];
                if !skip.is_empty() {
                    add(isa, d, &skip[start..][..units.len()]);
                }
                let piece = Piece {
                    first_unit: units.start,
                    first_row: self.first_row + panel * LANES,
                    lanes: LANES.min(self.n_rows - panel * LANES),
                };
                let lines = panel * n_in + units.start..panel * n_in + units.end;
                let kind = below.map(|below| pass.kind(below));
                let (Some(below), Some(kind)) = (below, kind) else {
                    if let Some(mask) = &mask {
                        dropout_backward(isa, d, piece, mask);
                    }
                    self.gradients.d_input[lines].copy_from_slice(d);
                    continue;
                };
                if kind == LayerKind::Highway {
                    if let Some(mask) = &mask {
                        dropout_backward(isa, d, piece, mask);
                    }
                    continue;
                }
                let y = &self.y[layer][lines.clone()];
                dense::activation_backward(isa, pass.activation(below), d, y, mask.as_ref());
                if let Some(source) = residual::source(pass.layer_spec(below), below) {
                    residual::backward(isa, d, start, &mut self.gradients.d_skip[source]);
                }
                if matches!(kind, LayerKind::BatchNorm | LayerKind::LayerNorm) {
                    let buffers = &mut self.layers[below];
                    let rows = (panel, piece.lanes);
                    buffers
                        .sums
                        .products(isa, &units, rows, d, &buffers.z[lines]);
                    continue;
                }
                let group = units.start / LANES;
                let at = group * self.n_rows + panel * LANES;
                transpose(
                    isa,
                    d,
                    &mut self.gradients.d_rows[below][at..][..piece.lanes],
                );
                if kind == LayerKind::WeightNorm {
                    let lines = pass.layer_layout(below).panel(pass.weights.lines, group);
                    weight_norm::backward(isa, &weight_norm::scale(isa, &lines), d);
                }
            }
        }
    }

    /// What is left of a layer backward after the gradients of all its units are known: to the gradient
    /// at the net inputs.
    fn finish_layer_back(&mut self, pass: &Pass<'_, T>, layer: usize, panels: &Range<usize>) {
        let isa = pass.isa;
        let (kind, layer_layout) = (pass.kind(layer), pass.layer_layout(layer));
        let (width, n_out) = (layer_layout.width, layer_layout.n_out());
        let parameters = pass.weights.lines;
        let buffers = &self.layers[layer];
        let d = &mut self.gradients.d[(layer + 1) % 2][..panels.len() * width];
        if kind == LayerKind::BatchNorm {
            let x = &buffers.z[panels.start * width..panels.end * width];
            let (moments, n_panels) = (&pass.moments[layer], panels.len());
            batch_norm::backward(isa, layer_layout, parameters, moments, n_panels, d, x);
        }
        for (panel, d) in panels.clone().zip(d.chunks_exact_mut(width)) {
            let in_piece = panel - panels.start;
            match kind {
                LayerKind::LayerNorm => {
                    let x = &buffers.z[panel * width..][..width];
                    let scale = &buffers.inverse_deviations[panel];
                    layer_norm::backward(isa, layer_layout, parameters, scale, d, x);
                }
                LayerKind::Highway => {
                    let z = &buffers.z[panel * n_out..][..n_out];
                    let x = &self.y[layer][panel * width..][..width];
                    let d_z = &mut self.gradients.d_gated[in_piece * n_out..][..n_out];
                    let skip = match &mut self.gradients.d_skip[layer][..] {
                        [] => &mut [],
                        skip => &mut skip[in_piece * width..][..width],
                    };
                    let activation = pass.activation(layer);
                    highway::backward(isa, activation, (z, x), d, d_z, skip);
                }
                LayerKind::BatchNorm | LayerKind::Dense | LayerKind::WeightNorm => {}
            }
        }
        self.transpose_rows(pass, layer, panels);
    }

    /// Writes the gradients at a layer's net inputs, which are in `d`, row by row.
    fn transpose_rows(&mut self, pass: &Pass<'_, T>, layer: usize, panels: &Range<usize>) {
        let layer_layout = pass.layer_layout(layer);
        let n_out = layer_layout.n_out();
        for panel in panels.clone() {
            let lanes = self.piece(0, panel).lanes;
            let d = if layer_layout.gated {
                &self.gradients.d_gated
            } else {
                &self.gradients.d[(layer + 1) % 2]
            };
            let d = &d[(panel - panels.start) * n_out..][..n_out];
            for (group, d) in d.chunks(LANES).enumerate() {
                let start = group * self.n_rows + panel * LANES;
                transpose(
                    pass.isa,
                    d,
                    &mut self.gradients.d_rows[layer][start..][..lanes],
                );
            }
        }
    }
}

/// Whether the units with this index are added to a layer beyond the next one's product, so that their
/// gradient has a part that skips layers.
fn is_skip_source(spec: &NetworkSpec, index: usize) -> bool {
    let skips_to = |(layer, layer_spec): (usize, &LayerSpec)| match layer_spec.connection {
        Connection::Plain => false,
        Connection::Highway => layer == index,
        Connection::Residual { layers } => layer + 1 == index + layers,
    };
    spec.layers.iter().enumerate().any(skips_to)
}
