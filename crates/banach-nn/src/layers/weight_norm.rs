//! Weight normalization (arXiv:1602.07868): a dense layer whose units have the weights
//! `w = gain v / |v|`, with v [in] and the gain trained.
//!
//! # Shapes
//! As a dense layer, and `gain`: [out]. A unit without any weight has w = 0.
//!
//! The product is made with v and scaled afterwards; the scale is constant over the rows. Gradients:
//! `d_gain = d_w v / |v|`, and `d_v = gain / |v| (d_w - (d_w v / |v|^2) v)`.

use banach_kernels::{Isa, Line, Real, column_dots, project_columns, scale_units};

use super::{LayerBuffers, PieceContext, dense};
use crate::layout::PanelLines;

pub(super) fn buffers<T: Real>() -> LayerBuffers<T> {
    LayerBuffers::none()
}

/// For each unit of a panel the factor `gain / |v|`, and `1 / |v|`; 0 for a unit without weights.
fn scales<T: Real>(isa: Isa, lines: &PanelLines<'_, T>) -> (Line<T>, Line<T>) {
    let mut squares = Line::ZERO;
    column_dots(isa, lines.weights, lines.weights, &mut squares);
    let inverse = squares.0.map(|square| {
        if square > T::ZERO {
            T::ONE / square.sqrt()
        } else {
            T::ZERO
        }
    });
    let scale = std::array::from_fn(|unit| lines.extras[0].0[unit] * inverse[unit]);
    (Line(scale), Line(inverse))
}

/// The factor `gain / |v|` for each unit of a panel.
pub(crate) fn scale<T: Real>(isa: Isa, lines: &PanelLines<'_, T>) -> Line<T> {
    scales(isa, lines).0
}

/// From a piece of `v x` to the units, in place.
pub(crate) fn forward<T: Real>(context: &PieceContext<'_, T>, scale: &Line<T>, z: &mut [Line<T>]) {
    scale_units(context.isa, z, &scale.0, context.bias);
    dense::finish(context, true, z);
}

/// From the gradient at a piece of net inputs to the one at `v x`.
pub(crate) fn backward<T: Real>(isa: Isa, scale: &Line<T>, d: &mut [Line<T>]) {
    scale_units(isa, d, &scale.0, &dense::no_bias());
}

/// From the gradient at a panel's weights w to those at v, in place, and at the gains.
pub(crate) fn gradient<T: Real>(
    isa: Isa,
    parameters: &PanelLines<'_, T>,
    weight: &mut [Line<T>],
    gain: &mut Line<T>,
) {
    let (scale, inverse) = scales(isa, parameters);
    let mut along = Line::ZERO;
    column_dots(isa, weight, parameters.weights, &mut along);
    for (lane, along) in along.0.iter_mut().enumerate() {
        let inverse = inverse.0[lane];
        gain.0[lane] = *along * inverse;
        *along = *along * inverse * inverse;
    }
    project_columns(isa, weight, parameters.weights, &scale, &along);
}

/// What prediction multiplies a panel's weights with, and the biases that it uses: the layer is then
/// dense.
pub(crate) fn fold<T: Real>(isa: Isa, lines: &PanelLines<'_, T>) -> (Line<T>, Line<T>) {
    (scale(isa, lines), *lines.bias)
}
