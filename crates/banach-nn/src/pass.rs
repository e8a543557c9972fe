//! Forward and backward through all layers for some rows.
//!
//! Layer I computes `y = dropout(activation(x weight^T + bias))`; the output layer has no activation.
//! Backward turns the gradient at y into the one at the net input in place (from y alone, see
//! `selu_backward`), and `d_x = d_z weight` into the gradient at the layer before.

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{
    DropoutMask, Into, Isa, Matrix, Real, dropout_backward, dropout_forward, identity_forward,
    matmul, matmul_plain, pack, packed_len, relu_backward, relu_forward, selu_backward,
    selu_forward,
};

use crate::input::HideCategories;
use crate::network::Network;
use crate::spec::{Activation, Dropout, NetworkSpec};

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

/// Weights of all layers, packed as right-hand sides of `x weight^T`.
#[derive(Debug, Clone)]
pub(crate) struct PackedWeights<T> {
    /// weight^T of each layer, [in, out], packed.
    pub(crate) layers: Vec<Vec<T>>,
}

impl<T: Real> PackedWeights<T> {
    pub(crate) fn new(network: &Network<T>) -> Self {
        let layers = (0..network.n_layers()).map(|layer| {
            let weight = weight_matrix(network, layer).transposed();
            let mut packed = vec![T::ZERO; packed_len(weight.rows(), weight.columns())];
            pack(weight, &mut packed);
            packed
        });
        Self {
            layers: layers.collect(),
        }
    }
}

fn weight_matrix<T: Real>(network: &Network<T>, layer: usize) -> Matrix<'_, T> {
    let out = network.bias(layer).len();
    let weight = network.weight(layer);
    Matrix::new(weight, out, weight.len() / out)
}

