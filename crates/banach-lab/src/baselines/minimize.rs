//! Minimization of smooth convex functions: L-BFGS (Nocedal and Wright, "Numerical optimization",
//! algorithm 7.4) with steps shortened until they descend enough.

use std::collections::VecDeque;

/// Pairs of steps and changes of the gradient that are remembered.
const MEMORY: usize = 10;
const MAX_STEPS: usize = 500;
/// Largest slope in any direction at the end.
const FLAT: f64 = 1e-6;
/// Share of the slope's promise that a step must keep, and how it is shortened until then.
const DESCENT: f64 = 1e-4;
const SHORTER: f64 = 0.5;
const MAX_SHORTENINGS: usize = 40;

/// Where `f`, which writes its gradient into its second argument, is least, from `x` on.
pub(super) fn minimize(
    mut x: Vec<f64>,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Result<Vec<f64>, String> {
    let mut gradient = vec![0.0; x.len()];
    let mut value = f(&x, &mut gradient);
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    for _ in 0..MAX_STEPS {
        if !value.is_finite() {
            return Err("the loss is not finite".to_owned());
        }
        if gradient.iter().all(|slope| slope.abs() <= FLAT) {
            break;
        }
        let direction = direction(&gradient, &memory);
        let slope = dot(&direction, &gradient);
        let (mut step, mut next_gradient) = (1.0, vec![0.0; x.len()]);
        let mut found = None;
        for _ in 0..MAX_SHORTENINGS {
            let moved = x.iter().zip(&direction).map(|(x, d)| x + step * d);
            let next: Vec<f64> = moved.collect();
            let next_value = f(&next, &mut next_gradient);
            if next_value <= value + DESCENT * step * slope {
                found = Some((next, next_value));
                break;
            }
            step *= SHORTER;
        }
        // No descent left within rounding.
        let Some((next, next_value)) = found else {
            break;
        };
        let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        let s: Vec<f64> = difference(&next, &x);
        let y: Vec<f64> = difference(&next_gradient, &gradient);
        let curvature = dot(&s, &y);
        if curvature > 0.0 {
            memory.push_back((s, y, 1.0 / curvature));
            if memory.len() > MEMORY {
                memory.pop_front();
            }
        }
        (x, value, gradient) = (next, next_value, next_gradient);
    }
    Ok(x)
}

/// Minus the gradient times an estimate of the inverse Hessian.
fn direction(gradient: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::new();
    for (s, y, rho) in memory.iter().rev() {
        let share = rho * dot(s, &direction);
        add(&mut direction, -share, y);
        shares.push(share);
    }
    if let Some((_, y, rho)) = memory.back() {
        let scale = 1.0 / (rho * dot(y, y));
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for ((s, y, rho), share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = rho * dot(y, &direction);
        add(&mut direction, share - back, s);
    }
    direction
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, other: &[f64]) {
    for (to, other) in to.iter_mut().zip(other) {
        *to += factor * other;
    }
}
