//! Transposing, and moving numbers between row-major matrices and panels.

use crate::Isa;
use crate::isa::Level;
use crate::line::{LANES, Line};
use crate::number::Number;

/// Transposes a piece of units by rows into rows by units: `t[row][unit] = x[unit][row]`.
///
/// # Shapes
/// `x`: at most 32 lines, one for each unit; `t`: at most 32 lines, one for each row that is wanted.
/// Units that `x` lacks become 0.
///
/// # Panics
/// If there are more than 32 lines.
pub fn transpose<T: Number + Transpose>(isa: Isa, x: &[Line<T>], t: &mut [Line<T>]) {
    assert!(x.len() <= LANES && t.len() <= LANES, "lines of a square");
    T::transpose(isa, x, t);
}

/// Transposing for one number type: chooses the instruction set.
pub trait Transpose: Sized {
    /// See [`transpose`]; at most 32 lines each.
    #[doc(hidden)]
    fn transpose(isa: Isa, x: &[Line<Self>], t: &mut [Line<Self>]);
}

impl Transpose for f64 {
    fn transpose(_: Isa, x: &[Line<f64>], t: &mut [Line<f64>]) {
        transpose_portable(x, t);
    }
}

impl Transpose for f32 {
    fn transpose(isa: Isa, x: &[Line<f32>], t: &mut [Line<f32>]) {
        match isa.0 {
            Level::Scalar => transpose_portable(x, t),
            // SAFETY: this Isa exists only on a processor that was seen to support it.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { transpose_avx2(x, t) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { transpose_avx512(x, t) },
        }
    }
}

fn transpose_portable<T: Number>(x: &[Line<T>], t: &mut [Line<T>]) {
    for (row, out) in t.iter_mut().enumerate() {
        *out = Line(std::array::from_fn(|unit| {
            x.get(unit).map_or(T::ZERO, |line| line.0[row])
        }));
    }
}