/// One layer forward: `y = dropout(activation(x weight^T + bias))`.
///
/// # Shapes
/// `x`: [rows, in], `y`: [rows, out].
pub(crate) fn layer_forward<T: Real>(
    isa: Isa,
    network: &Network<T>,
    packed: &[T],
    layer: usize,
    x: &[T],
    y: &mut [T],
    first_row: usize,
    noise: Option<&StepNoise>,
) {
    let bias = network.bias(layer);
    let rows = y.len() / bias.len();
    let x = Matrix::new(x, rows, x.len() / rows);
    matmul(isa, x, packed, bias.len(), y, Into::Overwrite);
    let spec = network.spec();
    let mask = noise.and_then(|noise| noise.mask(spec, layer + 1));
    match spec.layers.get(layer).map(|layer| layer.activation) {
        None => identity_forward(isa, y, bias),
        Some(Activation::Relu) => relu_forward(isa, y, bias, first_row, mask.as_ref()),
        Some(activation @ Activation::Selu { .. }) => {
            let selu = activation.selu().unwrap_or_default();
            selu_forward(isa, y, bias, first_row, selu, mask.as_ref());
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
    /// `y[0]` is the input, `y[l + 1]` the output of layer l: [rows, width] each.
    y: Vec<Vec<T>>,
    /// Gradients at the same places; after [`Shard::backward`], at the net inputs.
    d: Vec<Vec<T>>,
    /// Inputs of each layer, packed by [`Shard::backward`] as right-hand sides of `d_z^T x`.
    packed_x: Vec<Vec<T>>,
    widths: Vec<usize>,
    /// Loss of each row, weighted.
    pub(crate) losses: Vec<f64>,
}

impl<T: Real> Shard<T> {
    /// Room for `capacity` rows; with `training`, for their gradients too.
    pub(crate) fn new(spec: &NetworkSpec, capacity: usize, training: bool) -> Self {
        let widths = spec.widths();
        let buffers = |first: usize| {
            let used = |(place, width): (usize, &usize)| {
                vec![T::ZERO; if place >= first { width * capacity } else { 0 }]
            };
            widths.iter().enumerate().map(used).collect()
        };
        let packed = |&width: &usize| {
            let used = if training {
                packed_len(capacity, width)
            } else {
                0
            };
            vec![T::ZERO; used]
        };
        let first_gradient = match (training, spec.inputs.has_embeddings()) {
            (false, _) => widths.len(),
            (true, true) => 0,
            (true, false) => 1,
        };
        Self {
            first_row: 0,
            n_rows: 0,
            y: buffers(0),
            d: buffers(first_gradient),
            packed_x: widths[..widths.len() - 1].iter().map(packed).collect(),
            losses: vec![0.0; capacity],
            widths,
        }
    }

    /// The units at a place: 0 is the input, l + 1 the output of layer l.
    pub(crate) fn units(&self, place: usize) -> &[T] {
        &self.y[place][..self.n_rows * self.widths[place]]
    }

    /// The gradients at a place.
    pub(crate) fn gradients(&self, place: usize) -> &[T] {
        let used = if self.d[place].is_empty() {
            0
        } else {
            self.n_rows * self.widths[place]
        };
        &self.d[place][..used]
    }

    /// The inputs of a layer, packed.
    pub(crate) fn packed_inputs(&self, layer: usize) -> &[T] {
        &self.packed_x[layer][..packed_len(self.n_rows, self.widths[layer])]
    }

    /// The input units, to be filled.
    pub(crate) fn input_mut(&mut self) -> &mut [T] {
        &mut self.y[0][..self.n_rows * self.widths[0]]
    }

    /// The outputs, and the buffer for the gradient at them.
    pub(crate) fn outputs_and_gradients(&mut self) -> (&[T], &mut [T]) {
        let last = self.widths.len() - 1;
        let used = self.n_rows * self.widths[last];
        (&self.y[last][..used], &mut self.d[last][..used])
    }

    /// Runs the filled input through all layers.
    pub(crate) fn forward(
        &mut self,
        isa: Isa,
        network: &Network<T>,
        packed: &PackedWeights<T>,
        noise: Option<&StepNoise>,
    ) {
        let (first_row, n_rows, width) = (self.first_row, self.n_rows, self.widths[0]);
        if let Some(mask) = noise.and_then(|noise| noise.mask(network.spec(), 0)) {
            dropout_forward(
                isa,
                &mut self.y[0][..n_rows * width],
                width,
                first_row,
                &mask,
            );
        }
        for layer in 0..network.n_layers() {
            let (before, after) = self.y.split_at_mut(layer + 1);
            let x = &before[layer][..n_rows * self.widths[layer]];
            let y = &mut after[0][..n_rows * self.widths[layer + 1]];
            layer_forward(
                isa,
                network,
                &packed.layers[layer],
                layer,
                x,
                y,
                first_row,
                noise,
            );
        }
    }

    /// Takes the gradient at the outputs back through all layers.
    ///
    /// Afterwards `gradients(l + 1)` is the gradient at layer l's net input, `packed_inputs(l)` what
    /// the gradient of its weights is made with, and `gradients(0)` the gradient at the input units
    /// if the network has embeddings.
    pub(crate) fn backward(&mut self, isa: Isa, network: &Network<T>, noise: Option<&StepNoise>) {
        let spec = network.spec();
        let n_rows = self.n_rows;
        for layer in (0..network.n_layers()).rev() {
            let width = self.widths[layer + 1];
            let (before, after) = self.d.split_at_mut(layer + 1);
            let d_y = &mut after[0][..n_rows * width];
            let y = &self.y[layer + 1][..n_rows * width];
            let mask = noise.and_then(|noise| noise.mask(spec, layer + 1));
            match spec.layers.get(layer).map(|layer| layer.activation) {
                None => {}
                Some(Activation::Relu) => relu_backward(isa, d_y, y, mask.as_ref()),
                Some(activation @ Activation::Selu { .. }) => {
                    let selu = activation.selu().unwrap_or_default();
                    selu_backward(isa, d_y, y, selu, mask.as_ref());
                }
            }
            let n_in = self.widths[layer];
            let x = Matrix::new(&self.y[layer][..n_rows * n_in], n_rows, n_in);
            pack(x, &mut self.packed_x[layer][..packed_len(n_rows, n_in)]);
            if before[layer].is_empty() {
                continue;
            }
            let d_x = &mut before[layer][..n_rows * n_in];
            let d_z = Matrix::new(d_y, n_rows, width);
            let weight = weight_matrix(network, layer);
            matmul_plain(isa, d_z, weight, d_x, Into::Overwrite);
        }
        let width = self.widths[0];
        let mask = noise.and_then(|noise| noise.mask(spec, 0));
        if let (Some(mask), false) = (mask, self.d[0].is_empty()) {
            dropout_backward(
                isa,
                &mut self.d[0][..n_rows * width],
                width,
                self.first_row,
                &mask,
            );
        }
    }
}
