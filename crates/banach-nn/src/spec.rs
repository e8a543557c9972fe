//! The network as data: what a model file stores, and what everything else is built from.

use banach_kernels::{ALPHA_01, LAMBDA_01, Selu};
use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::names::from_name;

/// Maximum number of hidden layers.
pub(crate) const MAX_LAYERS: usize = 256;

/// A feed-forward network: inputs, hidden layers, and a linear output layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// What enters the first layer.
    pub inputs: InputSpec,
    /// Hidden layers, from input to output.
    pub layers: Vec<LayerSpec>,
    /// Width of the linear output layer.
    pub n_outputs: usize,
}

/// The inputs: numbers first, then one block of units for each category column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Number features, each one unit.
    pub n_numbers: usize,
    /// Category features, each a block of units.
    pub categories: Vec<CategorySpec>,
    /// Dropout of the input units.
    pub dropout: Dropout,
}

/// How the codes 0..n of a category column enter the network: one-hot or embedded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CategorySpec {
    /// A unit for each code: `high[code]` when the row has that code, else `low[code]`.
    OneHot {
        /// Value of each unit for rows with another code.
        low: Vec<f32>,
        /// Value of each unit for rows with its code.
        high: Vec<f32>,
    },
    /// An embedding: a trained vector for each code, initially Normal(0, 1).
    Embedding {
        /// Number of codes.
        n_codes: usize,
        /// Embedding dimension.
        dimension: usize,
    },
}

impl CategorySpec {
    /// Number of codes.
    #[must_use]
    pub fn n_codes(&self) -> usize {
        match self {
            Self::OneHot { high, .. } => high.len(),
            Self::Embedding { n_codes, .. } => *n_codes,
        }
    }

    /// Number of input units.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::OneHot { high, .. } => high.len(),
            Self::Embedding { dimension, .. } => *dimension,
        }
    }
}

/// One hidden layer: `dropout(activation(normalization(weight x + bias)))`, possibly with a skip connection.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerSpec {
    /// Number of units.
    pub width: usize,
    /// The activation function.
    pub activation: Activation,
    /// Dropout after the activation, in training only.
    pub dropout: Dropout,
    /// Normalization of the net input.
    #[serde(default, skip_serializing_if = "Normalization::is_none")]
    pub normalization: Normalization,
    /// The skip connection around the layer.
    #[serde(default, skip_serializing_if = "Connection::is_plain")]
    pub connection: Connection,
}

impl LayerSpec {
    /// A layer without normalization and without a skip connection.
    #[must_use]
    pub const fn dense(width: usize, activation: Activation, dropout: Dropout) -> Self {
        Self {
            width,
            activation,
            dropout,
            normalization: Normalization::None,
            connection: Connection::Plain,
        }
    }
}

impl LayerSpec {
    /// Parameters and running averages of one unit with `n_in` inputs.
    fn parameters_per_unit(&self, n_in: usize) -> Option<usize> {
        let affine = n_in.checked_add(1)?;
        let affine = match self.connection {
            Connection::Highway => affine.checked_mul(2)?,
            Connection::Plain | Connection::Residual { .. } => affine,
        };
        affine.checked_add(match self.normalization {
            Normalization::None => 0,
            Normalization::Layer | Normalization::Weight => 1,
            Normalization::Batch => 3,
        })
    }
}

/// Normalization of a layer's net input before its activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Normalization {
    /// Nothing: `z = weight x + bias`.
    #[default]
    None,
    /// Batch normalization (arXiv:1502.03167): each unit's `weight x` gets mean 0 and variance 1 over
    /// the batch, or by running averages in prediction, then `gain` and `bias` of the unit's own.
    Batch,
    /// Layer normalization (arXiv:1607.06450): each row's `weight x` gets mean 0 and variance 1 over
    /// the layer's units, then `gain` and `bias` of the unit's own.
    Layer,
    /// Weight normalization (arXiv:1602.07868): each unit's weights are `gain * v / |v|`.
    Weight,
}

impl Normalization {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// The skip connection around a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Connection {
    /// None.
    #[default]
    Plain,
    /// Highway (arXiv:1505.00387): `y = t h + (1 - t) x` with the layer's activations h and gates
    /// `t = sigmoid(gate weight x + gate bias)`.
    Highway,
    /// Residual (arXiv:1512.03385): the units that entered the block of this and the `layers - 1`
    /// layers before it are added to the (normalized) net input.
    Residual {
        /// Layers of the block that ends here, at least 1.
        layers: usize,
    },
}

