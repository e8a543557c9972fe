//! A network's parameters: one flat buffer, read as named tensors.

use banach_kernels::random::{Purpose, Stream};

use crate::error::{DatasetError, SpecError};
use crate::spec::{Activation, LayerSpec, NetworkSpec, Normalization};
use crate::tensor::{TensorInfo, TensorRole};

/// A network: its specification and its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    spec: NetworkSpec,
    tensors: Vec<TensorInfo>,
    parameters: Vec<f32>,
}

impl Network {
    /// A network with its initial parameters: weights Normal(0, gain / fan_in) with gain 1 for SELU
    /// (arXiv:1706.02515) and 2 for ReLU, embeddings Normal(0, 1), biases 0. Where SELU is made for a
    /// mean other than 0, each unit's weights are centred, so that they sum to 0. Gates of highway
    /// layers start mostly shut: weights Normal(0, 1 / fan_in), biases -2. Gains are 1, or the length
    /// of the unit's weights with weight normalization.
    ///
    /// # Errors
    /// If the specification cannot be built ([`NetworkSpec::check`]).
    pub fn new(spec: NetworkSpec, seed: u64) -> Result<Self, SpecError> {
        spec.check()?;
        let tensors = spec.tensors();
        let len = tensors.last().map_or(0, |last| last.offset + last.len());
        let mut parameters = vec![0.0; len];
        let mut normal = Vec::new();
        let mut norms: Vec<f32> = Vec::new();
        for (index, tensor) in tensors.iter().enumerate() {
            let target = &mut parameters[tensor.offset..][..tensor.len()];
            let variance = match tensor.role() {
                TensorRole::Bias { .. } | TensorRole::RunningMean { .. } => continue,
                TensorRole::GateBias { .. } => {
                    target.fill(GATE_BIAS);
                    continue;
                }
                TensorRole::RunningVariance { .. } => {
                    target.fill(1.0);
                    continue;
                }
                TensorRole::Gain { layer } => {
                    match spec.layers[layer].normalization {
                        Normalization::Weight => target.copy_from_slice(&norms),
                        _ => target.fill(1.0),
                    }
                    continue;
                }
                TensorRole::Embedding { .. } => 1.0,
                TensorRole::GateWeight { .. } => 1.0 / tensor.shape[1] as f64,
                TensorRole::Weight { layer } => {
                    let gain = spec
                        .layers
                        .get(layer)
                        .map_or(1.0, |l| l.activation.weight_gain());
                    gain / tensor.shape[1] as f64
                }
            };
            normal.resize(tensor.len(), 0.0);
            let stream = Stream::new(seed, Purpose::Weights, index as u32, 0);
            stream.fill_normal(&mut normal, variance.sqrt());
            let weight = matches!(tensor.role(), TensorRole::Weight { .. });
            if weight && keeps_a_mean(&spec) {
                center_units(&mut normal, tensor.shape[1]);
            }
            target.copy_from_slice(&normal);
            if weight {
                let norm = |unit: &[f32]| {
                    let squares = unit.iter().map(|&w| f64::from(w).powi(2));
                    squares.sum::<f64>().sqrt() as f32
                };
                norms = target.chunks_exact(tensor.shape[1]).map(norm).collect();
            }
        }
        Ok(Self {
            spec,
            tensors,
            parameters,
        })
    }

    /// A network with given parameters, in the order of [`Network::tensors`].
    ///
    /// # Errors
    /// If the specification cannot be built, or if the number of parameters differs from it.
    pub fn from_parameters(
        spec: NetworkSpec,
        parameters: Vec<f32>,
    ) -> Result<Self, crate::TrainError> {
        spec.check()?;
        let tensors = spec.tensors();
        let expected = tensors.last().map_or(0, |last| last.offset + last.len());
        if parameters.len() != expected {
            let got = parameters.len();
            return Err(DatasetError::Length {
                what: "parameters",
                expected,
                got,
            }
            .into());
        }
        Ok(Self {
            spec,
            tensors,
            parameters,
        })
    }

    /// The specification.
    #[must_use]
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// All tensors, in the order of the flat buffer.
    #[must_use]
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// The elements of one tensor, row-major.
    #[must_use]
    pub fn tensor(&self, info: &TensorInfo) -> &[f32] {
        &self.parameters[info.offset..][..info.len()]
    }

    /// The flat buffer of all parameters.
    #[must_use]
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The flat buffer of all parameters, without the rest.
    pub(crate) fn into_parameters(self) -> Vec<f32> {
        self.parameters
    }

    /// The flat buffer of all parameters, to be changed in place.
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    /// Specification and tensors alone, for an engine that keeps the parameters elsewhere.
    pub(crate) fn without_parameters(self) -> Self {
        Self {
            parameters: Vec::new(),
            ..self
        }
    }

    /// A network of another specification, with all of its parameters.
    pub(crate) fn of_parts(spec: NetworkSpec, parameters: Vec<f32>) -> Self {
        Self {
            tensors: spec.tensors(),
            spec,
            parameters,
        }
    }

    /// The same network with these parameters, as many as it has.
    pub(crate) fn with_parameters(&self, parameters: Vec<f32>) -> Self {
        Self {
            spec: self.spec.clone(),
            tensors: self.tensors.clone(),
            parameters,
        }
    }
}

/// Where the biases of highway gates start, so that a deep network passes its input on at first
/// (arXiv:1505.00387, section 2.2: negative, such as -1 or -3).
const GATE_BIAS: f32 = -2.0;

/// Whether the activations are made for a mean other than 0.
fn keeps_a_mean(spec: &NetworkSpec) -> bool {
    let mean = |layer: &LayerSpec| match layer.activation {
        Activation::Selu { mean, .. } => mean,
        Activation::Relu => 0.0,
    };
    spec.layers.iter().any(|layer| mean(layer) != 0.0)
}

/// Takes the mean off each unit's weights and keeps their variance: omega is 0 then, not only in
/// expectation.
///
/// A unit's net input has the mean mu omega (arXiv:1706.02515, section "Mapping g"). With mu = 0 it
/// does not matter that omega of random weights has variance 1; with another mean each unit would have
/// a net input of its own mean, and there would be no fixed point for the layer.
fn center_units(weight: &mut [f32], fan_in: usize) {
    if fan_in < 2 {
        return;
    }
    let scale = (fan_in as f64 / (fan_in - 1) as f64).sqrt();
    for unit in weight.chunks_exact_mut(fan_in) {
        let mean = unit.iter().map(|&w| f64::from(w)).sum::<f64>() / fan_in as f64;
        for w in unit {
            *w = ((f64::from(*w) - mean) * scale) as f32;
        }
    }
}
