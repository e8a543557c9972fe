//! One row through a layer: a matrix times a vector, bound by reading the weights.

use crate::isa::Level;
use crate::line::{LANES, Line, arrays, flat_mut};
use crate::number::Number;
use crate::{Isa, Selu};

#[cfg(target_arch = "x86_64")]
use x86::{avx2, avx2_bf16, avx512, avx512_bf16};

/// 32 neighbouring weights as bfloat16: the upper half of an `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Bf16Line(pub [u16; LANES]);

/// The numbers of some lines.
#[inline(always)]
fn bf16_arrays(lines: &[Bf16Line]) -> &[[u16; LANES]] {
    const { assert!(size_of::<Bf16Line>() == LANES * size_of::<u16>()) };
    // SAFETY: a line is an array of LANES numbers without padding, as asserted.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len()) }
}

/// Panels that are walked through side by side, so that enough sums are under way to hide the latency
/// of a fused multiply-add.
const SIDE_BY_SIDE: usize = 4;

/// How the panels of a layer lie.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Lines from one panel to the next.
    stride: usize,
    /// The line of a panel that is added to the product.
    bias: Option<usize>,
}

/// `y = weight x + bias` for G panels from the one that starts at `lines[0]`: the chain of additions of
/// `matmul_tn`, then the bias.
#[inline(always)]
fn panels<T: Number, W: Copy, const G: usize>(
    x: &[T],
    lines: &[[W; LANES]],
    form: Form,
    widened: impl Fn(W) -> T,
    y: &mut [Line<T>],
) {
    let panels: [&[[W; LANES]]; G] =
        std::array::from_fn(|g| &lines[g * form.stride..][..form.stride]);
    let mut sums = [[T::ZERO; LANES]; G];
    for (p, &x) in x.iter().enumerate() {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            for (sum, &weight) in sums.iter_mut().zip(&panel[p]) {
                *sum = x.mul_add(widened(weight), *sum);
            }
        }
    }
    for ((y, sums), panel) in y.iter_mut().zip(&sums).zip(panels) {
        match form.bias {
            None => y.0 = *sums,
            Some(bias) => {
                for ((y, &sum), &bias) in y.0.iter_mut().zip(sums).zip(&panel[bias]) {
                    *y = sum + widened(bias);
                }
            }
        }
    }
}

/// All panels: several side by side, then one by one.
#[inline(always)]
fn layer<T: Number, W: Copy>(
    x: &[T],
    lines: &[[W; LANES]],
    form: Form,
    widened: impl Fn(W) -> T + Copy,
    y: &mut [Line<T>],
) {
    let stride = form.stride;
    let whole = y.len() - y.len() % SIDE_BY_SIDE;
    let (whole, rest) = y.split_at_mut(whole);
    let (lines, rest_lines) = lines.split_at(whole.len() * stride);
    let groups = whole.chunks_exact_mut(SIDE_BY_SIDE);
    for (y, lines) in groups.zip(lines.chunks_exact(SIDE_BY_SIDE * stride)) {
        panels::<T, W, SIDE_BY_SIDE>(x, lines, form, widened, y);
    }
    for (y, lines) in rest
        .chunks_exact_mut(1)
        .zip(rest_lines.chunks_exact(stride))
    {
        panels::<T, W, 1>(x, lines, form, widened, y);
    }
}

/// `y = weight x + bias` for one row, with the bits that `matmul_tn` and a bias give.
///
/// # Shapes
/// `x`: `[in]`; `weight`: the panels of `weight^T`, `stride` lines each, of which the first `in` are the
/// weights and number `bias`, if given, the biases; `y`: a line for each panel.
///
/// # Panics
/// If a shape does not fit.
pub fn row_product<T: Number + RowProduct>(
    isa: Isa,
    x: &[T],
    weight: &[Line<T>],
    stride: usize,
    bias: Option<usize>,
    y: &mut [Line<T>],
) {
    let form = Form { stride, bias };
    check(x.len(), weight.len(), form, y.len());
    T::row_product(isa, x, arrays(weight), form, y);
}

