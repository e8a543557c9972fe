//! Prediction: a network with its weights laid out for it once.

use banach_kernels::{
    HalfLine, Isa, LANES, Line, Pool, Real, add, flat, flat_mut, highway_forward, lines_for,
    row_layer_norm, row_product, row_product_half, row_relu, row_selu, sigmoid_forward, to_half,
};

use crate::dataset::Inputs;
use crate::error::{DatasetError, TrainError};
use crate::input;
use crate::layout::{Layer, Layout, Weights};
use crate::network::Network;
use crate::pass::{Pass, Shard};
use crate::spec::{Activation, Connection, LayerSpec, NetworkSpec, Normalization};

/// Rows that one thread takes at a time.
const ROWS: usize = 64;

/// The same with weights in bfloat16, which are widened once for all of them.
const ROWS_OF_HALF: usize = 256;

/// Batches of up to this many rows are run row by row: a product would compute 16 of them.
const FEW_ROWS: usize = 4;

/// How a predictor keeps the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// As trained.
    #[default]
    Single,
    /// Rounded to bfloat16, the upper half of an `f32`: half the memory, and half the time of a single
    /// row when that is bound by reading the weights. Sums stay in `f32`. Each weight moves by up to
    /// 2^-9 of itself.
    Bf16,
}

/// A network made ready to predict. A row's outputs have the same bits alone, in a batch, and with
/// any number of threads.
pub struct Predictor<T: Real = f32> {
    prepared: Prepared<T>,
    shards: Vec<Shard<T>>,
    /// The units of one row at each place.
    row: Vec<Vec<Line<T>>>,
    /// Net inputs of one row.
    net_inputs: Vec<Line<T>>,
    rows_at_once: usize,
    pool: Pool,
    isa: Isa,
}

/// A network with its weights as prediction reads them: normalizations that are fixed are part of them.
struct Prepared<T> {
    spec: NetworkSpec,
    layout: Layout,
    lines: Vec<Line<T>>,
    half: Option<Vec<HalfLine>>,
}

