//! The named tensors of a network.

use crate::spec::{CategorySpec, Connection, NetworkSpec, Normalization};

/// Name, shape and role of one parameter tensor, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// `embeddings.J.weight`, `layers.I.weight`, `layers.I.bias`; in a highway layer
    /// `layers.I.gate.weight` and `layers.I.gate.bias`; with normalization `layers.I.gain`, and
    /// `layers.I.running_mean` and `layers.I.running_variance` with batch normalization.
    pub name: String,
    /// `[codes, dimension]`, `[out, in]` or `[out]`.
    pub shape: Vec<usize>,
    /// First element in the flat buffer.
    pub offset: usize,
    role: TensorRole,
}

/// What a tensor does in the network. Layers count from 0; the output layer is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TensorRole {
    /// The embedding vectors of a category column: [codes, dimension].
    Embedding {
        /// The category column, from 0.
        category: usize,
        /// The first input unit that the vectors become.
        unit: usize,
    },
    /// Weights of a layer: [out, in].
    Weight {
        /// The layer.
        layer: usize,
    },
    /// Biases of a layer: `[out]`.
    Bias {
        /// The layer.
        layer: usize,
    },
    /// Weights of a highway layer's gates: [out, in].
    GateWeight {
        /// The layer.
        layer: usize,
    },
    /// Biases of a highway layer's gates: `[out]`.
    GateBias {
        /// The layer.
        layer: usize,
    },
    /// Factors on a layer's normalized net inputs, or the norms of its units' weights with weight
    /// normalization: `[out]`.
    Gain {
        /// The layer.
        layer: usize,
    },
    /// Running mean of each unit's net input, for batch normalization: `[out]`. Not trained.
    RunningMean {
        /// The layer.
        layer: usize,
    },
    /// Running variance of each unit's net input, for batch normalization: `[out]`, at least 0. Not
    /// trained.
    RunningVariance {
        /// The layer.
        layer: usize,
    },
}

impl TensorRole {
    /// Whether the optimizer trains the tensor; running averages are measured.
    #[must_use]
    pub fn is_trained(self) -> bool {
        !matches!(
            self,
            Self::RunningMean { .. } | Self::RunningVariance { .. }
        )
    }
}

impl TensorInfo {
    /// What the tensor does in the network.
    #[must_use]
    pub fn role(&self) -> TensorRole {
        self.role
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the tensor has no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl NetworkSpec {
    /// Name, shape and role of every parameter tensor, for a specification that was checked
    /// ([`NetworkSpec::check`]). Nothing is allocated for the parameters.
    #[must_use]
    pub fn tensors(&self) -> Vec<TensorInfo> {
        tensor_infos(self)
    }
}

/// Embeddings, then weight and bias of each layer.
fn tensor_infos(spec: &NetworkSpec) -> Vec<TensorInfo> {
    let mut tensors = Vec::new();
    let mut offset = 0;
    let mut add = |name: String, shape: Vec<usize>, role| {
        let info = TensorInfo {
            name,
            shape,
            offset,
            role,
        };
        offset += info.len();
        tensors.push(info);
    };
    let mut unit = spec.inputs.n_numbers;
    for (category, form) in spec.inputs.categories.iter().enumerate() {
        if let CategorySpec::Embedding { n_codes, dimension } = *form {
            let name = format!("embeddings.{category}.weight");
            add(
                name,
                vec![n_codes, dimension],
                TensorRole::Embedding { category, unit },
            );
        }
        unit += form.width();
    }
    for (layer, pair) in spec.widths().windows(2).enumerate() {
        let (fan_in, fan_out) = (pair[0], pair[1]);
        let matrix = || vec![fan_out, fan_in];
        let mut tensor =
            |name: &str, shape, role| add(format!("layers.{layer}.{name}"), shape, role);
        tensor("weight", matrix(), TensorRole::Weight { layer });
        tensor("bias", vec![fan_out], TensorRole::Bias { layer });
        let Some(kind) = spec.layers.get(layer) else {
            continue;
        };
        if kind.connection == Connection::Highway {
            tensor("gate.weight", matrix(), TensorRole::GateWeight { layer });
            tensor("gate.bias", vec![fan_out], TensorRole::GateBias { layer });
        }
        if kind.normalization != Normalization::None {
            tensor("gain", vec![fan_out], TensorRole::Gain { layer });
        }
        if kind.normalization == Normalization::Batch {
            tensor(
                "running_mean",
                vec![fan_out],
                TensorRole::RunningMean { layer },
            );
            tensor(
                "running_variance",
                vec![fan_out],
                TensorRole::RunningVariance { layer },
            );
        }
    }
    tensors
}