impl Connection {
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

/// The nonlinearity of a hidden layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Activation {
    /// `lambda x` for x > 0, else `lambda alpha (exp(x) - 1)` (arXiv:1706.02515, Eq. 2), made for
    /// activations of this mean and variance.
    Selu {
        /// Scale of the negative part.
        alpha: f64,
        /// Slope of the positive part.
        lambda: f64,
        /// Mean of the fixed point that alpha and lambda belong to.
        mean: f64,
        /// Variance of that fixed point.
        variance: f64,
    },
    /// max(x, 0).
    Relu,
}

impl Activation {
    /// SELU with the fixed point of mean 0 and variance 1.
    pub const SELU: Self = Self::Selu {
        alpha: ALPHA_01,
        lambda: LAMBDA_01,
        mean: 0.0,
        variance: 1.0,
    };

    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Selu { .. } => "selu",
            Self::Relu => "relu",
        }
    }

    /// Variance of the initial weights times fan_in: 1 for SELU (arXiv:1706.02515, section
    /// "Initialization"), 2 for ReLU (He et al., arXiv:1502.01852).
    #[must_use]
    pub fn weight_gain(&self) -> f64 {
        match self {
            Self::Selu { .. } => 1.0,
            Self::Relu => 2.0,
        }
    }

    /// The kernel's SELU parameters; `None` for other activations.
    #[must_use]
    pub(crate) fn selu(&self) -> Option<Selu> {
        match *self {
            Self::Selu { alpha, lambda, .. } => Some(Selu { alpha, lambda }),
            Self::Relu => None,
        }
    }
}

/// Dropout of units in training; there is none in prediction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Dropout {
    /// No dropout.
    None,
    /// Alpha dropout (arXiv:1706.02515): sets units to SELU's lower limit and restores mean and variance
    /// by an affine map.
    Alpha {
        /// Dropout rate: the probability that a unit is dropped, in [0, 1).
        rate: f64,
    },
    /// Inverted dropout: sets units to zero and divides the others by the keep rate.
    Ordinary {
        /// Dropout rate: the probability that a unit is dropped, in [0, 1).
        rate: f64,
    },
}

impl Dropout {
    /// Dropout rate: the probability that a unit is dropped.
    #[must_use]
    pub fn rate(&self) -> f64 {
        match *self {
            Self::None => 0.0,
            Self::Alpha { rate } | Self::Ordinary { rate } => rate,
        }
    }
}

/// How the widths of the hidden layers follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Every layer has the same width.
    Rectangular,
    /// Widths fall geometrically from the first hidden layer towards the output's.
    Conic,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Rectangular, Self::Conic];

    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rectangular => "rectangular",
            Self::Conic => "conic",
        }
    }

    /// Widths of `n_layers` hidden layers that start at `width`, before an output of `n_outputs`.
    ///
    /// Conic: layer i of L has `width * (n_outputs / width)^(i / L)` units, rounded, at least
    /// `n_outputs` and at least 1, so that the output layer continues the series.
    #[must_use]
    pub fn widths(self, width: usize, n_layers: usize, n_outputs: usize) -> Vec<usize> {
        let width_at = |layer: usize| match self {
            Self::Rectangular => width,
            Self::Conic if n_outputs >= width => width,
            Self::Conic => {
                let share = layer as f64 / n_layers as f64;
                let ratio = n_outputs as f64 / width as f64;
                let exact = width as f64 * libm::pow(ratio, share);
                (libm::round(exact) as usize).max(n_outputs).max(1)
            }
        };
        (0..n_layers).map(width_at).collect()
    }
}

from_name!(Shape);

impl InputSpec {
    /// Number of units that enter the first layer.
    #[must_use]
    pub fn width(&self) -> usize {
        // Saturating: a file may ask for any width, and `NetworkSpec::check` has to see that.
        let categories = self.categories.iter().map(CategorySpec::width);
        categories.fold(self.n_numbers, usize::saturating_add)
    }

    /// Whether any category is embedded.
    #[must_use]
    pub fn has_embeddings(&self) -> bool {
        self.categories
            .iter()
            .any(|c| matches!(c, CategorySpec::Embedding { .. }))
    }
}

