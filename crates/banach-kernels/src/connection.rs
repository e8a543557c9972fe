//! Skip connections: highway gates and the addition of residual blocks.
//!
//! Units run down the lines, batch rows across the lanes, as everywhere.

use crate::line::{Line, flat, flat_mut};
use crate::number::Number;

/// 1 / (1 + exp(-x)), without overflow on either side.
#[inline(always)]
fn sigmoid<T: Number>(x: T) -> T {
    let below = if x > T::ZERO { -x } else { x };
    // exp(-|x|) - 1, so that nothing overflows.
    let shrunk = below.exp_m1_nonpositive();
    let small = (T::ONE + shrunk) / (T::ONE + T::ONE + shrunk);
    if x > T::ZERO { T::ONE - small } else { small }
}

kernel! {
    /// `z <- sigmoid(z + bias)`.
    ///
    /// # Shapes
    /// `z`: a line for each unit; `bias`: a number for each.
    pub fn sigmoid_forward<T: Number>(z: &mut [Line<T>], bias: &[T]) {
        for (z, &bias) in z.iter_mut().zip(bias) {
            for z in &mut z.0 {
                *z = sigmoid(*z + bias);
            }
        }
    }
}

kernel! {
    /// A highway layer's units: `y = t h + (1 - t) x`.
    ///
    /// # Shapes
    /// The same number of lines.
    pub fn highway_forward<T: Number>(
        h: &[Line<T>], t: &[Line<T>], x: &[Line<T>], y: &mut [Line<T>],
    ) {
        let units = flat(h).iter().zip(flat(t)).zip(flat(x));
        for (y, ((&h, &t), &x)) in flat_mut(y).iter_mut().zip(units) {
            *y = t.mul_add(h - x, x);
        }
    }
}

kernel! {
    /// Gradients of [`highway_forward`] from `d`, the one at y: at h into `d_h`, at the net input of
    /// the gate into `d_t`, and at x, as far as it skips the layer, into `d` itself.
    ///
    /// # Shapes
    /// The same number of lines.
    pub fn highway_backward<T: Number>(
        d: &mut [Line<T>], h: &[Line<T>], t: &[Line<T>], x: &[Line<T>],
        d_h: &mut [Line<T>], d_t: &mut [Line<T>],
    ) {
        let units = flat(h).iter().zip(flat(t)).zip(flat(x));
        let gradients = flat_mut(d_h).iter_mut().zip(flat_mut(d_t));
        for ((d, ((&h, &t), &x)), (d_h, d_t)) in
            flat_mut(d).iter_mut().zip(units).zip(gradients)
        {
            *d_h = *d * t;
            let carry = *d * (T::ONE - t);
            *d_t = carry * t * (h - x);
            *d = carry;
        }
    }
}

kernel! {
    /// `y <- y + x`.
    ///
    /// # Shapes
    /// The same number of lines.
    pub fn add<T: Number>(y: &mut [Line<T>], x: &[Line<T>]) {
        for (y, &x) in flat_mut(y).iter_mut().zip(flat(x)) {
            *y += x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::line::LANES;
    use crate::test_gradient::{check_gradient, random};

    #[test]
    fn highway_gradients_are_central_differences() {
        let isa = Isa::best();
        let (h, t, x, weights) = (random(3, 0), random(3, 1), random(3, 2), random(3, 3));
        let gate = |t: &[Line<f64>]| {
            let mut t = t.to_vec();
            sigmoid_forward(isa, &mut t, &[0.0; 3]);
            t
        };
        let mix = |h: &[Line<f64>], t: &[Line<f64>], x: &[Line<f64>]| {
            let mut y = x.to_vec();
            highway_forward(isa, h, &gate(t), x, &mut y);
            y
        };
        let (mut d, mut d_h, mut d_t) = (weights.clone(), x.clone(), x.clone());
        highway_backward(isa, &mut d, &h, &gate(&t), &x, &mut d_h, &mut d_t);
        check_gradient(&x, &weights, |x| mix(&h, &t, x), &d);
        check_gradient(&h, &weights, |h| mix(h, &t, &x), &d_h);
        check_gradient(&t, &weights, |t| mix(&h, t, &x), &d_t);
    }

    #[test]
    fn the_sigmoid_is_right_far_out_and_near_zero() {
        let xs: [f32; 9] = [-200.0, -50.0, -3.0, -1e-3, 0.0, 1e-3, 2.0, 20.0, 200.0];
        let mut line = Line([0.0; LANES]);
        line.0[..9].copy_from_slice(&xs);
        sigmoid_forward(Isa::best(), std::slice::from_mut(&mut line), &[0.0]);
        for (x, y) in xs.into_iter().zip(line.0) {
            let want = 1.0 / (1.0 + (-f64::from(x)).exp());
            // Below 1e-8 the difference from 1 of expm1 has no digits left.
            let error = (f64::from(y) - want).abs();
            assert!(
                error <= 3e-7 * want + 1e-8,
                "sigmoid({x}) = {y}, want {want}"
            );
        }
    }
}
