//! The kinds of layers, a file each.
//!
//! A hidden layer computes `y = dropout(activation(normalization(weight x + bias) + skip))`, where `skip`
//! is nothing or the units that a residual block started from; a highway layer mixes its activations with
//! its input instead. The output layer is dense and linear.
//!
//! Each file has a kind's formula and shapes, then its buffers, forward, backward, its part of the
//! parameters' gradient, what prediction folds into the weights, and the way of a single row. `pass/`
//! walks through rows and layers and calls them; it makes the products with the weights itself, since
//! these are the same for all. There are two calls in each direction: one for a piece of 32 units and 32
//! rows while it is in the first cache, right after the product that gave it, and for kinds that need
//! other units or other rows a second one when these are known.
//!
//! Units run down the lines, batch rows across the lanes: a piece is up to 32 lines, one for each unit.

pub(crate) mod batch_norm;
pub(crate) mod dense;
pub(crate) mod highway;
pub(crate) mod layer_norm;
pub(crate) mod residual;
pub(crate) mod unit_sums;
pub(crate) mod weight_norm;

use banach_kernels::{DropoutMask, Isa, Line, Piece, Real};

use crate::spec::{Activation, Connection, LayerSpec, Normalization};
use unit_sums::UnitSums;

/// How a layer is computed, but for its activation and a residual connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayerKind {
    Dense,
    BatchNorm,
    LayerNorm,
    WeightNorm,
    Highway,
}

impl LayerKind {
    /// The kind of a hidden layer, or of the output layer, which has no specification.
    pub(crate) fn of(layer_spec: Option<&LayerSpec>) -> Self {
        let Some(layer_spec) = layer_spec else {
            return Self::Dense;
        };
        match (layer_spec.connection, layer_spec.normalization) {
            (Connection::Highway, _) => Self::Highway,
            (_, Normalization::None) => Self::Dense,
            (_, Normalization::Batch) => Self::BatchNorm,
            (_, Normalization::Layer) => Self::LayerNorm,
            (_, Normalization::Weight) => Self::WeightNorm,
        }
    }

    /// Whether the net inputs are kept beside the units, because the layer is not finished with them
    /// when the product is made.
    pub(crate) fn keeps_net_inputs(self) -> bool {
        match self {
            Self::BatchNorm | Self::LayerNorm | Self::Highway => true,
            Self::Dense | Self::WeightNorm => false,
        }
    }
}

/// What a layer keeps of its rows from forward to backward, beside its units. Empty where the kind keeps
/// nothing.
#[derive(Debug)]
pub(crate) struct LayerBuffers<T> {
    /// Normalized net inputs, or activations and gates of a highway layer: [n_out, rows] in panels.
    pub(crate) z: Vec<Line<T>>,
    /// With layer normalization, the inverse standard deviation of each row.
    pub(crate) inverse_deviations: Vec<Line<T>>,
    /// With batch or layer normalization, sums over groups of rows.
    pub(crate) sums: UnitSums<T>,
}

impl<T: Real> LayerBuffers<T> {
    fn none() -> Self {
        Self {
            z: Vec::new(),
            inverse_deviations: Vec::new(),
            sums: UnitSums::new(0, 0),
        }
    }
}

/// The sizes of a layer's buffers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BufferSizes {
    /// Units.
    pub(crate) width: usize,
    /// Lines that the product with the weights gives: as many as units, or twice that with gates.
    pub(crate) n_out: usize,
    /// Rows that there is room for.
    pub(crate) capacity: usize,
    /// Panels of 32 rows that there is room for.
    pub(crate) panels: usize,
    /// Whether there is a backward pass.
    pub(crate) training: bool,
}

impl LayerKind {
    /// Buffers of a layer of this kind.
    pub(crate) fn buffers<T: Real>(self, sizes: &BufferSizes) -> LayerBuffers<T> {
        match self {
            Self::Dense => dense::buffers(),
            Self::BatchNorm => batch_norm::buffers(sizes),
            Self::LayerNorm => layer_norm::buffers(sizes),
            Self::WeightNorm => weight_norm::buffers(),
            Self::Highway => highway::buffers(sizes),
        }
    }
}

/// What a piece of up to 32 units and 32 rows is computed with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PieceContext<'a, T> {
    pub(crate) isa: Isa,
    /// `None` for the linear output layer.
    pub(crate) activation: Option<Activation>,
    /// The units' biases.
    pub(crate) bias: &'a [T],
    pub(crate) mask: Option<&'a DropoutMask>,
    pub(crate) piece: Piece,
    /// The units that a residual connection adds.
    pub(crate) skip: Option<&'a [Line<T>]>,
}