impl NetworkSpec {
    /// Widths from the input to the output layer: `layers.len() + 2` numbers.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let hidden = self.layers.iter().map(|layer| layer.width);
        std::iter::once(self.inputs.width())
            .chain(hidden)
            .chain([self.n_outputs])
            .collect()
    }

    /// Whether a layer takes mean and variance over the rows of a batch.
    #[must_use]
    pub fn has_batch_normalization(&self) -> bool {
        let mut layers = self.layers.iter();
        layers.any(|layer| layer.normalization == Normalization::Batch)
    }

    /// Number of elements of all tensors; `None` if memory could not address them.
    #[must_use]
    pub fn n_parameters(&self) -> Option<usize> {
        let mut total = 0_usize;
        for category in &self.inputs.categories {
            if let CategorySpec::Embedding { n_codes, dimension } = category {
                total = total.checked_add(n_codes.checked_mul(*dimension)?)?;
            }
        }
        for (index, pair) in self.widths().windows(2).enumerate() {
            let per_unit = match self.layers.get(index) {
                Some(layer) => layer.parameters_per_unit(pair[0])?,
                None => pair[0].checked_add(1)?,
            };
            total = total.checked_add(per_unit.checked_mul(pair[1])?)?;
        }
        total.checked_mul(8).map(|_| total)
    }

    /// Bytes that training in `f32` takes beside the data: parameters, gradients, `slots` optimizer
    /// slots, the best parameters so far, and the activations of one batch with their gradients.
    #[must_use]
    pub fn training_bytes(&self, batch_size: usize, slots: usize) -> u128 {
        let widths: Vec<u128> = self.widths().iter().map(|&w| w as u128).collect();
        let gated = |layer: usize| {
            let kind = self.layers.get(layer);
            u128::from(kind.is_some_and(|kind| kind.connection == Connection::Highway))
        };
        let parameters = self.n_parameters().unwrap_or(usize::MAX) as u128;
        let hidden = self.layers.iter().enumerate();
        let beside = hidden.map(|(layer, kind)| {
            // Normalized net inputs; activations and gates of a highway layer, and their gradients.
            let kept = match kind.normalization {
                Normalization::Batch | Normalization::Layer => 1,
                Normalization::None | Normalization::Weight => 0,
            };
            (kept + 3 * gated(layer)) * kind.width as u128
        });
        let units = 2 * widths.iter().sum::<u128>() + beside.sum::<u128>();
        let activations = batch_size as u128 * units;
        4 * (parameters * (3 + slots as u128) + activations)
    }

    /// Checks that the network can be built.
    ///
    /// # Errors
    /// A width or count of zero, no or too many layers, a rate outside [0, 1), unusable SELU
    /// parameters, dropout that does not go with its activation, or more parameters than memory has
    /// addresses.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.layers.is_empty() || self.layers.len() > MAX_LAYERS {
            return Err(SpecError::Layers {
                got: self.layers.len(),
                max: MAX_LAYERS,
            });
        }
        if self.n_outputs == 0 {
            return Err(SpecError::NoOutputs);
        }
        for (index, category) in self.inputs.categories.iter().enumerate() {
            let units_match = match category {
                CategorySpec::OneHot { low, high } => {
                    let finite = low.iter().chain(high).all(|unit| unit.is_finite());
                    low.len() == high.len() && finite
                }
                CategorySpec::Embedding { .. } => true,
            };
            if category.n_codes() == 0 || category.width() == 0 || !units_match {
                return Err(SpecError::Category { index });
            }
        }
        if self.inputs.width() == 0 {
            return Err(SpecError::NoInputs);
        }
        check_rate(self.inputs.dropout.rate())?;
        for (index, layer) in self.layers.iter().enumerate() {
            if layer.width == 0 {
                return Err(SpecError::Width { index });
            }
            check_rate(layer.dropout.rate())?;
            check_pairing(layer.activation, layer.dropout)?;
            self.check_connection(index)?;
            if let Activation::Selu {
                alpha,
                lambda,
                mean,
                variance,
            } = layer.activation
            {
                let positive = [alpha, lambda, variance]
                    .iter()
                    .all(|v| v.is_finite() && *v > 0.0);
                if !positive || !mean.is_finite() {
                    return Err(SpecError::Selu {
                        alpha,
                        lambda,
                        mean,
                        variance,
                    });
                }
            }
        }
        if let Some(first) = self.layers.first() {
            check_pairing(first.activation, self.inputs.dropout)?;
        }
        self.n_parameters().map(|_| ()).ok_or(SpecError::TooLarge)
    }
}

