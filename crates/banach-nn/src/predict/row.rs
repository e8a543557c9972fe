//! Prediction of a single row: the products of a batch would compute 16 rows for one.

use banach_kernels::{
    Isa, Line, Real, add, flat, flat_mut, highway_forward, lines_for, row_layer_norm, row_product,
    row_product_half, row_relu, row_selu, sigmoid_forward,
};

use super::network::PredictorOf;
use crate::input;
use crate::layout::Layer;
use crate::spec::{Activation, Connection, Normalization};

/// Memory for one row on its way through a network.
#[derive(Debug, Clone)]
pub(super) struct RowScratch<T> {
    /// The units of the input and of every layer.
    units: Vec<Vec<Line<T>>>,
    /// Net inputs of one layer.
    net_inputs: Vec<Line<T>>,
}

impl<T: Real> RowScratch<T> {
    pub(super) fn new(predictor: &PredictorOf<T>) -> Self {
        let layers = &predictor.layout.layers;
        let widest = layers.iter().map(Layer::n_panels).max().unwrap_or(0);
        let units = |&width: &usize| vec![Line::ZERO; lines_for(width)];
        Self {
            units: predictor.spec.widths().iter().map(units).collect(),
            net_inputs: vec![Line::ZERO; widest],
        }
    }
}

impl<T: Real> PredictorOf<T> {
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
        let weights = self.weights();
        let units = flat_mut(&mut scratch.units[0]);
        let code = |column: usize| codes[column] as usize;
        input::units_of(&self.spec.inputs, weights, numbers, code, |unit, value| {
            units[unit] = value;
        });
        for (index, layer) in self.layout.layers.iter().enumerate() {
            let (before, after) = scratch.units.split_at_mut(index + 1);
            let x = &flat(&before[index])[..layer.n_in];
            let y = &mut after[0];
            let lines = layer.lines(0..layer.n_panels());
            let kind = self.spec.layers.get(index);
            let normalized = kind.is_some_and(|kind| kind.normalization == Normalization::Layer);
            let bias = if normalized { None } else { Some(layer.n_in) };
            let z = &mut scratch.net_inputs[..layer.n_panels()];
            match &self.half {
                None => row_product(isa, x, &self.lines[lines], layer.stride(), bias, z),
                Some(half) => row_product_half(isa, x, &half[lines], layer.stride(), bias, z),
            }
            if !layer.gated {
                y.copy_from_slice(z);
            }
            let Some(kind) = kind else { continue };
            if layer.gated {
                for (group, (y, x)) in y.iter_mut().zip(&before[index]).enumerate() {
                    let [h, t] = &mut z[2 * group..2 * group + 2] else {
                        continue;
                    };
                    let (h, t) = (std::slice::from_mut(h), std::slice::from_mut(t));
                    activate(isa, kind.activation, h);
                    sigmoid_forward(isa, t, &[T::from_f64(-0.0)]);
                    let x = std::slice::from_ref(x);
                    highway_forward(isa, h, t, x, std::slice::from_mut(y));
                }
                continue;
            }
            if normalized {
                let lines = &self.lines[layer.lines(0..layer.n_panels())];
                row_layer_norm(isa, y, layer.width, lines, layer.n_in, layer.stride());
            }
            if let Connection::Residual { layers } = kind.connection {
                add(isa, y, &before[index + 1 - layers]);
            }
            activate(isa, kind.activation, y);
        }
        if let Some(last) = scratch.units.last() {
            outputs.copy_from_slice(&flat(last)[..outputs.len()]);
        }
    }
}

/// The activation of one row's units.
fn activate<T: Real>(isa: Isa, activation: Activation, z: &mut [Line<T>]) {
    match activation {
        Activation::Relu => row_relu(isa, z),
        Activation::Selu { .. } => row_selu(isa, z, activation.selu().unwrap_or_default()),
    }
}
