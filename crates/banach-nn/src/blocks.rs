//! Pieces of the parameters that one thread works on, and their gradients: phase 2 of a step.

use std::ops::Range;

use banach_kernels::{Accumulate, Isa, LANES, Line, Panels, PanelsMut, Real, matmul_nn};

use crate::batch::Batch;
use crate::input;
use crate::layers::{LayerKind, dense, weight_norm};
use crate::layout::{EmbeddingTable, LayerLayout, Layout, PanelLines};
use crate::pass::{Shard, StepNoise};

/// Lines of parameters that are one piece of work in phase 2, unless one panel has more: with the
/// gradient and the inputs beside them they stay in the second-level cache.
const BLOCK_LINES: usize = 512;

/// Parameters that one thread works on: some panels of a layer, or an embedding table, which is not
/// cut because its gradient is one pass over the batch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Block {
    Table(usize),
    Panels {
        layer: usize,
        first: usize,
        end: usize,
    },
}

/// Cuts all parameters into blocks, in the order of their lines.
pub(crate) fn blocks(layout: &Layout) -> Vec<Block> {
    let mut blocks: Vec<_> = (0..layout.tables.len()).map(Block::Table).collect();
    for (layer, layer_layout) in layout.layers.iter().enumerate() {
        let step = (BLOCK_LINES / layer_layout.stride()).max(1);
        for first in (0..layer_layout.n_panels()).step_by(step) {
            let end = layer_layout.n_panels().min(first + step);
            blocks.push(Block::Panels { layer, first, end });
        }
    }
    blocks
}

impl Block {
    pub(crate) fn lines(&self, layout: &Layout) -> Range<usize> {
        match *self {
            Self::Table(table) => layout.tables[table].lines(),
            Self::Panels { layer, first, end } => layout.layers[layer].lines(first..end),
        }
    }

    /// The block's trained lines, counted from its first, in parts of which each decays or does not.
    pub(crate) fn parts(&self, layout: &Layout) -> impl Iterator<Item = (Range<usize>, bool)> {
        let (n_parts, n_weights, n_trained, stride) = match *self {
            Self::Table(table) => {
                let n_lines = layout.tables[table].lines().len();
                (1, 0, n_lines, n_lines)
            }
            Self::Panels { layer, first, end } => {
                let layer = &layout.layers[layer];
                (end - first, layer.n_in, layer.n_trained(), layer.stride())
            }
        };
        (0..n_parts).flat_map(move |part| {
            let start = part * stride;
            let weights = (start..start + n_weights, true);
            let others = (start + n_weights..start + n_trained, false);
            [weights, others]
                .into_iter()
                .filter(|(lines, _)| !lines.is_empty())
        })
    }
}

/// One panel of a layer's units.
pub(crate) struct PanelOf<'a> {
    pub(crate) kind: LayerKind,
    pub(crate) layer: usize,
    pub(crate) layer_layout: &'a LayerLayout,
    pub(crate) panel: usize,
}

impl PanelOf<'_> {
    /// `d_weight^T = x d_z^T` and the gradients of the biases and gains, over the rows of the batch in
    /// order.
    pub(crate) fn gradient<T: Real>(
        &self,
        isa: Isa,
        shards: &[Shard<T>],
        parameters: &[Line<T>],
        gradient: &mut [Line<T>],
    ) {
        let (layer, n_in) = (self.layer, self.layer_layout.n_in);
        let (weight, others) = gradient.split_at_mut(n_in);
        others.fill(Line::ZERO);
        let units = self.layer_layout.units(self.panel);
        let mut accumulate = Accumulate::No;
        for shard in shards.iter().filter(|shard| shard.n_rows > 0) {
            let d_z = shard.row_gradients(layer, self.panel);
            let d_z_rows = Panels::new(d_z, d_z.len(), units.len(), d_z.len());
            let mut weight = PanelsMut::new(weight, n_in, units.len(), n_in);
            matmul_nn(
                isa,
                shard.units(layer),
                d_z_rows,
                &mut weight,
                0..n_in,
                accumulate,
            );
            accumulate = Accumulate::Yes;
            match (self.kind, &mut *others) {
                (LayerKind::BatchNorm | LayerKind::LayerNorm, [bias, gain, ..]) => {
                    let sums = shard.unit_sums(layer);
                    sums.add_gradient(shard.n_rows, &units, [bias, gain]);
                }
                (_, [bias, ..]) => dense::add_gradient(isa, d_z, bias),
                (_, []) => {}
            }
        }
        if accumulate == Accumulate::No {
            weight.fill(Line::ZERO);
        }
        if let (LayerKind::WeightNorm, [_, gain]) = (self.kind, others) {
            let parameters = PanelLines::new(parameters, n_in);
            weight_norm::gradient(isa, &parameters, weight, gain);
        }
    }
}

/// `d_table[code] = sum over the rows of that code of d_x`.
pub(crate) fn table_gradient<T: Real>(
    table: &EmbeddingTable,
    shards: &[Shard<T>],
    batch: &Batch<'_>,
    noise: Option<&StepNoise>,
    gradient: &mut [T],
) {
    gradient.fill(T::ZERO);
    let features = &batch.dataset().features;
    let dropout = noise.map(|noise| &noise.category_dropout);
    for shard in shards.iter().filter(|shard| shard.n_rows > 0) {
        let d_x = shard.input_gradient();
        for row in 0..shard.n_rows {
            let position = shard.first_row + row;
            let in_dataset = batch.rows()[position] as usize;
            let code = input::code(features, in_dataset, position, table.category, dropout);
            let vector = &mut gradient[code as usize * table.dimension..][..table.dimension];
            let d_x = &d_x.panel(row / LANES)[table.unit..];
            for (sum, d_x) in vector.iter_mut().zip(d_x) {
                *sum += d_x.0[row % LANES];
            }
        }
    }
}
