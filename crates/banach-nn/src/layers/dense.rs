//! Dense layers: `y = dropout(activation(weight x + bias + skip))`.
//!
//! # Shapes
//! `weight`: [out, in]; `bias`: [out]; x: [in, rows], y: [out, rows], units down the lines. `skip` is that
//! of a residual connection, if there is one (`residual.rs`).
//!
//! The activation's derivative comes from y alone (see `selu_backward`), so that nothing is kept beside
//! the units.

use banach_kernels::{
    DropoutMask, Isa, LANES, Line, Piece, Real, add_column_sums, identity_forward, relu_backward,
    relu_forward, row_relu, row_selu, selu_backward, selu_forward,
};

use super::{LayerBuffers, PieceContext, residual};
use crate::spec::Activation;

pub(super) fn buffers<T: Real>() -> LayerBuffers<T> {
    LayerBuffers::none()
}

/// From a piece of `weight x` to the units, in place.
pub(crate) fn forward<T: Real>(context: &PieceContext<'_, T>, z: &mut [Line<T>]) {
    finish(context, false, z);
}

/// What follows the net inputs: the bias unless it was added already, skip connection, activation and
/// dropout.
pub(super) fn finish<T: Real>(context: &PieceContext<'_, T>, biased: bool, z: &mut [Line<T>]) {
    let none = no_bias();
    let bias = residual::forward(context, biased, &none, z);
    let PieceContext {
        isa,
        activation,
        piece,
        mask,
        ..
    } = *context;
    activate(isa, activation, z, bias, piece, mask);
}

/// Bias, activation and dropout of a piece.
pub(super) fn activate<T: Real>(
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

/// Activation and dropout of all units of one panel of rows, which have their biases.
pub(crate) fn activate_units<T: Real>(
    isa: Isa,
    activation: Option<Activation>,
    y: &mut [Line<T>],
    whole: Piece,
    mask: Option<&DropoutMask>,
) {
    for (panel, y) in y.chunks_mut(LANES).enumerate() {
        let piece = Piece {
            first_unit: panel * LANES,
            ..whole
        };
        activate(isa, activation, y, &no_bias(), piece, mask);
    }
}

/// From the gradient at a piece of units to the one before activation and dropout.
pub(crate) fn activation_backward<T: Real>(
    isa: Isa,
    activation: Option<Activation>,
    d: &mut [Line<T>],
    y: &[Line<T>],
    mask: Option<&DropoutMask>,
) {
    match activation {
        None => {}
        Some(Activation::Relu) => relu_backward(isa, d, y, mask),
        Some(activation @ Activation::Selu { .. }) => {
            let selu = activation.selu().unwrap_or_default();
            selu_backward(isa, d, y, selu, mask);
        }
    }
}

/// Adds the gradient of a panel's biases over the rows of a shard.
///
/// # Shapes
/// `d_z`: a line for each row.
pub(crate) fn add_gradient<T: Real>(isa: Isa, d_z: &[Line<T>], bias: &mut Line<T>) {
    add_column_sums(isa, d_z, bias);
}

/// The activation of a single row's units.
pub(crate) fn row<T: Real>(isa: Isa, activation: Activation, z: &mut [Line<T>]) {
    match activation {
        Activation::Relu => row_relu(isa, z),
        Activation::Selu { .. } => row_selu(isa, z, activation.selu().unwrap_or_default()),
    }
}

/// Biases that change nothing, not even the sign of a zero.
pub(super) fn no_bias<T: Real>() -> [T; LANES] {
    [T::from_f64(-0.0); LANES]
}