/// Squares of 8 x 8: pairs of numbers, pairs of pairs, halves of vectors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn transpose_avx2(x: &[Line<f32>], t: &mut [Line<f32>]) {
    use std::arch::x86_64::{
        _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_setzero_ps, _mm256_shuffle_ps,
        _mm256_storeu_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    const SIDE: usize = 8;
    for first_unit in (0..LANES).step_by(SIDE) {
        for first_row in (0..t.len()).step_by(SIDE) {
            let mut loaded = [_mm256_setzero_ps(); SIDE];
            for (i, loaded) in loaded.iter_mut().enumerate() {
                if let Some(line) = x.get(first_unit + i) {
                    // SAFETY: eight numbers from first_row on lie within the line.
                    *loaded = unsafe { _mm256_loadu_ps(line.0[first_row..].as_ptr()) };
                }
            }
            let x = loaded;
            let mut pairs = x;
            for i in (0..SIDE).step_by(2) {
                pairs[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
                pairs[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
            }
            // fours[4 i + j]: in half h, column 4 h + j of units 4 i .. 4 i + 4.
            let mut fours = x;
            for i in (0..SIDE).step_by(4) {
                fours[i] = _mm256_shuffle_ps::<0x44>(pairs[i], pairs[i + 2]);
                fours[i + 1] = _mm256_shuffle_ps::<0xee>(pairs[i], pairs[i + 2]);
                fours[i + 2] = _mm256_shuffle_ps::<0x44>(pairs[i + 1], pairs[i + 3]);
                fours[i + 3] = _mm256_shuffle_ps::<0xee>(pairs[i + 1], pairs[i + 3]);
            }
            let mut rows = x;
            for j in 0..4 {
                rows[j] = _mm256_permute2f128_ps::<0x20>(fours[j], fours[4 + j]);
                rows[4 + j] = _mm256_permute2f128_ps::<0x31>(fours[j], fours[4 + j]);
            }
            for (out, row) in t[first_row..].iter_mut().zip(rows) {
                // SAFETY: eight numbers from first_unit on lie within the line.
                unsafe { _mm256_storeu_ps(out.0[first_unit..].as_mut_ptr(), row) };
            }
        }
    }
}

/// Squares of 16 x 16: pairs of numbers, pairs of pairs, quarters of vectors twice.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn transpose_avx512(x: &[Line<f32>], t: &mut [Line<f32>]) {
    use std::arch::x86_64::{
        _mm512_loadu_ps, _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_shuffle_ps,
        _mm512_storeu_ps, _mm512_unpackhi_ps, _mm512_unpacklo_ps,
    };
    const SIDE: usize = 16;
    for first_unit in (0..LANES).step_by(SIDE) {
        for first_row in (0..t.len()).step_by(SIDE) {
            let mut loaded = [_mm512_setzero_ps(); SIDE];
            for (i, loaded) in loaded.iter_mut().enumerate() {
                if let Some(line) = x.get(first_unit + i) {
                    // SAFETY: sixteen numbers from first_row on lie within the line.
                    *loaded = unsafe { _mm512_loadu_ps(line.0[first_row..].as_ptr()) };
                }
            }
            let x = loaded;
            let mut pairs = x;
            for i in (0..SIDE).step_by(2) {
                pairs[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
                pairs[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
            }
            // fours[4 i + j]: in quarter q, column 4 q + j of units 4 i .. 4 i + 4.
            let mut fours = x;
            for i in (0..SIDE).step_by(4) {
                fours[i] = _mm512_shuffle_ps::<0x44>(pairs[i], pairs[i + 2]);
                fours[i + 1] = _mm512_shuffle_ps::<0xee>(pairs[i], pairs[i + 2]);
                fours[i + 2] = _mm512_shuffle_ps::<0x44>(pairs[i + 1], pairs[i + 3]);
                fours[i + 3] = _mm512_shuffle_ps::<0xee>(pairs[i + 1], pairs[i + 3]);
            }
            let mut rows = x;
            for j in 0..4 {
                let even = |i: usize| _mm512_shuffle_f32x4::<0x88>(fours[i + j], fours[i + 4 + j]);
                let odd = |i: usize| _mm512_shuffle_f32x4::<0xdd>(fours[i + j], fours[i + 4 + j]);
                rows[j] = _mm512_shuffle_f32x4::<0x88>(even(0), even(8));
                rows[4 + j] = _mm512_shuffle_f32x4::<0x88>(odd(0), odd(8));
                rows[8 + j] = _mm512_shuffle_f32x4::<0xdd>(even(0), even(8));
                rows[12 + j] = _mm512_shuffle_f32x4::<0xdd>(odd(0), odd(8));
            }
            for (out, row) in t[first_row..].iter_mut().zip(rows) {
                // SAFETY: sixteen numbers from first_unit on lie within the line.
                unsafe { _mm512_storeu_ps(out.0[first_unit..].as_mut_ptr(), row) };
            }
        }
    }
}

kernel! {
    /// Writes the panel of `weight^T` that belongs to some units of a layer: `panel[p][unit]`.
    ///
    /// # Shapes
    /// `weight`: the units' rows, [units, n_in] with at most 32 units; `panel`: n_in lines. Units that
    /// are lacking become 0.
    pub fn pack_units<T: Number>(weight: &[T], panel: &mut [Line<T>]) {
        let n_in = panel.len().max(1);
        panel.fill(Line([T::ZERO; LANES]));
        for (unit, row) in weight.chunks_exact(n_in).take(LANES).enumerate() {
            for (line, &value) in panel.iter_mut().zip(row) {
                line.0[unit] = value;
            }
        }
    }
}

kernel! {
    /// The way back of [`pack_units`].
    ///
    /// # Shapes
    /// As [`pack_units`].
    pub fn unpack_units<T: Number>(panel: &[Line<T>], weight: &mut [T]) {
        let n_in = panel.len().max(1);
        for (unit, row) in weight.chunks_exact_mut(n_in).take(LANES).enumerate() {
            for (value, line) in row.iter_mut().zip(panel) {
                *value = line.0[unit];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_moves_every_number_and_fills_up_with_zeros() {
        for isa in Isa::supported() {
            for (units, rows) in [(32, 32), (5, 32), (32, 7), (1, 1), (30, 19)] {
                let x: Vec<_> = (0..units)
                    .map(|u| Line(std::array::from_fn(|r| (100 * u + r) as f32)))
                    .collect();
                let mut t = vec![Line([f32::NAN; LANES]); rows];
                transpose(isa, &x, &mut t);
                for (row, line) in t.iter().enumerate() {
                    for (unit, &got) in line.0.iter().enumerate() {
                        let want = if unit < units { 100 * unit + row } else { 0 };
                        assert_eq!(got, want as f32, "{units} units, {rows} rows");
                    }
                }
            }
        }
    }

    #[test]
    fn a_panel_of_units_comes_back_as_it_was() {
        for isa in Isa::supported() {
            for (units, n_in) in [(32, 40), (3, 7), (1, 1)] {
                let weight: Vec<f32> = (0..units * n_in).map(|i| i as f32).collect();
                let mut panel = vec![Line([f32::NAN; LANES]); n_in];
                pack_units(isa, &weight, &mut panel);
                assert_eq!(panel[n_in - 1].0[units - 1], (units * n_in - 1) as f32);
                assert!(panel[0].0[units..].iter().all(|&v| v == 0.0));
                let mut back = vec![0.0; weight.len()];
                unpack_units(isa, &panel, &mut back);
                assert_eq!(back, weight);
            }
        }
    }
}
