//! Residual connections (arXiv:1512.03385): `y = activation(z + x)` with the normalized net inputs z of
//! the last layer of a block and the units x that entered the block.
//!
//! They go with dense and normalized layers of any kind. x and z are as wide as each other. Backward, the
//! gradient at z is the one at x as well; it waits until the layers of the block have been gone through.

use banach_kernels::{Isa, LANES, Line, Real, add, identity_forward};

use super::PieceContext;
use crate::spec::{Connection, LayerSpec};

/// The index of the units that are added to layer `layer`: 0 is the input, l + 1 the output of layer l.
pub(crate) fn source(layer_spec: Option<&LayerSpec>, layer: usize) -> Option<usize> {
    match layer_spec?.connection {
        Connection::Residual { layers } => Some(layer + 1 - layers),
        Connection::Plain | Connection::Highway => None,
    }
}

/// Forward on a piece of net inputs: with a skip connection adds the bias, unless it was added already, and
/// then the units that skip the block. Gives the biases that are left for the activation to add.
pub(super) fn forward<'a, T: Real>(
    context: &PieceContext<'a, T>,
    biased: bool,
    no_bias: &'a [T; LANES],
    z: &mut [Line<T>],
) -> &'a [T] {
    let bias = if biased { no_bias } else { context.bias };
    let Some(skip) = context.skip else {
        return bias;
    };
    if !biased {
        identity_forward(context.isa, z, bias, context.piece);
    }
    add(context.isa, z, skip);
    no_bias
}

/// Forward on net inputs that have their bias: all units of some rows in a batch, or of a single row.
pub(crate) fn add_skip<T: Real>(isa: Isa, skip: Option<&[Line<T>]>, z: &mut [Line<T>]) {
    if let Some(skip) = skip {
        add(isa, z, skip);
    }
}

/// Backward: adds the gradient at the net inputs of the block's last layer to the one at the units that
/// entered the block. `d_skip` is empty where nobody asks for the latter.
pub(crate) fn backward<T: Real>(isa: Isa, d: &[Line<T>], start: usize, d_skip: &mut [Line<T>]) {
    if !d_skip.is_empty() {
        add(isa, &mut d_skip[start..][..d.len()], d);
    }
}
