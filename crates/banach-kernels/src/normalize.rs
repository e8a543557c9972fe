//! Batch, layer and weight normalization.
//!
//! Units run down the lines, batch rows across the lanes, as everywhere. Sums over rows are taken over
//! groups of 16 rows, each in one fixed order, so that they do not depend on how a batch is cut.

use crate::line::{LANES, Line};
use crate::number::Number;

/// Rows that are summed as one group.
pub const ROWS_PER_SUM: usize = 16;

/// Added to a variance before its root is taken, as PyTorch does.
pub const NORMALIZATION_EPSILON: f64 = 1e-5;

/// The lanes of one group, 0 where there is no row.
#[inline(always)]
fn group<T: Number>(line: &Line<T>, first: usize, count: usize) -> [T; ROWS_PER_SUM] {
    let mut values = [T::ZERO; ROWS_PER_SUM];
    for (lane, value) in values.iter_mut().enumerate() {
        if lane < count {
            *value = line.0[first + lane];
        }
    }
    values
}

/// The sum of a group, by halves.
#[inline(always)]
fn sum<T: Number>(mut values: [T; ROWS_PER_SUM]) -> T {
    for half in [8, 4, 2, 1] {
        let (left, right) = values.split_at_mut(half);
        for (left, &right) in left.iter_mut().zip(&*right) {
            *left += right;
        }
    }
    values[0]
}

kernel! {
    /// For each unit, the sum of `z` over a group of rows and the sum of squared distances from their
    /// mean.
    ///
    /// # Shapes
    /// `z`: a line for each unit; `first`, `count`: lanes of the group, at most 16; `sums` and
    /// `squares`: a number for each unit.
    pub fn group_moments<T: Number>(
        z: &[Line<T>], first: usize, count: usize, sums: &mut [T], squares: &mut [T],
    ) {
        let share = T::from_f64(1.0 / count.max(1) as f64);
        for ((line, total), squared) in z.iter().zip(sums).zip(squares) {
            let values = group(line, first, count);
            *total = sum(values);
            let mean = *total * share;
            let mut distances = [T::ZERO; ROWS_PER_SUM];
            for (lane, (distance, &value)) in distances.iter_mut().zip(&values).enumerate() {
                let from_mean = value - mean;
                *distance = if lane < count { from_mean * from_mean } else { T::ZERO };
            }
            *squared = sum(distances);
        }
    }
}

kernel! {
    /// For each unit, the sums of `d` and of `d * x` over a group of rows.
    ///
    /// # Shapes
    /// As [`group_moments`].
    pub fn group_sums<T: Number>(
        d: &[Line<T>], x: &[Line<T>], first: usize, count: usize, sums: &mut [T], dots: &mut [T],
    ) {
        for (((d, x), total), dot) in d.iter().zip(x).zip(sums).zip(dots) {
            let d = group(d, first, count);
            *total = sum(d);
            let mut products = group(x, first, count);
            for (product, d) in products.iter_mut().zip(d) {
                *product = *product * d;
            }
            *dot = sum(products);
        }
    }
}

kernel! {
    /// Batch normalization: `z <- (z - mean) * inverse_deviation`, `y = gain z + bias`.
    ///
    /// # Shapes
    /// `z`, `y`: a line for each unit; the others: a number for each.
    pub fn batch_norm_forward<T: Number>(
        z: &mut [Line<T>], y: &mut [Line<T>], mean: &[T], inverse_deviation: &[T],
        gain: &[T], bias: &[T],
    ) {
        for (unit, (z, y)) in z.iter_mut().zip(y).enumerate() {
            let (mean, scale) = (mean[unit], inverse_deviation[unit]);
            let (gain, bias) = (gain[unit], bias[unit]);
            for (z, y) in z.0.iter_mut().zip(&mut y.0) {
                *z = (*z - mean) * scale;
                *y = gain.mul_add(*z, bias);
            }
        }
    }
}

