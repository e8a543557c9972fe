//! Prediction of a single row: the products of a batch would compute 16 rows for one.

use banach_kernels::{Line, Real, flat, flat_mut, lines_for, row_product, row_product_bf16};

use crate::input;
use crate::layers::{LayerKind, dense, highway, layer_norm, residual};
use crate::layout::{LayerLayout, Layout};
use crate::pass::Pass;
use crate::spec::NetworkSpec;

/// Memory for one row on its way through a network.
#[derive(Debug, Clone)]
pub(super) struct RowScratch<T> {
    /// The units of the input and of every layer.
    units: Vec<Vec<Line<T>>>,
    /// Net inputs of one layer.
    net_inputs: Vec<Line<T>>,
}

impl<T: Real> RowScratch<T> {
    pub(super) fn new(spec: &NetworkSpec, layout: &Layout) -> Self {
        let layers = &layout.layers;
        let widest = layers.iter().map(LayerLayout::n_panels).max().unwrap_or(0);
        let units = |&width: &usize| vec![Line::ZERO; lines_for(width)];
        Self {
            units: spec.widths().iter().map(units).collect(),
            net_inputs: vec![Line::ZERO; widest],
        }
    }
}

impl<T: Real> Pass<'_, T> {
    /// Outputs for a row that fits the network.
    ///
    /// Sums run along the same chains as in a batch, so that the bits are the same.
    pub(super) fn run_row(
        &self,
        scratch: &mut RowScratch<T>,
        numbers: &[f32],
        codes: &[u32],
        outputs: &mut [T],
    ) {
        let isa = self.isa;
        let weights = self.weights;
        let units = flat_mut(&mut scratch.units[0]);
        let code = |column: usize| codes[column] as usize;
        input::units_of(&self.spec.inputs, weights, numbers, code, |unit, value| {
            units[unit] = value;
        });
        for (index, layer_layout) in weights.layout.layers.iter().enumerate() {
            let (before, after) = scratch.units.split_at_mut(index + 1);
            let x = &flat(&before[index])[..layer_layout.n_in];
            let y = &mut after[0];
            let layer_spec = self.spec.layers.get(index);
            let kind = LayerKind::of(layer_spec);
            let z = &mut scratch.net_inputs[..layer_layout.n_panels()];
            self.row_product(layer_layout, kind, x, z);
            if kind == LayerKind::Highway {
                if let Some(layer_spec) = layer_spec {
                    highway::row(isa, layer_spec.activation, z, &before[index], y);
                }
                continue;
            }
            y.copy_from_slice(z);
            let Some(layer_spec) = layer_spec else {
                continue;
            };
            if kind == LayerKind::LayerNorm {
                layer_norm::row(isa, layer_layout, weights.lines, y);
            }
            let skip = residual::source(Some(layer_spec), index);
            residual::add_skip(isa, skip.map(|index| &before[index][..]), y);
            dense::row(isa, layer_spec.activation, y);
        }
        if let Some(last) = scratch.units.last() {
            outputs.copy_from_slice(&flat(last)[..outputs.len()]);
        }
    }

    /// `z = weight x`, with the biases unless layer normalization comes between.
    fn row_product(&self, layer_layout: &LayerLayout, kind: LayerKind, x: &[T], z: &mut [Line<T>]) {
        let lines = layer_layout.lines(0..layer_layout.n_panels());
        let bias = match kind {
            LayerKind::LayerNorm => None,
            _ => Some(layer_layout.n_in),
        };
        let stride = layer_layout.stride();
        match self.weights.bf16 {
            None => row_product(self.isa, x, &self.weights.lines[lines], stride, bias, z),
            Some(bf16) => row_product_bf16(self.isa, x, &bf16[lines], stride, bias, z),
        }
    }
}