/// [`row_product`] with weights and biases in bfloat16; sums are as exact as there.
///
/// # Shapes
/// As [`row_product`].
///
/// # Panics
/// If a shape does not fit.
pub fn row_product_bf16<T: Number + RowProduct>(
    isa: Isa,
    x: &[T],
    weight: &[Bf16Line],
    stride: usize,
    bias: Option<usize>,
    y: &mut [Line<T>],
) {
    let form = Form { stride, bias };
    check(x.len(), weight.len(), form, y.len());
    T::row_product_bf16(isa, x, bf16_arrays(weight), form, y);
}

fn check(n_in: usize, n_lines: usize, Form { stride, bias }: Form, n_panels: usize) {
    let used = n_in.max(bias.map_or(0, |bias| bias + 1));
    assert!(used <= stride, "{used} lines in a panel of {stride} lines");
    assert_eq!(n_panels * stride, n_lines, "panels of the weights");
}

/// The product of one row for one number type: chooses the instruction set.
pub trait RowProduct: Sized {
    /// See [`row_product`]; the shapes fit.
    #[doc(hidden)]
    fn row_product(
        isa: Isa,
        x: &[Self],
        weight: &[[Self; LANES]],
        form: Form,
        y: &mut [Line<Self>],
    );

    /// See [`row_product_bf16`]; the shapes fit.
    #[doc(hidden)]
    fn row_product_bf16(
        isa: Isa,
        x: &[Self],
        weight: &[[u16; LANES]],
        form: Form,
        y: &mut [Line<Self>],
    );
}

kernel! {
    /// [`row_product`] in plain Rust.
    #[expect(unreachable_pub, reason = "all kernels are")]
    pub fn portable<T: Number>(x: &[T], weight: &[[T; LANES]], form: Form, y: &mut [Line<T>]) {
        layer(x, weight, form, |weight| weight, y);
    }
}

kernel! {
    /// [`row_product_bf16`] in plain Rust.
    #[expect(unreachable_pub, reason = "all kernels are")]
    pub fn portable_bf16<T: Number>(
        x: &[T], weight: &[[u16; LANES]], form: Form, y: &mut [Line<T>],
    ) {
        layer(x, weight, form, T::from_bf16, y);
    }
}

impl RowProduct for f64 {
    fn row_product(isa: Isa, x: &[f64], weight: &[[f64; LANES]], form: Form, y: &mut [Line<f64>]) {
        portable(isa, x, weight, form, y);
    }

    fn row_product_bf16(
        isa: Isa,
        x: &[f64],
        weight: &[[u16; LANES]],
        form: Form,
        y: &mut [Line<f64>],
    ) {
        portable_bf16(isa, x, weight, form, y);
    }
}

impl RowProduct for f32 {
    fn row_product(isa: Isa, x: &[f32], weight: &[[f32; LANES]], form: Form, y: &mut [Line<f32>]) {
        match isa.0 {
            Level::Scalar => portable(isa, x, weight, form, y),
            // SAFETY: this Isa exists only on a processor that was seen to support it.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2(x, weight, form, y) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512(x, weight, form, y) },
        }
    }

