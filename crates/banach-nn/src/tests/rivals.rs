//! The networks of the paper's comparison: gradients, determinism and prediction.

use std::sync::atomic::AtomicBool;

use super::{LOSSES, SGD, data, network, options, spec};
use crate::optimizer::OptimizerState;
use crate::step::StepOptions;
use crate::{
    Architecture, Dataset, Dropout, Loss, NetworkSpec, Predictor, Stepper, TrainOptions, Trainer,
};

/// All architectures, residual blocks with a bottleneck among them.
fn architectures() -> Vec<Architecture> {
    let bottleneck = Architecture::ResNet {
        block: 3,
        bottleneck: 0.25,
    };
    let all = Architecture::ALL.into_iter();
    all.chain([bottleneck]).collect()
}

/// The network of [`spec`] with other hidden layers.
fn rival(architecture: Architecture, widths: &[usize], n_outputs: usize) -> NetworkSpec {
    let mut spec = spec(widths, n_outputs);
    spec.layers = architecture.layers(widths, spec.inputs.width(), 0.1);
    spec.inputs.dropout = match architecture {
        Architecture::Snn => Dropout::Alpha { rate: 0.05 },
        _ => Dropout::Ordinary { rate: 0.05 },
    };
    spec
}

fn loss_at(stepper: &mut Stepper<f64>, data: &Dataset, loss: Loss, parameters: &[f64]) -> f64 {
    let mut state = OptimizerState::new(&SGD, parameters.len());
    state.step = 17;
    stepper.restore(parameters, &state);
    stepper.keep_gradient();
    let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
    let options = StepOptions {
        loss,
        optimizer: SGD,
        learning_rate: 0.0,
        weight_decay: 0.0,
        clip_norm: None,
        hide_rate: 0.25,
        seed: 2,
    };
    stepper.step(data, &rows, &options).loss()
}

/// Half the distance of the two points of a difference.
const HALF_STEP: f64 = 1e-6;

/// The square of half the step times a third derivative (normalization by few units has large ones),
/// and rounding of the loss over the step, as a share of 1 + the gradient.
const TOLERANCE: f64 = 1e-7;

#[test]
fn gradients_of_every_architecture_are_central_differences() {
    for architecture in architectures() {
        for (loss, n_outputs) in [LOSSES[0], LOSSES[2], LOSSES[3]] {
            for widths in [&[9][..], &[40, 40, 40], &[7, 7, 7, 7, 7]] {
                let data = data(&loss, n_outputs, 37, 1.0);
                let network = network::<f64>(rival(architecture, widths, n_outputs));
                let tensors = network.tensors().to_vec();
                let parameters = network.parameters().to_vec();
                let mut stepper = Stepper::new(network, &SGD, 37, 2).unwrap();
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
                            "{architecture:?} {widths:?} {loss:?} {}[{}]: {difference} {got}",
                            info.name,
                            index - info.offset
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_architecture_gives_the_same_bits_for_any_number_of_threads_and_when_resumed() {
    for architecture in architectures() {
        let data = data(&Loss::Squared, 1, 150, 1.0);
        let (rows, valid): (Vec<u32>, Vec<u32>) = (0..150).partition(|row| row % 3 > 0);
        let options = TrainOptions {
            batch_size: 50,
            ..options(Loss::Squared)
        };
        let start = network::<f32>(rival(architecture, &[37, 37, 37], 1));
        let train = |threads: usize, resume: bool| {
            let new =
                || Trainer::new(start.clone(), options, &data, &rows, &valid, threads).unwrap();
            let mut trainer = new();
            while !trainer.is_done() {
                trainer.epoch(&AtomicBool::new(false), |_, _| {}).unwrap();
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
            assert!(
                train(threads, false) == one,
                "{architecture:?}, {threads} threads"
            );
        }
        assert!(train(2, true) == one, "{architecture:?}, resumed");
    }
}

#[test]
fn every_architecture_predicts_a_row_with_the_same_bits_alone_and_in_a_batch() {
    for architecture in architectures() {
        let data = data(&Loss::Squared, 1, 90, 1.0);
        let start = network::<f32>(rival(architecture, &[37, 37, 37], 3));
        let mut network = start;
        // Running averages as after training.
        for info in network.tensors().to_vec() {
            if info.name.contains("running") {
                let averages = &mut network.parameters_mut()[info.offset..][..info.len()];
                for (i, average) in averages.iter_mut().enumerate() {
                    *average += 0.01 * i as f32;
                }
            }
        }
        let mut predictor = Predictor::new(&network, 2).unwrap();
        let all = predictor.outputs(&data.inputs).unwrap();
        assert!(all.iter().all(|y| y.is_finite()));
        for row in 0..90 {
            let mut alone = [0.0; 3];
            let numbers = &data.inputs.numbers[row * 3..][..3];
            let codes = &data.inputs.codes[row * 2..][..2];
            predictor.row(numbers, codes, &mut alone).unwrap();
            for (a, b) in alone.iter().zip(&all[row * 3..]) {
                assert_eq!(a.to_bits(), b.to_bits(), "{architecture:?}, row {row}");
            }
        }
    }
}