kernel! {
    /// `d <- factor * (d - mean_d - x * mean_dx)`: the gradient at the net input of batch
    /// normalization from the one at `y`, with `x` the normalized net input, `factor` the gain times
    /// the inverse deviation, and means over the batch of `d` and `d x`.
    ///
    /// # Shapes
    /// As [`batch_norm_forward`].
    pub fn batch_norm_backward<T: Number>(
        d: &mut [Line<T>], x: &[Line<T>], factor: &[T], mean_d: &[T], mean_dx: &[T],
    ) {
        for (unit, (d, x)) in d.iter_mut().zip(x).enumerate() {
            let (factor, mean_d, mean_dx) = (factor[unit], mean_d[unit], -mean_dx[unit]);
            for (d, &x) in d.0.iter_mut().zip(&x.0) {
                *d = factor * mean_dx.mul_add(x, *d - mean_d);
            }
        }
    }
}

kernel! {
    /// For each row, the mean of `z` over the units and the inverse of its standard deviation.
    ///
    /// # Shapes
    /// `z`: a line for each of the layer's units.
    pub fn row_moments<T: Number>(
        z: &[Line<T>], mean: &mut Line<T>, inverse_deviation: &mut Line<T>,
    ) {
        let share = T::from_f64(1.0 / z.len().max(1) as f64);
        let epsilon = T::from_f64(NORMALIZATION_EPSILON);
        let mut sums = [T::ZERO; LANES];
        for line in z {
            for (sum, &z) in sums.iter_mut().zip(&line.0) {
                *sum += z;
            }
        }
        for (mean, sum) in mean.0.iter_mut().zip(sums) {
            *mean = sum * share;
        }
        let mut squares = [T::ZERO; LANES];
        for line in z {
            for ((square, &mean), &z) in squares.iter_mut().zip(&mean.0).zip(&line.0) {
                let distance = z - mean;
                *square = distance.mul_add(distance, *square);
            }
        }
        for (scale, square) in inverse_deviation.0.iter_mut().zip(squares) {
            *scale = T::ONE / square.mul_add(share, epsilon).sqrt();
        }
    }
}

kernel! {
    /// Layer normalization of some units: `z <- (z - mean) * inverse_deviation`, `y = gain z + bias`.
    ///
    /// # Shapes
    /// `z`, `y`: a line for each unit; `mean`, `inverse_deviation`: a number for each row; `gain`,
    /// `bias`: a number for each unit.
    pub fn layer_norm_forward<T: Number>(
        z: &mut [Line<T>], y: &mut [Line<T>], mean: &Line<T>, inverse_deviation: &Line<T>,
        gain: &[T], bias: &[T],
    ) {
        for (unit, (z, y)) in z.iter_mut().zip(y).enumerate() {
            let (gain, bias) = (gain[unit], bias[unit]);
            let rows = mean.0.iter().zip(&inverse_deviation.0);
            for ((z, y), (&mean, &scale)) in z.0.iter_mut().zip(&mut y.0).zip(rows) {
                *z = (*z - mean) * scale;
                *y = gain.mul_add(*z, bias);
            }
        }
    }
}

kernel! {
    /// `d <- gain d` for some units, and for each row the sums of that and of it times `x` over them,
    /// added to `sums` and `dots`.
    ///
    /// # Shapes
    /// `d`, `x`: a line for each unit; `gain`: a number for each.
    pub fn layer_norm_sums<T: Number>(
        d: &mut [Line<T>], x: &[Line<T>], gain: &[T], sums: &mut Line<T>, dots: &mut Line<T>,
    ) {
        for ((d, x), &gain) in d.iter_mut().zip(x).zip(gain) {
            let totals = sums.0.iter_mut().zip(&mut dots.0);
            for ((d, &x), (sum, dot)) in d.0.iter_mut().zip(&x.0).zip(totals) {
                *d = gain * *d;
                *sum += *d;
                *dot = x.mul_add(*d, *dot);
            }
        }
    }
}

kernel! {
    /// The gradient at the net input of layer normalization from what [`layer_norm_sums`] left of all
    /// units, `x` being the normalized net input: `d <- scale (d - mean(d) - x mean(d x))`.
    ///
    /// # Shapes
    /// `d`, `x`: a line for each of the layer's units; the others: a number for each row.
    pub fn layer_norm_backward<T: Number>(
        d: &mut [Line<T>], x: &[Line<T>], sums: &Line<T>, dots: &Line<T>,
        inverse_deviation: &Line<T>,
    ) {
        let share = T::from_f64(1.0 / d.len().max(1) as f64);
        let mean = sums.0.map(|sum| sum * share);
        let mean_x = dots.0.map(|dot| -(dot * share));
        for (d, x) in d.iter_mut().zip(x) {
            let rows = mean.iter().zip(&mean_x).zip(&inverse_deviation.0);
            for ((d, &x), ((&mean, &mean_x), &scale)) in d.0.iter_mut().zip(&x.0).zip(rows) {
                *d = scale * mean_x.mul_add(x, *d - mean);
            }
        }
    }
}

