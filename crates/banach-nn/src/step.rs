//! One optimiser step on a batch, on all threads.
//!
//! Phase 1: every thread takes its rows forward and backward through all layers. Phase 2: gradients
//! of the parameters, each block of them by one thread over all rows of the batch in order, and the
//! optimiser's step on that block while it is in cache. Every number is computed from the same
//! operands in the same order whatever the number of threads, so all give the same bits.
//!
//! Nothing is allocated in a step (test `a_step_allocates_nothing`).

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use banach_kernels::{Cuts, Isa, Line, Pool, Real, flat, flat_mut, sum_of_squares};

use crate::blocks::{Block, PanelOf, blocks, table_gradient};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::input::{self, HideCategories};
use crate::layout::{Layer, Layout, Weights};
use crate::loss::Loss;
use crate::network::Network;
use crate::optimizer::{Optimizer, OptimizerState, Update};
use crate::pass::{BatchMoments, Pass, ROW_STEP, Shard, StepNoise, Stop};
use crate::spec::{LayerSpec, Normalization};

/// Loss of one batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchResult {
    /// Weighted sum of the rows' losses.
    pub loss_sum: f64,
    /// What the sum is to be divided by.
    pub weight_sum: f64,
    /// Length of the gradient before clipping; 0 without clipping, when it is not needed.
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

/// What one step does, beside the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepOptions {
    pub(crate) loss: Loss,
    pub(crate) optimizer: Optimizer,
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
    pub(crate) clip_norm: Option<f64>,
    pub(crate) hide_rate: f64,
    pub(crate) seed: u64,
}

/// A network in training: parameters, optimiser, threads and working memory.
pub struct Stepper<T: Real> {
    template: Network<T>,
    layout: Layout,
    parameters: Vec<Line<T>>,
    slots: [Vec<Line<T>>; 2],
    /// Number of steps taken.
    n_steps: u64,
    /// The gradient of the last batch; empty until a step needs it whole.
    gradient: Vec<Line<T>>,
    keep_gradient: bool,
    blocks: Vec<Block>,
    cuts: Cuts,
    /// Sum of squares of each block's gradient, as bits.
    squares: Vec<AtomicU64>,
    pub(crate) shards: Vec<Shard<T>>,
    /// For each layer, its moments over the batch; of width 0 without batch normalization.
    moments: Vec<BatchMoments<T>>,
    /// For each thread, the gradient of the block it works on.
    scratch: Vec<Vec<Line<T>>>,
    idle: Vec<()>,
    pool: Pool,
    isa: Isa,
}

impl<T: Real> Stepper<T> {
    /// Prepares a network for batches of up to `batch_size` rows on `threads` threads.
    ///
    /// # Errors
    /// If the system refuses the threads.
    pub fn new(
        network: Network<T>,
        optimizer: &Optimizer,
        batch_size: usize,
        threads: usize,
    ) -> Result<Self, TrainError> {
        let threads = threads.max(1);
        let pool = Pool::new(threads).map_err(|source| TrainError::Threads { threads, source })?;
        let isa = Isa::best();
        let layout = network.layout();
        let blocks = blocks(&layout);
        let ranges: Vec<_> = blocks.iter().map(|block| block.lines(&layout)).collect();
        let longest = ranges.iter().map(Range::len).max().unwrap_or(0);
        let capacity = batch_size.max(1).div_ceil(threads);
        let capacity = capacity.next_multiple_of(ROW_STEP);
        let shard = |_| Shard::new(network.spec(), &layout, capacity, true);
        let lines = |n: usize| vec![Line::ZERO; n];
        let moments = |(kind, layer): (&LayerSpec, &Layer)| {
            let kept = kind.normalization == Normalization::Batch;
            BatchMoments::new(if kept { layer.width } else { 0 })
        };
        let slot = |index| {
            lines(if optimizer.n_slots() > index {
                layout.n_lines
            } else {
                0
            })
        };
        Ok(Self {
            parameters: layout.pack(isa, network.parameters()),
            slots: [slot(0), slot(1)],
            n_steps: 0,
            gradient: Vec::new(),
            keep_gradient: false,
            squares: blocks.iter().map(|_| AtomicU64::new(0)).collect(),
            shards: (0..threads).map(shard).collect(),
            scratch: (0..threads).map(|_| lines(longest)).collect(),
            idle: vec![(); threads],
            moments: network
                .spec()
                .layers
                .iter()
                .zip(&layout.layers)
                .map(moments)
                .collect(),
            cuts: Cuts::new(ranges),
            template: network.without_parameters(),
            blocks,
            layout,
            pool,
            isa,
        })
    }

