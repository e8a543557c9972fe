//! Activations with their bias and dropout: one pass forward, one pass backward.

use crate::lanes::map_lanes;
use crate::line::{Line, flat, flat_mut};
use crate::number::Number;
use crate::random::Stream;

/// SELU's alpha for the fixed point (mean 0, variance 1) (arXiv:1706.02515, Eq. 14).
///
/// ONNX calls lambda "gamma"; this project does not.
pub const ALPHA_01: f64 = 1.673_263_242_354_377_2;

/// SELU's lambda for the fixed point (mean 0, variance 1) (arXiv:1706.02515, Eq. 14).
pub const LAMBDA_01: f64 = 1.050_700_987_355_480_5;

/// Parameters of SELU: `lambda * x` for x > 0, `lambda * alpha * (exp(x) - 1)` for x <= 0
/// (arXiv:1706.02515, Eq. 2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selu {
    /// Scale of the negative part relative to the positive one.
    pub alpha: f64,
    /// Slope of the positive part.
    pub lambda: f64,
}

impl Default for Selu {
    fn default() -> Self {
        Self {
            alpha: ALPHA_01,
            lambda: LAMBDA_01,
        }
    }
}

impl Selu {
    /// SELU's limit towards minus infinity, `-lambda * alpha`: the value alpha dropout sets.
    #[must_use]
    pub fn saturation(&self) -> f64 {
        -self.lambda * self.alpha
    }
}

/// Where a piece of a layer's units lies: units are lines, rows of the batch are lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Unit of the first line; a multiple of 8.
    pub first_unit: usize,
    /// Row of the batch in the first lane.
    pub first_row: usize,
    /// Lanes in use, 1 to 32; what the others hold afterwards is unspecified.
    pub lanes: usize,
}

/// Which elements are dropped, and what dropout does to the others.
///
/// A kept element becomes `scale * y + shift`, a dropped one `dropped`. The mask is a pure function
/// of (stream, row of the batch, unit), so that no mask is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DropoutMask {
    stream: Stream,
    threshold: u32,
    scale: f64,
    shift: f64,
    dropped: f64,
}

/// Neighbouring units that share a block of random bits, 16 for each.
const GROUP: usize = 8;

/// Rows that are worked on together.
const ROWS: usize = 16;

/// The rates that can be had are multiples of one over this.
const RATES: f64 = 65_536.0;

impl DropoutMask {
    /// Alpha dropout of SELU outputs: dropped units take SELU's saturation alpha', and an affine map
    /// keeps mean `mu` and variance `nu` (arXiv:1706.02515, section "New Dropout Technique").
    ///
    /// With keep rate q: `a = sqrt(nu / (q ((1 - q) (alpha' - mu)^2 + nu)))` and
    /// `b = mu - a (q mu + (1 - q) alpha')`. Mean and variance are kept in expectation over masks.
    /// The rate is rounded to a multiple of 2^-16.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    #[must_use]
    pub fn alpha(stream: Stream, rate: f64, selu: Selu, mu: f64, nu: f64) -> Self {
        let threshold = threshold(rate);
        let keep = 1.0 - f64::from(threshold) / RATES;
        let limit = selu.saturation();
        let scale = (nu / (keep * ((1.0 - keep) * (limit - mu).powi(2) + nu))).sqrt();
        let shift = mu - scale * (keep * mu + (1.0 - keep) * limit);
        Self {
            stream,
            threshold,
            scale,
            shift,
            dropped: scale * limit + shift,
        }
    }

    /// Ordinary dropout: dropped units become 0, the others are divided by the keep rate.
    /// The rate is rounded to a multiple of 2^-16.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    #[must_use]
    pub fn ordinary(stream: Stream, rate: f64) -> Self {
        let threshold = threshold(rate);
        let keep = 1.0 - f64::from(threshold) / RATES;
        Self {
            stream,
            threshold,
            scale: 1.0 / keep,
            shift: 0.0,
            dropped: 0.0,
        }
    }

    /// (scale, shift, value of a dropped element).
    #[must_use]
    pub fn constants(&self) -> (f64, f64, f64) {
        (self.scale, self.shift, self.dropped)
    }

    /// Whether the element at (row of the batch, unit) is kept.
    #[must_use]
    pub fn keeps(&self, row: usize, unit: usize) -> bool {
        let words = self.words::<1>(row, unit / GROUP);
        bits(&words, unit % GROUP)[0] >= self.threshold
    }

