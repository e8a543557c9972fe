//! Prediction: a network with its weights packed once.

use banach_kernels::{Isa, Pool, Real};

use crate::dataset::Inputs;
use crate::error::{DatasetError, TrainError};
use crate::input;
use crate::network::Network;
use crate::pass::{PackedWeights, Shard};

/// Rows that one thread takes at a time.
const ROWS: usize = 64;

/// A network made ready to predict. A row's outputs have the same bits alone, in a batch, and with
/// any number of threads.
pub struct Predictor<T: Real = f32> {
    network: Network<T>,
    packed: PackedWeights<T>,
    shards: Vec<Shard<T>>,
    pool: Pool,
    isa: Isa,
}

/// Mean and variance of the activations of one layer over some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerMoments {
    /// Mean over all units and rows.
    pub mean: f64,
    /// Variance over all units and rows.
    pub variance: f64,
    /// Smallest and largest mean of a unit.
    pub unit_mean: (f64, f64),
    /// Smallest and largest variance of a unit.
    pub unit_variance: (f64, f64),
}

impl<T: Real> Predictor<T> {
    /// Packs a network's weights and starts `threads` threads.
    ///
    /// # Errors
    /// If the system refuses the threads.
    pub fn new(network: Network<T>, threads: usize) -> Result<Self, TrainError> {
        let threads = threads.max(1);
        let pool = Pool::new(threads).map_err(|source| TrainError::Threads { threads, source })?;
        let shard = |_| Shard::new(network.spec(), ROWS, false);
        Ok(Self {
            packed: PackedWeights::new(&network),
            shards: (0..threads).map(shard).collect(),
            pool,
            isa: Isa::best(),
            network,
        })
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// Outputs of the last layer (logits, or the number): [n_rows, n_outputs], row-major.
    ///
    /// # Errors
    /// If the inputs do not fit the network.
    pub fn outputs(&mut self, inputs: &Inputs) -> Result<Vec<T>, DatasetError> {
        inputs.check(self.network.spec())?;
        let n_outputs = self.network.spec().n_outputs;
        let mut outputs = vec![T::ZERO; inputs.n_rows * n_outputs];
        let mut parts: Vec<_> = outputs.chunks_mut(ROWS * n_outputs).enumerate().collect();
        let (network, packed, isa) = (&self.network, &self.packed, self.isa);
        self.pool
            .for_each(&mut self.shards, &mut parts, |shard, (part, out)| {
                let first = *part * ROWS;
                let n_rows = out.len() / n_outputs;
                run(isa, network, packed, shard, inputs, first..first + n_rows);
                out.copy_from_slice(shard.units(network.n_layers()));
            });
        Ok(outputs)
    }

    /// Moments of the input and of every layer's activations over the rows of `inputs`; the last
    /// entry is the output layer's.
    ///
    /// # Errors
    /// If the inputs do not fit the network.
    pub fn moments(&mut self, inputs: &Inputs) -> Result<Vec<LayerMoments>, DatasetError> {
        inputs.check(self.network.spec())?;
        let widths = self.network.spec().widths();
        let mut sums: Vec<Vec<(f64, f64)>> = widths.iter().map(|&w| vec![(0.0, 0.0); w]).collect();
        let Some(shard) = self.shards.first_mut() else {
            return Ok(Vec::new());
        };
        for first in (0..inputs.n_rows).step_by(ROWS) {
            let rows = first..(first + ROWS).min(inputs.n_rows);
            run(self.isa, &self.network, &self.packed, shard, inputs, rows);
            for (place, sums) in sums.iter_mut().enumerate() {
                for line in shard.units(place).chunks_exact(widths[place]) {
                    for ((sum, squares), y) in sums.iter_mut().zip(line) {
                        *sum += y.to_f64();
                        *squares += y.to_f64() * y.to_f64();
                    }
                }
            }
        }
        let n = inputs.n_rows as f64;
        Ok(sums.iter().map(|sums| LayerMoments::of(sums, n)).collect())
    }
}

impl LayerMoments {
    /// From the sum and the sum of squares of each unit over n rows.
    fn of(sums: &[(f64, f64)], n: f64) -> Self {
        let units = sums.len() as f64;
        let mean = sums.iter().map(|(sum, _)| sum / n).sum::<f64>() / units;
        let second = sums.iter().map(|(_, squares)| squares / n).sum::<f64>() / units;
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            })
        };
        let means = &mut sums.iter().map(|(sum, _)| sum / n);
        let unit_mean = range(means);
        let variances = &mut sums
            .iter()
            .map(|(sum, squares)| (squares / n - (sum / n).powi(2)).max(0.0));
        let unit_variance = range(variances);
        Self {
            mean,
            variance: (second - mean * mean).max(0.0),
            unit_mean,
            unit_variance,
        }
    }
}

fn run<T: Real>(
    isa: Isa,
    network: &Network<T>,
    packed: &PackedWeights<T>,
    shard: &mut Shard<T>,
    inputs: &Inputs,
    rows: std::ops::Range<usize>,
) {
    shard.n_rows = rows.len();
    input::gather(network, inputs, rows, 0, None, shard.input_mut());
    shard.forward(isa, network, packed, None);
}
