//! One optimizer step on a batch, on all threads of the processor.
//!
//! Phase 1: every thread takes its rows forward and backward through all layers. Phase 2: gradients
//! of the parameters, each block of them by one thread over all rows of the batch in order, and the
//! optimizer's step on that block while it is in cache. Every number is computed from the same
//! operands in the same order whatever the number of threads, so all give the same bits.
//!
//! All of it runs with subnormal numbers flushed to 0 ([`flush_subnormals`]), so that steps do not become slow
//! when gradients vanish.
//!
//! Nothing is allocated in a step (test `a_step_allocates_nothing`).

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use banach_kernels::{
    Cuts, Isa, Line, Pool, Real, flat, flat_mut, flush_subnormals, sum_of_squares,
};

use crate::batch::Batch;
use crate::blocks::{Block, PanelOf, blocks, table_gradient};
use crate::engine::{BatchResult, StepOptions};
use crate::error::TrainError;
use crate::fold::fold;
use crate::input::{self, CategoryDropout};
use crate::layers::LayerKind;
use crate::layers::batch_norm::{self, BatchMoments};
use crate::layout::{LayerLayout, Layout, Weights};
use crate::loss::Loss;
use crate::optimizer::{Optimizer, Update};
use crate::pass::{Pass, ROW_STEP, Shard, StepNoise, Stop};
use crate::spec::{LayerSpec, NetworkSpec};

/// A network in training, in numbers of type T: parameters, optimizer, threads and working memory.
///
/// Training has `T = f32` ([`crate::Stepper`]); in `f64` the same code is checked against central
/// differences.
pub(crate) struct StepperOf<T: Real> {
    spec: NetworkSpec,
    n_parameters: usize,
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

impl<T: Real> StepperOf<T> {
    /// Prepares a network of a checked specification, with parameters in the order of its tensors, for
    /// batches of up to `batch_size` rows on `threads` threads.
    pub(crate) fn new(
        spec: &NetworkSpec,
        parameters: &[T],
        optimizer: &Optimizer,
        batch_size: usize,
        threads: usize,
    ) -> Result<Self, TrainError> {
        let threads = threads.max(1);
        let pool = Pool::new(threads).map_err(|source| TrainError::Threads { threads, source })?;
        let isa = Isa::best();
        let layout = Layout::new(&spec.tensors());
        let blocks = blocks(&layout);
        let ranges: Vec<_> = blocks.iter().map(|block| block.lines(&layout)).collect();
        let longest = ranges.iter().map(Range::len).max().unwrap_or(0);
        let capacity = batch_size.max(1).div_ceil(threads);
        let capacity = capacity.next_multiple_of(ROW_STEP);
        let shard = |_| Shard::new(spec, &layout, capacity, true);
        let lines = |n: usize| vec![Line::ZERO; n];
        let moments = |(layer_spec, layer): (&LayerSpec, &LayerLayout)| {
            let kept = LayerKind::of(Some(layer_spec)) == LayerKind::BatchNorm;
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
            parameters: layout.pack(isa, parameters),
            slots: [slot(0), slot(1)],
            n_steps: 0,
            gradient: Vec::new(),
            keep_gradient: false,
            squares: blocks.iter().map(|_| AtomicU64::new(0)).collect(),
            shards: (0..threads).map(shard).collect(),
            scratch: (0..threads).map(|_| lines(longest)).collect(),
            idle: vec![(); threads],
            moments: spec
                .layers
                .iter()
                .zip(&layout.layers)
                .map(moments)
                .collect(),
            cuts: Cuts::new(ranges),
            spec: spec.clone(),
            n_parameters: parameters.len(),
            blocks,
            layout,
            pool,
            isa,
        })
    }

    /// The specification.
    pub(crate) fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// The parameters, in the order of the network's tensors.
    pub(crate) fn parameters(&self) -> Vec<T> {
        self.unpacked(&self.parameters)
    }