    /// Random words of a group of units for N rows.
    #[inline(always)]
    fn words<const N: usize>(&self, first_row: usize, group: usize) -> [[u32; N]; 4] {
        self.stream.matrix_words(first_row as u32, group as u32)
    }

    /// Applies `f(value, kept)` to every element of a piece.
    #[inline(always)]
    fn for_each<T: Number>(&self, lines: &mut [Line<T>], piece: Piece, f: impl Fn(T, bool) -> T) {
        for (group, lines) in lines.chunks_mut(GROUP).enumerate() {
            for part in 0..piece.lanes.div_ceil(ROWS) {
                let group = piece.first_unit / GROUP + group;
                let words = self.words::<ROWS>(piece.first_row + part * ROWS, group);
                for (unit, line) in lines.iter_mut().enumerate() {
                    let bits = bits(&words, unit);
                    let values = &mut line.0.as_chunks_mut::<ROWS>().0[part];
                    for (value, bits) in values.iter_mut().zip(bits) {
                        *value = f(*value, bits >= self.threshold);
                    }
                }
            }
        }
    }
}

/// The 16 bits of one unit for each row.
#[inline(always)]
fn bits<const N: usize>(words: &[[u32; N]; 4], unit: usize) -> [u32; N] {
    let word = &words[unit / 2];
    if unit.is_multiple_of(2) {
        map_lanes(word, |word| word & 0xffff)
    } else {
        map_lanes(word, |word| word >> 16)
    }
}

fn threshold(rate: f64) -> u32 {
    assert!(
        (0.0..1.0).contains(&rate),
        "dropout rate must be in [0, 1), got {rate}"
    );
    (rate * RATES).round().min(RATES - 1.0) as u32
}

#[inline(always)]
pub(crate) fn selu<T: Number>(x: T, lambda: T, lambda_alpha: T) -> T {
    let negative = lambda_alpha * x.exp_m1_nonpositive();
    if x > T::ZERO { lambda * x } else { negative }
}

/// max(x, 0), NaN for NaN.
#[inline(always)]
pub(crate) fn relu<T: Number>(x: T) -> T {
    if x < T::ZERO { T::ZERO } else { x }
}

/// Applies `f(value, line)` to every element of a piece.
#[inline(always)]
fn for_each<T: Number>(lines: &mut [Line<T>], lanes: usize, f: impl Fn(T, usize) -> T) {
    for (unit, line) in lines.iter_mut().enumerate() {
        let parts = line.0.as_chunks_mut::<ROWS>().0;
        for values in &mut parts[..lanes.div_ceil(ROWS)] {
            for value in values {
                *value = f(*value, unit);
            }
        }
    }
}

kernel! {
    /// `z <- dropout(selu(z + bias))` in place.
    ///
    /// -inf gives SELU's saturation, +inf stays, NaN stays. At most 3 ULP from `f64` (test
    /// `selu_ulp`) without dropout.
    ///
    /// # Shapes
    /// `z`: a line for each unit of the piece; `bias`: a number for each.
    pub fn selu_forward<T: Number>(
        z: &mut [Line<T>], bias: &[T], piece: Piece, selu_: Selu, dropout: Option<&DropoutMask>,
    ) {
        let lambda = T::from_f64(selu_.lambda);
        let lambda_alpha = T::from_f64(selu_.lambda * selu_.alpha);
        let bias = &bias[..z.len()];
        for_each(z, piece.lanes, |z, unit| selu(z + bias[unit], lambda, lambda_alpha));
        if let Some(mask) = dropout {
            let (scale, shift) = (T::from_f64(mask.scale), T::from_f64(mask.shift));
            let dropped = T::from_f64(mask.dropped);
            mask.for_each(z, piece, |y, kept| {
                let y = scale.mul_add(y, shift);
                if kept { y } else { dropped }
            });
        }
    }
}

