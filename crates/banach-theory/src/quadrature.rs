//! Gauss-Legendre quadrature: one fixed rule, and an adaptive one that states its error.

use std::sync::LazyLock;

/// Points of the fixed rule. It integrates a standard normal density over 24 standard deviations to a double's
/// precision: the coefficients of degree 128 are below exp(-57).
const N_POINTS: usize = 64;

/// Points per panel of the adaptive rule.
const N_PANEL: usize = 24;

/// Halvings of one panel before the adaptive rule takes what it has and reports the error.
const MAX_DEPTH: u32 = 24;

static FIXED: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| gauss_legendre(N_POINTS));
static PANEL: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| gauss_legendre(N_PANEL));

/// Nodes in (-1, 1) and weights of the Gauss-Legendre rule with `n` points.
///
/// Newton's method on the three-term recurrence of the Legendre polynomials, from Tricomi's starting values.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let size = n as f64;
    (1..=n)
        .map(|i| {
            let mut x = libm::cos(std::f64::consts::PI * (i as f64 - 0.25) / (size + 0.5));
            let mut slope = 1.0;
            for _ in 0..8 {
                let (mut p, mut before) = (1.0, 0.0);
                for k in 0..n {
                    let k = k as f64;
                    (p, before) = (((2.0 * k + 1.0) * x * p - k * before) / (k + 1.0), p);
                }
                slope = size * (x * p - before) / (x * x - 1.0);
                x -= p / slope;
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

fn apply<const K: usize>(
    rule: &[(f64, f64)],
    f: &impl Fn(f64) -> [f64; K],
    low: f64,
    high: f64,
) -> [f64; K] {
    let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
    let mut sum = [0.0; K];
    for &(x, weight) in rule {
        for (sum, value) in sum.iter_mut().zip(f(f64::mul_add(half, x, centre))) {
            *sum += weight * half * value;
        }
    }
    sum
}

/// Integrals of the components of `f` over [low, high] with one 64-point rule; for integrands that are smooth there.
pub(crate) fn fixed<const K: usize>(f: impl Fn(f64) -> [f64; K], low: f64, high: f64) -> [f64; K] {
    apply(&FIXED, &f, low, high)
}

/// Integrals of the components of `f` over [low, high] and a bound on their errors.
///
/// Panels are halved until a panel and its two halves agree to `tolerance` in every component. The stated error
/// is the sum of these last differences, plus the rounding of the sums; the halves themselves are far nearer than
/// the differences say.
pub(crate) fn adaptive<const K: usize>(
    f: impl Fn(f64) -> [f64; K],
    low: f64,
    high: f64,
    tolerance: [f64; K],
) -> ([f64; K], [f64; K]) {
    let mut total = [0.0; K];
    let mut error = [0.0; K];
    let mut open = vec![(low, high, apply(&PANEL, &f, low, high), 0_u32)];
    while let Some((low, high, whole, depth)) = open.pop() {
        let middle = 0.5 * (low + high);
        let left = apply(&PANEL, &f, low, middle);
        let right = apply(&PANEL, &f, middle, high);
        let differs: [f64; K] = std::array::from_fn(|k| (left[k] + right[k] - whole[k]).abs());
        let agree = (0..K).all(|k| differs[k] <= tolerance[k]);
        if agree || depth == MAX_DEPTH {
            for k in 0..K {
                total[k] += left[k] + right[k];
                error[k] += differs[k] + f64::EPSILON * (left[k].abs() + right[k].abs());
            }
        } else {
            open.push((middle, high, right, depth + 1));
            open.push((low, middle, left, depth + 1));
        }
    }
    (total, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of 64 weights and their sum.
    const ROUNDING: f64 = 4e-15;

    #[test]
    fn fixed_rule_is_exact_for_polynomials_and_the_normal_density() {
        let [even, odd] = fixed(|x| [x.powi(40), x.powi(41)], -1.0, 1.0);
        assert!((even - 2.0 / 41.0).abs() < ROUNDING && odd.abs() < ROUNDING);
        let [total] = fixed(|x| [crate::special::normal_pdf(x)], -12.0, 12.0);
        assert!((total - 1.0).abs() < ROUNDING, "{total}");
    }

    #[test]
    fn adaptive_rule_meets_its_stated_error_where_the_integrand_is_sharp() {
        // A Lorentz peak of width 1e-3: the integral is the difference of arc tangents.
        let width = 1e-3;
        let ([value], [error]) =
            adaptive(|x| [width / (x * x + width * width)], -1.0, 2.0, [1e-13]);
        let want = (2.0 / width).atan() + (1.0 / width).atan();
        assert!(error < 1e-11, "stated error {error:e}");
        assert!(
            (value - want).abs() <= error + ROUNDING,
            "{value} against {want}"
        );
    }
}