kernel! {
    /// `z <- scale z + shift`, a scale and a shift for each unit.
    ///
    /// # Shapes
    /// `z`: a line for each unit; the others: a number for each.
    pub fn scale_units<T: Number>(z: &mut [Line<T>], scale: &[T], shift: &[T]) {
        for ((z, &scale), &shift) in z.iter_mut().zip(scale).zip(shift) {
            for z in &mut z.0 {
                *z = scale.mul_add(*z, shift);
            }
        }
    }
}

kernel! {
    /// `sums[j] = sum over p of a[p][j] b[p][j]`, one line after the other.
    ///
    /// # Shapes
    /// `a`, `b`: the same number of lines.
    pub fn column_dots<T: Number>(a: &[Line<T>], b: &[Line<T>], sums: &mut Line<T>) {
        sums.0 = [T::ZERO; LANES];
        for (a, b) in a.iter().zip(b) {
            for ((sum, &a), &b) in sums.0.iter_mut().zip(&a.0).zip(&b.0) {
                *sum = a.mul_add(b, *sum);
            }
        }
    }
}

kernel! {
    /// `g[p][j] <- scale[j] (g[p][j] - along[j] v[p][j])`: the gradient at the directions of weight
    /// normalization from the one at the weights.
    ///
    /// # Shapes
    /// `g`, `v`: the same number of lines.
    pub fn project_columns<T: Number>(
        g: &mut [Line<T>], v: &[Line<T>], scale: &Line<T>, along: &Line<T>,
    ) {
        for (g, v) in g.iter_mut().zip(v) {
            let columns = scale.0.iter().zip(&along.0);
            for ((g, &v), (&scale, &along)) in g.0.iter_mut().zip(&v.0).zip(columns) {
                *g = scale * (-along).mul_add(v, *g);
            }
        }
    }
}

