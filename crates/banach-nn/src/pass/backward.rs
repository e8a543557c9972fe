//! Backward.

use std::ops::Range;

use banach_kernels::{
    DropoutMask, Into, LANES, Line, Panels, PanelsMut, Piece, Real, add, batch_norm_backward,
    dropout_backward, group_sums, highway_backward, layer_norm_backward, layer_norm_sums,
    lines_for, matmul_nn, relu_backward, scale_units, selu_backward, transpose,
};

use super::{Pass, Shard, Stop, groups, no_bias};
use crate::spec::{Activation, Connection, Normalization};

impl<T: Real> Shard<T> {
    /// Takes the gradient at the outputs back through all layers, or goes on from where it stopped.
    ///
    /// Afterwards `row_gradients(l, ..)` is the gradient at layer l's net input, and
    /// `input_gradient()` the one at the input units if the network has embeddings.
    pub(crate) fn backward(&mut self, pass: &Pass<'_, T>, from: Option<usize>) -> Stop {
        let n_panels = lines_for(self.n_rows);
        // With batch normalization there is one piece, so that a stop is a stop of all rows.
        for first in (0..n_panels).step_by(self.backward_panels.max(1)) {
            let panels = first..n_panels.min(first + self.backward_panels);
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
                for around in &mut self.d_around {
                    around.fill(Line::ZERO);
                }
                self.turn_outputs(pass, &panels);
                last
            }
            Some(layer) => {
                self.finish_batch_norm(pass, layer, &panels);
                layer
            }
        };
        while layer > 0 {
            self.products_back(pass, layer, &panels);
            layer -= 1;
            match pass.normalization(layer) {
                Normalization::Batch => return Stop::Sums(layer),
                Normalization::Layer => self.finish_layer_norm(pass, layer, &panels),
                Normalization::None | Normalization::Weight => {}
            }
            if pass.weights.layout.layers[layer].gated {
                self.finish_highway(pass, layer, &panels);
            }
        }
        if !self.d_input.is_empty() {
            self.products_back(pass, 0, &panels);
        }
        Stop::End
    }

    /// The gradient at the outputs comes row by row.
    fn turn_outputs(&mut self, pass: &Pass<'_, T>, panels: &Range<usize>) {
        let last = self.widths.len() - 1;
        let width = self.widths[last];
        for panel in panels.clone() {
            let lanes = self.piece(0, panel).lanes;
            let d = &mut self.d[last % 2][(panel - panels.start) * width..][..width];
            for (group, d) in d.chunks_mut(LANES).enumerate() {
                let start = group * self.n_rows + panel * LANES;
                transpose(pass.isa, &self.d_rows[last - 1][start..][..lanes], d);
            }
        }
    }

    /// From the gradient at a layer's net inputs to the one at its inputs; and all the rest of the
    /// layer below if its units need neither other units nor other rows.
    fn products_back(&mut self, pass: &Pass<'_, T>, layer: usize, panels: &Range<usize>) {
        let isa = pass.isa;
        let layers = &pass.weights.layout.layers;
        let place = &layers[layer];
        let (n_in, n_out) = (place.n_in, place.n_out());
        let rows = panels.start * LANES..self.n_rows.min(panels.end * LANES);
        let [even, odd] = &mut self.d;
        let (d_x, d_z) = if layer.is_multiple_of(2) {
            (even, odd)
        } else {
            (odd, even)
        };
        let d_z = if place.gated { &self.d_gated } else { &*d_z };
        let d_z = Panels::new(&d_z[..n_out * panels.len()], n_out, rows.len(), n_out);
        let d_x = &mut d_x[..n_in * panels.len()];
        let mut d_x = PanelsMut::new(d_x, n_in, rows.len(), n_in);
        let mask = pass.mask(layer);
        let weight = place.weights(pass.weights.lines);
        let below = layer.checked_sub(1);
        for first in (0..n_in).step_by(LANES) {
            let units = first..n_in.min(first + LANES);
            matmul_nn(isa, weight, d_z, &mut d_x, units.clone(), Into::Overwrite);
            for panel in panels.clone() {
                let in_piece = panel - panels.start;
                let d = &mut d_x.panel_mut(in_piece)[units.clone()];
                let around = &self.d_around[layer];
                if !around.is_empty() {
                    add(
                        isa,
                        d,
                        &around[in_piece * n_in + units.start..][..units.len()],
                    );
                }
                let piece = Piece {
                    first_unit: units.start,
                    first_row: self.first_row + panel * LANES,
                    lanes: LANES.min(self.n_rows - panel * LANES),
                };
                let lines = panel * n_in + units.start..panel * n_in + units.end;
                let Some(below) = below else {
                    if let Some(mask) = &mask {
                        dropout_backward(isa, d, piece, mask);
                    }
                    self.d_input[lines].copy_from_slice(d);
                    continue;
                };
                if layers[below].gated {
                    if let Some(mask) = &mask {
                        dropout_backward(isa, d, piece, mask);
                    }
                    continue;
                }
                let y = &self.y[layer][lines.clone()];
                deactivate(pass, below, d, y, mask.as_ref());
                if let Connection::Residual { layers } = pass.connection(below) {
                    let around = &mut self.d_around[below + 1 - layers];
                    if !around.is_empty() {
                        let start = in_piece * n_in + units.start;
                        add(isa, &mut around[start..][..units.len()], d);
                    }
                }
                let kind = pass.normalization(below);
                if matches!(kind, Normalization::Batch | Normalization::Layer) {
                    let x = &self.z[below][lines];
                    for (group, first, count) in groups(panel, piece.lanes) {
                        let sums = &mut self.sums[below][group * 2 * n_in..][..2 * n_in];
                        let (sums, dots) = sums.split_at_mut(n_in);
                        let (sums, dots) = (&mut sums[units.clone()], &mut dots[units.clone()]);
                        group_sums(isa, d, x, first, count, sums, dots);
                    }
                    continue;
                }
                let start = units.start / LANES * self.n_rows + panel * LANES;
                transpose(isa, d, &mut self.d_rows[below][start..][..piece.lanes]);
                if kind == Normalization::Weight {
                    let group = units.start / LANES;
                    let lines = layers[below].panel(pass.weights.lines, group);
                    let (scale, _) = lines.weight_norm(isa);
                    scale_units(isa, d, &scale.0, &no_bias());
                }
            }
        }
    }

    /// Writes the gradients at a layer's net inputs, which are in `d`, row by row.
    fn turn_rows(&mut self, pass: &Pass<'_, T>, layer: usize, panels: &Range<usize>) {
        let place = &pass.weights.layout.layers[layer];
        let n_out = place.n_out();
        for panel in panels.clone() {
            let lanes = self.piece(0, panel).lanes;
            let d = if place.gated {
                &self.d_gated
            } else {
                &self.d[(layer + 1) % 2]
            };
            let d = &d[(panel - panels.start) * n_out..][..n_out];
            for (group, d) in d.chunks(LANES).enumerate() {
                let start = group * self.n_rows + panel * LANES;
                transpose(pass.isa, d, &mut self.d_rows[layer][start..][..lanes]);
            }
        }
    }

    /// From the gradient at layer normalization's result to the one at the net input.
    fn finish_layer_norm(&mut self, pass: &Pass<'_, T>, layer: usize, panels: &Range<usize>) {
        let isa = pass.isa;
        let place = &pass.weights.layout.layers[layer];
        let width = place.width;
        for panel in panels.clone() {
            let d = &mut self.d[(layer + 1) % 2][(panel - panels.start) * width..][..width];
            let x = &self.z[layer][panel * width..][..width];
            let (mut sums, mut dots) = (Line::ZERO, Line::ZERO);
            for group in 0..place.n_panels() {
                let units = place.units(group);
                let lines = place.panel(pass.weights.lines, group);
                let gain = &lines.extras[0].0;
                let (d, x) = (&mut d[units.clone()], &x[units]);
                layer_norm_sums(isa, d, x, gain, &mut sums, &mut dots);
            }
            let scale = &self.inverse_deviations[layer][panel];
            layer_norm_backward(isa, d, x, &sums, &dots, scale);
        }
        self.turn_rows(pass, layer, panels);
    }

    /// From the gradient at batch normalization's result to the one at the net input, with the sums of
    /// the whole batch.
    fn finish_batch_norm(&mut self, pass: &Pass<'_, T>, layer: usize, panels: &Range<usize>) {
        let place = &pass.weights.layout.layers[layer];
        let (width, moments) = (place.width, &pass.moments[layer]);
        for group in 0..place.n_panels() {
            let units = place.units(group);
            let lines = place.panel(pass.weights.lines, group);
            let mut factor = lines.extras[0].0;
            for (factor, &scale) in factor
                .iter_mut()
                .zip(&moments.inverse_deviation[units.clone()])
            {
                *factor = *factor * scale;
            }
            for panel in panels.clone() {
                let start = (panel - panels.start) * width + units.start;
                let d = &mut self.d[(layer + 1) % 2][start..][..units.len()];
                let x = &self.z[layer][panel * width + units.start..][..units.len()];
                let mean_d = &moments.mean_d[units.clone()];
                let mean_dx = &moments.mean_dx[units.clone()];
                batch_norm_backward(pass.isa, d, x, &factor, mean_d, mean_dx);
            }
        }
        self.turn_rows(pass, layer, panels);
    }

    /// From the gradient at a highway layer's units to the ones at the net inputs of its activations
    /// and gates, and at its inputs as far as they lead around it.
    fn finish_highway(&mut self, pass: &Pass<'_, T>, layer: usize, panels: &Range<usize>) {
        let isa = pass.isa;
        let place = &pass.weights.layout.layers[layer];
        let (width, n_out) = (place.width, place.n_out());
        for panel in panels.clone() {
            let in_piece = panel - panels.start;
            let d = &mut self.d[(layer + 1) % 2][in_piece * width..][..width];
            let x = &self.y[layer][panel * width..][..width];
            let z = &self.z[layer][panel * n_out..][..n_out];
            let d_z = &mut self.d_gated[in_piece * n_out..][..n_out];
            for group in 0..lines_for(width) {
                let units = group * LANES..width.min((group + 1) * LANES);
                let n = units.len();
                let (h, t) = z[2 * group * LANES..].split_at(LANES);
                let (d_h, d_t) = d_z[2 * group * LANES..].split_at_mut(LANES);
                d_h[n..].fill(Line::ZERO);
                d_t[n..].fill(Line::ZERO);
                let (h, d_h) = (&h[..n], &mut d_h[..n]);
                let d = &mut d[units.clone()];
                highway_backward(isa, d, h, &t[..n], &x[units.clone()], d_h, &mut d_t[..n]);
                deactivate(pass, layer, d_h, h, None);
                let around = &mut self.d_around[layer];
                if !around.is_empty() {
                    add(isa, &mut around[in_piece * width + units.start..][..n], d);
                }
            }
        }
        self.turn_rows(pass, layer, panels);
    }
}

/// From the gradient at a layer's units to the one before activation and dropout.
fn deactivate<T: Real>(
    pass: &Pass<'_, T>,
    layer: usize,
    d: &mut [Line<T>],
    y: &[Line<T>],
    mask: Option<&DropoutMask>,
) {
    match pass.activation(layer) {
        None => {}
        Some(Activation::Relu) => relu_backward(pass.isa, d, y, mask),
        Some(activation @ Activation::Selu { .. }) => {
            let selu = activation.selu().unwrap_or_default();
            selu_backward(pass.isa, d, y, selu, mask);
        }
    }
}