    /// The network as it is now.
    #[must_use]
    pub fn network(&self) -> Network<T> {
        self.network_of(&self.parameters)
    }

    /// The network with the parameters of some lines.
    pub(crate) fn network_of(&self, lines: &[Line<T>]) -> Network<T> {
        let len = self.n_parameters();
        let parameters = self.layout.unpacked(self.isa, lines, len);
        self.template.with_parameters(parameters)
    }

    /// Number of parameters.
    pub(crate) fn n_parameters(&self) -> usize {
        self.template.n_parameters()
    }

    /// The parameters as the engine keeps them.
    pub(crate) fn lines(&self) -> &[Line<T>] {
        &self.parameters
    }

    /// The optimiser's memory, in the order of [`Network::parameters`].
    pub(crate) fn optimizer_state(&self) -> OptimizerState<T> {
        let len = self.n_parameters();
        let unpacked = |slot| self.layout.unpacked(self.isa, slot, len);
        OptimizerState {
            step: self.n_steps,
            slots: self.slots.each_ref().map(|slot| unpacked(slot)),
        }
    }

    /// Keeps the gradient of every step from now on, so that [`Stepper::last_gradient`] has it.
    pub fn keep_gradient(&mut self) {
        self.keep_gradient = true;
    }

    /// The gradient of the last batch, in the order of [`Network::parameters`]: after
    /// [`Stepper::gradient`], after a step with clipping, or if [`Stepper::keep_gradient`] asked for
    /// it. Else a step uses each part of it up as it comes, and this is empty or an older one.
    #[must_use]
    pub fn last_gradient(&self) -> Vec<T> {
        let len = self.n_parameters();
        self.layout.unpacked(self.isa, &self.gradient, len)
    }

    /// Parameters in the network's order as lines.
    pub(crate) fn pack(&self, numbers: &[T]) -> Vec<Line<T>> {
        self.layout.pack(self.isa, numbers)
    }

    /// Puts other parameters and another optimiser state in place.
    pub(crate) fn restore(&mut self, parameters: &[T], state: &OptimizerState<T>) {
        self.parameters = self.pack(parameters);
        for (slot, numbers) in self.slots.iter_mut().zip(&state.slots) {
            if !numbers.is_empty() {
                *slot = self.layout.pack(self.isa, numbers);
            }
        }
        self.n_steps = state.step;
    }

    /// One step on the rows `batch` of `data`.
    pub(crate) fn step(
        &mut self,
        data: &Dataset,
        batch: &[u32],
        options: &StepOptions,
    ) -> BatchResult {
        let number = self.n_steps;
        let seed = options.seed;
        let step = number as u32;
        let hide = HideCategories {
            seed,
            step,
            rate: options.hide_rate,
        };
        let noise = StepNoise { seed, step, hide };
        let mut result = self.passes(data, batch, &options.loss, Some(&noise));
        if !batch.is_empty() {
            self.update_running();
        }
        self.n_steps += 1;
        let update = Update {
            optimizer: options.optimizer,
            learning_rate: options.learning_rate,
            weight_decay: options.weight_decay,
            step: number + 1,
        };
        match options.clip_norm {
            None if !self.keep_gradient => {
                self.update(
                    data,
                    batch,
                    Some(&noise),
                    Work::GradientAndStep,
                    &update,
                    1.0,
                );
            }
            None => {
                self.update(data, batch, Some(&noise), Work::Gradient, &update, 1.0);
                self.update(data, batch, Some(&noise), Work::Step, &update, 1.0);
            }
            Some(limit) => {
                self.update(data, batch, Some(&noise), Work::Gradient, &update, 1.0);
                result.gradient_norm = self.gradient_norm();
                let scale = (limit / (result.gradient_norm + 1e-6)).min(1.0);
                self.update(data, batch, Some(&noise), Work::Step, &update, scale);
            }
        }
        result
    }

    /// Loss and gradient of a batch, without dropout and without a step.
    ///
    /// The gradient is then in [`Stepper::last_gradient`].
    pub fn gradient(&mut self, data: &Dataset, batch: &[u32], loss: &Loss) -> BatchResult {
        let mut result = self.passes(data, batch, loss, None);
        let optimizer = Optimizer::Sgd {
            momentum: 0.0,
            nesterov: false,
        };
        let update = Update {
            optimizer,
            learning_rate: 0.0,
            weight_decay: 0.0,
            step: 1,
        };
        self.update(data, batch, None, Work::Gradient, &update, 1.0);
        result.gradient_norm = self.gradient_norm();
        result
    }

