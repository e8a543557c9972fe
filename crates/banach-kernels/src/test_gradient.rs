//! Random units and central differences for the tests of kernels.

use crate::line::{LANES, Line, flat};
use crate::number::Number;
use crate::random::{Purpose, Stream};

pub(crate) fn random<T: Number>(units: usize, lane: u32) -> Vec<Line<T>> {
    let mut values = vec![0.0; units * LANES];
    Stream::new(3, Purpose::Weights, 0, lane).fill_normal(&mut values, 1.0);
    let line = |values: &[f32]| Line(std::array::from_fn(|i| T::from_f64(f64::from(values[i]))));
    values.chunks(LANES).map(line).collect()
}

/// Checks `gradient` against central differences of `sum(weights * output)` in every input.
pub(crate) fn check_gradient(
    x: &[Line<f64>],
    weights: &[Line<f64>],
    output: impl Fn(&[Line<f64>]) -> Vec<Line<f64>>,
    gradient: &[Line<f64>],
) {
    let step = 1e-6;
    let value = |x: &[Line<f64>]| -> f64 {
        let y = output(x);
        flat(&y).iter().zip(flat(weights)).map(|(y, w)| y * w).sum()
    };
    for unit in 0..x.len() {
        for lane in [0, 7, 31] {
            let at = |distance: f64| {
                let mut moved = x.to_vec();
                moved[unit].0[lane] += distance;
                value(&moved)
            };
            let difference = (at(step) - at(-step)) / (2.0 * step);
            let got = gradient[unit].0[lane];
            assert!(
                (difference - got).abs() < 1e-7,
                "{unit}, {lane}: {difference} {got}"
            );
        }
    }
}
