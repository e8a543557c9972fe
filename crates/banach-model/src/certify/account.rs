//! What becomes of every tensor in a file.

use serde::Serialize;

use super::names::Name;
use crate::container::ForeignTensor;

/// A tensor and what it is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TensorNote {
    /// Its name.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// What it is taken for, and why.
    pub what: String,
}

/// Every tensor of a file, in one of four lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TensorAccount {
    /// Weights and biases of the chain, the output layer's too.
    pub used: Vec<TensorNote>,
    /// Tensors that have no part in what the network computes, or are known by what the certificate takes for the input.
    pub harmless: Vec<TensorNote>,
    /// Tensors that the theory says nothing about. With any of them the answer is no.
    pub not_covered: Vec<TensorNote>,
    /// Tensors that were left out because that was asked for.
    pub left_out: Vec<TensorNote>,
}

impl TensorAccount {
    /// Names of the tensors that the certificate says nothing about.
    pub fn skipped(&self) -> impl Iterator<Item = &str> {
        let notes = self.not_covered.iter().chain(&self.left_out);
        notes.map(|note| &note.name[..])
    }
}

/// A note on a tensor.
pub(super) fn note(tensor: &ForeignTensor, what: &str) -> TensorNote {
    TensorNote {
        name: tensor.name.clone(),
        shape: tensor.shape.clone(),
        what: what.to_owned(),
    }
}

/// Numbers that training programs keep beside the network, by the last part of their names.
const COUNTERS: [&str; 6] = [
    "num_batches_tracked",
    "global_step",
    "step",
    "iteration",
    "iterations",
    "epoch",
];

/// The state of Keras's random generators.
const GENERATOR: &str = "seed_generator_state";

/// Why a tensor has no part in what the network computes, if it has none.
pub(super) fn harmless(tensor: &ForeignTensor, name: &Name) -> Option<&'static str> {
    let n_values: usize = tensor.shape.iter().product();
    let stem = &name.stem[..];
    if n_values == 0 {
        Some("holds no values")
    } else if n_values == 1 && COUNTERS.contains(&stem) {
        Some("a counter of training")
    } else if stem == GENERATOR {
        Some("the state of a random generator")
    } else {
        None
    }
}

/// What the parts of a module's name say of matrices in it that are no layers of a chain. `all` are the names of all tensors.
pub(super) fn no_layer(name: &Name, all: &[Name]) -> Option<&'static str> {
    let parts: Vec<String> = name.module.iter().map(|part| part.to_lowercase()).collect();
    let any = |words: &[&str]| {
        parts
            .iter()
            .any(|part| words.iter().any(|word| part.contains(word)))
    };
    let is = |words: &[&str]| parts.iter().any(|part| words.contains(&&part[..]));
    if any(&["embed"]) || is(&["emb", "wte", "wpe"]) {
        Some("an embedding")
    } else if any(&["shortcut", "skip", "downsample", "residual"]) {
        Some("a shortcut around other layers")
    } else if any(&["attn", "attention", "qkv"]) || is(&QUERIES) && in_attention(name, all) {
        Some("part of an attention")
    } else if any(&["lstm", "gru", "rnn"]) {
        Some("part of a recurrent layer")
    } else if any(&["conv"]) {
        Some("part of a convolution")
    } else if any(&["gate", "highway"]) {
        Some("a gate")
    } else if any(&["tower", "expert", "branch"]) {
        Some("one of several networks side by side")
    } else if any(&["norm"]) {
        Some("part of a normalization")
    } else {
        None
    }
}

/// Names of the three matrices of an attention, in several frameworks.
const QUERIES: [&str; 12] = [
    "q", "k", "v", "query", "key", "value", "q_proj", "k_proj", "v_proj", "to_q", "to_k", "to_v",
];

/// Whether the other two matrices of an attention stand beside this one: a network may well be called `value`.
fn in_attention(name: &Name, all: &[Name]) -> bool {
    let triple = |at: usize| {
        let word = name.module[at].to_lowercase();
        let place = QUERIES.iter().position(|&query| query == word)?;
        let first = place - place % 3;
        let beside = |word: &str| {
            all.iter().any(|other| {
                other.module.len() > at
                    && other.module[..at] == name.module[..at]
                    && other.module[at].to_lowercase() == word
            })
        };
        Some(QUERIES[first..first + 3].iter().all(|word| beside(word)))
    };
    (0..name.module.len()).any(|at| triple(at) == Some(true))
}

