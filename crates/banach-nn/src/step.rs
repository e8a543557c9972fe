//! One optimiser step on a batch, on all threads.
//!
//! Phase 1: every thread takes its rows forward and backward through all layers. Phase 2: gradients
//! of the parameters, each block of them by one thread over all rows of the batch in order, the
//! optimiser's step on that block, and the packing of its new weights, while it is in cache. Every
//! number is computed from the same operands in the same order whatever the number of threads, so all
//! give the same bits.

use std::ops::Range;

use banach_kernels::{
    Into, Isa, Matrix, Pool, Real, add_column_sums, matmul, pack, packed_len, sum_of_squares,
};

use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::input::{self, HideCategories};
use crate::loss::Loss;
use crate::network::{Network, Role, TensorInfo};
use crate::optimizer::{Optimizer, OptimizerState, Update};
use crate::pass::{PackedWeights, Shard, StepNoise};

/// Rows of a weight matrix that are one piece of work in phase 2; fills whole panels when packed.
const BLOCK_ROWS: usize = 64;

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
    pub(crate) network: Network<T>,
    pub(crate) optimizer_state: OptimizerState<T>,
    packed: PackedWeights<T>,
    gradients: Vec<T>,
    pub(crate) shards: Vec<Shard<T>>,
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
        let capacity = batch_size.max(1).div_ceil(threads).next_multiple_of(8);
        let shard = |_| Shard::new(network.spec(), capacity, true);
        let n_parameters = network.parameters().len();
        Ok(Self {
            optimizer_state: OptimizerState::new(optimizer, n_parameters),
            packed: PackedWeights::new(&network),
            gradients: vec![T::ZERO; n_parameters],
            shards: (0..threads).map(shard).collect(),
            pool,
            isa: Isa::best(),
            network,
        })
    }

    /// The network as it is now.
    #[must_use]
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// The gradient of the last batch, in the order of [`Network::parameters`].
    #[must_use]
    pub fn last_gradient(&self) -> &[T] {
        &self.gradients
    }

    /// Puts other parameters and another optimiser state in place.
    pub(crate) fn restore(&mut self, parameters: &[T], state: OptimizerState<T>) {
        self.network.parameters_mut().copy_from_slice(parameters);
        self.optimizer_state = state;
        self.packed = PackedWeights::new(&self.network);
    }

    /// One step on the rows `batch` of `data`.
    pub(crate) fn step(
        &mut self,
        data: &Dataset,
        batch: &[u32],
        options: &StepOptions,
    ) -> BatchResult {
        let number = self.optimizer_state.step;
        let seed = options.seed;
        let step = number as u32;
        let hide = HideCategories {
            seed,
            step,
            rate: options.hide_rate,
        };
        let noise = StepNoise { seed, step, hide };
        let mut result = self.passes(data, batch, &options.loss, Some(&noise));
        self.optimizer_state.step += 1;
        let update = Update {
            optimizer: options.optimizer,
            learning_rate: options.learning_rate,
            weight_decay: options.weight_decay,
            step: number + 1,
        };
        match options.clip_norm {
            None => self.update(
                data,
                batch,
                Some(&noise),
                Work::GradientAndStep,
                &update,
                1.0,
            ),
            Some(limit) => {
                let squares = self.update(data, batch, Some(&noise), Work::Gradient, &update, 1.0);
                result.gradient_norm = squares.sqrt();
                let scale = (limit / (result.gradient_norm + 1e-6)).min(1.0);
                self.update(data, batch, Some(&noise), Work::Step, &update, scale)
            }
        };
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
        result.gradient_norm = self
            .update(data, batch, None, Work::Gradient, &update, 1.0)
            .sqrt();
        result
    }

    /// Weighted loss of some rows without dropout: (sum of losses, sum of weights).
    pub(crate) fn evaluate(&mut self, data: &Dataset, rows: &[u32], loss: &Loss) -> (f64, f64) {
        let capacity = self.shards.iter().map(|shard| shard.losses.len()).sum();
        let mut loss_sum = 0.0;
        for batch in rows.chunks(capacity) {
            self.share_out(batch.len());
            let (network, packed, isa) = (&self.network, &self.packed, self.isa);
            self.pool.for_each(
                &mut vec![(); self.pool.threads()],
                &mut self.shards,
                |_, shard| {
                    forward(isa, network, packed, shard, data, batch, None);
                    losses(shard, data, batch, loss, None);
                },
            );
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
        let (network, packed, isa) = (&self.network, &self.packed, self.isa);
        self.pool.for_each(
            &mut vec![(); self.pool.threads()],
            &mut self.shards,
            |_, shard| {
                forward(isa, network, packed, shard, data, batch, noise);
                losses(shard, data, batch, loss, Some(scale));
                shard.backward(isa, network, noise);
            },
        );
        BatchResult {
            loss_sum: self.row_losses().sum(),
            weight_sum,
            gradient_norm: 0.0,
        }
    }

    /// Cuts a batch into contiguous parts, one for each thread.
    fn share_out(&mut self, n_rows: usize) {
        let n_shards = self.shards.len();
        let part = n_rows.div_ceil(n_shards).next_multiple_of(8);
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
        let n_outputs = self.network.spec().n_outputs;
        rows.iter()
            .map(|&row| loss.row_weight(data, row as usize, n_outputs))
            .sum()
    }

    /// Phase 2. Returns the sum of squares of the gradient when it is computed without a step.
    fn update(
        &mut self,
        data: &Dataset,
        batch: &[u32],
        noise: Option<&StepNoise>,
        work: Work,
        update: &Update,
        gradient_scale: f64,
    ) -> f64 {
        let (tensors, parameters) = self.network.tensors_and_parameters_mut();
        let [first, second] = &mut self.optimizer_state.slots;
        let mut blocks = blocks(
            tensors,
            parameters,
            &mut self.gradients,
            [first, second],
            &mut self.packed.layers,
        );
        let (shards, isa) = (&self.shards, self.isa);
        self.pool.for_each(
            &mut vec![(); self.pool.threads()],
            &mut blocks,
            |(), block| {
                if work != Work::Step {
                    block.compute_gradient(isa, shards, data, batch, noise);
                }
                match work {
                    Work::Gradient => sum_of_squares(isa, block.gradient, &mut block.squares),
                    Work::Step | Work::GradientAndStep => {
                        let decays = matches!(block.tensor.role, Role::Weight { .. });
                        let [first, second] = &mut block.slots;
                        let slots = [&mut **first, &mut **second];
                        let (parameters, gradient) = (&mut *block.parameters, &*block.gradient);
                        update.apply(isa, parameters, gradient, slots, gradient_scale, decays);
                        block.pack();
                    }
                }
            },
        );
        blocks.iter().map(|block| block.squares).sum()
    }
}

