//! The training loop: epochs of steps, validation, and the best weights so far.

use std::sync::atomic::{AtomicBool, Ordering};

use banach_kernels::random::{Purpose, Stream};
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::dataset::Dataset;
use crate::engine::{BatchResult, Engine, StepOptions};
use crate::error::TrainError;
use crate::loss::Loss;
use crate::network::Network;
use crate::optimizer::{Optimizer, OptimizerState};
use crate::schedule::Schedule;
use crate::spec::NetworkSpec;
use crate::stepper::Stepper;
use crate::stopping::Stopping;

/// Settings of a training run. All values are explicit; presets belong to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainOptions {
    /// The loss that training minimizes.
    pub loss: Loss,
    /// The rule that turns gradients into steps.
    pub optimizer: Optimizer,
    /// Learning rate before the schedule's factor, above 0.
    pub learning_rate: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Decay of the weights (not of biases and embeddings), at least 0.
    pub weight_decay: f64,
    /// Maximum norm of the gradient (2-norm over all parameters), above 0; `None` without clipping.
    pub clip_norm: Option<f64>,
    /// Batch size, at least 1. An epoch's rows are divided evenly among its batches, which may make them
    /// smaller. With batch normalization it is at least 2, and so is each batch: an odd number of rows in
    /// batches of 2 makes one of 3.
    pub batch_size: usize,
    /// Maximum number of epochs.
    pub epochs: usize,
    /// Which epoch's parameters are kept, and when training stops early.
    pub stopping: Stopping,
    /// Category dropout: the probability that a training row's category is replaced by the unknown one,
    /// in [0, 1).
    pub category_dropout: f64,
    /// Seed of all random numbers.
    pub seed: u64,
}

impl TrainOptions {
    /// Checks the range of every setting.
    ///
    /// # Errors
    /// The first setting outside its range.
    pub fn check(&self) -> Result<(), TrainError> {
        let finite = |name, got: f64, ok: bool, allowed| {
            if ok && got.is_finite() {
                Ok(())
            } else {
                Err(TrainError::Setting { name, allowed, got })
            }
        };
        let unit = |name, got: f64| finite(name, got, (0.0..1.0).contains(&got), "in [0, 1)");
        let positive = |name, got: f64| finite(name, got, got > 0.0, "above 0");
        let lr = self.learning_rate;
        positive("learning rate", lr)?;
        let decay = self.weight_decay;
        finite("weight decay", decay, decay >= 0.0, "at least 0")?;
        if let Some(norm) = self.clip_norm {
            positive("clip norm", norm)?;
        }
        finite(
            "batch size",
            self.batch_size as f64,
            self.batch_size > 0,
            "at least 1",
        )?;
        let epochs = self.epochs;
        finite(
            "epochs",
            epochs as f64,
            (1..=1_000_000).contains(&epochs),
            "1 to 1,000,000",
        )?;
        unit("category dropout", self.category_dropout)?;
        match self.loss {
            Loss::CrossEntropy { label_smoothing } => unit("label smoothing", label_smoothing)?,
            Loss::Huber { delta } => positive("Huber delta", delta)?,
            Loss::BinaryCrossEntropy | Loss::Squared => {}
        }
        match self.optimizer {
            Optimizer::Sgd { momentum, .. } => unit("momentum", momentum)?,
            Optimizer::Adam {
                beta1,
                beta2,
                epsilon,
            }
            | Optimizer::AdamW {
                beta1,
                beta2,
                epsilon,
            } => {
                unit("beta1", beta1)?;
                unit("beta2", beta2)?;
                positive("epsilon", epsilon)?;
            }
        }
        match self.stopping {
            Stopping::Best { patience: Some(0) } => Err(TrainError::Setting {
                name: "patience",
                allowed: "at least 1",
                got: 0.0,
            }),
            Stopping::Smoothed { window: 0 } => Err(TrainError::Setting {
                name: "smoothing window",
                allowed: "at least 1",
                got: 0.0,
            }),
            _ => Ok(()),
        }
    }
}

