//! The engine on the processor.

use crate::batch::Batch;
use crate::engine::{BatchResult, Engine, StepOptions};
use crate::error::TrainError;
use crate::loss::Loss;
use crate::network::Network;
use crate::optimizer::{Optimizer, OptimizerState};
use crate::spec::NetworkSpec;
use crate::step::StepperOf;

/// The engine on the processor: one optimizer step on all threads of a private pool.
///
/// Every number is computed from the same operands in the same order whatever the number of threads, so
/// that all give the same bits. A step allocates nothing.
pub struct Stepper {
    of: StepperOf<f32>,
    template: Network,
}

impl Stepper {
    /// Prepares a network for batches of up to `batch_size` rows on `threads` threads.
    ///
    /// # Errors
    /// If the system refuses the threads.
    pub fn new(
        network: Network,
        optimizer: &Optimizer,
        batch_size: usize,
        threads: usize,
    ) -> Result<Self, TrainError> {
        let (spec, parameters) = (network.spec(), network.parameters());
        Ok(Self {
            of: StepperOf::new(spec, parameters, optimizer, batch_size, threads)?,
            template: network.without_parameters(),
        })
    }

    /// Loss and gradient of a batch, without dropout and without a step. The gradient is then in
    /// [`Stepper::last_gradient`].
    pub fn gradient(&mut self, batch: &Batch<'_>, loss: &Loss) -> BatchResult {
        self.of.gradient(batch, loss)
    }

    /// Keeps the gradient of every step from now on, so that [`Stepper::last_gradient`] has it.
    pub fn keep_gradient(&mut self) {
        self.of.keep_gradient();
    }

    /// The gradient of the last batch, in the order of [`Network::parameters`]: after
    /// [`Stepper::gradient`], after a step with clipping, or if [`Stepper::keep_gradient`] asked for it.
    /// Otherwise a step uses each part of it up as it comes, and this is empty or an older one.
    #[must_use]
    pub fn last_gradient(&self) -> Vec<f32> {
        self.of.last_gradient()
    }
}

impl Engine for Stepper {
    fn spec(&self) -> &NetworkSpec {
        self.of.spec()
    }

    fn step(&mut self, batch: &Batch<'_>, options: &StepOptions) -> BatchResult {
        self.of.step(batch, options)
    }

    fn evaluate(&mut self, rows: &Batch<'_>, loss: &Loss) -> BatchResult {
        self.of.evaluate(rows, loss)
    }

    fn network(&self) -> Network {
        self.template.with_parameters(self.of.parameters())
    }

    fn state(&self) -> OptimizerState {
        OptimizerState {
            step: self.of.n_steps(),
            slots: self.of.slots(),
        }
    }

    fn restore(&mut self, parameters: &[f32], state: &OptimizerState) {
        self.of.restore(parameters, state.step, &state.slots);
    }
}