    /// Weighted loss of some rows without dropout: (sum of losses, sum of weights).
    pub(crate) fn evaluate(&mut self, data: &Dataset, rows: &[u32], loss: &Loss) -> (f64, f64) {
        let capacity = self.shards.iter().map(|shard| shard.losses.len()).sum();
        let folded = self
            .layout
            .folded(self.isa, self.template.spec(), &self.parameters);
        let mut loss_sum = 0.0;
        for batch in rows.chunks(capacity) {
            self.share_out(batch.len());
            let (spec, lines) = match &folded {
                Some((spec, lines)) => (spec, lines),
                None => (self.template.spec(), &self.parameters),
            };
            let pass = Pass {
                isa: self.isa,
                spec,
                weights: Weights {
                    layout: &self.layout,
                    lines,
                    half: None,
                },
                noise: None,
                moments: &[],
            };
            self.pool
                .for_each(&mut self.idle, &mut self.shards, |(), shard| {
                    gather(&pass, shard, data, batch);
                    shard.forward(&pass, None);
                    shard.losses(data, batch, loss, None);
                });
            // Row after row: a sum for each batch would depend on how many rows the shards hold.
            loss_sum = self.row_losses().fold(loss_sum, |sum, loss| sum + loss);
        }
        (loss_sum, self.weight_sum(data, rows, loss))
    }

    /// Phase 1.
    fn passes(
        &mut self,
        data: &Dataset,
        batch: &[u32],
        loss: &Loss,
        noise: Option<&StepNoise>,
    ) -> BatchResult {
        self.share_out(batch.len());
        let weight_sum = self.weight_sum(data, batch, loss);
        let scale = if weight_sum > 0.0 {
            1.0 / weight_sum
        } else {
            0.0
        };
        let mut from = None;
        loop {
            let pass = Pass {
                isa: self.isa,
                spec: self.template.spec(),
                weights: Weights {
                    layout: &self.layout,
                    lines: &self.parameters,
                    half: None,
                },
                noise,
                moments: &self.moments,
            };
            self.pool
                .for_each(&mut self.idle, &mut self.shards, |(), shard| {
                    shard.stop = Stop::End;
                    if shard.n_rows == 0 {
                        return;
                    }
                    let forward_from = match from {
                        None => {
                            gather(&pass, shard, data, batch);
                            None
                        }
                        Some(Stop::Moments(layer)) => Some(layer),
                        Some(Stop::Sums(layer)) => {
                            shard.stop = shard.backward(&pass, Some(layer));
                            return;
                        }
                        Some(Stop::End) => return,
                    };
                    shard.stop = shard.forward(&pass, forward_from);
                    if shard.stop == Stop::End {
                        shard.losses(data, batch, loss, Some(scale));
                        shard.stop = shard.backward(&pass, None);
                    }
                });
            // All shards that have rows stop at the same place; the first one has some.
            let stop = self.shards[0].stop;
            match stop {
                Stop::Moments(layer) => self.moments[layer].take_moments(&self.shards, layer),
                Stop::Sums(layer) => self.moments[layer].take_sums(&self.shards, layer),
                Stop::End => break,
            }
            from = Some(stop);
        }
        BatchResult {
            loss_sum: self.row_losses().sum(),
            weight_sum,
            gradient_norm: 0.0,
        }
    }

    /// Moves the running averages of batch normalization towards the moments of the batch.
    fn update_running(&mut self) {
        let kinds = &self.template.spec().layers;
        let layers = kinds.iter().zip(&self.layout.layers).zip(&self.moments);
        for ((kind, layer), moments) in layers {
            if kind.normalization != Normalization::Batch {
                continue;
            }
            for panel in 0..layer.n_panels() {
                let lines = &mut self.parameters[layer.lines(panel..panel + 1)];
                let [.., means, variances] = lines else {
                    continue;
                };
                for (lane, unit) in layer.units(panel).enumerate() {
                    let (mean, variance) = (&mut means.0[lane], &mut variances.0[lane]);
                    moments.update_running(unit, mean, variance);
                }
            }
        }
    }

    /// Cuts a batch into contiguous parts, one for each thread.
    fn share_out(&mut self, n_rows: usize) {
        let n_shards = self.shards.len();
        let part = n_rows.div_ceil(n_shards).next_multiple_of(ROW_STEP);
        for (index, shard) in self.shards.iter_mut().enumerate() {
            shard.first_row = (index * part).min(n_rows);
            shard.n_rows = part.min(n_rows - shard.first_row);
        }
    }

