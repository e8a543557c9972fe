//! The same seed gives the same bits, however the work is shared out or broken off.

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use banach_kernels::Pool;

use super::{ADAM, LOSSES, data, network, options, spec};
use crate::{
    DatasetError, EpochOutcome, EpochReport, Features, Loss, Network, NetworkSpec, Optimizer,
    Precision, Predictor, TrainOptions, TrainState, Trainer,
};

const N_TRAIN: u32 = 101;
const N_ROWS: u32 = 190;

/// What a run leaves behind, as bits where it is numbers of the network.
#[derive(Debug, PartialEq)]
struct Trace {
    parameters: Vec<u32>,
    history: Vec<EpochReport>,
    steps: Vec<(usize, u64, u64)>,
}

fn bits(parameters: &[f32]) -> Vec<u32> {
    parameters.iter().map(|p| p.to_bits()).collect()
}

/// Trains; with `resume`, stops after each epoch and goes on in a new trainer, from the state.
fn train(options: TrainOptions, n_outputs: usize, threads: usize, resume: bool) -> Trace {
    let data = data(&options.loss, n_outputs, N_ROWS as usize, 1.0);
    let (train_rows, valid_rows): (Vec<u32>, Vec<u32>) = (0..N_ROWS).partition(|&r| r < N_TRAIN);
    // Wide enough for a weight matrix to be cut in phase 2, and no width is a multiple of anything.
    let start = network(spec(&[71, 33, 67], n_outputs));
    let new = |network: Network| {
        Trainer::new(network, options, &data, &train_rows, &valid_rows, threads).unwrap()
    };
    let mut trainer = new(start.clone());
    let mut steps = Vec::new();
    while !trainer.is_done() {
        let run = AtomicBool::new(false);
        let outcome = trainer.epoch(&run, &mut |step, result| {
            steps.push((
                step,
                result.loss_sum.to_bits(),
                result.gradient_norm.to_bits(),
            ));
        });
        assert!(matches!(outcome, Ok(EpochOutcome::Finished(_))));
        if resume {
            let state = trainer.state();
            // An epoch that is broken off leaves no trace in what is resumed.
            let stop = AtomicBool::new(true);
            if !trainer.is_done() {
                let outcome = trainer.epoch(&stop, &mut |_, _| {});
                assert!(matches!(outcome, Ok(EpochOutcome::Interrupted)));
            }
            trainer = new(start.clone());
            trainer.resume(state).unwrap();
        }
    }
    Trace {
        history: trainer.history().to_vec(),
        parameters: bits(trainer.finish().parameters()),
        steps,
    }
}

fn cases() -> Vec<(TrainOptions, usize)> {
    let mut cases = Vec::new();
    for (loss, n_outputs) in LOSSES {
        cases.push((options(loss), n_outputs));
    }
    let plain = options(Loss::Squared);
    for batch_size in [1, 5, 8, 64, 1000] {
        cases.push((
            TrainOptions {
                batch_size,
                ..plain
            },
            1,
        ));
    }
    let sgd = Optimizer::Sgd {
        momentum: 0.9,
        nesterov: true,
    };
    let adamw = Optimizer::AdamW {
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
    };
    for optimizer in [super::SGD, sgd, ADAM, adamw] {
        // Clipped to almost nothing, all gradients would be subnormal.
        for clip_norm in [None, Some(0.1), Some(1e-38)] {
            let options = TrainOptions {
                optimizer,
                clip_norm,
                ..plain
            };
            cases.push((options, 1));
        }
    }
    cases
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (options, n_outputs) in cases() {
        let one = train(options, n_outputs, 1, false);
        assert_eq!(one.history.len(), 4);
        for threads in [2, 3, 4, 7] {
            let many = train(options, n_outputs, threads, false);
            assert!(one == many, "{threads} threads, {options:?}");
        }
    }
}

#[test]
fn a_resumed_run_gives_the_bits_of_an_uninterrupted_one() {
    for (options, n_outputs) in cases() {
        let whole = train(options, n_outputs, 2, false);
        let resumed = train(options, n_outputs, 3, true);
        assert!(whole == resumed, "{options:?}");
    }
}

