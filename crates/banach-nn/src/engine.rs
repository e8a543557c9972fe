//! What a training run asks of the machine that computes its steps.

use crate::batch::Batch;
use crate::loss::Loss;
use crate::network::Network;
use crate::optimizer::{Optimizer, OptimizerState};
use crate::spec::NetworkSpec;

/// Loss of one batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchResult {
    /// Weighted sum of the rows' losses.
    pub loss_sum: f64,
    /// What the sum is to be divided by.
    pub weight_sum: f64,
    /// Norm of the gradient before clipping; 0 where it was not needed, as without clipping.
    pub gradient_norm: f64,
}

impl BatchResult {
    /// The mean loss; 0 for a batch in which nothing counts.
    #[must_use]
    pub fn loss(&self) -> f64 {
        if self.weight_sum > 0.0 {
            self.loss_sum / self.weight_sum
        } else {
            0.0
        }
    }
}

/// Settings of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepOptions {
    /// The loss that the step minimizes.
    pub loss: Loss,
    /// The rule that turns gradients into steps.
    pub optimizer: Optimizer,
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Decay of the weights (not of biases and embeddings).
    pub weight_decay: f64,
    /// Maximum norm of the gradient over all parameters.
    pub clip_norm: Option<f64>,
    /// Probability that a category is replaced by the unknown one, in [0, 1).
    pub category_dropout: f64,
    /// Seed of dropout.
    pub seed: u64,
}

/// A machine that trains one network: it owns the parameters and the optimizer's memory, wherever they
/// are, and computes steps and losses. [`crate::Stepper`] does it on the processor.
///
/// A [`crate::Trainer`] drives it and keeps to this order: batches are of the dataset that the run was
/// checked with, and [`Engine::restore`] gets a state of the same network and optimizer. Given the same
/// calls, an engine must give the same results every time.
pub trait Engine: Send {
    /// The network's specification.
    fn spec(&self) -> &NetworkSpec;

    /// Takes one optimizer step on a batch and gives the loss before it. A loss that is not finite is
    /// returned as it is.
    fn step(&mut self, batch: &Batch<'_>, options: &StepOptions) -> BatchResult;

    /// The loss of some rows as prediction has it: without dropout, with running averages.
    fn evaluate(&mut self, rows: &Batch<'_>, loss: &Loss) -> BatchResult;

    /// The network with its present parameters.
    fn network(&self) -> Network;

    /// The optimizer's memory.
    fn state(&self) -> OptimizerState;

    /// Replaces the parameters, in the order of [`Network::parameters`], and the optimizer's memory.
    fn restore(&mut self, parameters: &[f32], state: &OptimizerState);
}
