//! What batch normalization knows of the whole batch.

use banach_kernels::Real;

use super::Shard;

/// Share of a batch's moments in the running averages, as PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// Moments of one layer's net inputs over a batch, a number for each unit. Sums are made in `f64`, group
/// of rows after group of rows, so that they do not depend on the number of shards.
#[derive(Debug, Clone, Default)]
pub(crate) struct BatchMoments<T> {
    means: Vec<f64>,
    squares: Vec<f64>,
    n_rows: f64,
    pub(crate) mean: Vec<T>,
    pub(crate) inverse_deviation: Vec<T>,
    /// Means of the gradient, and of it times the normalized net inputs.
    pub(crate) mean_d: Vec<T>,
    pub(crate) mean_dx: Vec<T>,
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
    pub(crate) fn take_moments(&mut self, shards: &[Shard<T>], layer: usize) {
        self.means.fill(0.0);
        self.squares.fill(0.0);
        self.n_rows = 0.0;
        let groups = shards.iter().flat_map(|shard| shard.group_sums(layer));
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
            let variance = square / rows + banach_kernels::NORMALIZATION_EPSILON;
            *scale = T::from_f64(1.0 / variance.sqrt());
        }
    }

    /// Means of the gradient, from what the shards left in backward.
    pub(crate) fn take_sums(&mut self, shards: &[Shard<T>], layer: usize) {
        let rows = self.n_rows.max(1.0);
        for unit in 0..self.mean_d.len() {
            let groups = shards.iter().flat_map(|shard| shard.group_sums(layer));
            let (mut d, mut dx) = (0.0, 0.0);
            for (_, sums, dots) in groups {
                d += sums[unit].to_f64();
                dx += dots[unit].to_f64();
            }
            self.mean_d[unit] = T::from_f64(d / rows);
            self.mean_dx[unit] = T::from_f64(dx / rows);
        }
    }

    /// Moves running averages of mean and variance towards this batch's.
    pub(crate) fn update_running(&self, unit: usize, mean: &mut T, variance: &mut T) {
        let unbiased = self.squares[unit] / (self.n_rows - 1.0).max(1.0);
        let moved =
            |old: T, new: f64| T::from_f64((1.0 - MOMENTUM) * old.to_f64() + MOMENTUM * new);
        *mean = moved(*mean, self.means[unit]);
        *variance = moved(*variance, unbiased);
    }
}
