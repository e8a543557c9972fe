//! Batch normalization (arXiv:1502.03167): `y = dropout(activation(gain n + bias + skip))` with
//! `n = (z - mean) / sqrt(variance + epsilon)`, mean and variance of each unit of `z = weight x` over the rows
//! of the batch.
//!
//! # Shapes
//! As a dense layer; `gain`, `running mean`, `running variance`: [out]. n is kept for backward: [out, rows].
//!
//! Mean and variance need all rows of the batch, that is all shards: both directions stop there until
//! the sums of all shards are put together ([`BatchMoments`]). Prediction uses the running averages, which
//! are then part of weights and biases.

use std::ops::Range;

use banach_kernels::{
    Isa, Line, NORMALIZATION_EPSILON, Real, batch_norm_backward, batch_norm_forward,
};

use super::unit_sums::UnitSums;
use super::{BufferSizes, LayerBuffers};
use crate::layout::{LayerLayout, PanelLines};

pub(super) fn buffers<T: Real>(sizes: &BufferSizes) -> LayerBuffers<T> {
    let rows = if sizes.training { sizes.capacity } else { 0 };
    LayerBuffers {
        z: vec![Line::ZERO; sizes.n_out * sizes.panels],
        inverse_deviations: Vec::new(),
        sums: UnitSums::new(sizes.width, rows),
    }
}

/// Normalizes the net inputs `z` of one panel of rows in place, and writes gain and bias of that to `y`.
pub(crate) fn forward<T: Real>(
    isa: Isa,
    layer_layout: &LayerLayout,
    parameters: &[Line<T>],
    moments: &BatchMoments<T>,
    z: &mut [Line<T>],
    y: &mut [Line<T>],
) {
    for panel in 0..layer_layout.n_panels() {
        let units = layer_layout.units(panel);
        let lines = layer_layout.panel(parameters, panel);
        let (gain, bias) = (&lines.extras[0].0, &lines.bias.0);
        let mean = &moments.mean[units.clone()];
        let scale = &moments.inverse_deviation[units.clone()];
        let (z, y) = (&mut z[units.clone()], &mut y[units]);
        batch_norm_forward(isa, z, y, mean, scale, gain, bias);
    }
}

/// From the gradient at `gain n + bias` of some panels of rows to the one at the net inputs, in place.
///
/// # Shapes
/// `d`, `x` (the normalized net inputs): a line for each of the layer's units and each panel.
pub(crate) fn backward<T: Real>(
    isa: Isa,
    layer_layout: &LayerLayout,
    parameters: &[Line<T>],
    moments: &BatchMoments<T>,
    n_panels: usize,
    d: &mut [Line<T>],
    x: &[Line<T>],
) {
    for panel in 0..layer_layout.n_panels() {
        let units = layer_layout.units(panel);
        let lines = layer_layout.panel(parameters, panel);
        let mut factor = lines.extras[0].0;
        let scales = &moments.inverse_deviation[units.clone()];
        for (factor, &scale) in factor.iter_mut().zip(scales) {
            *factor = *factor * scale;
        }
        let mean_d = &moments.mean_d[units.clone()];
        let mean_dx = &moments.mean_dx[units.clone()];
        for rows in 0..n_panels {
            let start = rows * layer_layout.width;
            let of_piece: Range<usize> = start + units.start..start + units.end;
            let (d, x) = (&mut d[of_piece.clone()], &x[of_piece]);
            batch_norm_backward(isa, d, x, &factor, mean_d, mean_dx);
        }
    }
}

/// What prediction multiplies a panel's weights with, and the biases that it uses: the layer is then
/// dense.
pub(crate) fn fold<T: Real>(lines: &PanelLines<'_, T>) -> (Line<T>, Line<T>) {
    let [gain, mean, variance] = lines.extras else {
        unreachable!("a layer with batch normalization has a gain and two running averages")
    };
    let epsilon = T::from_f64(NORMALIZATION_EPSILON);
    let scale = std::array::from_fn(|unit| gain.0[unit] / (variance.0[unit] + epsilon).sqrt());
    let mut bias = *lines.bias;
    for (unit, bias) in bias.0.iter_mut().enumerate() {
        *bias = (-mean.0[unit]).mul_add(scale[unit], *bias);
    }
    (Line(scale), bias)
}