impl NetworkSpec {
    /// Whether a layer is as wide as the units that its skip connection adds.
    fn check_connection(&self, index: usize) -> Result<(), SpecError> {
        let layer = &self.layers[index];
        let skipped = match layer.connection {
            Connection::Plain => return Ok(()),
            Connection::Highway => 1,
            Connection::Residual { layers } => layers,
        };
        let normalized = layer.normalization != Normalization::None;
        if matches!(layer.connection, Connection::Highway) && normalized {
            return Err(SpecError::HighwayNormalization { index });
        }
        let source = (index + 1).checked_sub(skipped).filter(|_| skipped > 0);
        let from = source.map(|source| match source {
            0 => self.inputs.width(),
            _ => self.layers[source - 1].width,
        });
        match from {
            Some(from) if from == layer.width => Ok(()),
            from => Err(SpecError::Connection {
                index,
                width: layer.width,
                from,
            }),
        }
    }
}

fn check_rate(rate: f64) -> Result<(), SpecError> {
    if (0.0..1.0).contains(&rate) {
        Ok(())
    } else {
        Err(SpecError::DropoutRate { got: rate })
    }
}

/// Alpha dropout sets units to SELU's limit and corrects mean and variance for just that; with other
/// activations it would shift the statistics it is there to keep. Zero is not a neutral value for
/// SELU units, so ordinary dropout would do the same to them.
fn check_pairing(activation: Activation, dropout: Dropout) -> Result<(), SpecError> {
    match (activation, dropout) {
        (Activation::Relu, Dropout::Alpha { .. }) => Err(SpecError::AlphaDropoutNeedsSelu),
        (Activation::Selu { .. }, Dropout::Ordinary { .. }) => {
            Err(SpecError::SeluNeedsAlphaDropout)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec() -> NetworkSpec {
        let layer = LayerSpec::dense(8, Activation::SELU, Dropout::None);
        NetworkSpec {
            inputs: InputSpec {
                n_numbers: 3,
                categories: vec![
                    CategorySpec::OneHot {
                        low: vec![0.0; 2],
                        high: vec![1.0; 2],
                    },
                    CategorySpec::Embedding {
                        n_codes: 5,
                        dimension: 4,
                    },
                ],
                dropout: Dropout::None,
            },
            layers: vec![layer; 2],
            n_outputs: 2,
        }
    }

    #[test]
    fn widths_and_parameters_add_up() {
        assert_eq!(spec().widths(), [9, 8, 8, 2]);
        assert_eq!(spec().n_parameters(), Some(20 + 10 * 8 + 9 * 8 + 9 * 2));
        assert_eq!(spec().check(), Ok(()));
    }

    #[test]
    fn training_takes_more_where_layers_keep_more() {
        let bytes = |normalization, connection| {
            let mut spec = spec();
            for layer in &mut spec.layers {
                (layer.width, layer.normalization, layer.connection) =
                    (9, normalization, connection);
            }
            assert_eq!(spec.check(), Ok(()));
            spec.training_bytes(10, 2)
        };
        let plain = bytes(Normalization::None, Connection::Plain);
        // 20 of the embedding, 10 * 9 + 10 * 9 + 10 * 2 of the layers; the widths are 9, 9, 9 and 2.
        assert_eq!(plain, 4 * (220 * 5 + 10 * 2 * 29));
        let batch = bytes(Normalization::Batch, Connection::Plain);
        assert_eq!(batch - plain, 4 * (2 * 9 * 3 * 5 + 10 * 2 * 9));
        let highway = bytes(Normalization::None, Connection::Highway);
        assert_eq!(highway - plain, 4 * (180 * 5 + 10 * 3 * 2 * 9));
    }

    #[test]
    fn conic_widths_fall_geometrically_to_the_output() {
        assert_eq!(Shape::Conic.widths(1000, 3, 1), [1000, 100, 10]);
        assert_eq!(Shape::Conic.widths(256, 4, 1), [256, 64, 16, 4]);
        assert_eq!(Shape::Conic.widths(4, 2, 10), [4, 4]);
        assert_eq!(Shape::Rectangular.widths(7, 3, 2), [7, 7, 7]);
    }

    proptest! {
        #[test]
        fn widths_fall_from_the_first_towards_the_outputs(
            width in 1_usize..3000, n_layers in 1_usize..257, n_outputs in 1_usize..50,
        ) {
            let conic = Shape::Conic.widths(width, n_layers, n_outputs);
            prop_assert_eq!(conic.len(), n_layers);
            prop_assert_eq!(conic[0], width);
            prop_assert!(conic.is_sorted_by(|a, b| a >= b));
            prop_assert!(conic.iter().all(|&w| w >= n_outputs.min(width)));
            let rectangular = Shape::Rectangular.widths(width, n_layers, n_outputs);
            prop_assert_eq!(rectangular, vec![width; n_layers]);
        }
    }
}