    fn row_product_bf16(
        isa: Isa,
        x: &[f32],
        weight: &[[u16; LANES]],
        form: Form,
        y: &mut [Line<f32>],
    ) {
        match isa.0 {
            Level::Scalar => portable_bf16(isa, x, weight, form, y),
            // SAFETY: this Isa exists only on a processor that was seen to support it.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2_bf16(x, weight, form, y) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512_bf16(x, weight, form, y) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm_loadu_si128, _mm256_add_ps, _mm256_castsi256_ps, _mm256_cvtepu16_epi32,
        _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_set1_ps, _mm256_setzero_ps,
        _mm256_slli_epi32, _mm256_storeu_ps, _mm512_add_ps, _mm512_castsi512_ps,
        _mm512_cvtepu16_epi32, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps,
        _mm512_slli_epi32, _mm512_storeu_ps,
    };

    use super::{Form, LANES, Line};

    /// Defines a row's product on x86-64, several panels side by side with all sums in registers: left to
    /// itself the compiler keeps them in memory in one crate and not in the other, ten times as slow.
    macro_rules! row_kernel {
        (
            $name:ident, $features:literal, $weight:ty, lanes $lanes:literal, panels $panels:literal,
            $zero:ident, $splat:ident, $fma:ident, $add:ident, $store:ident, |$from:ident| $load:expr
        ) => {
            #[target_feature(enable = $features)]
            pub(super) fn $name(
                x: &[f32],
                lines: &[[$weight; LANES]],
                form: Form,
                y: &mut [Line<f32>],
            ) {
                /// G panels from the one that starts at `lines[0]`.
                #[inline]
                #[target_feature(enable = $features)]
                fn panels<const G: usize>(
                    x: &[f32],
                    lines: &[[$weight; LANES]],
                    form: Form,
                    y: &mut [Line<f32>],
                ) {
                    const VECTORS: usize = LANES / $lanes;
                    let panels: [&[[$weight; LANES]]; G] =
                        std::array::from_fn(|g| &lines[g * form.stride..][..form.stride]);
                    assert!(x.len() <= form.stride);
                    let mut sums = [[$zero(); VECTORS]; G];
                    for (p, &x) in x.iter().enumerate() {
                        let x = $splat(x);
                        for (sums, panel) in sums.iter_mut().zip(&panels) {
                            // SAFETY: every panel has at least as many lines as x has numbers.
                            let line = unsafe { panel.get_unchecked(p) };
                            for (v, sum) in sums.iter_mut().enumerate() {
                                let $from = line[v * $lanes..].as_ptr();
                                // SAFETY: the line has a whole vector from there on.
                                *sum = $fma(x, unsafe { $load }, *sum);
                            }
                        }
                    }
                    for ((y, sums), panel) in y.iter_mut().zip(&sums).zip(&panels) {
                        for (v, &sum) in sums.iter().enumerate() {
                            let sum = match form.bias {
                                None => sum,
                                Some(bias) => {
                                    let $from = panel[bias][v * $lanes..].as_ptr();
                                    // SAFETY: the line has a whole vector from there on.
                                    $add(sum, unsafe { $load })
                                }
                            };
                            // SAFETY: as above.
                            unsafe { $store(y.0[v * $lanes..].as_mut_ptr(), sum) };
                        }
                    }
                }
                let whole = y.len() - y.len() % $panels;
                let (whole, rest) = y.split_at_mut(whole);
                let (lines, rest_lines) = lines.split_at(whole.len() * form.stride);
                let groups = whole.chunks_exact_mut($panels);
                for (y, lines) in groups.zip(lines.chunks_exact($panels * form.stride)) {
                    panels::<$panels>(x, lines, form, y);
                }
                let rest = rest.chunks_exact_mut(1);
                for (y, lines) in rest.zip(rest_lines.chunks_exact(form.stride)) {
                    panels::<1>(x, lines, form, y);
                }
            }
        };
    }

    row_kernel! {
        avx2, "avx2,fma", f32, lanes 8, panels 2, _mm256_setzero_ps, _mm256_set1_ps,
        _mm256_fmadd_ps, _mm256_add_ps, _mm256_storeu_ps, |from| _mm256_loadu_ps(from)
    }

    row_kernel! {
        avx2_bf16, "avx2,fma", u16, lanes 8, panels 2, _mm256_setzero_ps, _mm256_set1_ps,
        _mm256_fmadd_ps, _mm256_add_ps, _mm256_storeu_ps, |from| {
            let upper = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
            _mm256_castsi256_ps(_mm256_slli_epi32::<16>(upper))
        }
    }

    row_kernel! {
        avx512, "avx512f", f32, lanes 16, panels 4, _mm512_setzero_ps, _mm512_set1_ps,
        _mm512_fmadd_ps, _mm512_add_ps, _mm512_storeu_ps, |from| _mm512_loadu_ps(from)
    }

    row_kernel! {
        avx512_bf16, "avx512f", u16, lanes 16, panels 4, _mm512_setzero_ps, _mm512_set1_ps,
        _mm512_fmadd_ps, _mm512_add_ps, _mm512_storeu_ps, |from| {
            let upper = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(upper))
        }
    }
}

