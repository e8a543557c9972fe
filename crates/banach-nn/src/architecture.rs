//! The seven kinds of networks that the paper compares (arXiv:1706.02515, section 3).

use serde::{Deserialize, Serialize};

use crate::names::from_name;
use crate::spec::{Activation, Connection, Dropout, LayerSpec, Normalization};

/// A kind of feed-forward network: what its hidden layers are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkKind {
    /// Self-normalizing: SELU, weights of variance 1/fan_in, alpha dropout.
    Snn,
    /// ReLU with weights of variance 2/fan_in (arXiv:1502.01852).
    Msra,
    /// ReLU after batch normalization (arXiv:1502.03167).
    BatchNorm,
    /// ReLU after layer normalization (arXiv:1607.06450).
    LayerNorm,
    /// ReLU with weight normalization (arXiv:1602.07868).
    WeightNorm,
    /// Highway layers with ReLU, all as wide as the input (arXiv:1505.00387).
    Highway,
    /// Residual blocks with batch normalization and ReLU (arXiv:1512.03385).
    ResNet,
}

impl NetworkKind {
    /// All seven.
    pub const ALL: [Self; 7] = [
        Self::Snn,
        Self::Msra,
        Self::BatchNorm,
        Self::LayerNorm,
        Self::WeightNorm,
        Self::Highway,
        Self::ResNet,
    ];

    /// The name in settings and reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Snn => "snn",
            Self::Msra => "msra",
            Self::BatchNorm => "batchnorm",
            Self::LayerNorm => "layernorm",
            Self::WeightNorm => "weightnorm",
            Self::Highway => "highway",
            Self::ResNet => "resnet",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        match self {
            Self::Snn => "self-normalizing network",
            Self::Msra => "network of ReLU units with MSRA initialization",
            Self::BatchNorm => "network of ReLU units with batch normalization",
            Self::LayerNorm => "network of ReLU units with layer normalization",
            Self::WeightNorm => "network of ReLU units with weight normalization",
            Self::Highway => "highway network, as wide as its input",
            Self::ResNet => "residual network with batch normalization",
        }
    }

    /// Dropout of this rate: alpha dropout for SELU, ordinary dropout for the others.
    #[must_use]
    pub fn dropout(self, rate: f64) -> Dropout {
        match self {
            _ if rate == 0.0 => Dropout::None,
            Self::Snn => Dropout::Alpha { rate },
            _ => Dropout::Ordinary { rate },
        }
    }
}

from_name!(NetworkKind);

/// The shape of a residual block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockShape {
    /// Layers of a block, 2 or 3 in the paper.
    pub layers: usize,
    /// Width of a block's inner layers as a share of its outer one's; 1 is rectangular, less is the
    /// paper's diavolo.
    pub bottleneck: f64,
}

impl Default for BlockShape {
    /// Two layers of one width.
    fn default() -> Self {
        Self {
            layers: 2,
            bottleneck: 1.0,
        }
    }
}

/// A kind of network, and the shape of its blocks if it has any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Architecture {
    /// The kind.
    pub kind: NetworkKind,
    /// The residual blocks of a [`NetworkKind::ResNet`]; the others have none.
    pub block: BlockShape,
}

impl From<NetworkKind> for Architecture {
    /// The kind with [`BlockShape::default`].
    fn from(kind: NetworkKind) -> Self {
        Self {
            kind,
            block: BlockShape::default(),
        }
    }
}

impl Architecture {
    /// Dropout of this rate: alpha dropout for SELU, ordinary dropout for the others.
    #[must_use]
    pub fn dropout(self, rate: f64) -> Dropout {
        self.kind.dropout(rate)
    }

    /// The hidden layers, with dropout of this rate after each ([`Architecture::dropout`]).
    ///
    /// `widths` are those of the hidden layers; a residual network takes the first and makes a first
    /// layer of it and one block for each of the others. `n_inputs` is the width of a highway
    /// network, whatever `widths` says.
    #[must_use]
    pub fn layers(self, widths: &[usize], n_inputs: usize, rate: f64) -> Vec<LayerSpec> {
        let dropout = self.dropout(rate);
        let relu = |width, normalization, connection| LayerSpec {
            normalization,
            connection,
            ..LayerSpec::dense(width, Activation::Relu, dropout)
        };
        let plain = |normalization| -> Vec<LayerSpec> {
            let layer = |&width: &usize| relu(width, normalization, Connection::Plain);
            widths.iter().map(layer).collect()
        };
        match self.kind {
            NetworkKind::Snn => {
                let layer = |&width: &usize| LayerSpec::dense(width, Activation::SELU, dropout);
                widths.iter().map(layer).collect()
            }
            NetworkKind::Msra => plain(Normalization::None),
            NetworkKind::BatchNorm => plain(Normalization::Batch),
            NetworkKind::LayerNorm => plain(Normalization::Layer),
            NetworkKind::WeightNorm => plain(Normalization::Weight),
            NetworkKind::Highway => {
                let layer = relu(n_inputs, Normalization::None, Connection::Highway);
                vec![layer; widths.len()]
            }
            NetworkKind::ResNet => {
                let BlockShape { layers, bottleneck } = self.block;
                let width = widths.first().copied().unwrap_or(1);
                let inner = ((width as f64 * bottleneck).round() as usize).max(1);
                let block = layers.max(1);
                let batch = Normalization::Batch;
                let mut layers = vec![relu(width, batch, Connection::Plain)];
                for _ in 1..widths.len().max(2) {
                    for _ in 1..block {
                        layers.push(relu(inner, batch, Connection::Plain));
                    }
                    let residual = Connection::Residual { layers: block };
                    layers.push(relu(width, batch, residual));
                }
                layers
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InputSpec, NetworkSpec};

    #[test]
    fn every_architecture_is_a_network_that_can_be_built() {
        for kind in NetworkKind::ALL {
            let architecture = Architecture::from(kind);
            for (n_inputs, widths) in [(7, &[16, 16, 16][..]), (40, &[5])] {
                let spec = NetworkSpec {
                    inputs: InputSpec {
                        n_numbers: n_inputs,
                        categories: vec![],
                        dropout: Dropout::None,
                    },
                    layers: architecture.layers(widths, n_inputs, 0.1),
                    n_outputs: 3,
                };
                assert_eq!(spec.check(), Ok(()), "{}", kind.name());
                let tensors = spec.tensors();
                let total: usize = tensors.iter().map(crate::TensorInfo::len).sum();
                assert_eq!(spec.n_parameters(), Some(total), "{}", kind.name());
            }
        }
    }

    #[test]
    fn residual_blocks_end_with_their_outer_width() {
        let network = Architecture {
            kind: NetworkKind::ResNet,
            block: BlockShape {
                layers: 3,
                bottleneck: 0.25,
            },
        };
        let widths: Vec<_> = network
            .layers(&[64; 3], 9, 0.0)
            .iter()
            .map(|l| l.width)
            .collect();
        assert_eq!(widths, [64, 16, 16, 64, 16, 16, 64]);
    }
}