/// Moves a layer's running averages towards the moments of the batch.
pub(crate) fn update_running<T: Real>(
    layer_layout: &LayerLayout,
    moments: &BatchMoments<T>,
    parameters: &mut [Line<T>],
) {
    for panel in 0..layer_layout.n_panels() {
        let lines = &mut parameters[layer_layout.lines(panel..panel + 1)];
        let [.., means, variances] = lines else {
            continue;
        };
        for (lane, unit) in layer_layout.units(panel).enumerate() {
            let (mean, variance) = (&mut means.0[lane], &mut variances.0[lane]);
            moments.update_running(unit, mean, variance);
        }
    }
}

/// Share of a batch's moments in the running averages, as PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// Moments of one layer's net inputs over a batch, a number for each unit. Sums are made in `f64`, group of
/// rows after group of rows, so that they do not depend on the number of shards.
#[derive(Debug, Clone, Default)]
pub(crate) struct BatchMoments<T> {
    means: Vec<f64>,
    squares: Vec<f64>,
    n_rows: f64,
    mean: Vec<T>,
    inverse_deviation: Vec<T>,
    /// Means of the gradient, and of it times the normalized net inputs.
    mean_d: Vec<T>,
    mean_dx: Vec<T>,
}

impl<T: Real> BatchMoments<T> {
    pub(crate) fn new(width: usize) -> Self {
        let numbers = || vec![T::ZERO; width];
        Self {
            means: vec![0.0; width],
            squares: vec![0.0; width],
            n_rows: 0.0,
            mean: numbers(),
            inverse_deviation: numbers(),
            mean_d: numbers(),
            mean_dx: numbers(),
        }
    }

    /// Mean and deviation, from what the shards left in forward.
    ///
    /// `groups` has the number of rows of each group and its two sums for each unit.
    pub(crate) fn take_moments<'a>(
        &mut self,
        groups: impl Iterator<Item = (usize, &'a [T], &'a [T])>,
    ) {
        self.means.fill(0.0);
        self.squares.fill(0.0);
        self.n_rows = 0.0;
        for (count, sums, squares) in groups {
            // Chan, Golub, LeVeque: the sum of squares of two sets from those of each and the
            // distance of their means.
            let count = count as f64;
            let total = self.n_rows + count;
            let (share, between) = (count / total, self.n_rows * count / total);
            let units = self.means.iter_mut().zip(&mut self.squares);
            for ((mean, square), (sum, own)) in units.zip(sums.iter().zip(squares)) {
                let distance = sum.to_f64() / count - *mean;
                *mean += distance * share;
                *square += own.to_f64() + distance * distance * between;
            }
            self.n_rows = total;
        }
        let rows = self.n_rows.max(1.0);
        let units = self.means.iter().zip(&self.squares);
        let outputs = self.mean.iter_mut().zip(&mut self.inverse_deviation);
        for ((mean, square), (out, scale)) in units.zip(outputs) {
            *out = T::from_f64(*mean);
            let variance = square / rows + NORMALIZATION_EPSILON;
            *scale = T::from_f64(1.0 / variance.sqrt());
        }
    }

    /// Means of the gradient, from what the shards left in backward.
    pub(crate) fn take_sums<'a>(
        &mut self,
        groups: impl Iterator<Item = (usize, &'a [T], &'a [T])> + Clone,
    ) {
        let rows = self.n_rows.max(1.0);
        for unit in 0..self.mean_d.len() {
            let (mut d, mut dx) = (0.0, 0.0);
            for (_, sums, dots) in groups.clone() {
                d += sums[unit].to_f64();
                dx += dots[unit].to_f64();
            }
            self.mean_d[unit] = T::from_f64(d / rows);
            self.mean_dx[unit] = T::from_f64(dx / rows);
        }
    }

    /// Moves running averages of mean and variance towards this batch's.
    fn update_running(&self, unit: usize, mean: &mut T, variance: &mut T) {
        let unbiased = self.squares[unit] / (self.n_rows - 1.0).max(1.0);
        let moved =
            |old: T, new: f64| T::from_f64((1.0 - MOMENTUM) * old.to_f64() + MOMENTUM * new);
        *mean = moved(*mean, self.means[unit]);
        *variance = moved(*variance, unbiased);
    }
}
