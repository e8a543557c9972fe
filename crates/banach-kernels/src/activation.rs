//! Activations with their bias and dropout: one pass forward, one pass backward.

use crate::Real;
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

/// Random words are made for this many neighbouring units at once.
const GROUP: usize = 64;

impl DropoutMask {
    /// Alpha dropout of SELU outputs: dropped units take SELU's saturation alpha', and an affine map
    /// keeps mean `mu` and variance `nu` (arXiv:1706.02515, section "New Dropout Technique").
    ///
    /// With keep rate q: `a = sqrt(nu / (q ((1 - q) (alpha' - mu)^2 + nu)))` and
    /// `b = mu - a (q mu + (1 - q) alpha')`. Mean and variance are kept in expectation over masks.
    /// The rate is rounded to a multiple of 2^-32.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    #[must_use]
    pub fn alpha(stream: Stream, rate: f64, selu: Selu, mu: f64, nu: f64) -> Self {
        let threshold = threshold(rate);
        let keep = 1.0 - f64::from(threshold) / 4_294_967_296.0;
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
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    #[must_use]
    pub fn ordinary(stream: Stream, rate: f64) -> Self {
        let threshold = threshold(rate);
        let keep = 1.0 - f64::from(threshold) / 4_294_967_296.0;
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

    /// Whether the element at (row of the batch, unit) of a layer `width` units wide is kept.
    #[must_use]
    pub fn keeps(&self, row: usize, unit: usize, width: usize) -> bool {
        let group = row * width.div_ceil(GROUP) + unit / GROUP;
        self.words(group)[unit % GROUP] >= self.threshold
    }

    /// Random words of one group: 16 Philox blocks, word w of block l at 16 w + l.
    #[inline(always)]
    fn words(&self, group: usize) -> [u32; GROUP] {
        let mut words = [0; GROUP];
        for lane in 0..16 {
            let block = self.stream.block((group * 16 + lane) as u32);
            for (word, value) in block.into_iter().enumerate() {
                words[word * 16 + lane] = value;
            }
        }
        words
    }

    /// Applies `f(value, kept)` to every element of `rows`, whose first is row `first_row`.
    #[inline(always)]
    fn for_each<T: Real>(
        &self,
        values: &mut [T],
        width: usize,
        first_row: usize,
        f: impl Fn(T, bool) -> T,
    ) {
        let groups = width.div_ceil(GROUP);
        for (row, line) in values.chunks_exact_mut(width).enumerate() {
            for (group, part) in line.chunks_mut(GROUP).enumerate() {
                let words = self.words((first_row + row) * groups + group);
                for (value, word) in part.iter_mut().zip(words) {
                    *value = f(*value, word >= self.threshold);
                }
            }
        }
    }
}

fn threshold(rate: f64) -> u32 {
    assert!(
        (0.0..1.0).contains(&rate),
        "dropout rate must be in [0, 1), got {rate}"
    );
    (rate * 4_294_967_296.0).round().min(f64::from(u32::MAX)) as u32
}

#[inline(always)]
fn selu<T: Real>(x: T, lambda: T, lambda_alpha: T) -> T {
    let negative = lambda_alpha * x.exp_m1_nonpositive();
    if x > T::ZERO { lambda * x } else { negative }
}

kernel! {
    /// `z <- dropout(selu(z + bias))`, row by row in place.
    ///
    /// -inf gives SELU's saturation, +inf stays, NaN stays. At most 3 ULP from `f64` (test
    /// `selu_ulp`) without dropout.
    ///
    /// # Shapes
    /// `z`: [rows, width] row-major with width = length of `bias`; `first_row`: the batch row of
    /// `z`'s first row, which addresses the dropout mask.
    pub fn selu_forward<T: Real>(
        z: &mut [T], bias: &[T], first_row: usize, selu_: Selu, dropout: Option<&DropoutMask>,
    ) {
        let lambda = T::from_f64(selu_.lambda);
        let lambda_alpha = T::from_f64(selu_.lambda * selu_.alpha);
        for line in z.chunks_exact_mut(bias.len()) {
            for (value, &bias) in line.iter_mut().zip(bias) {
                *value = selu(*value + bias, lambda, lambda_alpha);
            }
        }
        if let Some(mask) = dropout {
            let (scale, shift) = (T::from_f64(mask.scale), T::from_f64(mask.shift));
            let dropped = T::from_f64(mask.dropped);
            mask.for_each(z, bias.len(), first_row, |y, kept| {
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
    pub fn selu_backward<T: Real>(
        d: &mut [T], y: &[T], selu_: Selu, dropout: Option<&DropoutMask>,
    ) {
        let (scale, shift, dropped) =
            dropout.map_or((1.0, 0.0, selu_.saturation()), DropoutMask::constants);
        let slope = T::from_f64(scale * selu_.lambda);
        let (shift, dropped) = (T::from_f64(shift), T::from_f64(dropped));
        for (d, &y) in d.iter_mut().zip(y) {
            let derivative = if y > shift { slope } else { y - dropped };
            *d = *d * derivative;
        }
    }
}

kernel! {
    /// `z <- dropout(max(z + bias, 0))`, row by row in place. NaN stays NaN.
    ///
    /// # Shapes
    /// As [`selu_forward`].
    pub fn relu_forward<T: Real>(
        z: &mut [T], bias: &[T], first_row: usize, dropout: Option<&DropoutMask>,
    ) {
        for line in z.chunks_exact_mut(bias.len()) {
            for (value, &bias) in line.iter_mut().zip(bias) {
                let x = *value + bias;
                *value = if x < T::ZERO { T::ZERO } else { x };
            }
        }
        if let Some(mask) = dropout {
            let scale = T::from_f64(mask.scale);
            mask.for_each(z, bias.len(), first_row, |y, kept| {
                if kept { scale * y } else { T::ZERO }
            });
        }
    }
}

kernel! {
    /// Turns `d`, the gradient at the output `y` of [`relu_forward`], into the gradient at its input.
    ///
    /// # Shapes
    /// `d` and `y`: the same length.
    pub fn relu_backward<T: Real>(d: &mut [T], y: &[T], dropout: Option<&DropoutMask>) {
        let slope = T::from_f64(dropout.map_or(1.0, |mask| mask.scale));
        for (d, &y) in d.iter_mut().zip(y) {
            *d = if y > T::ZERO { slope * *d } else { T::ZERO };
        }
    }
}

kernel! {
    /// `z <- z + bias`, row by row in place: the forward pass of an output layer.
    ///
    /// # Shapes
    /// As [`selu_forward`].
    pub fn identity_forward<T: Real>(z: &mut [T], bias: &[T]) {
        for line in z.chunks_exact_mut(bias.len()) {
            for (value, &bias) in line.iter_mut().zip(bias) {
                *value += bias;
            }
        }
    }
}

kernel! {
    /// Dropout of values that had no activation (the network's input): kept values become
    /// `scale * x + shift`, the others the dropped value.
    ///
    /// # Shapes
    /// `x`: [rows, width] row-major; `first_row` as in [`selu_forward`].
    pub fn dropout_forward<T: Real>(
        x: &mut [T], width: usize, first_row: usize, mask: &DropoutMask,
    ) {
        let (scale, shift) = (T::from_f64(mask.scale), T::from_f64(mask.shift));
        let dropped = T::from_f64(mask.dropped);
        mask.for_each(x, width, first_row, |x, kept| {
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
    pub fn dropout_backward<T: Real>(
        d: &mut [T], width: usize, first_row: usize, mask: &DropoutMask,
    ) {
        let scale = T::from_f64(mask.scale);
        mask.for_each(d, width, first_row, |d, kept| if kept { scale * d } else { T::ZERO });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
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

    #[test]
    fn selu_ulp() {
        let bits = (0..0x42d0_0000_u32).step_by(4099);
        let xs: Vec<f32> = bits
            .flat_map(|b| [f32::from_bits(b), -f32::from_bits(b)])
            .collect();
        for isa in Isa::supported() {
            let mut y = xs.clone();
            selu_forward(isa, &mut y, &[0.0], 0, Selu::default(), None);
            for (&x, &y) in xs.iter().zip(&y) {
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
        let mut y = [f32::NEG_INFINITY, f32::INFINITY, f32::NAN, 0.0, -1e4, 1e4];
        selu_forward(Isa::best(), &mut y, &[0.0], 0, Selu::default(), None);
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
        for case in 0..4 {
            let forward = |x: &[f64]| {
                let mut y = x.to_vec();
                let bias = [0.1; 20];
                let isa = Isa::best();
                match case {
                    0 => selu_forward(isa, &mut y, &bias, 3, Selu::default(), None),
                    1 => selu_forward(isa, &mut y, &bias, 3, Selu::default(), Some(&mask)),
                    2 => relu_forward(isa, &mut y, &bias, 3, None),
                    _ => relu_forward(isa, &mut y, &bias, 3, Some(&ordinary)),
                }
                y
            };
            let x: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.25 - 5.03).collect();
            let y = forward(&x);
            let mut d = vec![1.0; 40];
            match case {
                0 => selu_backward(Isa::best(), &mut d, &y, Selu::default(), None),
                1 => selu_backward(Isa::best(), &mut d, &y, Selu::default(), Some(&mask)),
                2 => relu_backward(Isa::best(), &mut d, &y, None),
                _ => relu_backward(Isa::best(), &mut d, &y, Some(&ordinary)),
            }
            let step = 1e-5;
            let above = forward(&x.iter().map(|x| x + step).collect::<Vec<_>>());
            let below = forward(&x.iter().map(|x| x - step).collect::<Vec<_>>());
            for i in 0..40 {
                let difference = (above[i] - below[i]) / (2.0 * step);
                assert!((difference - d[i]).abs() < 1e-8, "case {case}, element {i}");
            }
        }
    }

    #[test]
    fn alpha_dropout_constants_are_the_papers() {
        for rate in [0.0, 0.05, 0.1, 0.5, 0.99] {
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
            let mut x = vec![0.0_f32; 1000 * 200];
            Stream::new(9, Purpose::Weights, 0, 0).fill_normal(&mut x, f64::sqrt(nu));
            x.iter_mut().for_each(|x| *x += mu as f32);
            let mask = DropoutMask::alpha(stream(4), 0.1, Selu::default(), mu, nu);
            dropout_forward(Isa::best(), &mut x, 200, 0, &mask);
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
        let (rows, width) = (500, 70);
        let mask = DropoutMask::ordinary(stream(2), 0.25);
        let mut x = vec![1.0_f32; rows * width];
        // In two parts: the mask belongs to the row of the batch, not to the call.
        let (top, bottom) = x.split_at_mut(123 * width);
        dropout_forward(Isa::best(), top, width, 0, &mask);
        dropout_forward(Isa::best(), bottom, width, 123, &mask);
        let dropped = x.iter().filter(|&&x| x == 0.0).count() as f64 / x.len() as f64;
        assert!(
            (dropped - 0.25).abs() < 4.0 * (0.1875 / x.len() as f64).sqrt(),
            "{dropped}"
        );
        for (i, &x) in x.iter().enumerate() {
            assert_eq!(x != 0.0, mask.keeps(i / width, i % width, width));
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let xs: Vec<f32> = (0..7 * 77).map(|i| (i as f32 - 200.0) * 0.037).collect();
        let mask = DropoutMask::alpha(stream(8), 0.2, Selu::default(), 0.0, 1.0);
        let run = |isa| {
            let mut y = xs.clone();
            selu_forward(isa, &mut y, &[0.5; 77], 2, Selu::default(), Some(&mask));
            let mut d = vec![0.7; y.len()];
            selu_backward(isa, &mut d, &y, Selu::default(), Some(&mask));
            (y, d)
        };
        for isa in Isa::supported() {
            assert_eq!(run(isa), run(Isa::SCALAR), "{}", isa.name());
        }
    }
}
