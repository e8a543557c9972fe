//! The members of a model: what its prediction is the average of.

use banach_nn::Network;
use serde::{Deserialize, Serialize};

use crate::training_record::MemberTraining;

/// One member. A model has at least one; the prediction is the weighted mean of the members'
/// probabilities (classes, labels) or numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// What it computes.
    pub kind: MemberKind,
    /// Which of the model's encoders makes its inputs, from 0.
    pub encoder: usize,
    /// Its weight in the mean, above 0; weights count in proportion to their sum.
    pub weight: f64,
    /// For numbers, what brings its output to the units of the model's target, if it was trained with
    /// other units.
    pub output: Option<Affine>,
    /// How it was trained.
    pub training: MemberTraining,
}

/// What a member computes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MemberKind {
    /// A feed-forward network.
    Network(Network),
}

/// The map `scale x + shift`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Affine {
    /// Factor, finite and not 0.
    pub scale: f64,
    /// Summand, finite.
    pub shift: f64,
}

impl Affine {
    /// The image of `x`.
    #[must_use]
    pub fn apply(self, x: f64) -> f64 {
        self.scale * x + self.shift
    }
}

impl Member {
    /// A network as the only member of a model, or one among equals: encoder 0, weight 1.
    #[must_use]
    pub fn network(network: Network, training: MemberTraining) -> Self {
        Self {
            kind: MemberKind::Network(network),
            encoder: 0,
            weight: 1.0,
            output: None,
            training,
        }
    }

    /// The network, if it is one.
    #[must_use]
    pub fn as_network(&self) -> Option<&Network> {
        match &self.kind {
            MemberKind::Network(network) => Some(network),
        }
    }
}
