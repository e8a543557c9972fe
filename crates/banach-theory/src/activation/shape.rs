//! The properties of a function that the paper asks of a self-normalizing activation, measured on its values.

use serde::Serialize;

use super::Activation;

/// The grid goes from -REACH to REACH: beyond it all activations here follow their asymptotes to a double's precision.
const REACH: i32 = 40;

/// Grid points per unit.
const DENSITY: i32 = 256;

/// Slope that counts as 0 far out, and excess over 1 that counts as more than 1: the rounding of the differences
/// is below both.
const NEGLIGIBLE: f64 = 1e-9;

/// Half of the gap that continuity is tested across.
const GAP: f64 = 1.0 / (1_u64 << 30) as f64;

/// Values and slopes of an activation function, from a grid of 1/256 over [-40, 40].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shape {
    /// Least value on the grid.
    pub lowest: f64,
    /// Greatest value on the grid.
    pub highest: f64,
    /// Slope at the left end.
    pub slope_left: f64,
    /// Slope at the right end.
    pub slope_right: f64,
    /// Largest slope of a grid step.
    pub steepest: f64,
    /// Largest step of the value across a gap of 2^-29.
    pub jump: f64,
}

impl Shape {
    /// Measures an activation.
    #[must_use]
    pub fn of(activation: Activation) -> Self {
        let f = |x| activation.value(x);
        let step = 1.0 / f64::from(DENSITY);
        let (end, slope) = (f64::from(REACH), |x: f64| (f(x + step) - f(x)) / step);
        let mut shape = Self {
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
            slope_left: slope(-end),
            slope_right: slope(end - step),
            steepest: f64::NEG_INFINITY,
            jump: 0.0,
        };
        for i in -REACH * DENSITY..REACH * DENSITY {
            let x = f64::from(i) * step;
            shape.lowest = shape.lowest.min(f(x));
            shape.highest = shape.highest.max(f(x));
            shape.steepest = shape.steepest.max(slope(x));
            shape.jump = shape.jump.max((f(x + GAP) - f(x - GAP)).abs());
        }
        shape
    }

    /// Outputs of both signs, with which weights can move the mean both ways.
    #[must_use]
    pub fn has_both_signs(&self) -> bool {
        self.lowest < -NEGLIGIBLE && self.highest > NEGLIGIBLE
    }

    /// A region where the derivative goes to 0, which damps a variance that is too large.
    #[must_use]
    pub fn saturates(&self) -> bool {
        self.slope_left.abs().min(self.slope_right.abs()) < NEGLIGIBLE
    }

    /// A slope above 1, which raises a variance that is too small.
    #[must_use]
    pub fn is_steep(&self) -> bool {
        self.steepest > 1.0 + NEGLIGIBLE
    }

    /// A continuous curve, so that between damping and raising there is a fixed point.
    #[must_use]
    pub fn is_continuous(&self) -> bool {
        self.jump < 1e-6
    }
}