/// The result of one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean training loss over the epoch's steps, with dropout and label smoothing.
    pub train_loss: f64,
    /// Validation loss after the epoch, without dropout; the training loss where there are no
    /// validation rows.
    pub valid_loss: f64,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Whether this epoch is the best so far.
    pub best: bool,
}

/// How an epoch ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EpochOutcome {
    /// It ran to its end.
    Finished(EpochReport),
    /// It was stopped after a step because the interrupt flag was set.
    Interrupted,
}

/// The state of a run after an epoch: all that another run of the same settings and data needs to continue
/// as if there had been no interruption.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainState {
    /// Parameters after the last finished epoch.
    pub parameters: Vec<f32>,
    /// Parameters of the best epoch.
    pub best_parameters: Vec<f32>,
    /// The optimizer's memory.
    pub optimizer: OptimizerState,
    /// Reports of the finished epochs.
    pub history: Vec<EpochReport>,
}

/// A training run that its caller drives epoch by epoch.
pub struct Trainer<'a> {
    engine: Box<dyn Engine + 'a>,
    options: TrainOptions,
    data: &'a Dataset,
    train_rows: &'a [u32],
    valid_rows: &'a [u32],
    history: Vec<EpochReport>,
    /// The network after the best epoch; `None` before there is one, and when it is always the last.
    best: Option<Network>,
    best_score: f64,
    n_batches: usize,
    last_finite: f64,
    /// Rows of the epoch, in its order.
    order: Vec<u32>,
}

impl<'a> Trainer<'a> {
    /// Prepares a run on the processor, on some rows of `data`, validated on others (which may be none).
    ///
    /// # Errors
    /// If settings, data and network do not fit, if there are no training rows, if those or the
    /// validation rows all have weight 0, or if the system refuses threads.
    pub fn new(
        network: Network,
        options: TrainOptions,
        data: &'a Dataset,
        train_rows: &'a [u32],
        valid_rows: &'a [u32],
        threads: usize,
    ) -> Result<Self, TrainError> {
        check(&options, network.spec(), data, train_rows, valid_rows)?;
        let n_batches = n_batches(&options, network.spec(), train_rows);
        let batch_size = train_rows.len().div_ceil(n_batches);
        let engine = Stepper::new(network, &options.optimizer, batch_size, threads)?;
        let engine = Box::new(engine);
        Ok(Self::of(engine, options, data, train_rows, valid_rows))
    }

    /// Prepares a run on an engine, which has the initial network and is ready for batches of
    /// `options.batch_size` rows (of 3 for a batch size of 2 with batch normalization).
    ///
    /// # Errors
    /// As [`Trainer::new`], without threads.
    pub fn with_engine(
        engine: Box<dyn Engine + 'a>,
        options: TrainOptions,
        data: &'a Dataset,
        train_rows: &'a [u32],
        valid_rows: &'a [u32],
    ) -> Result<Self, TrainError> {
        check(&options, engine.spec(), data, train_rows, valid_rows)?;
        Ok(Self::of(engine, options, data, train_rows, valid_rows))
    }

    fn of(
        engine: Box<dyn Engine + 'a>,
        options: TrainOptions,
        data: &'a Dataset,
        train_rows: &'a [u32],
        valid_rows: &'a [u32],
    ) -> Self {
        let n_batches = n_batches(&options, engine.spec(), train_rows);
        Self {
            engine,
            options,
            data,
            train_rows,
            valid_rows,
            history: Vec::new(),
            best: None,
            best_score: f64::INFINITY,
            n_batches,
            last_finite: f64::NAN,
            order: Vec::new(),
        }
    }

    /// Number of optimizer steps in an epoch.
    #[must_use]
    pub fn steps_per_epoch(&self) -> usize {
        self.n_batches
    }

