//! Initial weights, and what they are for: activations of mean 0 and variance 1 in every layer.

use banach_kernels::random::{Purpose, Stream};
use proptest::prelude::*;

use crate::{
    Activation, CategorySpec, Dropout, Features, InputSpec, LayerSpec, Network, NetworkSpec,
    Precision, Predictor,
};

fn spec(n_numbers: usize, widths: &[usize], activation: Activation) -> NetworkSpec {
    let layer = |&width: &usize| LayerSpec::dense(width, activation, Dropout::None);
    NetworkSpec {
        inputs: InputSpec {
            n_numbers,
            categories: vec![CategorySpec::Embedding {
                n_codes: 30,
                dimension: 20,
            }],
            dropout: Dropout::None,
        },
        layers: widths.iter().map(layer).collect(),
        n_outputs: 40,
    }
}

/// A sample's mean or variance may be this many standard errors away: by chance one in a billion.
const STANDARD_ERRORS: f64 = 6.0;

proptest! {
    #[test]
    fn initial_weights_have_mean_0_and_the_variance_of_their_fan_in(
        seed: u64,
        n_numbers in 1_usize..80,
        widths in prop::collection::vec(16_usize..120, 1..5),
        relu: bool,
    ) {
        let activation = if relu { Activation::Relu } else { Activation::SELU };
        let network = Network::new(spec(n_numbers, &widths, activation), seed).unwrap();
        for info in network.tensors() {
            let values = network.tensor(info);
            if info.name.ends_with("bias") {
                prop_assert!(values.iter().all(|&bias| bias == 0.0));
                continue;
            }
            let hidden = info.name.starts_with("layers")
                && info.name != format!("layers.{}.weight", widths.len());
            let want = match (hidden, info.name.starts_with("embeddings")) {
                (_, true) => 1.0,
                (true, _) if relu => 2.0 / info.shape[1] as f64,
                _ => 1.0 / info.shape[1] as f64,
            };
            let n = values.len() as f64;
            let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
            let square = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / n;
            prop_assert!(mean.abs() < STANDARD_ERRORS * (want / n).sqrt(), "{} {mean}", info.name);
            let error = (square / want - 1.0).abs();
            prop_assert!(error < STANDARD_ERRORS * (2.0 / n).sqrt(), "{} {square}", info.name);
        }
    }
}

#[test]
fn tensors_are_drawn_independently_of_each_other() {
    let network = Network::new(spec(44, &[64, 64], Activation::SELU), 1).unwrap();
    let of = |name: &str| {
        let info = network.tensors().iter().find(|info| info.name == name);
        network.tensor(info.unwrap())
    };
    let (a, b) = (of("layers.0.weight"), of("layers.1.weight"));
    assert_eq!(a.len(), b.len());
    let products = a.iter().zip(b).map(|(a, b)| f64::from(a * b));
    // Each weight has variance 1/64, so the mean product has the standard error 1/64 / sqrt(n).
    let correlation = 64.0 * products.sum::<f64>() / a.len() as f64;
    assert!(correlation.abs() < STANDARD_ERRORS / (a.len() as f64).sqrt());
}

/// How far from 1 a layer's variance may be. The 65,536 weights of a layer, shared by all rows, move
/// it by about sqrt(2) / 256 = 0.6%, and 78% of that goes on to the next layer (the moment map's
/// Jacobian at its fixed point, arXiv:1706.02515): 0.9% in all while rows are independent. Deeper,
/// what rows have in common grows, and with it the weight of chance. Seen: at most 7.6%.
const VARIANCE: f64 = 0.15;

/// How far from 0 a layer's mean may be: 1 / sqrt(256) = 6% if all rows were the same, less the
/// less they have in common. Seen: at most 2.1%.
const MEAN: f64 = 0.06;

#[test]
fn a_deep_network_normalizes_itself_in_every_layer() {
    for seed in 0..3 {
        let mut spec = spec(256, &[256; 32], Activation::SELU);
        spec.inputs.categories.clear();
        let network = Network::new(spec, seed).unwrap();
        let n_rows = 1024;
        let mut numbers = vec![0.0; n_rows * 256];
        Stream::new(seed, Purpose::Split, 0, 0).fill_normal(&mut numbers, 1.0);
        let features = Features::from_numbers(n_rows, 256, numbers);
        let predictor = Predictor::new(&network, Precision::Single);
        let moments = predictor
            .moments(&mut predictor.workspace(1), &features)
            .unwrap();
        assert_eq!(moments.len(), 34);
        for (layer, moments) in moments[..33].iter().enumerate() {
            assert!(moments.mean.abs() < MEAN, "layer {layer}: {moments:?}");
            assert!(
                (moments.variance - 1.0).abs() < VARIANCE,
                "layer {layer}: {moments:?}"
            );
        }
    }
}