    /// Number of steps taken.
    pub(crate) fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// The optimizer's memory, in the order of the network's tensors.
    pub(crate) fn slots(&self) -> [Vec<T>; 2] {
        self.slots.each_ref().map(|slot| self.unpacked(slot))
    }

    fn unpacked(&self, lines: &[Line<T>]) -> Vec<T> {
        self.layout.unpacked(self.isa, lines, self.n_parameters)
    }

    /// Keeps the gradient of every step from now on, so that [`StepperOf::last_gradient`] has it.
    pub(crate) fn keep_gradient(&mut self) {
        self.keep_gradient = true;
    }

    /// The gradient of the last batch, in the order of the network's tensors: after
    /// [`StepperOf::gradient`], after a step with clipping, or if [`StepperOf::keep_gradient`] asked for
    /// it. Otherwise a step uses each part of it up as it comes, and this is empty or an older one.
    pub(crate) fn last_gradient(&self) -> Vec<T> {
        self.unpacked(&self.gradient)
    }

    /// Puts other parameters, another optimizer memory and number of steps in place; empty slots stay as
    /// they are.
    pub(crate) fn restore(&mut self, parameters: &[T], n_steps: u64, slots: &[Vec<T>; 2]) {
        self.parameters = self.layout.pack(self.isa, parameters);
        for (slot, numbers) in self.slots.iter_mut().zip(slots) {
            if !numbers.is_empty() {
                *slot = self.layout.pack(self.isa, numbers);
            }
        }
        self.n_steps = n_steps;
    }

    /// One optimizer step on a batch.
    pub(crate) fn step(&mut self, batch: &Batch<'_>, options: &StepOptions) -> BatchResult {
        flush_subnormals(|| self.flushed_step(batch, options))
    }