kernel! {
    /// `v[p][j] <- scale[j] v[p][j]`.
    ///
    /// # Shapes
    /// `v`: any number of lines.
    pub fn scale_columns<T: Number>(v: &mut [Line<T>], scale: &Line<T>) {
        for v in v {
            for (v, &scale) in v.0.iter_mut().zip(&scale.0) {
                *v = *v * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::test_gradient::{check_gradient, random};

    fn numbers(units: usize, lane: u32) -> Vec<f64> {
        random(units, lane).iter().map(|line| line.0[0]).collect()
    }

    #[test]
    fn layer_norm_normalizes_rows_and_its_gradient_is_a_central_difference() {
        let isa = Isa::best();
        let (gain, bias) = (numbers(9, 1), numbers(9, 2));
        let forward = |x: &[Line<f64>]| {
            let (mut z, mut y) = (x.to_vec(), x.to_vec());
            let (mut mean, mut scale) = (Line::ZERO, Line::ZERO);
            row_moments(isa, x, &mut mean, &mut scale);
            layer_norm_forward(isa, &mut z, &mut y, &mean, &scale, &gain, &bias);
            (z, y, scale)
        };
        let x = random(9, 0);
        let (z, _, scale) = forward(&x);
        for lane in 0..LANES {
            let mean: f64 = z.iter().map(|line| line.0[lane]).sum::<f64>() / 9.0;
            let square: f64 = z.iter().map(|line| line.0[lane].powi(2)).sum::<f64>() / 9.0;
            assert!(
                mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-3,
                "{mean} {square}"
            );
        }
        let weights = random(9, 3);
        let mut d = weights.clone();
        let (mut sums, mut dots) = (Line::ZERO, Line::ZERO);
        layer_norm_sums(isa, &mut d, &z, &gain, &mut sums, &mut dots);
        layer_norm_backward(isa, &mut d, &z, &sums, &dots, &scale);
        check_gradient(&x, &weights, |x| forward(x).1, &d);
    }

    #[test]
    fn batch_norm_gradient_is_a_central_difference() {
        let isa = Isa::best();
        let (gain, bias) = (numbers(5, 1), numbers(5, 2));
        // Mean and deviation over the 32 rows, from two groups.
        let moments = |x: &[Line<f64>]| -> (Vec<f64>, Vec<f64>) {
            let mut groups = [[[0.0; 5]; 2]; 2];
            for (index, [sums, squares]) in groups.iter_mut().enumerate() {
                group_moments(isa, x, index * 16, 16, sums, squares);
            }
            let [[sums, squares], [more_sums, more_squares]] = groups;
            let mean: Vec<f64> = (0..5).map(|u| (sums[u] + more_sums[u]) / 32.0).collect();
            let scale = |u: usize| {
                let between = (sums[u] / 16.0 - more_sums[u] / 16.0).powi(2) * 8.0;
                1.0 / ((squares[u] + more_squares[u] + between) / 32.0 + 1e-5).sqrt()
            };
            (mean, (0..5).map(scale).collect())
        };
        let forward = |x: &[Line<f64>]| {
            let (mean, scale) = moments(x);
            let (mut z, mut y) = (x.to_vec(), x.to_vec());
            batch_norm_forward(isa, &mut z, &mut y, &mean, &scale, &gain, &bias);
            (z, y)
        };
        let x = random(5, 0);
        let (z, _) = forward(&x);
        let variance = z[2].0.iter().map(|z| z * z).sum::<f64>() / 32.0;
        assert!((variance - 1.0).abs() < 1e-3 && z[2].0.iter().sum::<f64>().abs() < 1e-10);
        let weights = random(5, 3);
        let (mut mean_d, mut mean_dx) = (vec![0.0; 5], vec![0.0; 5]);
        for first in [0, 16] {
            let (mut sums, mut dots) = ([0.0; 5], [0.0; 5]);
            group_sums(isa, &weights, &z, first, 16, &mut sums, &mut dots);
            for unit in 0..5 {
                mean_d[unit] += sums[unit] / 32.0;
                mean_dx[unit] += dots[unit] / 32.0;
            }
        }
        let factor: Vec<f64> = moments(&x)
            .1
            .iter()
            .zip(&gain)
            .map(|(s, g)| s * g)
            .collect();
        let mut d = weights.clone();
        batch_norm_backward(isa, &mut d, &z, &factor, &mean_d, &mean_dx);
        check_gradient(&x, &weights, |x| forward(x).1, &d);
    }

    #[test]
    fn groups_leave_out_rows_that_are_not_there() {
        for isa in Isa::supported() {
            let line = Line(std::array::from_fn(|i| {
                if i < 19 { i as f32 } else { f32::NAN }
            }));
            let (mut sums, mut squares) = ([0.0], [0.0]);
            group_moments(isa, &[line], 16, 3, &mut sums, &mut squares);
            assert_eq!((sums[0], squares[0]), (51.0, 2.0));
            let (mut sums, mut dots) = ([0.0], [0.0]);
            group_sums(isa, &[line], &[line], 16, 3, &mut sums, &mut dots);
            assert_eq!((sums[0], dots[0]), (51.0, 256.0 + 289.0 + 324.0));
        }
    }

    #[test]
    fn columns_are_scaled_projected_and_multiplied() {
        let (a, b) = (random::<f32>(40, 0), random::<f32>(40, 1));
        for isa in Isa::supported() {
            let (mut squares, mut dots) = (Line::ZERO, Line::ZERO);
            column_dots(isa, &a, &a, &mut squares);
            column_dots(isa, &b, &a, &mut dots);
            let along = Line(std::array::from_fn(|j| dots.0[j] / squares.0[j]));
            let mut g = b.clone();
            project_columns(isa, &mut g, &a, &Line([2.0; LANES]), &along);
            let mut left = Line::ZERO;
            column_dots(isa, &g, &a, &mut left);
            // Nothing is left along a: rounding of 40 products of standard normal numbers.
            assert!(left.0.iter().all(|v| v.abs() < 1e-4), "{left:?}");
            let mut scaled = a.clone();
            scale_columns(isa, &mut scaled, &along);
            assert_eq!(scaled[3].0[5], a[3].0[5] * along.0[5]);
        }
    }
}
