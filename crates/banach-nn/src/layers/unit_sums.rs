//! Two sums for each unit over groups of rows, as batch and layer normalization need them.
//!
//! Forward: of a unit's net inputs and of the squares of their distances from the group's mean. Backward:
//! of the gradient and of the gradient times the normalized net inputs, which are the gradients of bias
//! and gain. A group is 16 rows, so that sums do not depend on how a batch is cut into shards.

use std::ops::Range;

use banach_kernels::{Isa, LANES, Line, ROWS_PER_SUM, Real, group_moments, group_sums};

/// The sums of one layer: [group][2][unit].
#[derive(Debug)]
pub(crate) struct UnitSums<T> {
    width: usize,
    sums: Vec<T>,
}

impl<T: Real> UnitSums<T> {
    /// Room for `capacity` rows of `width` units.
    pub(crate) fn new(width: usize, capacity: usize) -> Self {
        let groups = capacity.div_ceil(ROWS_PER_SUM);
        Self {
            width,
            sums: vec![T::ZERO; groups * 2 * width],
        }
    }

    /// Sums of net inputs `z` of some units over the groups of one panel of rows, and of squared
    /// distances from the groups' means.
    pub(crate) fn moments(
        &mut self,
        isa: Isa,
        units: &Range<usize>,
        (panel, lanes): (usize, usize),
        z: &[Line<T>],
    ) {
        for (group, first, count) in groups(panel, lanes) {
            let (sums, squares) = self.of_group(group, units);
            group_moments(isa, z, first, count, sums, squares);
        }
    }

    /// Sums of gradients `d` of some units over the groups of one panel of rows, and of `d x`.
    pub(crate) fn products(
        &mut self,
        isa: Isa,
        units: &Range<usize>,
        (panel, lanes): (usize, usize),
        d: &[Line<T>],
        x: &[Line<T>],
    ) {
        for (group, first, count) in groups(panel, lanes) {
            let (sums, dots) = self.of_group(group, units);
            group_sums(isa, d, x, first, count, sums, dots);
        }
    }

    fn of_group(&mut self, group: usize, units: &Range<usize>) -> (&mut [T], &mut [T]) {
        let width = self.width;
        let both = &mut self.sums[group * 2 * width..][..2 * width];
        let (sums, others) = both.split_at_mut(width);
        (&mut sums[units.clone()], &mut others[units.clone()])
    }

    /// For each group of the first `n_rows` rows in order, its number of rows and the two sums for each
    /// unit.
    pub(crate) fn groups(
        &self,
        n_rows: usize,
    ) -> impl Iterator<Item = (usize, &[T], &[T])> + Clone {
        let width = self.width;
        let groups = self.sums.chunks_exact((2 * width).max(1));
        let rows = (0..n_rows).step_by(ROWS_PER_SUM);
        rows.zip(groups).map(move |(first, sums)| {
            let (sums, others) = sums.split_at(width);
            (ROWS_PER_SUM.min(n_rows - first), sums, others)
        })
    }

    /// Adds the gradients of the biases and gains of some units, over the first `n_rows` rows in order.
    pub(crate) fn add_gradient(
        &self,
        n_rows: usize,
        units: &Range<usize>,
        [bias, gain]: [&mut Line<T>; 2],
    ) {
        for (_, sums, dots) in self.groups(n_rows) {
            for (lane, unit) in units.clone().enumerate() {
                bias.0[lane] += sums[unit];
                gain.0[lane] += dots[unit];
            }
        }
    }
}

/// The groups of rows in one panel: number of the group, first lane, number of rows.
fn groups(panel: usize, lanes: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let first = panel * (LANES / ROWS_PER_SUM);
    (0..lanes.div_ceil(ROWS_PER_SUM)).map(move |group| {
        let lane = group * ROWS_PER_SUM;
        (first + group, lane, ROWS_PER_SUM.min(lanes - lane))
    })
}
