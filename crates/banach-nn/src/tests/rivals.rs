//! The networks of the paper's comparison: gradients, determinism and prediction.

use std::sync::atomic::AtomicBool;

use banach_kernels::Pool;

use super::{LOSSES, SGD, all_rows, data, network, options, spec, widened};
use crate::step::StepperOf;
use crate::{
    Activation, Architecture, Batch, BlockShape, Connection, Dataset, Dropout, LayerSpec, Loss,
    NetworkKind, NetworkSpec, Normalization, Precision, Predictor, StepOptions, TrainOptions,
    Trainer,
};

/// All architectures, residual blocks with a bottleneck among them.
fn architectures() -> Vec<Architecture> {
    let bottleneck = Architecture {
        kind: NetworkKind::ResNet,
        block: BlockShape {
            layers: 3,
            bottleneck: 0.25,
        },
    };
    let all = NetworkKind::ALL.into_iter().map(Architecture::from);
    all.chain([bottleneck]).collect()
}

/// The network of [`spec`] with other hidden layers.
fn rival(architecture: Architecture, widths: &[usize], n_outputs: usize) -> NetworkSpec {
    let mut spec = spec(widths, n_outputs);
    spec.layers = architecture.layers(widths, spec.inputs.width(), 0.1);
    spec.inputs.dropout = match architecture.kind {
        NetworkKind::Snn => Dropout::Alpha { rate: 0.05 },
        _ => Dropout::Ordinary { rate: 0.05 },
    };
    spec
}

fn loss_at(stepper: &mut StepperOf<f64>, data: &Dataset, loss: Loss, parameters: &[f64]) -> f64 {
    stepper.restore(parameters, 17, &[vec![], vec![]]);
    stepper.keep_gradient();
    let rows = all_rows(data);
    let options = StepOptions {
        loss,
        optimizer: SGD,
        learning_rate: 0.0,
        weight_decay: 0.0,
        clip_norm: None,
        category_dropout: 0.25,
        seed: 2,
    };
    stepper.step(&Batch::new(data, &rows), &options).loss()
}

/// Half the distance of the two points of a difference.
const HALF_STEP: f64 = 1e-6;

/// The square of half the step times a third derivative (normalization by few units has large ones),
/// and rounding of the loss over the step, as a share of 1 + the gradient.
const TOLERANCE: f64 = 1e-7;

/// Compares some elements of every tensor's gradient with differences.
fn check_differences(case: &str, spec: NetworkSpec, loss: Loss) {
    let data = data(&loss, spec.n_outputs, 37, 1.0);
    let network = network(spec);
    let tensors = network.tensors().to_vec();
    let parameters = widened(&network);
    let mut stepper = StepperOf::new(network.spec(), &parameters, &SGD, 37, 2).unwrap();
    loss_at(&mut stepper, &data, loss, &parameters);
    let gradient = stepper.last_gradient();
    for info in &tensors {
        let running = info.name.contains("running");
        let every = info.len().div_ceil(7);
        for index in (info.offset..info.offset + info.len()).step_by(every) {
            if running {
                assert_eq!(gradient[index], 0.0, "{}", info.name);
                continue;
            }
            let mut at = |distance: f64| {
                let mut moved = parameters.clone();
                moved[index] += distance;
                loss_at(&mut stepper, &data, loss, &moved)
            };
            let difference = (at(HALF_STEP) - at(-HALF_STEP)) / (2.0 * HALF_STEP);
            let got = gradient[index];
            assert!(
                (difference - got).abs() <= TOLERANCE * (1.0 + got.abs()),
                "{case} {loss:?} {}[{}]: {difference} {got}",
                info.name,
                index - info.offset
            );
        }
    }
}

#[test]
fn gradients_of_every_architecture_are_central_differences() {
    for architecture in architectures() {
        for (loss, n_outputs) in [LOSSES[0], LOSSES[2], LOSSES[3]] {
            for widths in [&[9][..], &[40, 40, 40], &[7, 7, 7, 7, 7]] {
                let spec = rival(architecture, widths, n_outputs);
                check_differences(&format!("{architecture:?} {widths:?}"), spec, loss);
            }
        }
    }
}