/// What phase 2 does with a block of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Gradient,
    Step,
    GradientAndStep,
}

/// Some rows of one parameter tensor, with everything that belongs to them.
struct Block<'a, T> {
    tensor: &'a TensorInfo,
    rows: Range<usize>,
    parameters: &'a mut [T],
    gradient: &'a mut [T],
    slots: [&'a mut [T]; 2],
    /// Where the rows lie packed: panels of their own, since a block is a whole number of panels.
    packed: &'a mut [T],
    squares: f64,
}

/// Cuts all parameters into blocks, in the order of the flat buffer.
fn blocks<'a, T>(
    tensors: &'a [TensorInfo],
    mut parameters: &'a mut [T],
    mut gradients: &'a mut [T],
    [mut first, mut second]: [&'a mut [T]; 2],
    packed: &'a mut [Vec<T>],
) -> Vec<Block<'a, T>> {
    let mut blocks = Vec::new();
    let mut packed = packed.iter_mut();
    for tensor in tensors {
        let n_rows = tensor.shape[0];
        let row_len = tensor.len() / n_rows;
        // A gradient of an embedding table is one pass over the batch: it is not cut.
        let block_rows = match tensor.role {
            Role::Weight { .. } => BLOCK_ROWS,
            Role::Bias { .. } | Role::Embedding { .. } => n_rows,
        };
        let mut packed: &mut [T] = match tensor.role {
            Role::Weight { .. } => packed.next().map_or(&mut [], Vec::as_mut_slice),
            Role::Bias { .. } | Role::Embedding { .. } => &mut [],
        };
        for start in (0..n_rows).step_by(block_rows) {
            let rows = start..(start + block_rows).min(n_rows);
            let len = rows.len() * row_len;
            let packed = take(&mut packed, packed_len(row_len, rows.len()));
            blocks.push(Block {
                tensor,
                rows,
                parameters: take(&mut parameters, len),
                gradient: take(&mut gradients, len),
                slots: [take(&mut first, len), take(&mut second, len)],
                packed,
                squares: 0.0,
            });
        }
    }
    blocks
}

