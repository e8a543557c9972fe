//! Learning-rate schedules.

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Serialize};

use crate::names::from_name;

/// The learning-rate schedule: a factor on the learning rate for every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same rate throughout.
    Constant,
    /// `(1 + cos(pi t)) / 2`: from the full rate to 0 (Loshchilov and Hutter, arXiv:1608.03983).
    Cosine,
    /// Up from 1/25 to the full rate over the first 30% of the steps, then down to 1/250000, both
    /// along cosines (Smith and Topin, arXiv:1708.07120, in PyTorch's form).
    OneCycle,
    /// `(1 - cos(2 pi log2(1 + 15 t))) / 2`: four ever longer waves (RealMLP, arXiv:2407.04491).
    Coslog4,
}

impl Schedule {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Constant, Self::Cosine, Self::OneCycle, Self::Coslog4];

    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine => "cosine",
            Self::OneCycle => "one_cycle",
            Self::Coslog4 => "coslog4",
        }
    }

    /// Factor on the learning rate for step `step` of `n_steps`, counted from 0.
    ///
    /// t = step / n_steps, except for the one-cycle schedule, whose turning points lie on steps. A single
    /// step has the full rate with coslog4 too, whose wave begins at 0.
    #[must_use]
    pub fn factor(self, step: u64, n_steps: u64) -> f64 {
        let (step, n_steps) = (step as f64, n_steps.max(1) as f64);
        let t = (step / n_steps).min(1.0);
        match self {
            Self::Constant => 1.0,
            Self::Cosine => 0.5 * (1.0 + libm::cos(PI * t)),
            Self::OneCycle => {
                let (start, end) = (1.0 / 25.0, 1.0 / 25.0 / 1e4);
                let between = |from: f64, to: f64, share: f64| {
                    to + (from - to) / 2.0 * (1.0 + libm::cos(PI * share.clamp(0.0, 1.0)))
                };
                let top = 0.3 * n_steps - 1.0;
                if top > 0.0 && step <= top {
                    between(start, 1.0, step / top)
                } else {
                    let span = (n_steps - 1.0 - top).max(1.0);
                    between(1.0, end, (step - top) / span)
                }
            }
            Self::Coslog4 if n_steps == 1.0 => 1.0,
            Self::Coslog4 => 0.5 * (1.0 - libm::cos(TAU * libm::log2(1.0 + 15.0 * t))),
        }
    }
}

from_name!(Schedule);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn factors_pass_their_landmarks() {
        let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} != {want}");
        close(Schedule::Constant.factor(7, 10), 1.0);
        close(Schedule::Cosine.factor(0, 10), 1.0);
        close(Schedule::Cosine.factor(5, 10), 0.5);
        close(Schedule::OneCycle.factor(0, 100), 0.04);
        close(Schedule::OneCycle.factor(29, 100), 1.0);
        close(Schedule::OneCycle.factor(99, 100), 4e-6);
        close(Schedule::Coslog4.factor(0, 1), 1.0);
        // Minima at t = 0, 1/15, 3/15, 7/15, 1.
        for t in [0, 1, 3, 7, 15] {
            close(Schedule::Coslog4.factor(t, 15), 0.0);
        }
    }

    proptest! {
        #[test]
        fn factors_stay_in_range_for_any_number_of_steps(n in 0_u64..2000, step in 0_u64..2000) {
            for schedule in Schedule::ALL {
                // Steps beyond the last one keep the last one's range.
                let factor = schedule.factor(step, n);
                prop_assert!((0.0..=1.0 + 1e-12).contains(&factor), "{schedule:?} {factor}");
            }
        }
    }
}
