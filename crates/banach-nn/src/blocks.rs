//! Pieces of the parameters that one thread works on, and their gradients: phase 2 of a step.

use std::ops::Range;

use banach_kernels::{
    Into, Isa, LANES, Line, Panels, PanelsMut, Real, add_column_sums, column_dots, matmul_nn,
    project_columns,
};

use crate::batch::Batch;
use crate::input;
use crate::layout::{Layer, Layout, PanelLines, Table};
use crate::pass::{Shard, StepNoise};
use crate::spec::{LayerSpec, Normalization};

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
    for (layer, place) in layout.layers.iter().enumerate() {
        let step = (BLOCK_LINES / place.stride()).max(1);
        for first in (0..place.n_panels()).step_by(step) {
            let end = place.n_panels().min(first + step);
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
    /// What the layer does; `None` for the output layer.
    pub(crate) kind: Option<&'a LayerSpec>,
    pub(crate) layer: usize,
    pub(crate) place: &'a Layer,
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
        let (layer, n_in) = (self.layer, self.place.n_in);
        let (weight, others) = gradient.split_at_mut(n_in);
        others.fill(Line::ZERO);
        let units = self.place.units(self.panel);
        let kind = self
            .kind
            .map_or(Normalization::None, |kind| kind.normalization);
        let by_sums = matches!(kind, Normalization::Batch | Normalization::Layer);
        let mut into = Into::Overwrite;
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
                into,
            );
            into = Into::Accumulate;
            if by_sums {
                for (_, sums, dots) in shard.group_sums(layer) {
                    for (lane, unit) in units.clone().enumerate() {
                        others[0].0[lane] += sums[unit];
                        others[1].0[lane] += dots[unit];
                    }
                }
            } else {
                add_column_sums(isa, d_z, &mut others[0]);
            }
        }
        if into == Into::Overwrite {
            weight.fill(Line::ZERO);
        }
        if kind == Normalization::Weight {
            let own = PanelLines::new(parameters, n_in);
            let (scale, inverse) = own.weight_norm(isa);
            let mut along = Line::ZERO;
            column_dots(isa, weight, own.weights, &mut along);
            for (lane, along) in along.0.iter_mut().enumerate() {
                let inverse = inverse.0[lane];
                others[1].0[lane] = *along * inverse;
                *along = *along * inverse * inverse;
            }
            project_columns(isa, weight, own.weights, &scale, &along);
        }
    }
}

/// `d_table[code] = sum over the rows of that code of d_x`.
pub(crate) fn table_gradient<T: Real>(
    table: &Table,
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