/// Cuts `len` elements off the front; an empty buffer stays empty.
fn take<'a, T>(rest: &mut &'a mut [T], len: usize) -> &'a mut [T] {
    let whole = std::mem::take(rest);
    let (front, back) = whole.split_at_mut(len.min(whole.len()));
    *rest = back;
    front
}

impl<T: Real> Block<'_, T> {
    /// Packs the block's weights for the next forward pass.
    fn pack(&mut self) {
        if let Role::Weight { .. } = self.tensor.role {
            let weight = Matrix::new(self.parameters, self.rows.len(), self.tensor.shape[1]);
            pack(weight.transposed(), self.packed);
        }
    }

    /// `d_weight = d_z^T x`, `d_bias = column sums of d_z`, `d_embedding[code] = sum of d_x`, each
    /// over the rows of the batch in order.
    fn compute_gradient(
        &mut self,
        isa: Isa,
        shards: &[Shard<T>],
        data: &Dataset,
        batch: &[u32],
        noise: Option<&StepNoise>,
    ) {
        if batch.is_empty() || !matches!(self.tensor.role, Role::Weight { .. }) {
            self.gradient.fill(T::ZERO);
        }
        for shard in shards.iter().filter(|shard| shard.n_rows > 0) {
            let n_rows = shard.n_rows;
            match self.tensor.role {
                Role::Weight { layer } => {
                    let (n_out, n_in) = (self.tensor.shape[0], self.tensor.shape[1]);
                    let into = if shard.first_row == 0 {
                        Into::Overwrite
                    } else {
                        Into::Accumulate
                    };
                    let packed_x = shard.packed_inputs(layer);
                    let d_z = Matrix::new(shard.gradients(layer + 1), n_rows, n_out).transposed();
                    let d_z = d_z.row_range(self.rows.start, self.rows.len());
                    matmul(isa, d_z, packed_x, n_in, self.gradient, into);
                }
                Role::Bias { layer } => {
                    add_column_sums(isa, shard.gradients(layer + 1), self.gradient);
                }
                Role::Embedding { category, unit } => {
                    let dimension = self.tensor.shape[1];
                    let d_x = shard.gradients(0);
                    let width = d_x.len() / n_rows;
                    let n_categories = data.inputs.codes.len() / data.n_rows();
                    for (row, d_x) in d_x.chunks_exact(width).enumerate() {
                        let position = shard.first_row + row;
                        let code = input::code(
                            &data.inputs,
                            n_categories,
                            batch[position] as usize,
                            position,
                            category,
                            noise.map(|noise| &noise.hide),
                        );
                        let vector = &mut self.gradient[code as usize * dimension..][..dimension];
                        for (sum, &d) in vector.iter_mut().zip(&d_x[unit..]) {
                            *sum += d;
                        }
                    }
                }
            }
        }
    }
}

/// Fills a shard from its part of the batch and runs it forward.
fn forward<T: Real>(
    isa: Isa,
    network: &Network<T>,
    packed: &PackedWeights<T>,
    shard: &mut Shard<T>,
    data: &Dataset,
    batch: &[u32],
    noise: Option<&StepNoise>,
) {
    if shard.n_rows == 0 {
        return;
    }
    let first = shard.first_row;
    let rows = batch[first..first + shard.n_rows]
        .iter()
        .map(|&row| row as usize);
    let hide = noise.map(|noise| &noise.hide);
    input::gather(network, &data.inputs, rows, first, hide, shard.input_mut());
    shard.forward(isa, network, packed, noise);
}

/// Losses of a shard's rows and, given the factor on each row's loss, the gradient at the outputs.
fn losses<T: Real>(
    shard: &mut Shard<T>,
    data: &Dataset,
    batch: &[u32],
    loss: &Loss,
    scale: Option<f64>,
) {
    let (first, n_rows) = (shard.first_row, shard.n_rows);
    if n_rows == 0 {
        return;
    }
    let mut losses = std::mem::take(&mut shard.losses);
    let (outputs, d_outputs) = shard.outputs_and_gradients();
    let n_outputs = outputs.len() / n_rows;
    let lines = outputs
        .chunks_exact(n_outputs)
        .zip(d_outputs.chunks_exact_mut(n_outputs));
    for (i, (outputs, d_outputs)) in lines.enumerate() {
        let row = batch[first + i] as usize;
        let d_outputs = scale.is_some().then_some(d_outputs);
        losses[i] = loss.row(outputs, data, row, scale.unwrap_or(0.0), d_outputs);
    }
    shard.losses = losses;
}