kernel! {
    /// Turns `d`, the gradient at the output `y` of [`selu_forward`], into the gradient at its input.
    ///
    /// Everything follows from the output: with `a`, `b` and the dropped value of the mask (1, 0 and
    /// SELU's saturation without one), the derivative is `a lambda` where y > b, else `y - dropped`.
    /// That is 0 for dropped units by itself, so neither net inputs nor masks are stored.
    ///
    /// # Shapes
    /// `d` and `y`: the same length.
    pub fn selu_backward<T: Number>(
        d: &mut [Line<T>], y: &[Line<T>], selu_: Selu, dropout: Option<&DropoutMask>,
    ) {
        let (scale, shift, dropped) =
            dropout.map_or((1.0, 0.0, selu_.saturation()), DropoutMask::constants);
        let slope = T::from_f64(scale * selu_.lambda);
        let (shift, dropped) = (T::from_f64(shift), T::from_f64(dropped));
        for (d, &y) in flat_mut(d).iter_mut().zip(flat(y)) {
            let derivative = if y > shift { slope } else { y - dropped };
            *d = *d * derivative;
        }
    }
}

kernel! {
    /// `z <- dropout(max(z + bias, 0))` in place. NaN stays NaN.
    ///
    /// # Shapes
    /// As [`selu_forward`].
    pub fn relu_forward<T: Number>(
        z: &mut [Line<T>], bias: &[T], piece: Piece, dropout: Option<&DropoutMask>,
    ) {
        let bias = &bias[..z.len()];
        for_each(z, piece.lanes, |z, unit| relu(z + bias[unit]));
        if let Some(mask) = dropout {
            let scale = T::from_f64(mask.scale);
            mask.for_each(z, piece, |y, kept| if kept { scale * y } else { T::ZERO });
        }
    }
}

kernel! {
    /// Turns `d`, the gradient at the output `y` of [`relu_forward`], into the gradient at its input.
    ///
    /// # Shapes
    /// `d` and `y`: the same length.
    pub fn relu_backward<T: Number>(
        d: &mut [Line<T>], y: &[Line<T>], dropout: Option<&DropoutMask>,
    ) {
        let slope = T::from_f64(dropout.map_or(1.0, |mask| mask.scale));
        for (d, &y) in flat_mut(d).iter_mut().zip(flat(y)) {
            *d = if y > T::ZERO { slope * *d } else { T::ZERO };
        }
    }
}

kernel! {
    /// `z <- z + bias` in place: the forward pass of an output layer.
    ///
    /// # Shapes
    /// As [`selu_forward`].
    pub fn identity_forward<T: Number>(z: &mut [Line<T>], bias: &[T], piece: Piece) {
        let bias = &bias[..z.len()];
        for_each(z, piece.lanes, |z, unit| z + bias[unit]);
    }
}

kernel! {
    /// Dropout of values that had no activation (the network's input): kept values become
    /// `scale * x + shift`, the others the dropped value.
    ///
    /// # Shapes
    /// `x`: a line for each unit of the piece.
    pub fn dropout_forward<T: Number>(x: &mut [Line<T>], piece: Piece, mask: &DropoutMask) {
        let (scale, shift) = (T::from_f64(mask.scale), T::from_f64(mask.shift));
        let dropped = T::from_f64(mask.dropped);
        mask.for_each(x, piece, |x, kept| {
            let x = scale.mul_add(x, shift);
            if kept { x } else { dropped }
        });
    }
}

