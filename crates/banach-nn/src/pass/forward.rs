//! Forward.

use banach_kernels::{
    LANES, Panels, PanelsMut, Piece, Real, dropout_forward, lines_for, matmul_tn, widen,
};

use super::{Pass, Shard, Stop};
use crate::layers::{
    LayerBuffers, LayerKind, PieceContext, batch_norm, dense, highway, layer_norm, residual,
    weight_norm,
};
use crate::layout::PanelLines;

impl<T: Real> Shard<T> {
    /// Runs the filled input through all layers, or goes on from where it stopped.
    pub(crate) fn forward(&mut self, pass: &Pass<'_, T>, from: Option<usize>) -> Stop {
        let n_layers = pass.weights.layout.layers.len();
        let mut layer = from.unwrap_or(0);
        if from.is_none() {
            self.drop_inputs(pass);
        }
        while layer < n_layers {
            if from != Some(layer) {
                self.products(pass, layer);
                if pass.kind(layer) == LayerKind::BatchNorm {
                    return Stop::Moments(layer);
                }
            }
            self.finish_layer(pass, layer);
            layer += 1;
        }
        Stop::End
    }

    fn drop_inputs(&mut self, pass: &Pass<'_, T>) {
        let Some(mask) = pass.mask(0) else { return };
        for panel in 0..lines_for(self.n_rows) {
            let piece = self.piece(0, panel);
            dropout_forward(pass.isa, self.input_mut().panel_mut(panel), piece, &mask);
        }
    }

    /// A layer's net inputs, and all the rest of a layer whose units need neither other units nor other
    /// rows.
    fn products(&mut self, pass: &Pass<'_, T>, layer: usize) {
        let isa = pass.isa;
        let n_rows = self.n_rows;
        let (kind, layer_layout) = (pass.kind(layer), pass.layer_layout(layer));
        let (n_in, n_out) = (layer_layout.n_in, layer_layout.n_out());
        let panels = lines_for(n_rows);
        let (before, after) = self.y.split_at_mut(layer + 1);
        let x = Panels::new(&before[layer][..n_in * panels], n_in, n_rows, n_in);
        let LayerBuffers { z, sums, .. } = &mut self.layers[layer];
        let z = if kind.keeps_net_inputs() {
            z
        } else {
            &mut after[0]
        };
        let mut z = PanelsMut::new(&mut z[..n_out * panels], n_out, n_rows, n_out);
        let mask = pass.mask(layer + 1);
        let skip = residual::source(pass.layer_spec(layer), layer).map(|index| &before[index]);
        for group in 0..layer_layout.n_panels() {
            let units = layer_layout.units(group);
            let lines = layer_layout.lines(group..group + 1);
            let lines = match pass.weights.bf16 {
                None => &pass.weights.lines[lines],
                Some(bf16) => {
                    let wide = &mut self.wide[..lines.len()];
                    widen(isa, &bf16[lines], wide);
                    wide
                }
            };
            let lines = PanelLines::new(lines, n_in);
            matmul_tn(isa, lines.weights, x, &mut z, units.clone());
            let scale = match kind {
                LayerKind::WeightNorm => Some(weight_norm::scale(isa, &lines)),
                _ => None,
            };
            for panel in 0..panels {
                let z = &mut z.panel_mut(panel)[units.clone()];
                let lanes = LANES.min(n_rows - panel * LANES);
                let start = panel * layer_layout.width + units.start;
                let context = PieceContext {
                    isa,
                    activation: pass.activation(layer),
                    bias: &lines.bias.0,
                    mask: mask.as_ref(),
                    piece: Piece {
                        first_unit: units.start,
                        first_row: self.first_row + panel * LANES,
                        lanes,
                    },
                    skip: skip.map(|skip| &skip[start..][..units.len()]),
                };
                match (kind, &scale) {
                    (LayerKind::WeightNorm, Some(scale)) => {
                        weight_norm::forward(&context, scale, z);
                    }
                    (LayerKind::Dense | LayerKind::WeightNorm, _) => dense::forward(&context, z),
                    (LayerKind::BatchNorm, _) => {
                        sums.moments(isa, &units, (panel, lanes), z);
                    }
                    (LayerKind::LayerNorm, _) => {}
                    (LayerKind::Highway, _) => {
                        highway::activations_and_gates(&context, group, z);
                    }
                }
            }
        }
    }

    /// What is left of a layer after all its net inputs are known.
    fn finish_layer(&mut self, pass: &Pass<'_, T>, layer: usize) {
        let isa = pass.isa;
        let (kind, layer_layout) = (pass.kind(layer), pass.layer_layout(layer));
        if !kind.keeps_net_inputs() {
            return;
        }
        let (width, n_out) = (layer_layout.width, layer_layout.n_out());
        let parameters = pass.weights.lines;
        let mask = pass.mask(layer + 1);
        let skip = residual::source(pass.layer_spec(layer), layer);
        for panel in 0..lines_for(self.n_rows) {
            let whole = self.piece(0, panel);
            let rows = panel * width..(panel + 1) * width;
            let (before, after) = self.y.split_at_mut(layer + 1);
            let y = &mut after[0][rows.clone()];
            let buffers = &mut self.layers[layer];
            let z = &mut buffers.z[panel * n_out..][..n_out];
            match kind {
                LayerKind::Highway => {
                    let x = &before[layer][rows];
                    highway::forward(isa, z, x, y, whole, mask.as_ref());
                    continue;
                }
                LayerKind::LayerNorm => {
                    let scale = &mut buffers.inverse_deviations[panel];
                    layer_norm::forward(isa, layer_layout, parameters, scale, z, y);
                }
                LayerKind::BatchNorm => {
                    let moments = &pass.moments[layer];
                    batch_norm::forward(isa, layer_layout, parameters, moments, z, y);
                }
                LayerKind::Dense | LayerKind::WeightNorm => {}
            }
            residual::add_skip(isa, skip.map(|index| &before[index][rows]), y);
            dense::activate_units(isa, pass.activation(layer), y, whole, mask.as_ref());
        }
    }
}
