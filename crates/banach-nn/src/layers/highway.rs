//! Highway layers (arXiv:1505.00387): `y = dropout(t h + (1 - t) x)` with the activations
//! `h = activation(weight x + bias)` and the gates `t = sigmoid(gate weight x + gate bias)`.
//!
//! # Shapes
//! `weight`, `gate weight`: [out, in] with out = in; biases: [out]. A panel of 32 units is followed by the
//! panel of their gates in the weights, in the product z and in its gradient: [2 x units up to 32s, rows].
//! h and t are kept for backward.

use std::ops::Range;

use banach_kernels::{
    DropoutMask, Isa, LANES, Line, Piece, Real, add, dropout_forward, highway_backward,
    highway_forward, lines_for, sigmoid_forward,
};

use super::unit_sums::UnitSums;
use super::{BufferSizes, LayerBuffers, PieceContext, dense};
use crate::spec::Activation;

pub(super) fn buffers<T: Real>(sizes: &BufferSizes) -> LayerBuffers<T> {
    LayerBuffers {
        z: vec![Line::ZERO; sizes.n_out * sizes.panels],
        inverse_deviations: Vec::new(),
        sums: UnitSums::new(0, 0),
    }
}

/// From a piece of the product to h or t, in place: panels of units and of gates take turns.
pub(crate) fn activations_and_gates<T: Real>(
    context: &PieceContext<'_, T>,
    panel: usize,
    z: &mut [Line<T>],
) {
    if panel.is_multiple_of(2) {
        let PieceContext {
            isa,
            activation,
            bias,
            piece,
            ..
        } = *context;
        dense::activate(isa, activation, z, bias, piece, None);
    } else {
        sigmoid_forward(context.isa, z, context.bias);
    }
}

/// For every panel of a layer's units: the units, and where their activations begin in z, 32 lines before
/// their gates.
fn panels(width: usize) -> impl Iterator<Item = (Range<usize>, usize)> {
    let units = move |panel: usize| panel * LANES..width.min((panel + 1) * LANES);
    (0..lines_for(width)).map(move |panel| (units(panel), 2 * panel * LANES))
}

/// The units of one panel of rows, from activations and gates in `z` and the layer's input.
pub(crate) fn forward<T: Real>(
    isa: Isa,
    z: &[Line<T>],
    x: &[Line<T>],
    y: &mut [Line<T>],
    piece: Piece,
    mask: Option<&DropoutMask>,
) {
    for (units, start) in panels(y.len()) {
        let n = units.len();
        let (h, t) = z[start..].split_at(LANES);
        let (x, y) = (&x[units.clone()], &mut y[units]);
        highway_forward(isa, &h[..n], &t[..n], x, y);
    }
    if let Some(mask) = mask {
        dropout_forward(isa, y, piece, mask);
    }
}

/// From the gradient at the units of one panel of rows, before dropout, to the ones at the net inputs of
/// activations and gates in `d_z`. The gradient at the input as far as it skips the layer is added to
/// `d_skip`, unless that is empty; `d` is left with it.
pub(crate) fn backward<T: Real>(
    isa: Isa,
    activation: Option<Activation>,
    (z, x): (&[Line<T>], &[Line<T>]),
    d: &mut [Line<T>],
    d_z: &mut [Line<T>],
    d_skip: &mut [Line<T>],
) {
    for (units, start) in panels(d.len()) {
        let n = units.len();
        let (h, t) = z[start..].split_at(LANES);
        let (d_h, d_t) = d_z[start..].split_at_mut(LANES);
        d_h[n..].fill(Line::ZERO);
        d_t[n..LANES].fill(Line::ZERO);
        let (h, d_h) = (&h[..n], &mut d_h[..n]);
        let d = &mut d[units.clone()];
        let x = &x[units.clone()];
        highway_backward(isa, d, h, &t[..n], x, d_h, &mut d_t[..n]);
        dense::activation_backward(isa, activation, d_h, h, None);
        if !d_skip.is_empty() {
            add(isa, &mut d_skip[units], d);
        }
    }
}

/// A single row's units from its product `z`, of which h and t are made in place.
pub(crate) fn row<T: Real>(
    isa: Isa,
    activation: Activation,
    z: &mut [Line<T>],
    x: &[Line<T>],
    y: &mut [Line<T>],
) {
    for ((y, x), pair) in y.iter_mut().zip(x).zip(z.chunks_exact_mut(2)) {
        let (h, t) = pair.split_at_mut(1);
        dense::row(isa, activation, h);
        sigmoid_forward(isa, t, &[T::from_f64(-0.0)]);
        let x = std::slice::from_ref(x);
        highway_forward(isa, h, t, x, std::slice::from_mut(y));
    }
}