kernel! {
    /// Turns `d`, the gradient at the output of [`dropout_forward`], into the gradient at its input.
    ///
    /// # Shapes
    /// As [`dropout_forward`].
    pub fn dropout_backward<T: Number>(d: &mut [Line<T>], piece: Piece, mask: &DropoutMask) {
        let scale = T::from_f64(mask.scale);
        mask.for_each(d, piece, |d, kept| if kept { scale * d } else { T::ZERO });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::line::{LANES, lines_for};
    use crate::random::Purpose;

    fn stream(index: u32) -> Stream {
        Stream::new(5, Purpose::Dropout, index, 0)
    }

    fn exact_selu(x: f64) -> f64 {
        if x > 0.0 {
            LAMBDA_01 * x
        } else {
            LAMBDA_01 * ALPHA_01 * libm::expm1(x)
        }
    }

    /// Numbers in lines, zeros behind the last.
    fn lines<T: Number>(values: &[T]) -> Vec<Line<T>> {
        let mut lines = vec![Line::ZERO; lines_for(values.len())];
        flat_mut(&mut lines)[..values.len()].copy_from_slice(values);
        lines
    }

    fn piece(first_row: usize) -> Piece {
        Piece {
            first_unit: 0,
            first_row,
            lanes: LANES,
        }
    }

    #[test]
    fn selu_ulp() {
        let bits = (0..0x42d0_0000_u32).step_by(4099);
        let xs: Vec<f32> = bits
            .flat_map(|b| [f32::from_bits(b), -f32::from_bits(b)])
            .collect();
        for isa in Isa::supported() {
            let mut y = lines(&xs);
            let bias = vec![0.0; y.len()];
            selu_forward(isa, &mut y, &bias, piece(0), Selu::default(), None);
            for (&x, &y) in xs.iter().zip(flat(&y)) {
                let want = exact_selu(f64::from(x));
                let nearest = (want as f32).abs();
                let ulp = f64::from(f32::from_bits(nearest.to_bits() + 1)) - f64::from(nearest);
                assert!(
                    (f64::from(y) - want).abs() <= 3.0 * ulp,
                    "selu({x:e}) = {y:e}"
                );
            }
        }
    }

    #[test]
    fn selu_at_the_edges() {
        let mut z = lines(&[f32::NEG_INFINITY, f32::INFINITY, f32::NAN, 0.0, -1e4, 1e4]);
        selu_forward(Isa::best(), &mut z, &[0.0], piece(0), Selu::default(), None);
        let y = flat(&z);
        assert_eq!(y[0], (-LAMBDA_01 * ALPHA_01) as f32);
        assert_eq!(y[1], f32::INFINITY);
        assert!(y[2].is_nan());
        assert_eq!(y[3], 0.0);
        assert_eq!(y[4], (-LAMBDA_01 * ALPHA_01) as f32);
        assert_eq!(y[5], LAMBDA_01 as f32 * 1e4);
    }

    #[test]
    fn backward_is_the_central_difference_of_forward_with_and_without_dropout() {
        let mask = DropoutMask::alpha(stream(1), 0.3, Selu::default(), 0.0, 1.0);
        let ordinary = DropoutMask::ordinary(stream(1), 0.3);
        let (isa, selu) = (Isa::best(), Selu::default());
        for case in 0..4 {
            let forward = |x: &[f64]| {
                let mut y = lines(x);
                let (bias, piece) = ([0.1; 2], piece(3));
                match case {
                    0 => selu_forward(isa, &mut y, &bias, piece, selu, None),
                    1 => selu_forward(isa, &mut y, &bias, piece, selu, Some(&mask)),
                    2 => relu_forward(isa, &mut y, &bias, piece, None),
                    _ => relu_forward(isa, &mut y, &bias, piece, Some(&ordinary)),
                }
                y
            };
            let x: Vec<f64> = (0..64).map(|i| f64::from(i) * 0.15 - 5.03).collect();
            let y = forward(&x);
            let mut d = lines(&[1.0; 64]);
            match case {
                0 => selu_backward(isa, &mut d, &y, selu, None),
                1 => selu_backward(isa, &mut d, &y, selu, Some(&mask)),
                2 => relu_backward(isa, &mut d, &y, None),
                _ => relu_backward(isa, &mut d, &y, Some(&ordinary)),
            }
            let step = 1e-5;
            let above = forward(&x.iter().map(|x| x + step).collect::<Vec<_>>());
            let below = forward(&x.iter().map(|x| x - step).collect::<Vec<_>>());
            for i in 0..64 {
                let difference = (flat(&above)[i] - flat(&below)[i]) / (2.0 * step);
                let d = flat(&d)[i];
                assert!((difference - d).abs() < 1e-8, "case {case}, element {i}");
            }
        }
    }

    #[test]
    fn alpha_dropout_constants_are_the_papers() {
        // Rates that are multiples of 2^-16, so that none is rounded.
        for rate in [0.0, 0.0625, 0.125, 0.5, 65_535.0 / 65_536.0] {
            let mask = DropoutMask::alpha(stream(0), rate, Selu::default(), 0.0, 1.0);
            let (a, b, dropped) = mask.constants();
            let q = 1.0 - rate;
            let limit = -1.758_099_340_847_376_6_f64;
            let want = (q + limit * limit * q * (1.0 - q)).powf(-0.5);
            assert!(
                (a - want).abs() < 1e-8 * want,
                "a at rate {rate}: {a} != {want}"
            );
            assert!(
                (b + want * (1.0 - q) * limit).abs() < 1e-7,
                "b at rate {rate}: {b}"
            );
            assert!((dropped - (a * limit + b)).abs() < 1e-12);
        }
    }

    #[test]
    fn alpha_dropout_keeps_mean_and_variance_in_expectation() {
        // Standard normal input is not what SELU gives, but the map must keep any (mu, nu) it is
        // told of; a Normal(mu, nu) input is the simplest case.
        for (mu, nu) in [(0.0, 1.0), (0.5, 2.0)] {
            let mut x = vec![Line::<f32>::ZERO; 6000];
            Stream::new(9, Purpose::Weights, 0, 0).fill_normal(flat_mut(&mut x), f64::sqrt(nu));
            flat_mut(&mut x).iter_mut().for_each(|x| *x += mu as f32);
            let mask = DropoutMask::alpha(stream(4), 0.1, Selu::default(), mu, nu);
            dropout_forward(Isa::best(), &mut x, piece(0), &mask);
            let x = flat(&x);
            let n = x.len() as f64;
            let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
            let variance = x
                .iter()
                .map(|&x| (f64::from(x) - mean).powi(2))
                .sum::<f64>()
                / n;
            assert!((mean - mu).abs() < 0.015, "mean {mean}");
            assert!((variance - nu).abs() < 0.03 * nu, "variance {variance}");
        }
    }

    #[test]
    fn masks_drop_the_asked_share_and_agree_with_keeps() {
        let width = 1100;
        let mask = DropoutMask::ordinary(stream(2), 0.25);
        let drop = |lanes: usize, first_unit: usize, first_row: usize| {
            let mut x = vec![Line([1.0_f32; LANES]); width - first_unit];
            let piece = Piece {
                first_unit,
                first_row,
                lanes,
            };
            dropout_forward(Isa::best(), &mut x, piece, &mask);
            x
        };
        let x = drop(LANES, 0, 40);
        let n = flat(&x).len() as f64;
        let dropped = flat(&x).iter().filter(|&&x| x == 0.0).count() as f64 / n;
        assert!(
            (dropped - 0.25).abs() < 4.0 * (0.1875 / n).sqrt(),
            "{dropped}"
        );
        for (unit, line) in x.iter().enumerate() {
            for (lane, &x) in line.0.iter().enumerate() {
                assert_eq!(x != 0.0, mask.keeps(40 + lane, unit), "{lane}, {unit}");
            }
        }
        // The mask belongs to the row of the batch and the unit, not to the call.
        let part = drop(16, 96, 48);
        for (line, whole) in part.iter().zip(&x[96..]) {
            assert_eq!(line.0[..16], whole.0[8..24]);
        }
    }

    #[test]
    fn masks_of_neighbouring_layers_steps_units_and_rows_differ() {
        let drops = |step: u32, layer: u32, first_row: usize, first_unit: usize| {
            let stream = Stream::new(5, Purpose::Dropout, step, layer);
            let mask = DropoutMask::ordinary(stream, 0.5);
            let keeps = |i: usize| mask.keeps(first_row + i / 16, first_unit + i % 16);
            (0..256).map(keeps).collect::<Vec<_>>()
        };
        let base = drops(1, 1, 0, 0);
        for other in [
            drops(2, 1, 0, 0),
            drops(1, 2, 0, 0),
            drops(1, 1, 16, 0),
            drops(1, 1, 0, 16),
        ] {
            let same = base.iter().zip(&other).filter(|(a, b)| a == b).count();
            // 128 expected; 5 standard deviations of 8.
            assert!((88..=168).contains(&same), "{same} of 256 agree");
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let xs: Vec<f32> = (0..7 * 96).map(|i| (i as f32 - 200.0) * 0.037).collect();
        let mask = DropoutMask::alpha(stream(8), 0.2, Selu::default(), 0.0, 1.0);
        let run = |isa| {
            let mut y = lines(&xs);
            let bias = vec![0.5; y.len()];
            selu_forward(isa, &mut y, &bias, piece(2), Selu::default(), Some(&mask));
            let mut d = lines(&vec![0.7; xs.len()]);
            selu_backward(isa, &mut d, &y, Selu::default(), Some(&mask));
            (y, d)
        };
        for isa in Isa::supported() {
            assert_eq!(run(isa), run(Isa::SCALAR), "{}", isa.name());
        }
    }
}