    fn flushed_step(&mut self, batch: &Batch<'_>, options: &StepOptions) -> BatchResult {
        let number = self.n_steps;
        let seed = options.seed;
        let step = number as u32;
        let noise = StepNoise {
            seed,
            step,
            category_dropout: CategoryDropout {
                seed,
                step,
                rate: options.category_dropout,
            },
        };
        let noise = Some(&noise);
        let mut result = self.passes(batch, &options.loss, noise);
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
                self.update(batch, noise, Work::GradientAndStep, &update, 1.0);
            }
            None => {
                self.update(batch, noise, Work::Gradient, &update, 1.0);
                self.update(batch, noise, Work::Step, &update, 1.0);
            }
            Some(limit) => {
                self.update(batch, noise, Work::Gradient, &update, 1.0);
                result.gradient_norm = self.gradient_norm();
                let scale = (limit / (result.gradient_norm + 1e-6)).min(1.0);
                self.update(batch, noise, Work::Step, &update, scale);
            }
        }
        result
    }

    /// Loss and gradient of a batch, without dropout and without a step.
    ///
    /// The gradient is then in [`StepperOf::last_gradient`].
    pub(crate) fn gradient(&mut self, batch: &Batch<'_>, loss: &Loss) -> BatchResult {
        flush_subnormals(|| self.flushed_gradient(batch, loss))
    }

    fn flushed_gradient(&mut self, batch: &Batch<'_>, loss: &Loss) -> BatchResult {
        let mut result = self.passes(batch, loss, None);
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
        self.update(batch, None, Work::Gradient, &update, 1.0);
        result.gradient_norm = self.gradient_norm();
        result
    }

    /// Loss of some rows without dropout.
    pub(crate) fn evaluate(&mut self, rows: &Batch<'_>, loss: &Loss) -> BatchResult {
        flush_subnormals(|| self.flushed_evaluate(rows, loss))
    }

    fn flushed_evaluate(&mut self, rows: &Batch<'_>, loss: &Loss) -> BatchResult {
        let capacity = self.shards.iter().map(|shard| shard.losses.len()).sum();
        let folded = fold(&self.layout, self.isa, &self.spec, &self.parameters);
        let mut loss_sum = 0.0;
        for batch in rows.batches(capacity) {
            self.split_batch(batch.len());
            let (spec, lines) = match &folded {
                Some((spec, lines)) => (spec, lines),
                None => (&self.spec, &self.parameters),
            };
            let pass = Pass {
                isa: self.isa,
                spec,
                weights: Weights {
                    layout: &self.layout,
                    lines,
                    bf16: None,
                },
                noise: None,
                moments: &[],
            };
            self.pool
                .for_each(&mut self.idle, &mut self.shards, |(), shard| {
                    gather(&pass, shard, &batch);
                    shard.forward(&pass, None);
                    shard.losses(&batch, loss, None);
                });
            // Row after row: a sum for each batch would depend on how many rows the shards hold.
            loss_sum = self.row_losses().fold(loss_sum, |sum, loss| sum + loss);
        }
        BatchResult {
            loss_sum,
            weight_sum: rows.weight_sum(loss),
            gradient_norm: 0.0,
        }
    }

    /// Phase 1.
    fn passes(&mut self, batch: &Batch<'_>, loss: &Loss, noise: Option<&StepNoise>) -> BatchResult {
        self.split_batch(batch.len());
        let weight_sum = batch.weight_sum(loss);
        let scale = if weight_sum > 0.0 {
            1.0 / weight_sum
        } else {
            0.0
        };
        let mut from = None;
        loop {
            let pass = Pass {
                isa: self.isa,
                spec: &self.spec,
                weights: Weights {
                    layout: &self.layout,
                    lines: &self.parameters,
                    bf16: None,
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
                            gather(&pass, shard, batch);
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
                        shard.losses(batch, loss, Some(scale));
                        shard.stop = shard.backward(&pass, None);
                    }
                });
            // All shards that have rows stop at the same place; the first one has some.
            let stop = self.shards[0].stop;
            match stop {
                Stop::Moments(layer) => {
                    self.moments[layer].take_moments(group_sums(&self.shards, layer))
                }
                Stop::Sums(layer) => self.moments[layer].take_sums(group_sums(&self.shards, layer)),
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
        let layers = self.spec.layers.iter().zip(&self.layout.layers);
        for ((layer_spec, layer_layout), moments) in layers.zip(&self.moments) {
            if LayerKind::of(Some(layer_spec)) == LayerKind::BatchNorm {
                batch_norm::update_running(layer_layout, moments, &mut self.parameters);
            }
        }
    }

    /// Cuts a batch into contiguous parts, one for each thread.
    fn split_batch(&mut self, n_rows: usize) {
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
        batch: &Batch<'_>,
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
        let spec = &self.spec;
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
                            table_gradient(table, shards, batch, noise, gradient);
                        }
                        Block::Panels { layer, first, .. } => {
                            let stride = layout.layers[layer].stride();
                            let panels = gradient.chunks_exact_mut(stride);
                            let parameters = parameters.chunks_exact(stride);
                            for (index, (gradient, own)) in panels.zip(parameters).enumerate() {
                                let panel = PanelOf {
                                    kind: LayerKind::of(spec.layers.get(layer)),
                                    layer,
                                    layer_layout: &layout.layers[layer],
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
fn gather<T: Real>(pass: &Pass<'_, T>, shard: &mut Shard<T>, batch: &Batch<'_>) {
    let part = batch.part(shard.first_row..shard.first_row + shard.n_rows);
    let rows = part.rows().iter().map(|&row| row as usize);
    let features = &part.dataset().features;
    let dropout = pass.noise.map(|noise| &noise.category_dropout);
    let x = shard.input_mut();
    input::gather(
        pass.spec,
        pass.weights,
        features,
        rows,
        part.first(),
        dropout,
        x,
    );
}

/// The two sums of each unit over each group of rows, in the order of the rows.
fn group_sums<T: Real>(
    shards: &[Shard<T>],
    layer: usize,
) -> impl Iterator<Item = (usize, &[T], &[T])> + Clone {
    shards.iter().flat_map(move |shard| shard.group_sums(layer))
}