kernel! {
    /// Layer normalization of one row of `width` units in place, with the bits of `row_moments` and
    /// `layer_norm_forward`.
    ///
    /// # Shapes
    /// `z`: the units; `panels`: for each line of `z` a panel of `stride` lines, of which number `bias` and
    /// the next hold biases and gains.
    ///
    /// # Panics
    /// If a shape does not fit.
    pub fn row_layer_norm<T: Number>(
        z: &mut [Line<T>], width: usize, panels: &[Line<T>], bias: usize, stride: usize,
    ) {
        let share = T::from_f64(1.0 / width.max(1) as f64);
        let epsilon = T::from_f64(crate::NORMALIZATION_EPSILON);
        let units = &flat_mut(z)[..width];
        let mut sum = T::ZERO;
        for &z in units {
            sum += z;
        }
        let mean = sum * share;
        let mut square = T::ZERO;
        for &z in units {
            let distance = z - mean;
            square = distance.mul_add(distance, square);
        }
        let scale = T::ONE / square.mul_add(share, epsilon).sqrt();
        for (z, panel) in z.iter_mut().zip(panels.chunks_exact(stride)) {
            for ((z, &bias), &gain) in z.0.iter_mut().zip(&panel[bias].0).zip(&panel[bias + 1].0) {
                *z = gain.mul_add((*z - mean) * scale, bias);
            }
        }
    }
}

kernel! {
    /// The numbers of some bfloat16 lines.
    ///
    /// # Shapes
    /// Both: the same number of lines.
    pub fn widen<T: Number>(bf16: &[Bf16Line], lines: &mut [Line<T>]) {
        for (line, bf16) in lines.iter_mut().zip(bf16) {
            for (value, &bf16) in line.0.iter_mut().zip(&bf16.0) {
                *value = T::from_bf16(bf16);
            }
        }
    }
}

/// Rounds numbers to the nearest bfloat16, halves to even; a NaN stays one.
#[must_use]
pub fn to_bf16<T: Number>(lines: &[Line<T>]) -> Vec<Bf16Line> {
    let round = |value: T| {
        let value = value.to_f64() as f32;
        let bits = value.to_bits();
        if value.is_nan() {
            return (bits >> 16) as u16 | 0x40;
        }
        let odd = (bits >> 16) & 1;
        ((bits + 0x7fff + odd) >> 16) as u16
    };
    lines
        .iter()
        .map(|line| Bf16Line(line.0.map(round)))
        .collect()
}

kernel! {
    /// `z <- selu(z)`, with the bits of `selu_forward`.
    pub fn row_selu<T: Number>(z: &mut [Line<T>], selu: Selu) {
        let lambda = T::from_f64(selu.lambda);
        let lambda_alpha = T::from_f64(selu.lambda * selu.alpha);
        for value in flat_mut(z) {
            *value = crate::activation::selu(*value, lambda, lambda_alpha);
        }
    }
}

