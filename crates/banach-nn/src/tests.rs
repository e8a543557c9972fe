//! Tests of the whole engine. Tests of one part sit under that part's code.

mod determinism;
mod differences;
mod golden;
mod golden_file;
mod golden_rivals;
mod initialization;
mod messages;
mod rivals;
mod training;

use banach_kernels::random::{Purpose, Stream};

use crate::{
    Activation, CategorySpec, Dataset, Dropout, Features, InputSpec, LayerSpec, Loss, Network,
    NetworkSpec, Optimizer, Schedule, Stopping, Targets, TrainOptions,
};

/// Every loss, with a number of outputs that it goes with.
const LOSSES: [(Loss, usize); 5] = [
    (
        Loss::CrossEntropy {
            label_smoothing: 0.0,
        },
        3,
    ),
    (
        Loss::CrossEntropy {
            label_smoothing: 0.1,
        },
        3,
    ),
    (Loss::BinaryCrossEntropy, 2),
    (Loss::Squared, 1),
    (Loss::Huber { delta: 0.5 }, 1),
];

const SGD: Optimizer = Optimizer::Sgd {
    momentum: 0.0,
    nesterov: false,
};

const ADAM: Optimizer = Optimizer::Adam {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

/// A network with everything in it: numbers, a one-hot and an embedded category, alpha dropout of
/// the inputs and of every hidden layer.
pub(crate) fn spec(widths: &[usize], n_outputs: usize) -> NetworkSpec {
    // At 0.1 a layer takes a fifth off the square of a gradient: nothing would be left of it after
    // 256 of them.
    let rate = if widths.len() < 32 { 0.1 } else { 0.01 };
    let layer = |&width: &usize| LayerSpec::dense(width, Activation::SELU, Dropout::Alpha { rate });
    NetworkSpec {
        inputs: InputSpec {
            n_numbers: 3,
            categories: vec![
                CategorySpec::OneHot {
                    low: vec![-0.2, -0.5, -0.7],
                    high: vec![1.5, 1.0, 2.0],
                },
                CategorySpec::Embedding {
                    n_codes: 4,
                    dimension: 2,
                },
            ],
            dropout: Dropout::Alpha { rate: 0.05 },
        },
        layers: widths.iter().map(layer).collect(),
        n_outputs,
    }
}

/// `n_rows` rows of standard normal numbers times `size`, codes, targets for the loss, and weights
/// of which one is 0.
pub(crate) fn data(loss: &Loss, n_outputs: usize, n_rows: usize, size: f32) -> Dataset {
    let stream = |lane| Stream::new(11, Purpose::Split, 0, lane);
    let word = |lane, i: usize| stream(lane).word(i as u32);
    let mut numbers = vec![0.0; n_rows * 3];
    stream(0).fill_normal(&mut numbers, f64::from(size));
    let codes = (0..n_rows).flat_map(|i| [word(1, i) % 3, word(2, i) % 4]);
    let targets = match loss {
        Loss::CrossEntropy { .. } => {
            Targets::Classes((0..n_rows).map(|i| word(3, i) % n_outputs as u32).collect())
        }
        Loss::BinaryCrossEntropy => {
            let label = |i| [0.0, 1.0, f32::NAN][(word(3, i) % 3) as usize];
            Targets::Labels {
                n_labels: n_outputs,
                values: (0..n_rows * n_outputs).map(label).collect(),
            }
        }
        Loss::Squared | Loss::Huber { .. } => {
            let mut values = vec![0.0; n_rows];
            stream(3).fill_normal(&mut values, 1.0);
            Targets::Values(values)
        }
    };
    let weight = |i| if i == 1 { 0.0 } else { 0.5 + (i % 4) as f32 };
    Dataset {
        features: Features {
            n_rows,
            n_numbers: 3,
            numbers,
            n_categories: 2,
            codes: codes.collect(),
        },
        targets,
        weights: Some((0..n_rows).map(weight).collect()),
    }
}

/// A network with its initial weights, and biases that are not 0.
pub(crate) fn network(spec: NetworkSpec) -> Network {
    let mut network = Network::new(spec, 3).unwrap();
    let tensors = network.tensors().to_vec();
    for (index, info) in tensors.iter().enumerate() {
        if info.name.ends_with("bias") {
            let mut values = vec![0.0; info.len()];
            Stream::new(4, Purpose::Weights, index as u32, 0).fill_normal(&mut values, 0.1);
            let bias = &mut network.parameters_mut()[info.offset..][..info.len()];
            bias.copy_from_slice(&values);
        }
    }
    network
}

/// All rows of a dataset as one batch.
fn all_rows(data: &Dataset) -> Vec<u32> {
    (0..data.n_rows() as u32).collect()
}

/// A network's parameters in double precision.
fn widened(network: &Network) -> Vec<f64> {
    network.parameters().iter().map(|&p| f64::from(p)).collect()
}

/// Settings of a short run in which everything that could depend on threads is switched on.
pub(crate) fn options(loss: Loss) -> TrainOptions {
    TrainOptions {
        loss,
        optimizer: ADAM,
        learning_rate: 0.01,
        schedule: Schedule::OneCycle,
        weight_decay: 0.01,
        clip_norm: Some(1.0),
        batch_size: 37,
        epochs: 4,
        stopping: Stopping::Smoothed { window: 2 },
        category_dropout: 0.2,
        seed: 6,
    }
}
