//! Sums in a fixed order.

use crate::line::Line;

kernel! {
    /// `sums[j] += sum over rows i of x[i][j]`, one row after the other.
    ///
    /// # Shapes
    /// `x`: a line for each row.
    pub fn add_column_sums<T: Number>(x: &[Line<T>], sums: &mut Line<T>) {
        for line in x {
            for (sum, &value) in sums.0.iter_mut().zip(&line.0) {
                *sum += value;
            }
        }
    }
}

kernel! {
    /// Adds the sum of squares of `x` to `sum`: sixteen interleaved partial sums in `f64`, then
    /// these in order.
    pub fn sum_of_squares<T: Number>(x: &[T], sum: &mut f64) {
        let mut partial = [0.0_f64; 16];
        let chunks = x.chunks_exact(16);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (partial, value) in partial.iter_mut().zip(chunk) {
                let value = value.to_f64();
                *partial = value.mul_add(value, *partial);
            }
        }
        for (partial, value) in partial.iter_mut().zip(rest) {
            let value = value.to_f64();
            *partial = value.mul_add(value, *partial);
        }
        *sum += partial.iter().sum::<f64>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::line::LANES;

    #[test]
    fn sums_are_right_for_every_instruction_set_and_odd_lengths() {
        for len in [1_usize, 3, 16, 17, 50] {
            let x: Vec<f32> = (0..len).map(|i| i as f32).collect();
            let lines: Vec<_> = x.iter().map(|&x| Line([x; LANES])).collect();
            for isa in Isa::supported() {
                let mut sums = Line([0.5_f32; LANES]);
                add_column_sums(isa, &lines, &mut sums);
                assert_eq!(sums.0, [0.5 + (len * (len - 1) / 2) as f32; LANES]);
                let mut total = 1.0;
                sum_of_squares(isa, &x, &mut total);
                let want: f64 = (0..len).map(|i| (i * i) as f64).sum();
                assert_eq!(total, want + 1.0);
            }
        }
    }
}
