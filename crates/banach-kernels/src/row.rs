//! One row through a layer: a matrix times a vector, bound by reading the weights.

use crate::line::{LANES, Line, arrays, flat_mut};
use crate::{Real, Selu};

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
#[derive(Clone, Copy)]
struct Form {
    /// Lines from one panel to the next.
    stride: usize,
    /// The line of a panel that is added to the product.
    bias: Option<usize>,
}

/// `y = weight x + bias` for G panels from the one that starts at `lines[0]`: the chain of additions of
/// `matmul_tn`, then the bias.
#[inline(always)]
fn panels<T: Real, W: Copy, const G: usize>(
    x: &[T],
    lines: &[[W; LANES]],
    form: Form,
    widened: impl Fn(W) -> T,
    y: &mut [Line<T>],
) {
    let panels: [&[[W; LANES]]; G] =
        std::array::from_fn(|g| &lines[g * form.stride..][..form.stride]);
    // As long as x: without a check for each line, and with a line's weights widened before they are
    // used, the compiler keeps to whole vectors wherever this is inlined.
    let weights = panels.map(|panel| &panel[..x.len()]);
    let mut sums = [[T::ZERO; LANES]; G];
    for (p, &x) in x.iter().enumerate() {
        for (sums, weights) in sums.iter_mut().zip(weights) {
            let line = weights[p].map(&widened);
            for (sum, weight) in sums.iter_mut().zip(line) {
                *sum = x.mul_add(weight, *sum);
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
fn layer<T: Real, W: Copy>(
    x: &[T],
    lines: &[[W; LANES]],
    form: Form,
    widened: impl Fn(W) -> T + Copy,
    y: &mut [Line<T>],
) {
    let stride = form.stride;
    assert!(
        x.len() <= stride,
        "{} inputs in a panel of {stride} lines",
        x.len()
    );
    assert_eq!(y.len() * stride, lines.len(), "panels of the weights");
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

kernel! {
    /// `y = weight x + bias` for one row, with the bits that `matmul_tn` and a bias give.
    ///
    /// # Shapes
    /// `x`: `[in]`; `weight`: the panels of `weight^T`, `stride` lines each, of which the first `in` are the
    /// weights and number `bias`, if given, the biases; `y`: a line for each panel.
    ///
    /// # Panics
    /// If a shape does not fit.
    pub fn row_product<T: Real>(
        x: &[T], weight: &[Line<T>], stride: usize, bias: Option<usize>, y: &mut [Line<T>],
    ) {
        layer(x, arrays(weight), Form { stride, bias }, |weight| weight, y);
    }
}

kernel! {
    /// [`row_product`] with weights and biases in bfloat16; sums are as exact as there.
    ///
    /// # Shapes
    /// As [`row_product`].
    ///
    /// # Panics
    /// If a shape does not fit.
    pub fn row_product_bf16<T: Real>(
        x: &[T], weight: &[Bf16Line], stride: usize, bias: Option<usize>, y: &mut [Line<T>],
    ) {
        layer(x, bf16_arrays(weight), Form { stride, bias }, T::from_bf16, y);
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
    pub fn row_layer_norm<T: Real>(
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
    pub fn widen<T: Real>(bf16: &[Bf16Line], lines: &mut [Line<T>]) {
        for (line, bf16) in lines.iter_mut().zip(bf16) {
            for (value, &bf16) in line.0.iter_mut().zip(&bf16.0) {
                *value = T::from_bf16(bf16);
            }
        }
    }
}

/// Rounds numbers to the nearest bfloat16, halves to even; a NaN stays one.
#[must_use]
pub fn to_bf16<T: Real>(lines: &[Line<T>]) -> Vec<Bf16Line> {
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
    pub fn row_selu<T: Real>(z: &mut [Line<T>], selu: Selu) {
        let lambda = T::from_f64(selu.lambda);
        let lambda_alpha = T::from_f64(selu.lambda * selu.alpha);
        for value in flat_mut(z) {
            *value = crate::activation::selu(*value, lambda, lambda_alpha);
        }
    }
}

kernel! {
    /// `z <- max(z, 0)`, with the bits of `relu_forward`.
    pub fn row_relu<T: Real>(z: &mut [Line<T>]) {
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
    fn half_weights_give_the_bits_of_the_same_weights_as_f32() {
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