impl<T: Real> Prepared<T> {
    fn weights(&self) -> Weights<'_, T> {
        Weights {
            layout: &self.layout,
            lines: &self.lines,
            half: self.half.as_deref(),
        }
    }

    fn pass(&self, isa: Isa) -> Pass<'_, T> {
        Pass {
            isa,
            spec: &self.spec,
            weights: self.weights(),
            noise: None,
            moments: &[],
        }
    }
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
    /// Lays out a network's weights and starts `threads` threads.
    ///
    /// # Errors
    /// If the system refuses the threads.
    pub fn new(network: &Network<T>, threads: usize) -> Result<Self, TrainError> {
        Self::with_precision(network, threads, Precision::Single)
    }

    /// [`Predictor::new`] with the weights kept in some precision.
    ///
    /// # Errors
    /// If the system refuses the threads.
    pub fn with_precision(
        network: &Network<T>,
        threads: usize,
        precision: Precision,
    ) -> Result<Self, TrainError> {
        let threads = threads.max(1);
        let pool = Pool::new(threads).map_err(|source| TrainError::Threads { threads, source })?;
        let isa = Isa::best();
        let layout = network.layout();
        let packed = layout.pack(isa, network.parameters());
        let (spec, mut lines) = layout
            .folded(isa, network.spec(), &packed)
            .unwrap_or_else(|| (network.spec().clone(), packed));
        let (half, rows_at_once) = match precision {
            Precision::Single => (None, ROWS),
            Precision::Bf16 => {
                let half = to_half(&lines);
                // Gains of layer normalization are read from there.
                let normalized = |layer: &LayerSpec| layer.normalization != Normalization::None;
                if !spec.layers.iter().any(normalized) {
                    lines.truncate(layout.table_lines());
                    lines.shrink_to_fit();
                }
                (Some(half), ROWS_OF_HALF)
            }
        };
        let shard = |_| {
            let shard = Shard::new(&spec, &layout, rows_at_once, false);
            match precision {
                Precision::Single => shard,
                Precision::Bf16 => shard.widens(&layout),
            }
        };
        let widest = layout.layers.iter().map(Layer::n_panels).max().unwrap_or(0);
        let row = |&width: &usize| vec![Line::ZERO; lines_for(width)];
        Ok(Self {
            shards: (0..threads).map(shard).collect(),
            row: spec.widths().iter().map(row).collect(),
            net_inputs: vec![Line::ZERO; widest],
            rows_at_once,
            prepared: Prepared {
                spec,
                layout,
                lines,
                half,
            },
            pool,
            isa,
        })
    }

    /// What the network is.
    #[must_use]
    pub fn spec(&self) -> &NetworkSpec {
        &self.prepared.spec
    }

    /// Outputs of the last layer (logits, or the number): [n_rows, n_outputs], row-major.
    ///
    /// # Errors
    /// If the inputs do not fit the network.
    pub fn outputs(&mut self, inputs: &Inputs) -> Result<Vec<T>, DatasetError> {
        inputs.check(&self.prepared.spec)?;
        let n_outputs = self.prepared.spec.n_outputs;
        let mut outputs = vec![T::ZERO; inputs.n_rows * n_outputs];
        if inputs.n_rows <= FEW_ROWS {
            let (n_numbers, n_codes) = (
                self.prepared.spec.inputs.n_numbers,
                self.prepared.spec.inputs.categories.len(),
            );
            for (row, outputs) in outputs.chunks_exact_mut(n_outputs).enumerate() {
                let numbers = &inputs.numbers[row * n_numbers..][..n_numbers];
                let codes = &inputs.codes[row * n_codes..][..n_codes];
                self.run_row(numbers, codes, outputs);
            }
            return Ok(outputs);
        }
        let rows = self
            .rows_at_once
            .min(inputs.n_rows.div_ceil(self.pool.threads()));
        let rows = rows.next_multiple_of(LANES / 2);
        let mut parts: Vec<_> = outputs.chunks_mut(rows * n_outputs).enumerate().collect();
        let pass = self.prepared.pass(self.isa);
        self.pool
            .for_each(&mut self.shards, &mut parts, |shard, (part, out)| {
                let first = *part * rows;
                let n_rows = out.len() / n_outputs;
                run(&pass, shard, inputs, first..first + n_rows);
                for (row, outputs) in out.chunks_exact_mut(n_outputs).enumerate() {
                    shard.row_outputs(row, outputs);
                }
            });
        Ok(outputs)
    }

    /// Outputs for one row, on the calling thread and without allocating.
    ///
    /// # Shapes
    /// `numbers`: the number features; `codes`: the category codes; `outputs`: one number for each output.
    ///
    /// # Errors
    /// If the row does not fit the network.
    pub fn row(
        &mut self,
        numbers: &[f32],
        codes: &[u32],
        outputs: &mut [T],
    ) -> Result<(), DatasetError> {
        let n_outputs = self.prepared.spec.n_outputs;
        if outputs.len() != n_outputs {
            return Err(DatasetError::Length {
                what: "outputs",
                expected: n_outputs,
                got: outputs.len(),
            });
        }
        crate::dataset::check_row(&self.prepared.spec, numbers, codes)?;
        self.run_row(numbers, codes, outputs);
        Ok(())
    }

    fn run_row(&mut self, numbers: &[f32], codes: &[u32], outputs: &mut [T]) {
        let isa = self.isa;
        let prepared = &self.prepared;
        let weights = prepared.weights();
        let units = flat_mut(&mut self.row[0]);
        let code = |column: usize| codes[column] as usize;
        input::units_of(
            &prepared.spec.inputs,
            weights,
            numbers,
            code,
            |unit, value| {
                units[unit] = value;
            },
        );
        for (index, layer) in prepared.layout.layers.iter().enumerate() {
            let (before, after) = self.row.split_at_mut(index + 1);
            let x = &flat(&before[index])[..layer.n_in];
            let y = &mut after[0];
            let lines = layer.lines(0..layer.n_panels());
            let kind = prepared.spec.layers.get(index);
            let normalized = kind.is_some_and(|kind| kind.normalization == Normalization::Layer);
            let bias = if normalized { None } else { Some(layer.n_in) };
            let z = &mut self.net_inputs[..layer.n_panels()];
            match &prepared.half {
                None => row_product(isa, x, &prepared.lines[lines], layer.stride(), bias, z),
                Some(half) => row_product_half(isa, x, &half[lines], layer.stride(), bias, z),
            }
            if !layer.gated {
                y.copy_from_slice(z);
            }
            let Some(kind) = kind else { continue };
            if layer.gated {
                for (group, (y, x)) in y.iter_mut().zip(&before[index]).enumerate() {
                    let [h, t] = &mut z[2 * group..2 * group + 2] else {
                        continue;
                    };
                    let (h, t) = (std::slice::from_mut(h), std::slice::from_mut(t));
                    activate(isa, kind.activation, h);
                    sigmoid_forward(isa, t, &[T::from_f64(-0.0)]);
                    let x = std::slice::from_ref(x);
                    highway_forward(isa, h, t, x, std::slice::from_mut(y));
                }
                continue;
            }
            if normalized {
                let lines = &prepared.lines[layer.lines(0..layer.n_panels())];
                row_layer_norm(isa, y, layer.width, lines, layer.n_in, layer.stride());
            }
            if let Connection::Residual { layers } = kind.connection {
                add(isa, y, &before[index + 1 - layers]);
            }
            activate(isa, kind.activation, y);
        }
        if let Some(last) = self.row.last() {
            outputs.copy_from_slice(&flat(last)[..outputs.len()]);
        }
    }

    /// Moments of the input and of every layer's activations over the rows of `inputs`; the last
    /// entry is the output layer's.
    ///
    /// # Errors
    /// If the inputs do not fit the network.
    pub fn moments(&mut self, inputs: &Inputs) -> Result<Vec<LayerMoments>, DatasetError> {
        inputs.check(&self.prepared.spec)?;
        let widths = self.prepared.spec.widths();
        let mut sums: Vec<Vec<(f64, f64)>> = widths.iter().map(|&w| vec![(0.0, 0.0); w]).collect();
        let Some(shard) = self.shards.first_mut() else {
            return Ok(Vec::new());
        };
        let pass = self.prepared.pass(self.isa);
        for first in (0..inputs.n_rows).step_by(ROWS) {
            let rows = first..(first + ROWS).min(inputs.n_rows);
            let n_rows = rows.len();
            run(&pass, shard, inputs, rows);
            for (place, sums) in sums.iter_mut().enumerate() {
                for row in 0..n_rows {
                    let units = shard.units(place).panel(row / LANES);
                    for ((sum, squares), line) in sums.iter_mut().zip(units) {
                        let y = line.0[row % LANES].to_f64();
                        *sum += y;
                        *squares += y * y;
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
    pass: &Pass<'_, T>,
    shard: &mut Shard<T>,
    inputs: &Inputs,
    rows: std::ops::Range<usize>,
) {
    shard.n_rows = rows.len();
    input::gather(
        pass.spec,
        pass.weights,
        inputs,
        rows,
        0,
        None,
        shard.input_mut(),
    );
    shard.forward(pass, None);
}

/// The activation of one row's units.
fn activate<T: Real>(isa: Isa, activation: Activation, z: &mut [Line<T>]) {
    match activation {
        Activation::Relu => row_relu(isa, z),
        Activation::Selu { .. } => row_selu(isa, z, activation.selu().unwrap_or_default()),
    }
}
