//! Optimizers: their settings, their memory, and one step on a part of the parameters.

use banach_kernels::{AdamStep, Isa, Real, SgdStep, adam_step, sgd_step};
use serde::{Deserialize, Serialize};

use crate::names::from_name;

/// The rule that turns gradients into steps, in PyTorch's form.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent; weight decay is an L2 penalty.
    Sgd {
        /// Momentum: the share of the last velocity that is kept, in [0, 1).
        momentum: f64,
        /// Whether momentum is Nesterov's.
        nesterov: bool,
    },
    /// Adam (arXiv:1412.6980); weight decay is an L2 penalty.
    Adam {
        /// Decay of the first-moment estimate, in [0, 1).
        beta1: f64,
        /// Decay of the second-moment estimate, in [0, 1).
        beta2: f64,
        /// Added to the root of the second moment, above 0.
        epsilon: f64,
    },
    /// Adam with decoupled weight decay (arXiv:1711.05101).
    #[serde(rename = "adamw")]
    AdamW {
        /// Decay of the first-moment estimate, in [0, 1).
        beta1: f64,
        /// Decay of the second-moment estimate, in [0, 1).
        beta2: f64,
        /// Added to the root of the second moment, above 0.
        epsilon: f64,
    },
}

impl Optimizer {
    /// All of them with their usual parameters: SGD without momentum, Adam and AdamW with beta1 0.9,
    /// beta2 0.999 and epsilon 1e-8.
    pub const ALL: [Self; 3] = [
        Self::Sgd {
            momentum: 0.0,
            nesterov: false,
        },
        Self::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        },
        Self::AdamW {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        },
    ];

    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
        }
    }

    /// Numbers remembered for each parameter.
    #[must_use]
    pub fn n_slots(&self) -> usize {
        match self {
            Self::Sgd { momentum, .. } => usize::from(*momentum != 0.0),
            Self::Adam { .. } | Self::AdamW { .. } => 2,
        }
    }
}

from_name!(Optimizer);

/// What an optimizer remembers between steps.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimizerState {
    /// Number of steps taken.
    pub step: u64,
    /// Velocity (SGD), or first and second moment estimate (Adam), each as long as the parameters;
    /// empty when unused.
    pub slots: [Vec<f32>; 2],
}

/// One step of an optimizer, the same for all parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Update {
    pub(crate) optimizer: Optimizer,
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
    /// Number of the step, from 1.
    pub(crate) step: u64,
}

impl Update {
    /// Moves some parameters. `decays` says whether weight decay applies to them.
    pub(crate) fn apply<T: Real>(
        &self,
        isa: Isa,
        parameters: &mut [T],
        gradient: &[T],
        [first, second]: [&mut [T]; 2],
        gradient_scale: f64,
        decays: bool,
    ) {
        let weight_decay = if decays { self.weight_decay } else { 0.0 };
        let learning_rate = self.learning_rate;
        let adam = |beta1, beta2, epsilon, l2, decoupled| AdamStep {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            l2,
            decoupled,
            step: self.step,
        };
        match self.optimizer {
            Optimizer::Sgd { momentum, nesterov } => {
                let step = SgdStep {
                    learning_rate,
                    momentum,
                    nesterov,
                    weight_decay,
                };
                sgd_step(isa, parameters, gradient, first, gradient_scale, step);
            }
            Optimizer::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
                let step = adam(beta1, beta2, epsilon, weight_decay, 0.0);
                adam_step(
                    isa,
                    parameters,
                    gradient,
                    first,
                    second,
                    gradient_scale,
                    step,
                );
            }
            Optimizer::AdamW {
                beta1,
                beta2,
                epsilon,
            } => {
                let step = adam(beta1, beta2, epsilon, 0.0, weight_decay);
                adam_step(
                    isa,
                    parameters,
                    gradient,
                    first,
                    second,
                    gradient_scale,
                    step,
                );
            }
        }
    }
}
