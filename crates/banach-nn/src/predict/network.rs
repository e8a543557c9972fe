//! A network laid out for prediction, and the memory that predicting takes, in numbers of any type.

use std::ops::Range;

use banach_kernels::{Bf16Line, Isa, LANES, Line, Pool, Real, flush_subnormals, to_bf16};

use super::moments::LayerMoments;
use super::row::RowScratch;
use super::{FEW_ROWS, Precision, ROWS, ROWS_OF_BF16};
use crate::dataset::check::{check_features, check_length, check_row, check_rows, check_shape};
use crate::error::DatasetError;
use crate::fold::fold;
use crate::input;
use crate::layout::{Layout, Weights};
use crate::pass::{Pass, Shard};
use crate::spec::{LayerSpec, NetworkSpec, Normalization};

use banach_data::Features;

/// A network with its weights as prediction reads them: normalizations that are fixed are part of them.
#[derive(Debug)]
pub(crate) struct PredictorOf<T> {
    pub(super) isa: Isa,
    pub(crate) spec: NetworkSpec,
    pub(super) layout: Layout,
    pub(super) lines: Vec<Line<T>>,
    pub(super) bf16: Option<Vec<Bf16Line>>,
}

/// What a workspace must have in common with a predictor.
#[derive(Debug, Clone, PartialEq)]
struct Shape {
    n_inputs: usize,
    layers: Vec<LayerSpec>,
    n_outputs: usize,
    bf16: bool,
}

/// Memory for prediction, a part for each thread.
#[derive(Debug)]
pub(crate) struct WorkspaceOf<T> {
    shape: Shape,
    rows_at_once: usize,
    threads: Vec<Scratch<T>>,
}

/// Memory for prediction on one thread.
#[derive(Debug)]
struct Scratch<T> {
    row: RowScratch<T>,
    shard: Shard<T>,
}

impl<T: Real> PredictorOf<T> {
    /// Lays out a network of a checked specification, with parameters in the order of its tensors.
    pub(crate) fn new(spec: &NetworkSpec, parameters: &[T], precision: Precision) -> Self {
        let isa = Isa::best();
        let layout = Layout::new(&spec.tensors());
        let packed = layout.pack(isa, parameters);
        let folded = flush_subnormals(|| fold(&layout, isa, spec, &packed));
        let (spec, mut lines) = folded.unwrap_or_else(|| (spec.clone(), packed));
        let bf16 = match precision {
            Precision::Single => None,
            Precision::Bf16 => {
                let bf16 = to_bf16(&lines);
                // Gains of layer normalization are read from the lines.
                let normalized = |layer: &LayerSpec| layer.normalization != Normalization::None;
                if !spec.layers.iter().any(normalized) {
                    lines.truncate(layout.table_lines());
                    lines.shrink_to_fit();
                }
                Some(bf16)
            }
        };
        Self {
            isa,
            spec,
            layout,
            lines,
            bf16,
        }
    }

