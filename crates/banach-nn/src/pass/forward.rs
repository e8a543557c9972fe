//! Forward.

use banach_kernels::{
    Isa, LANES, Line, Panels, PanelsMut, Piece, Real, add, batch_norm_forward, dropout_forward,
    group_moments, highway_forward, identity_forward, layer_norm_forward, lines_for, matmul_tn,
    relu_forward, row_moments, scale_units, selu_forward, sigmoid_forward, widen,
};

use super::{Pass, Shard, Stop, groups, no_bias};
use crate::layout::PanelLines;
use crate::spec::{Activation, Connection, Normalization};

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
                if pass.normalization(layer) == Normalization::Batch {
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
        let place = &pass.weights.layout.layers[layer];
        let (n_in, n_out) = (place.n_in, place.n_out());
        let panels = lines_for(n_rows);
        let (before, after) = self.y.split_at_mut(layer + 1);
        let x = Panels::new(&before[layer][..n_in * panels], n_in, n_rows, n_in);
        let kept = &mut self.z[layer];
        let in_place = !pass.keeps_net_inputs(layer);
        let z = if in_place { &mut after[0] } else { kept };
        let mut z = PanelsMut::new(&mut z[..n_out * panels], n_out, n_rows, n_out);
        let mask = pass.mask(layer + 1);
        let kind = pass.normalization(layer);
        for group in 0..place.n_panels() {
            let units = place.units(group);
            let lines = place.lines(group..group + 1);
            let lines = match pass.weights.half {
                None => &pass.weights.lines[lines],
                Some(half) => {
                    let wide = &mut self.wide[..lines.len()];
                    widen(isa, &half[lines], wide);
                    wide
                }
            };
            let lines = PanelLines::new(lines, n_in);
            matmul_tn(isa, lines.weights, x, &mut z, units.clone());
            let scale = match kind {
                Normalization::Weight => Some(lines.weight_norm(isa).0),
                _ => None,
            };
            for panel in 0..panels {
                let z = &mut z.panel_mut(panel)[units.clone()];
                let piece = Piece {
                    first_unit: units.start,
                    first_row: self.first_row + panel * LANES,
                    lanes: LANES.min(n_rows - panel * LANES),
                };
                let bias = &lines.bias.0;
                match kind {
                    Normalization::Batch => {
                        let width = self.widths[layer + 1];
                        for (group, first, count) in groups(panel, piece.lanes) {
                            let sums = &mut self.sums[layer][group * 2 * width..][..2 * width];
                            let (sums, squares) = sums.split_at_mut(width);
                            let (sums, squares) =
                                (&mut sums[units.clone()], &mut squares[units.clone()]);
                            group_moments(isa, z, first, count, sums, squares);
                        }
                        continue;
                    }
                    Normalization::Layer => continue,
                    Normalization::None | Normalization::Weight => {}
                }
                if !in_place {
                    // A highway layer: units and gates take turns.
                    if group.is_multiple_of(2) {
                        activate(isa, pass.activation(layer), z, bias, piece, None);
                    } else {
                        sigmoid_forward(isa, z, bias);
                    }
                    continue;
                }
                let mut bias = bias;
                let none = no_bias();
                if let Some(scale) = &scale {
                    scale_units(isa, z, &scale.0, bias);
                    bias = &none;
                }
                if let Connection::Residual { layers } = pass.connection(layer) {
                    if scale.is_none() {
                        identity_forward(isa, z, bias, piece);
                        bias = &none;
                    }
                    let from = layer + 1 - layers;
                    let start = panel * place.width + units.start;
                    add(isa, z, &before[from][start..][..units.len()]);
                }
                activate(isa, pass.activation(layer), z, bias, piece, mask.as_ref());
            }
        }
    }

    /// What is left of a layer after all its net inputs are known.
    fn finish_layer(&mut self, pass: &Pass<'_, T>, layer: usize) {
        let isa = pass.isa;
        let place = &pass.weights.layout.layers[layer];
        if !pass.keeps_net_inputs(layer) {
            return;
        }
        let (width, n_out) = (place.width, place.n_out());
        let mask = pass.mask(layer + 1);
        for panel in 0..lines_for(self.n_rows) {
            let whole = self.piece(0, panel);
            let (before, after) = self.y.split_at_mut(layer + 1);
            let y = &mut after[0][panel * width..][..width];
            let z = &mut self.z[layer][panel * n_out..][..n_out];
            if place.gated {
                let x = &before[layer][panel * width..][..width];
                for group in 0..lines_for(width) {
                    let units = group * LANES..width.min((group + 1) * LANES);
                    let (h, t) = z[2 * group * LANES..].split_at(LANES);
                    let n = units.len();
                    let (x, y) = (&x[units.clone()], &mut y[units]);
                    highway_forward(isa, &h[..n], &t[..n], x, y);
                }
                if let Some(mask) = &mask {
                    dropout_forward(isa, y, whole, mask);
                }
                continue;
            }
            let by_row = pass.normalization(layer) == Normalization::Layer;
            let mut mean = Line::ZERO;
            if by_row {
                row_moments(
                    isa,
                    z,
                    &mut mean,
                    &mut self.inverse_deviations[layer][panel],
                );
            }
            for group in 0..place.n_panels() {
                let units = place.units(group);
                let lines = place.panel(pass.weights.lines, group);
                let (gain, bias) = (&lines.extras[0].0, &lines.bias.0);
                let (z, y) = (&mut z[units.clone()], &mut y[units.clone()]);
                if by_row {
                    let scale = &self.inverse_deviations[layer][panel];
                    layer_norm_forward(isa, z, y, &mean, scale, gain, bias);
                } else {
                    let moments = &pass.moments[layer];
                    let mean = &moments.mean[units.clone()];
                    let scale = &moments.inverse_deviation[units];
                    batch_norm_forward(isa, z, y, mean, scale, gain, bias);
                }
            }
            if let Connection::Residual { layers } = pass.connection(layer) {
                let from = layer + 1 - layers;
                add(isa, y, &before[from][panel * width..][..width]);
            }
            for (group, y) in y.chunks_mut(LANES).enumerate() {
                let piece = Piece {
                    first_unit: group * LANES,
                    ..whole
                };
                activate(
                    isa,
                    pass.activation(layer),
                    y,
                    &no_bias(),
                    piece,
                    mask.as_ref(),
                );
            }
        }
    }
}

/// Bias, activation and dropout of a piece.
fn activate<T: Real>(
    isa: Isa,
    activation: Option<Activation>,
    z: &mut [Line<T>],
    bias: &[T],
    piece: Piece,
    mask: Option<&banach_kernels::DropoutMask>,
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