    /// Reports of the finished epochs.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.history
    }

    /// The best epoch so far, from 1; 0 before the first.
    #[must_use]
    pub fn best_epoch(&self) -> usize {
        self.history
            .iter()
            .rev()
            .find(|report| report.best)
            .map_or(0, |report| report.epoch)
    }

    /// Whether all epochs are done or early stopping has ended the run.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let epoch = self.history.len();
        epoch >= self.options.epochs || self.options.stopping.ends(epoch, self.best_epoch())
    }

    /// The state after the last finished epoch. After an interrupted epoch there is none.
    #[must_use]
    pub fn state(&self) -> TrainState {
        TrainState {
            parameters: self.engine.network().into_parameters(),
            best_parameters: self.best_network().into_parameters(),
            optimizer: self.engine.state(),
            history: self.history.clone(),
        }
    }

    /// Continues from a saved state.
    ///
    /// # Errors
    /// If the state is of another network, optimizer or number of steps.
    pub fn resume(&mut self, state: TrainState) -> Result<(), TrainError> {
        let check = |what, expected: usize, got: usize| {
            if expected == got {
                Ok(())
            } else {
                Err(TrainError::State {
                    what,
                    expected,
                    got,
                })
            }
        };
        let network = self.engine.network();
        let n = network.parameters().len();
        check("the number of parameters", n, state.parameters.len())?;
        check(
            "the number of best parameters",
            n,
            state.best_parameters.len(),
        )?;
        let n_slots = self.options.optimizer.n_slots();
        for (index, slot) in state.optimizer.slots.iter().enumerate() {
            let expected = if index < n_slots { n } else { 0 };
            check("the length of an optimizer slot", expected, slot.len())?;
        }
        let steps = state.history.len() * self.n_batches;
        check("the number of steps", steps, state.optimizer.step as usize)?;
        for (index, report) in state.history.iter().enumerate() {
            check("the number of an epoch", index + 1, report.epoch)?;
        }
        self.engine.restore(&state.parameters, &state.optimizer);
        self.history = state.history;
        if self.keeps_best() && self.best_epoch() > 0 {
            self.best = Some(network.with_parameters(state.best_parameters));
        }
        let losses: Vec<f64> = self
            .history
            .iter()
            .map(|report| report.valid_loss)
            .collect();
        let best = self.best_epoch();
        let score = self
            .options
            .stopping
            .score(&losses[..best], self.options.epochs);
        self.best_score = score.unwrap_or(f64::INFINITY);
        Ok(())
    }

    /// Runs the next epoch. After each step, `on_step` is called with the number of the step within the
    /// epoch, from 1, and its result; then the epoch ends early if `interrupt` is set.
    ///
    /// # Errors
    /// If the training or validation loss is no longer finite.
    pub fn epoch(
        &mut self,
        interrupt: &AtomicBool,
        on_step: &mut dyn FnMut(usize, BatchResult),
    ) -> Result<EpochOutcome, TrainError> {
        let index = self.history.len();
        let seed = self.options.seed;
        self.order.clear();
        self.order.extend_from_slice(self.train_rows);
        Stream::new(seed, Purpose::RowOrder, index as u32, 0).shuffle(&mut self.order);
        let total_steps = (self.options.epochs * self.n_batches) as u64;
        let mut options = StepOptions {
            loss: self.options.loss,
            optimizer: self.options.optimizer,
            learning_rate: self.options.learning_rate,
            weight_decay: self.options.weight_decay,
            clip_norm: self.options.clip_norm,
            category_dropout: self.options.category_dropout,
            seed,
        };
        let (mut loss_sum, mut weight_sum) = (0.0, 0.0);
        for batch in 0..self.n_batches {
            let step = (index * self.n_batches + batch) as u64;
            let factor = self.options.schedule.factor(step, total_steps);
            options.learning_rate = self.options.learning_rate * factor;
            // Even shares: no last batch of a few rows with a noisy gradient.
            let start = batch * self.order.len() / self.n_batches;
            let end = (batch + 1) * self.order.len() / self.n_batches;
            let rows = Batch::new(self.data, &self.order[start..end]);
            let result = self.engine.step(&rows, &options);
            if !result.loss_sum.is_finite() {
                return Err(self.diverged("training", result.loss(), step, options.learning_rate));
            }
            self.last_finite = result.loss();
            loss_sum += result.loss_sum;
            weight_sum += result.weight_sum;
            on_step(batch + 1, result);
            if interrupt.load(Ordering::Relaxed) {
                return Ok(EpochOutcome::Interrupted);
            }
        }
        let mean = |sum: f64, weight: f64| if weight > 0.0 { sum / weight } else { 0.0 };
        let train_loss = mean(loss_sum, weight_sum);
        let valid_loss = if self.valid_rows.is_empty() {
            train_loss
        } else {
            // Smoothed targets are for training: validation asks how good the probabilities are.
            let loss = match self.options.loss {
                Loss::CrossEntropy { .. } => Loss::CrossEntropy {
                    label_smoothing: 0.0,
                },
                other => other,
            };
            let rows = Batch::new(self.data, self.valid_rows);
            self.engine.evaluate(&rows, &loss).loss()
        };
        let learning_rate = options.learning_rate;
        if !valid_loss.is_finite() {
            let step = ((index + 1) * self.n_batches - 1) as u64;
            return Err(self.diverged("validation", valid_loss, step, learning_rate));
        }
        let mut report = EpochReport {
            epoch: index + 1,
            train_loss,
            valid_loss,
            learning_rate,
            best: false,
        };
        self.history.push(report);
        let losses: Vec<f64> = self
            .history
            .iter()
            .map(|report| report.valid_loss)
            .collect();
        if let Some(score) = self.options.stopping.score(&losses, self.options.epochs)
            && score < self.best_score
        {
            report.best = true;
            self.history[index] = report;
            self.best_score = score;
            if self.keeps_best() {
                // The old one goes first: there is never a third copy of the parameters.
                self.best = None;
                self.best = Some(self.engine.network());
            }
        }
        Ok(EpochOutcome::Finished(report))
    }

    /// The network as it is after the last step.
    #[must_use]
    pub fn network(&self) -> Network {
        self.engine.network()
    }

    /// Ends the run: the network with the best epoch's weights, or with the present ones when no
    /// epoch could be chosen yet.
    #[must_use]
    pub fn finish(mut self) -> Network {
        self.best.take().unwrap_or_else(|| self.engine.network())
    }

    /// Whether the best epoch may be another than the last.
    fn keeps_best(&self) -> bool {
        self.options.stopping != Stopping::Last
    }

    fn best_network(&self) -> Network {
        match &self.best {
            Some(best) => best.clone(),
            None => self.engine.network(),
        }
    }

    fn diverged(
        &self,
        which: &'static str,
        value: f64,
        step: u64,
        learning_rate: f64,
    ) -> TrainError {
        TrainError::Diverged {
            which,
            value,
            epoch: self.history.len() + 1,
            step: step + 1,
            learning_rate,
            last_finite: self.last_finite,
        }
    }
}