kernel! {
    /// `z <- max(z, 0)`, with the bits of `relu_forward`.
    pub fn row_relu<T: Number>(z: &mut [Line<T>]) {
        for value in flat_mut(z) {
            *value = crate::activation::relu(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{flat, lines_for};
    use crate::random::{Purpose, Stream};
    use crate::{Isa, Panels, PanelsMut, Piece, matmul_tn, relu_forward, selu_forward};

    fn random(n_lines: usize, lane: u32) -> Vec<Line<f32>> {
        let mut lines = vec![Line::ZERO; n_lines];
        Stream::new(3, Purpose::Weights, 0, lane).fill_normal(flat_mut(&mut lines), 1.0);
        lines
    }

    #[test]
    fn a_row_has_the_bits_that_it_has_in_a_batch() {
        for (n_in, n_out) in [(1, 1), (7, 33), (40, 128), (100, 300)] {
            let n_panels = lines_for(n_out);
            let weight = random(n_panels * (n_in + 1), 0);
            let x = &flat(&random(lines_for(n_in), 1))[..n_in].to_vec();
            let panels = Panels::new(&weight, n_in, n_out, n_in + 1);
            // The row among others: lane 5 of 9.
            let batch: Vec<_> = x
                .iter()
                .map(|&x| Line(std::array::from_fn(|i| if i == 5 { x } else { 0.3 })))
                .collect();
            for isa in Isa::supported() {
                for relu in [false, true] {
                    let mut want = vec![0.0; n_panels * LANES];
                    let mut c = vec![Line::ZERO; n_out];
                    for panel in 0..n_panels {
                        let units = panel * LANES..n_out.min((panel + 1) * LANES);
                        let b = Panels::new(&batch, n_in, 9, n_in);
                        let mut product = PanelsMut::new(&mut c, n_out, 9, n_out);
                        matmul_tn(isa, panels.panel(panel), b, &mut product, units.clone());
                        let bias = weight[(panel + 1) * (n_in + 1) - 1].0;
                        let piece = Piece {
                            first_unit: units.start,
                            first_row: 0,
                            lanes: 9,
                        };
                        let z = &mut c[units.clone()];
                        if relu {
                            relu_forward(isa, z, &bias, piece, None);
                        } else {
                            selu_forward(isa, z, &bias, piece, Selu::default(), None);
                        }
                        for unit in units {
                            want[unit] = c[unit].0[5];
                        }
                    }
                    let mut y = vec![Line::ZERO; n_panels];
                    row_product(isa, x, &weight, n_in + 1, Some(n_in), &mut y);
                    if relu {
                        row_relu(isa, &mut y);
                    } else {
                        row_selu(isa, &mut y, Selu::default());
                    }
                    for (got, want) in flat(&y).iter().zip(&want[..n_out]) {
                        assert_eq!(got.to_bits(), want.to_bits());
                    }
                }
            }
        }
    }

    #[test]
    fn bf16_weights_give_the_bits_of_the_same_weights_as_f32() {
        let (n_in, n_out) = (50, 200);
        let bf16 = to_bf16(&random(lines_for(n_out) * (n_in + 1), 0));
        let x = &flat(&random(2, 1))[..n_in].to_vec();
        for isa in Isa::supported() {
            let mut wide = vec![Line::ZERO; bf16.len()];
            widen(isa, &bf16, &mut wide);
            assert_eq!(to_bf16(&wide), bf16, "bfloat16 numbers are exact in f32");
            let (mut y, mut want) = (vec![Line::ZERO; 7], vec![Line::ZERO; 7]);
            row_product_bf16(isa, x, &bf16, n_in + 1, Some(n_in), &mut y);
            row_product::<f32>(isa, x, &wide, n_in + 1, Some(n_in), &mut want);
            assert_eq!(y, want);
        }
    }

    #[test]
    fn rounding_to_bfloat16_is_to_the_nearest_and_halves_to_even() {
        let mut line = Line::<f32>::ZERO;
        // Between 1 and 1 + 2^-7, the next bfloat16.
        let values = [
            1.0,
            1.0 + 0.4 / 128.0,
            1.0 + 0.6 / 128.0,
            1.0 + 0.5 / 128.0,
            1.0 + 1.5 / 128.0,
        ];
        let want = [0x3f80, 0x3f80, 0x3f81, 0x3f80, 0x3f82];
        line.0[..5].copy_from_slice(&values);
        line.0[5] = f32::NAN;
        line.0[6] = f32::MAX;
        let bf16 = to_bf16(&[line]);
        assert_eq!(bf16[0].0[..5], want);
        assert!(f32::from_bf16(bf16[0].0[5]).is_nan());
        assert_eq!(f32::from_bf16(bf16[0].0[6]), f32::INFINITY);
    }
}