#[test]
fn another_seed_gives_another_network() {
    let options = options(Loss::Squared);
    let other = TrainOptions { seed: 7, ..options };
    let [a, b] = [options, other].map(|options| train(options, 1, 1, false));
    assert_ne!(a.parameters, b.parameters);
}

#[test]
fn a_state_of_another_run_is_refused() {
    let data = data(&Loss::Squared, 1, 20, 1.0);
    let rows: Vec<u32> = (0..20).collect();
    let new = || {
        let network = network(spec(&[5], 1));
        let options = options(Loss::Squared);
        let mut trainer = Trainer::new(network, options, &data, &rows, &[], 1).unwrap();
        trainer
            .epoch(&AtomicBool::new(false), &mut |_, _| {})
            .unwrap();
        trainer
    };
    type Break = fn(&mut TrainState);
    let cases: [(Break, &str); 5] = [
        (|s| _ = s.parameters.pop(), "the number of parameters is"),
        (|s| _ = s.best_parameters.pop(), "number of best parameters"),
        (|s| _ = s.optimizer.slots[1].pop(), "an optimizer slot"),
        (|s| s.optimizer.step = 2, "number of steps is 2, expected 1"),
        (|s| s.history[0].epoch = 2, "an epoch is 2, expected 1"),
    ];
    let state = new().state();
    assert!(new().resume(state.clone()).is_ok());
    for (break_it, words) in cases {
        let mut broken = state.clone();
        break_it(&mut broken);
        let message = new().resume(broken).expect_err(words).to_string();
        assert!(message.starts_with("the saved state does not fit this run: "));
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_row_is_predicted_with_the_same_bits_alone_in_a_range_and_in_a_batch() {
    let data = data(&Loss::Squared, 1, 150, 1.0);
    let features = &data.features;
    let network = network(spec(&[71, 33], 3));
    for precision in Precision::ALL {
        let predictor = Predictor::new(&network, precision);
        let want = bits(&predictor.outputs_once(features, 1).unwrap());
        let mut workspace = predictor.workspace(1);
        for threads in [2, 3, 4] {
            let mut pool = Pool::new(threads).unwrap();
            let outputs = predictor.outputs(&mut workspace, &mut pool, features);
            assert_eq!(bits(&outputs.unwrap()), want);
        }
        for row in 0..features.n_rows {
            let alone = features.select(&[row as u32]);
            let outputs = predictor.outputs_once(&alone, 1).unwrap();
            assert_eq!(bits(&outputs), want[row * 3..][..3]);
        }
        for rows in [0..150, 0..0, 7..8, 3..149, 100..102] {
            let mut outputs = vec![0.0; rows.len() * 3];
            let got = predictor.rows(&mut workspace, features, rows.clone(), &mut outputs);
            assert!(got.is_ok());
            assert_eq!(bits(&outputs), want[rows.start * 3..rows.end * 3]);
        }
    }
}

/// Whether arithmetic on this thread keeps subnormal numbers.
fn is_exact() -> bool {
    black_box(f32::MIN_POSITIVE) * black_box(0.5) > 0.0
}

#[test]
fn vanishing_gradients_leave_no_subnormal_number() {
    let data = data(&Loss::Squared, 1, N_ROWS as usize, 1.0);
    let rows: Vec<u32> = (0..N_ROWS).collect();
    let options = TrainOptions {
        clip_norm: Some(1e-38),
        ..options(Loss::Squared)
    };
    let network = network(spec(&[71, 33], 1));
    let mut trainer = Trainer::new(network, options, &data, &rows, &[], 2).unwrap();
    let run = AtomicBool::new(false);
    while !trainer.is_done() {
        trainer.epoch(&run, &mut |_, _| {}).unwrap();
    }
    let state = trainer.state();
    let [first, second] = &state.optimizer.slots;
    for numbers in [&state.parameters, first, second] {
        assert!(!numbers.iter().any(|number| number.is_subnormal()));
    }
}

#[test]
fn subnormal_numbers_are_zeros_to_a_network_and_exact_to_its_caller() {
    let mut data = data(&Loss::Squared, 1, 150, 1e-39);
    // Without biases and categories, subnormal inputs would make subnormal outputs.
    let mut plain = spec(&[71, 33], 3);
    plain.inputs.categories.clear();
    data.features.n_categories = 0;
    data.features.codes.clear();
    assert!(data.features.numbers.iter().any(|x| x.is_subnormal()));
    let zeros = Features {
        numbers: vec![0.0; data.features.numbers.len()],
        ..data.features.clone()
    };
    let network = Network::new(plain.clone(), 3).unwrap();
    for precision in Precision::ALL {
        let predictor = Predictor::new(&network, precision);
        let want = bits(&predictor.outputs_once(&zeros, 1).unwrap());
        let mut workspace = predictor.workspace(1);
        for threads in [1, 3] {
            let outputs = predictor.outputs_once(&data.features, threads).unwrap();
            assert_eq!(bits(&outputs), want);
            assert!(is_exact());
        }
        let mut outputs = vec![1.0; 150 * 3];
        let all = predictor.rows(&mut workspace, &data.features, 0..150, &mut outputs);
        assert!(all.is_ok() && is_exact());
        assert_eq!(bits(&outputs), want);
        let numbers = data.features.row_numbers(7);
        let row = predictor.row(&mut workspace, numbers, &[], &mut outputs[..3]);
        assert!(row.is_ok() && is_exact());
        assert_eq!(bits(&outputs[..3]), want[..3]);
        assert!(predictor.moments(&mut workspace, &data.features).is_ok() && is_exact());
    }
    let rows: Vec<u32> = (0..150).collect();
    let options = options(Loss::Squared);
    let network = Network::new(
        NetworkSpec {
            n_outputs: 1,
            ..plain
        },
        3,
    )
    .unwrap();
    let mut trainer = Trainer::new(network, options, &data, &rows[..100], &rows[100..], 2).unwrap();
    let run = AtomicBool::new(false);
    let outcome = trainer.epoch(&run, &mut |_, _| assert!(is_exact()));
    assert!(outcome.is_ok() && is_exact());
}

#[test]
fn networks_of_one_shape_share_a_workspace_and_others_are_refused() {
    let features = data(&Loss::Squared, 1, 40, 1.0).features;
    let predictor = |seed, widths: &[usize]| {
        let network = Network::new(spec(widths, 2), seed).unwrap();
        Predictor::new(&network, Precision::Single)
    };
    let (one, two, wider) = (
        predictor(1, &[9, 9]),
        predictor(2, &[9, 9]),
        predictor(1, &[9, 10]),
    );
    let mut workspace = one.workspace(1);
    let mut outputs = vec![0.0; 40 * 2];
    for predictor in [&one, &two, &one.clone()] {
        let got = predictor.rows(&mut workspace, &features, 0..40, &mut outputs);
        assert!(got.is_ok());
        assert_eq!(
            bits(&outputs),
            bits(&predictor.outputs_once(&features, 2).unwrap())
        );
    }
    let got = wider.rows(&mut workspace, &features, 0..40, &mut outputs);
    assert_eq!(got, Err(DatasetError::Workspace));
    let beyond = one.rows(&mut workspace, &features, 0..41, &mut outputs);
    assert_eq!(
        beyond,
        Err(DatasetError::Row {
            row: 40,
            n_rows: 40
        })
    );
}

#[test]
fn a_predictor_is_shared_between_threads() {
    let features = data(&Loss::Squared, 1, 40, 1.0).features;
    let predictor = Predictor::new(&network(spec(&[9], 2)), Precision::Single);
    let want = bits(&predictor.outputs_once(&features, 1).unwrap());
    let run = |_, ()| bits(&predictor.outputs_once(&features, 1).unwrap());
    for got in crate::parallel_map(vec![(); 6], 3, run) {
        assert_eq!(got, want);
    }
}