/// Everything that a model file may combine beside what the architectures do: blocks that begin at the
/// input or overlap, SELU with normalization, highway layers and residuals in one network.
fn mixed(n_outputs: usize) -> NetworkSpec {
    let mut spec = spec(&[], n_outputs);
    let width = spec.inputs.width();
    let alpha = Dropout::Alpha { rate: 0.1 };
    let ordinary = Dropout::Ordinary { rate: 0.1 };
    let layer = |activation, dropout, normalization, connection| LayerSpec {
        normalization,
        connection,
        ..LayerSpec::dense(width, activation, dropout)
    };
    let residual = |layers| Connection::Residual { layers };
    let (selu, relu) = (Activation::SELU, Activation::Relu);
    spec.layers = vec![
        layer(selu, alpha, Normalization::Layer, residual(1)),
        layer(selu, alpha, Normalization::None, Connection::Highway),
        layer(relu, ordinary, Normalization::Weight, residual(3)),
        layer(selu, alpha, Normalization::Batch, residual(2)),
        layer(relu, ordinary, Normalization::None, residual(4)),
        layer(relu, ordinary, Normalization::None, Connection::Highway),
        layer(selu, alpha, Normalization::Batch, Connection::Plain),
    ];
    spec
}

#[test]
fn gradients_of_networks_of_all_kinds_of_layers_are_central_differences() {
    for (loss, n_outputs) in LOSSES {
        check_differences("mixed", mixed(n_outputs), loss);
    }
}

/// Networks of every architecture, and one of all kinds of layers.
fn cases(n_outputs: usize) -> Vec<(String, NetworkSpec)> {
    let widths = [37, 37, 37];
    let case = |kind| (format!("{kind:?}"), rival(kind, &widths, n_outputs));
    let mut cases: Vec<_> = architectures().into_iter().map(case).collect();
    cases.push(("mixed".to_owned(), mixed(n_outputs)));
    cases
}

#[test]
fn every_architecture_gives_the_same_bits_for_any_number_of_threads_and_when_resumed() {
    for (case, spec) in cases(1) {
        let data = data(&Loss::Squared, 1, 150, 1.0);
        let (rows, valid): (Vec<u32>, Vec<u32>) = (0..150).partition(|row| row % 3 > 0);
        let options = TrainOptions {
            batch_size: 50,
            ..options(Loss::Squared)
        };
        let start = network(spec);
        let train = |threads: usize, resume: bool| {
            let new =
                || Trainer::new(start.clone(), options, &data, &rows, &valid, threads).unwrap();
            let mut trainer = new();
            while !trainer.is_done() {
                trainer
                    .epoch(&AtomicBool::new(false), &mut |_, _| {})
                    .unwrap();
                if resume {
                    let state = trainer.state();
                    trainer = new();
                    trainer.resume(state).unwrap();
                }
            }
            let losses: Vec<u64> = trainer
                .history()
                .iter()
                .map(|report| report.valid_loss.to_bits())
                .collect();
            let network = trainer.finish();
            let bits: Vec<u32> = network.parameters().iter().map(|p| p.to_bits()).collect();
            (losses, bits)
        };
        let one = train(1, false);
        for threads in [2, 3, 4, 7] {
            assert!(train(threads, false) == one, "{case}, {threads} threads");
        }
        assert!(train(2, true) == one, "{case}, resumed");
    }
}

#[test]
fn every_architecture_predicts_a_row_with_the_same_bits_alone_and_in_a_batch() {
    for (case, spec) in cases(3) {
        let data = data(&Loss::Squared, 1, 90, 1.0);
        let mut network = network(spec);
        // Running averages as after training.
        for info in network.tensors().to_vec() {
            if info.name.contains("running") {
                let averages = &mut network.parameters_mut()[info.offset..][..info.len()];
                for (i, average) in averages.iter_mut().enumerate() {
                    *average += 0.01 * i as f32;
                }
            }
        }
        let predictor = Predictor::new(&network, Precision::Single);
        let (mut workspace, mut pool) = (predictor.workspace(2), Pool::new(2).unwrap());
        let features = &data.features;
        let all = predictor
            .outputs(&mut workspace, &mut pool, features)
            .unwrap();
        assert!(all.iter().all(|y| y.is_finite()));
        for row in 0..90 {
            let mut alone = [0.0; 3];
            let (numbers, codes) = (features.row_numbers(row), features.row_codes(row));
            predictor
                .row(&mut workspace, numbers, codes, &mut alone)
                .unwrap();
            for (a, b) in alone.iter().zip(&all[row * 3..]) {
                assert_eq!(a.to_bits(), b.to_bits(), "{case}, row {row}");
            }
        }
    }
}