    pub(super) fn weights(&self) -> Weights<'_, T> {
        Weights {
            layout: &self.layout,
            lines: &self.lines,
            bf16: self.bf16.as_deref(),
        }
    }

    fn pass(&self) -> Pass<'_, T> {
        Pass {
            isa: self.isa,
            spec: &self.spec,
            weights: self.weights(),
            noise: None,
            moments: &[],
        }
    }

    fn rows_at_once(&self) -> usize {
        if self.bf16.is_some() {
            ROWS_OF_BF16
        } else {
            ROWS
        }
    }

    /// Memory for `threads` threads.
    pub(crate) fn workspace(&self, threads: usize) -> WorkspaceOf<T> {
        let mut workspace = WorkspaceOf {
            shape: Shape {
                n_inputs: self.spec.inputs.width(),
                layers: self.spec.layers.clone(),
                n_outputs: self.spec.n_outputs,
                bf16: self.bf16.is_some(),
            },
            rows_at_once: self.rows_at_once(),
            threads: Vec::new(),
        };
        self.grow(&mut workspace, threads.max(1));
        workspace
    }

    fn grow(&self, workspace: &mut WorkspaceOf<T>, threads: usize) {
        while workspace.threads.len() < threads {
            let shard = Shard::new(&self.spec, &self.layout, workspace.rows_at_once, false);
            workspace.threads.push(Scratch {
                row: RowScratch::new(&self.spec, &self.layout),
                shard: if self.bf16.is_some() {
                    shard.widens(&self.layout)
                } else {
                    shard
                },
            });
        }
    }

    fn check_workspace(&self, workspace: &WorkspaceOf<T>) -> Result<(), DatasetError> {
        let shape = &workspace.shape;
        let fits = shape.n_inputs == self.spec.inputs.width()
            && shape.layers == self.spec.layers
            && shape.n_outputs == self.spec.n_outputs
            && shape.bf16 == self.bf16.is_some();
        if fits {
            Ok(())
        } else {
            Err(DatasetError::Workspace)
        }
    }

    pub(crate) fn row(
        &self,
        workspace: &mut WorkspaceOf<T>,
        numbers: &[f32],
        codes: &[u32],
        outputs: &mut [T],
    ) -> Result<(), DatasetError> {
        self.check_workspace(workspace)?;
        check_length("outputs", self.spec.n_outputs, outputs.len())?;
        check_row(&self.spec, numbers, codes)?;
        let scratch = &mut workspace.threads[0].row;
        flush_subnormals(|| self.pass().run_row(scratch, numbers, codes, outputs));
        Ok(())
    }

    pub(crate) fn rows(
        &self,
        workspace: &mut WorkspaceOf<T>,
        features: &Features,
        rows: Range<usize>,
        outputs: &mut [T],
    ) -> Result<(), DatasetError> {
        self.check_workspace(workspace)?;
        check_shape(&self.spec, features)?;
        if rows.end > features.n_rows {
            return Err(DatasetError::Row {
                row: u32::try_from(rows.end - 1).unwrap_or(u32::MAX),
                n_rows: features.n_rows,
            });
        }
        let n_outputs = self.spec.n_outputs;
        check_length("outputs", rows.len() * n_outputs, outputs.len())?;
        if rows.is_empty() {
            return Ok(());
        }
        check_rows(&self.spec, features, rows.clone())?;
        let scratch = &mut workspace.threads[0];
        let pass = self.pass();
        let starts = rows.step_by(workspace.rows_at_once);
        let parts = outputs.chunks_mut(workspace.rows_at_once * n_outputs);
        flush_subnormals(|| {
            for (first, outputs) in starts.zip(parts) {
                self.run_part(&pass, scratch, features, first, outputs);
            }
        });
        Ok(())
    }

    pub(crate) fn outputs(
        &self,
        workspace: &mut WorkspaceOf<T>,
        pool: &mut Pool,
        features: &Features,
    ) -> Result<Vec<T>, DatasetError> {
        self.check_workspace(workspace)?;
        check_features(&self.spec, features)?;
        self.grow(workspace, pool.threads());
        let (n_rows, n_outputs) = (features.n_rows, self.spec.n_outputs);
        let mut outputs = vec![T::ZERO; n_rows * n_outputs];
        let rows = workspace.rows_at_once.min(n_rows.div_ceil(pool.threads()));
        // Few rows are one part, which needs no other thread.
        let rows = rows.next_multiple_of(LANES / 2).max(LANES / 2);
        let mut parts: Vec<_> = outputs.chunks_mut(rows * n_outputs).enumerate().collect();
        let pass = self.pass();
        pool.for_each(
            &mut workspace.threads,
            &mut parts,
            |scratch, (part, out)| {
                self.run_part(&pass, scratch, features, *part * rows, out);
            },
        );
        Ok(outputs)
    }

    /// Outputs for the rows from `first` on that `outputs` has room for; they fit the scratch memory.
    fn run_part(
        &self,
        pass: &Pass<'_, T>,
        scratch: &mut Scratch<T>,
        features: &Features,
        first: usize,
        outputs: &mut [T],
    ) {
        let n_outputs = self.spec.n_outputs;
        let n_rows = outputs.len() / n_outputs;
        let by_row = outputs.chunks_exact_mut(n_outputs).zip(first..);
        if n_rows <= FEW_ROWS {
            for (outputs, row) in by_row {
                let (numbers, codes) = (features.row_numbers(row), features.row_codes(row));
                pass.run_row(&mut scratch.row, numbers, codes, outputs);
            }
            return;
        }
        scratch.shard.run(pass, features, first..first + n_rows);
        for (outputs, row) in by_row {
            scratch.shard.row_outputs(row - first, outputs);
        }
    }

    pub(crate) fn moments(
        &self,
        workspace: &mut WorkspaceOf<T>,
        features: &Features,
    ) -> Result<Vec<LayerMoments>, DatasetError> {
        self.check_workspace(workspace)?;
        check_features(&self.spec, features)?;
        let widths = self.spec.widths();
        let mut sums: Vec<Vec<(f64, f64)>> = widths.iter().map(|&w| vec![(0.0, 0.0); w]).collect();
        let shard = &mut workspace.threads[0].shard;
        let pass = self.pass();
        for first in (0..features.n_rows).step_by(ROWS) {
            let rows = first..(first + ROWS).min(features.n_rows);
            let n_rows = rows.len();
            flush_subnormals(|| shard.run(&pass, features, rows));
            for (index, sums) in sums.iter_mut().enumerate() {
                for row in 0..n_rows {
                    let units = shard.units(index).panel(row / LANES);
                    for ((sum, squares), line) in sums.iter_mut().zip(units) {
                        let y = line.0[row % LANES].to_f64();
                        *sum += y;
                        *squares += y * y;
                    }
                }
            }
        }
        let n = features.n_rows as f64;
        Ok(sums.iter().map(|sums| LayerMoments::of(sums, n)).collect())
    }
}

impl<T: Real> Shard<T> {
    /// Takes some rows forward, without dropout.
    fn run(&mut self, pass: &Pass<'_, T>, features: &Features, rows: Range<usize>) {
        self.n_rows = rows.len();
        let x = self.input_mut();
        input::gather(pass.spec, pass.weights, features, rows, 0, None, x);
        self.forward(pass, None);
    }
}
