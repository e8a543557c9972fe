//! One row through a layer: a matrix times a vector, bound by reading the weights.

use crate::line::{LANES, Line, Panels, flat_mut};
use crate::{Real, Selu};

/// 32 neighbouring weights as bfloat16: the upper half of an `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct HalfLine(pub [u16; LANES]);

/// Panels that are walked through side by side, so that enough sums are under way to hide the latency
/// of a fused multiply-add.
const SIDE_BY_SIDE: usize = 4;

/// `sums[g][j] = sum over p of x[p] line(g, p)[j]`: the chain of additions of `matmul_tn`.
#[inline(always)]
fn sums<T: Real, const G: usize>(
    x: &[T],
    line: impl Fn(usize, usize) -> Line<T>,
) -> [[T; LANES]; G] {
    let mut sums = [[T::ZERO; LANES]; G];
    for (p, &x) in x.iter().enumerate() {
        for (g, sums) in sums.iter_mut().enumerate() {
            let line = line(g, p);
            for (sum, &weight) in sums.iter_mut().zip(&line.0) {
                *sum = x.mul_add(weight, *sum);
            }
        }
    }
    sums
}

/// Calls `$sums(first panel)` with 4 panels at a time, then one by one, and adds the biases.
macro_rules! row_product {
    ($x:ident, $stride:expr, $y:ident, |$g:ident, $p:ident, $first:ident| $line:expr) => {{
        let n_in = $x.len();
        let mut $first = 0;
        while $first < $y.len() {
            if $y.len() - $first >= SIDE_BY_SIDE {
                let sums = sums::<T, SIDE_BY_SIDE>($x, |$g, $p| $line);
                for ($g, sums) in sums.iter().enumerate() {
                    let $p = n_in;
                    let bias: Line<T> = $line;
                    for lane in 0..LANES {
                        $y[$first + $g].0[lane] = sums[lane] + bias.0[lane];
                    }
                }
                $first += SIDE_BY_SIDE;
            } else {
                let [sums] = sums::<T, 1>($x, |$g, $p| $line);
                let ($g, $p) = (0, n_in);
                let bias: Line<T> = $line;
                for lane in 0..LANES {
                    $y[$first].0[lane] = sums[lane] + bias.0[lane];
                }
                $first += 1;
            }
        }
    }};
}

kernel! {
    /// `y = weight x + bias` for one row, with the bits that `matmul_tn` and a bias give.
    ///
    /// # Shapes
    /// `x`: [in]; `weight`: `weight^T` as [in, out] in panels that are followed by one line of biases
    /// each; `y`: a line for each panel.
    ///
    /// # Panics
    /// If a shape does not fit.
    pub fn row_product<T: Real>(x: &[T], weight: Panels<'_, T>, y: &mut [Line<T>]) {
        let (lines, stride) = (weight.lines(), weight.stride());
        assert_eq!(x.len() + 1, stride, "lines of a panel");
        assert_eq!(y.len() * stride, lines.len(), "panels of the weights");
        row_product!(x, stride, y, |g, p, first| lines[(first + g) * stride + p]);
    }
}

kernel! {
    /// [`row_product`] with weights and biases in bfloat16; sums are as exact as there.
    ///
    /// # Shapes
    /// As [`row_product`], `weight` being all lines of the panels.
    ///
    /// # Panics
    /// If a shape does not fit.
    pub fn row_product_half<T: Real>(x: &[T], weight: &[HalfLine], y: &mut [Line<T>]) {
        let stride = x.len() + 1;
        assert_eq!(y.len() * stride, weight.len(), "panels of the weights");
        row_product!(x, stride, y, |g, p, first| {
            widened(&weight[(first + g) * stride + p])
        });
    }
}

#[inline(always)]
fn widened<T: Real>(half: &HalfLine) -> Line<T> {
    Line(half.0.map(T::from_bf16))
}

kernel! {
    /// The numbers of some bfloat16 lines.
    ///
    /// # Shapes
    /// Both: the same number of lines.
    pub fn widen<T: Real>(half: &[HalfLine], lines: &mut [Line<T>]) {
        for (line, half) in lines.iter_mut().zip(half) {
            *line = widened(half);
        }
    }
}

/// Rounds numbers to the nearest bfloat16, halves to even; a NaN stays one.
#[must_use]
pub fn to_half<T: Real>(lines: &[Line<T>]) -> Vec<HalfLine> {
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
        .map(|line| HalfLine(line.0.map(round)))
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
    use crate::{Isa, PanelsMut, Piece, matmul_tn, relu_forward, selu_forward};

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
                    row_product(isa, x, panels, &mut y);
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
        let half = to_half(&random(lines_for(n_out) * (n_in + 1), 0));
        let x = &flat(&random(2, 1))[..n_in].to_vec();
        for isa in Isa::supported() {
            let mut wide = vec![Line::ZERO; half.len()];
            widen(isa, &half, &mut wide);
            assert_eq!(to_half(&wide), half, "bfloat16 numbers are exact in f32");
            let (mut y, mut want) = (vec![Line::ZERO; 7], vec![Line::ZERO; 7]);
            row_product_half(isa, x, &half, &mut y);
            let panels = Panels::new(&wide, n_in, n_out, n_in + 1);
            row_product::<f32>(isa, x, panels, &mut want);
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
        let half = to_half(&[line]);
        assert_eq!(half[0].0[..5], want);
        assert!(f32::from_bf16(half[0].0[5]).is_nan());
        assert_eq!(f32::from_bf16(half[0].0[6]), f32::INFINITY);
    }
}