/// What a tensor is that the theory does not cover.
pub(super) fn not_covered(tensor: &ForeignTensor, name: &Name, all: &[Name]) -> String {
    let stem = &name.stem[..];
    let beside = |stem: &str| {
        all.iter()
            .any(|other| other.stem == stem && other.module == name.module)
    };
    let rank = tensor.shape.len();
    if matches!(stem, "weight_g" | "weight_v" | "original0" | "original1") {
        return "part of a weight normalization or another parametrization of weights".to_owned();
    }
    if stem.starts_with("recurrent_")
        || stem.starts_with("weight_hh")
        || stem.starts_with("weight_ih")
    {
        return "part of a recurrent layer".to_owned();
    }
    if stem.starts_with("running_") || stem.starts_with("moving_") {
        return "running statistics of a normalization".to_owned();
    }
    if let Some(what) = no_layer(name, all) {
        return what.to_owned();
    }
    if tensor.values.is_none() && rank <= 2 {
        return format!("a buffer of {}", tensor.dtype);
    }
    match (rank, stem) {
        (0, _) => "a number of unknown use",
        (1, "weight" | "gamma" | "scale" | "gain") => "a gain: normalization or another scaling",
        (1, "bias" | "beta" | "offset" | "shift") if beside("weight") || beside("gamma") => {
            "a shift: normalization, or a bias that does not fit its matrix"
        }
        (1, "bias" | "beta" | "offset" | "shift") => "a bias that belongs to no layer of the chain",
        (1, _) => "a vector of unknown use",
        (2, "weight" | "kernel") => "a matrix that is no part of the chain",
        (2, _) if stem.contains("embed") => "an embedding",
        (2, _) => "a matrix that is not named weight or kernel",
        (_, "weight" | "kernel") => "a convolution",
        _ => "a tensor of more than two dimensions",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, shape: &[usize]) -> ForeignTensor {
        ForeignTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            dtype: "F32".to_owned(),
            values: Some(vec![0.0; shape.iter().product()]),
        }
    }

    #[test]
    fn what_is_not_covered_is_named_for_what_it_is() {
        let cases: [(&str, &[usize], &str); 14] = [
            ("1.weight", &[64], "a gain"),
            ("bn.running_var", &[64], "running statistics"),
            ("bn.moving_mean:0", &[64], "running statistics"),
            ("0.weight_g", &[64, 1], "weight normalization"),
            (
                "fc.parametrizations.weight.original1",
                &[8, 8],
                "weight normalization",
            ),
            ("conv1.weight", &[8, 3, 3, 3], "convolution"),
            ("first.weight", &[8, 3, 3, 3], "a convolution"),
            ("tok_embeddings.weight", &[99, 8], "an embedding"),
            ("layer1.0.downsample.0.weight", &[8, 8], "a shortcut"),
            ("self_attn.in_proj_weight", &[24, 8], "an attention"),
            ("lstm.weight_hh_l0", &[8, 8], "a recurrent layer"),
            ("logit_scale", &[], "a number"),
            ("mask", &[8, 8], "not named weight"),
            ("lost.bias", &[8], "belongs to no layer"),
        ];
        let all: Vec<Name> = cases.iter().map(|case| Name::of(case.0)).collect();
        for (name, shape, what) in cases {
            let said = not_covered(&tensor(name, shape), &Name::of(name), &all);
            assert!(said.contains(what), "{name}: {said}");
        }
    }

    #[test]
    fn queries_keys_and_values_are_an_attention_together_only() {
        let three = ["a.q.weight", "a.k.weight", "a.v.weight"].map(Name::of);
        assert_eq!(no_layer(&three[0], &three), Some("part of an attention"));
        let one = ["value.0.weight", "value.2.weight"].map(Name::of);
        assert_eq!(no_layer(&one[0], &one), None);
    }

    #[test]
    fn counters_and_empty_tensors_are_harmless() {
        let said = |name: &str, shape: &[usize]| harmless(&tensor(name, shape), &Name::of(name));
        assert_eq!(
            said("bn.num_batches_tracked", &[]),
            Some("a counter of training")
        );
        assert_eq!(said("x.weight", &[0, 4]), Some("holds no values"));
        assert_eq!(said("step", &[4]), None);
        assert_eq!(said("bias", &[1]), None);
    }
}