/// Steps of an epoch: as many as batches of the size asked for would take, or fewer where a batch would
/// have a single row and no variance.
fn n_batches(options: &TrainOptions, spec: &NetworkSpec, train_rows: &[u32]) -> usize {
    let n_batches = train_rows.len().div_ceil(options.batch_size);
    if spec.has_batch_normalization() {
        n_batches.min(train_rows.len() / 2)
    } else {
        n_batches
    }
}

/// Checks that settings, data, rows and network fit together.
fn check(
    options: &TrainOptions,
    spec: &NetworkSpec,
    data: &Dataset,
    train_rows: &[u32],
    valid_rows: &[u32],
) -> Result<(), TrainError> {
    options.check()?;
    data.check(spec, &options.loss)?;
    let n_rows = data.n_rows();
    let beyond = |row: &&u32| **row as usize >= n_rows;
    if let Some(&row) = train_rows.iter().chain(valid_rows).find(beyond) {
        return Err(crate::DatasetError::Row { row, n_rows }.into());
    }
    if train_rows.is_empty() {
        return Err(TrainError::NoRows);
    }
    if spec.has_batch_normalization() && (options.batch_size < 2 || train_rows.len() < 2) {
        return Err(TrainError::BatchOfOne {
            train_rows: train_rows.len(),
            batch_size: options.batch_size,
        });
    }
    for (which, rows) in [("training", train_rows), ("validation", valid_rows)] {
        let counts = Batch::new(data, rows).weight_sum(&options.loss) > 0.0;
        if !rows.is_empty() && !counts {
            let rows = rows.len();
            return Err(TrainError::NoWeight { which, rows });
        }
    }
    Ok(())
}