    /// Losses of the rows in the shards, in the order of the batch.
    fn row_losses(&self) -> impl Iterator<Item = f64> {
        self.shards
            .iter()
            .flat_map(|shard| &shard.losses[..shard.n_rows])
            .copied()
    }

    /// What a sum of losses over `rows` is to be divided by.
    fn weight_sum(&self, data: &Dataset, rows: &[u32], loss: &Loss) -> f64 {
        let n_outputs = self.template.spec().n_outputs;
        rows.iter()
            .map(|&row| loss.row_weight(data, row as usize, n_outputs))
            .sum()
    }

    /// The length of the gradient that [`Work::Gradient`] left, its blocks added in order.
    fn gradient_norm(&self) -> f64 {
        let squares = self.squares.iter();
        let sum: f64 = squares
            .map(|bits| f64::from_bits(bits.load(Ordering::Relaxed)))
            .sum();
        sum.sqrt()
    }

    /// Phase 2.
    fn update(
        &mut self,
        data: &Dataset,
        batch: &[u32],
        noise: Option<&StepNoise>,
        work: Work,
        update: &Update,
        gradient_scale: f64,
    ) {
        if work == Work::Gradient && self.gradient.is_empty() {
            self.gradient = vec![Line::ZERO; self.layout.n_lines];
        }
        let (shards, isa) = (&self.shards, self.isa);
        let (layout, blocks, squares) = (&self.layout, &self.blocks, &self.squares);
        let spec = self.template.spec();
        let stored: &mut [Line<T>] = match work {
            Work::GradientAndStep => &mut [],
            Work::Gradient | Work::Step => &mut self.gradient,
        };
        let [first, second] = &mut self.slots;
        self.pool.for_each_cut(
            &mut self.scratch,
            &self.cuts,
            [&mut self.parameters, first, second, stored],
            |scratch, index, [parameters, first, second, stored]| {
                let block = blocks[index];
                let gradient = match work {
                    Work::GradientAndStep => &mut scratch[..parameters.len()],
                    Work::Gradient | Work::Step => stored,
                };
                if work != Work::Step {
                    match block {
                        Block::Table(table) => {
                            let table = &layout.tables[table];
                            let gradient = flat_mut(gradient);
                            table_gradient(table, shards, data, batch, noise, gradient);
                        }
                        Block::Panels { layer, first, .. } => {
                            let stride = layout.layers[layer].stride();
                            let panels = gradient.chunks_exact_mut(stride);
                            let parameters = parameters.chunks_exact(stride);
                            for (index, (gradient, own)) in panels.zip(parameters).enumerate() {
                                let panel = PanelOf {
                                    kind: spec.layers.get(layer),
                                    layer,
                                    place: &layout.layers[layer],
                                    panel: first + index,
                                };
                                panel.gradient(isa, shards, own, gradient);
                            }
                        }
                    }
                }
                if work == Work::Gradient {
                    let mut sum = 0.0;
                    sum_of_squares(isa, flat(gradient), &mut sum);
                    squares[index].store(sum.to_bits(), Ordering::Relaxed);
                    return;
                }
                for (lines, decays) in block.parts(layout) {
                    let slot = |slot| part(slot, &lines);
                    let slots = [slot(first), slot(second)];
                    let parameters = flat_mut(&mut parameters[lines.clone()]);
                    let gradient = flat(&gradient[lines.clone()]);
                    update.apply(isa, parameters, gradient, slots, gradient_scale, decays);
                }
            },
        );
    }
}

/// Some lines of a slot, as numbers; an empty slot stays empty.
fn part<'a, T: Real>(slot: &'a mut [Line<T>], lines: &Range<usize>) -> &'a mut [T] {
    let lines = if slot.is_empty() { 0..0 } else { lines.clone() };
    flat_mut(&mut slot[lines])
}

/// What phase 2 does with a block of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Gradient,
    Step,
    GradientAndStep,
}

/// Fills a shard from its part of the batch.
fn gather<T: Real>(pass: &Pass<'_, T>, shard: &mut Shard<T>, data: &Dataset, batch: &[u32]) {
    let first = shard.first_row;
    let rows = batch[first..first + shard.n_rows]
        .iter()
        .map(|&row| row as usize);
    let hide = pass.noise.map(|noise| &noise.hide);
    let (spec, weights) = (pass.spec, pass.weights);
    input::gather(
        spec,
        weights,
        &data.inputs,
        rows,
        first,
        hide,
        shard.input_mut(),
    );
}
