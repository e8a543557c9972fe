//! Layer normalization (arXiv:1607.06450): `y = dropout(activation(gain n + bias + skip))` with
//! `n = (z - mean) / sqrt(variance + epsilon)`, mean and variance of `z = weight x` over the units of a row.
//!
//! # Shapes
//! As a dense layer, and `gain`: [out]. n is kept for backward: [out, rows]; and 1 / sqrt(..): [rows].
//!
//! A row's units must all be known before the first is normalized, so that the layer is finished in a
//! second pass over each panel of rows, in both directions.

use banach_kernels::{
    Isa, Line, Real, layer_norm_backward, layer_norm_forward, layer_norm_sums, row_layer_norm,
    row_moments,
};

use super::unit_sums::UnitSums;
use super::{BufferSizes, LayerBuffers};
use crate::layout::LayerLayout;

pub(super) fn buffers<T: Real>(sizes: &BufferSizes) -> LayerBuffers<T> {
    let rows = if sizes.training { sizes.capacity } else { 0 };
    LayerBuffers {
        z: vec![Line::ZERO; sizes.n_out * sizes.panels],
        inverse_deviations: vec![Line::ZERO; sizes.panels],
        sums: UnitSums::new(sizes.width, rows),
    }
}

/// Normalizes the net inputs `z` of one panel of rows in place, and writes gain and bias of that to `y`.
pub(crate) fn forward<T: Real>(
    isa: Isa,
    layer_layout: &LayerLayout,
    parameters: &[Line<T>],
    inverse_deviation: &mut Line<T>,
    z: &mut [Line<T>],
    y: &mut [Line<T>],
) {
    let mut mean = Line::ZERO;
    row_moments(isa, z, &mut mean, inverse_deviation);
    for panel in 0..layer_layout.n_panels() {
        let units = layer_layout.units(panel);
        let lines = layer_layout.panel(parameters, panel);
        let (gain, bias) = (&lines.extras[0].0, &lines.bias.0);
        let (z, y) = (&mut z[units.clone()], &mut y[units]);
        layer_norm_forward(isa, z, y, &mean, inverse_deviation, gain, bias);
    }
}

/// From the gradient at `gain n + bias` of one panel of rows to the one at the net inputs, in place.
///
/// # Shapes
/// `d`, `x` (the normalized net inputs): a line for each of the layer's units.
pub(crate) fn backward<T: Real>(
    isa: Isa,
    layer_layout: &LayerLayout,
    parameters: &[Line<T>],
    inverse_deviation: &Line<T>,
    d: &mut [Line<T>],
    x: &[Line<T>],
) {
    let (mut sums, mut dots) = (Line::ZERO, Line::ZERO);
    for panel in 0..layer_layout.n_panels() {
        let units = layer_layout.units(panel);
        let lines = layer_layout.panel(parameters, panel);
        let gain = &lines.extras[0].0;
        let (d, x) = (&mut d[units.clone()], &x[units]);
        layer_norm_sums(isa, d, x, gain, &mut sums, &mut dots);
    }
    layer_norm_backward(isa, d, x, &sums, &dots, inverse_deviation);
}

/// Normalization, gain and bias of a single row's net inputs, in place.
pub(crate) fn row<T: Real>(
    isa: Isa,
    layer_layout: &LayerLayout,
    parameters: &[Line<T>],
    z: &mut [Line<T>],
) {
    let lines = &parameters[layer_layout.lines(0..layer_layout.n_panels())];
    let (width, bias, stride) = (layer_layout.width, layer_layout.n_in, layer_layout.stride());
    row_layer_norm(isa, z, width, lines, bias, stride);
}
