//! Every error by its message, and the last value that is still allowed.

use std::sync::atomic::AtomicBool;

use super::{ADAM, data, network, options, spec};
use crate::{
    Activation, CategorySpec, Dataset, Dropout, Loss, Network, NetworkSpec, Normalization,
    Optimizer, Stopping, Targets, TrainError, TrainOptions, Trainer,
};

/// `good` is at the edge of what is allowed and must pass, `bad` just beyond, with this message.
struct Case<T> {
    good: fn(&mut T),
    bad: fn(&mut T),
    message: &'static str,
}

/// Checks all cases and reports every failing one.
fn check<T, E: std::fmt::Display>(
    start: impl Fn() -> T,
    cases: &[Case<T>],
    run: impl Fn(&T) -> Result<(), E>,
) {
    let mut failures = Vec::new();
    for case in cases {
        let (mut good, mut bad) = (start(), start());
        (case.good)(&mut good);
        (case.bad)(&mut bad);
        if let Err(error) = run(&good) {
            failures.push(format!("refused before \"{}\": {error}", case.message));
        }
        let got = run(&bad).map_or_else(|error| error.to_string(), |()| "no error".into());
        if got != case.message {
            failures.push(format!("got  {got}\nwant {}", case.message));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn selu(values: [f64; 4]) -> Activation {
    let [alpha, lambda, mean, variance] = values;
    Activation::Selu {
        alpha,
        lambda,
        mean,
        variance,
    }
}

#[test]
fn specifications() {
    let cases: [Case<NetworkSpec>; 15] = [
        Case {
            good: |s| s.layers.truncate(1),
            bad: |s| s.layers.clear(),
            message: "a network has 1 to 256 hidden layers, got 0",
        },
        Case {
            good: |s| s.layers = vec![s.layers[0]; 256],
            bad: |s| s.layers = vec![s.layers[0]; 257],
            message: "a network has 1 to 256 hidden layers, got 257",
        },
        Case {
            good: |s| s.layers[1].width = 1,
            bad: |s| s.layers[1].width = 0,
            message: "hidden layer 2 has width 0; widths start at 1",
        },
        Case {
            good: |s| s.n_outputs = 1,
            bad: |s| s.n_outputs = 0,
            message: "the output layer has no units; it needs at least 1",
        },
        Case {
            good: |s| s.inputs.n_numbers = 0,
            bad: |s| {
                s.inputs.n_numbers = 0;
                s.inputs.categories.clear();
            },
            message: "the network has no input units; it needs at least 1 number or category",
        },
        Case {
            good: |s| {
                s.inputs.categories[0] = CategorySpec::OneHot {
                    low: vec![0.0],
                    high: vec![1.0],
                };
            },
            bad: |s| {
                s.inputs.categories[0] = CategorySpec::OneHot {
                    low: vec![0.0],
                    high: vec![1.0, 2.0],
                };
            },
            message: "category input 1 needs at least 1 code and 1 unit, and finite lists of equal length",
        },
        Case {
            good: |s| {
                s.inputs.categories[1] = CategorySpec::Embedding {
                    n_codes: 1,
                    dimension: 1,
                };
            },
            bad: |s| {
                s.inputs.categories[1] = CategorySpec::Embedding {
                    n_codes: 1,
                    dimension: 0,
                };
            },
            message: "category input 2 needs at least 1 code and 1 unit, and finite lists of equal length",
        },
        Case {
            good: |s| s.layers[0].dropout = Dropout::Alpha { rate: 0.0 },
            bad: |s| s.layers[0].dropout = Dropout::Alpha { rate: -0.1 },
            message: "the dropout rate must be in [0, 1), got -0.1",
        },
        Case {
            good: |s| s.layers[0].dropout = Dropout::Alpha { rate: 0.999_999 },
            bad: |s| s.layers[0].dropout = Dropout::Alpha { rate: 1.0 },
            message: "the dropout rate must be in [0, 1), got 1",
        },
        Case {
            good: |s| s.inputs.dropout = Dropout::None,
            bad: |s| s.inputs.dropout = Dropout::Alpha { rate: f64::NAN },
            message: "the dropout rate must be in [0, 1), got NaN",
        },
        Case {
            good: |s| s.layers[0].activation = selu([1e-9, 1e-9, -3.0, 1e-9]),
            bad: |s| s.layers[0].activation = selu([1.0, 0.0, 0.0, 1.0]),
            message: "SELU needs finite alpha, lambda and variance above 0 and a finite mean, got \
                      alpha 1, lambda 0, mean 0, variance 1",
        },
        Case {
            good: |s| s.layers[0].activation = Activation::SELU,
            bad: |s| s.layers[0].activation = selu([1.5, 1.0, f64::INFINITY, 1.0]),
            message: "SELU needs finite alpha, lambda and variance above 0 and a finite mean, got \
                      alpha 1.5, lambda 1, mean inf, variance 1",
        },
        Case {
            good: |s| {
                s.layers[1].activation = Activation::Relu;
                s.layers[1].dropout = Dropout::Ordinary { rate: 0.5 };
            },
            bad: |s| s.layers[1].activation = Activation::Relu,
            message: "alpha dropout goes with SELU only: it sets units to SELU's lower limit and \
                      corrects mean and variance for that, so after another activation it would \
                      shift the statistics it is there to keep; use ordinary dropout with relu",
        },
        Case {
            good: |s| {
                s.layers[0].activation = Activation::Relu;
                s.layers[0].dropout = Dropout::None;
                s.inputs.dropout = Dropout::Ordinary { rate: 0.5 };
            },
            bad: |s| s.inputs.dropout = Dropout::Ordinary { rate: 0.5 },
            message: "SELU goes with alpha dropout only: setting units to 0 changes the mean and \
                      variance that make the network self-normalizing; use alpha dropout with selu",
        },
        Case {
            good: |s| s.layers[0].width = 1 << 40,
            bad: |s| s.layers[0].width = usize::MAX / 2,
            message: "the network has more parameters than this machine's memory can address",
        },
    ];
    check(|| spec(&[8, 8], 2), &cases, NetworkSpec::check);
    let network = |n| Network::from_parameters(spec(&[8], 2), vec![0.0; n]);
    let n = spec(&[8], 2).n_parameters().unwrap();
    assert!(network(n).is_ok());
    let message = network(n + 1).expect_err("one too many").to_string();
    assert_eq!(
        message,
        format!("parameters has {} entries, expected {n}", n + 1)
    );
}

/// A dataset with a loss and the number of outputs.
struct Fit {
    data: Dataset,
    loss: Loss,
    n_outputs: usize,
}

#[test]
fn datasets() {
    fn labels(fit: &mut Fit, values: [f32; 8]) {
        fit.loss = Loss::BinaryCrossEntropy;
        fit.data.targets = Targets::Labels {
            n_labels: 2,
            values: values.to_vec(),
        };
    }
    fn values(fit: &mut Fit, last: f32) {
        fit.loss = Loss::Huber { delta: 1.0 };
        fit.n_outputs = 1;
        fit.data.targets = Targets::Values(vec![0.0, 1.0, 2.0, last]);
    }
    fn weights(fit: &mut Fit, last: f32) {
        fit.data.weights = Some(vec![1.0, 1.0, 1.0, last]);
    }
    let cases: [Case<Fit>; 19] = [
        Case {
            good: |_| {},
            bad: |f| _ = f.data.features.numbers.pop(),
            message: "numbers has 11 entries, expected 12",
        },
        Case {
            good: |_| {},
            bad: |f| f.data.features.codes.push(0),
            message: "codes has 9 entries, expected 8",
        },
        Case {
            good: |_| {},
            bad: |f| f.data.features = crate::Features::from_numbers(4, 4, vec![0.0; 16]),
            message: "each row has 4 numbers, but the network is made for 3",
        },
        Case {
            good: |_| {},
            bad: |f| f.data.features = crate::Features::from_numbers(4, 3, vec![0.0; 12]),
            message: "each row has 0 categories, but the network is made for 2",
        },
        Case {
            good: |f| labels(f, [1.0; 8]),
            bad: |f| {
                labels(f, [1.0; 8]);
                f.n_outputs = 1;
            },
            message: "each row has 2 labels, but the network is made for 1",
        },
        Case {
            good: |f| f.data.features.numbers[5] = f32::MAX,
            bad: |f| f.data.features.numbers[5] = f32::INFINITY,
            message: "number 6 is inf; it must be finite",
        },
        Case {
            good: |f| f.data.features.codes[5] = 3,
            bad: |f| f.data.features.codes[5] = 4,
            message: "row 3: a category has code 4, but there are only 4 codes",
        },
        Case {
            good: |f| f.data.targets = Targets::Classes(vec![0, 1, 1, 1]),
            bad: |f| f.data.targets = Targets::Classes(vec![0, 1, 2, 1]),
            message: "row 3: the target has code 2, but there are only 2 codes",
        },
        Case {
            good: |_| {},
            bad: |f| f.data.targets = Targets::Classes(vec![0, 1, 1]),
            message: "targets has 3 entries, expected 4",
        },
        Case {
            good: |f| labels(f, [0.0, 1.0, f32::NAN, 0.0, 1.0, -0.0, 0.0, 1.0]),
            bad: |f| labels(f, [0.0, 1.0, f32::NAN, 0.5, 1.0, 0.0, 0.0, 1.0]),
            message: "row 2: label 2 is 0.5; it must be 0, 1 or missing (NaN)",
        },
        Case {
            good: |f| labels(f, [1.0; 8]),
            bad: |f| {
                f.loss = Loss::BinaryCrossEntropy;
                f.data.targets = Targets::Labels {
                    n_labels: 2,
                    values: vec![1.0; 4],
                };
            },
            message: "targets has 4 entries, expected 8",
        },
        Case {
            good: |f| values(f, -3.5),
            bad: |f| values(f, f32::NAN),
            message: "target 4 is NaN; it must be finite",
        },
        Case {
            good: |f| values(f, 0.0),
            bad: |f| {
                values(f, 0.0);
                f.n_outputs = 2;
            },
            message: "outputs has 2 entries, expected 1",
        },
        Case {
            good: |_| {},
            bad: |f| f.loss = Loss::BinaryCrossEntropy,
            message: "the loss binary_cross_entropy needs labels as targets, got classes",
        },
        Case {
            good: |_| {},
            bad: |f| f.loss = Loss::Squared,
            message: "the loss squared needs numbers as targets, got classes",
        },
        Case {
            good: |_| {},
            bad: |f| f.data.targets = Targets::Values(vec![0.0; 4]),
            message: "the loss cross_entropy needs classes as targets, got numbers",
        },
        Case {
            good: |f| f.data.weights = None,
            bad: |f| f.data.weights = Some(vec![1.0; 3]),
            message: "weights has 3 entries, expected 4",
        },
        Case {
            good: |f| weights(f, 0.0),
            bad: |f| weights(f, -1.0),
            message: "the weight of row 4 is -1; it must be finite and at least 0",
        },
        Case {
            good: |f| weights(f, f32::MAX),
            bad: |f| weights(f, f32::NAN),
            message: "the weight of row 4 is NaN; it must be finite and at least 0",
        },
    ];
    let start = || {
        let loss = Loss::CrossEntropy {
            label_smoothing: 0.0,
        };
        Fit {
            data: data(&loss, 2, 4, 1.0),
            loss,
            n_outputs: 2,
        }
    };
    check(start, &cases, |fit| {
        fit.data.check(&spec(&[8], fit.n_outputs), &fit.loss)
    });
}

fn normalized() -> NetworkSpec {
    let mut spec = spec(&[8], 1);
    spec.inputs.dropout = Dropout::None;
    spec.layers[0].normalization = Normalization::Batch;
    spec.layers[0].activation = Activation::Relu;
    spec.layers[0].dropout = Dropout::None;
    spec
}

#[test]
fn rows_that_count_for_nothing_and_batches_without_variance() {
    fn run(
        data: &Dataset,
        spec: NetworkSpec,
        batch_size: usize,
        [train, valid]: [&[u32]; 2],
    ) -> Result<(), TrainError> {
        let loss = match data.targets {
            Targets::Labels { .. } => Loss::BinaryCrossEntropy,
            _ => Loss::Squared,
        };
        let options = TrainOptions {
            batch_size,
            ..options(loss)
        };
        let network = network(spec);
        let mut trainer = Trainer::new(network, options, data, train, valid, 1)?;
        trainer.epoch(&AtomicBool::new(false), &mut |_, _| {})?;
        Ok(())
    }
    let says = |result: Result<(), TrainError>| result.unwrap_err().to_string();
    let plain = data(&Loss::Squared, 1, 6, 1.0);
    let weighted = |weights: [f32; 6]| Dataset {
        weights: Some(weights.to_vec()),
        ..plain.clone()
    };
    let halves: [&[u32]; 2] = [&[0, 1, 2, 3], &[4, 5]];
    let dense = || spec(&[8], 1);
    let one_each = weighted([0.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
    assert!(run(&one_each, dense(), 2, halves).is_ok());
    let no_validation = weighted([1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    assert_eq!(
        says(run(&no_validation, dense(), 2, halves)),
        "all 2 validation rows have weight 0"
    );
    let no_training = weighted([0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(
        says(run(&no_training, dense(), 2, halves)),
        "all 4 training rows have weight 0"
    );
    // A row of several labels counts for those that it has.
    let missing = |rows: &[usize]| {
        let mut data = data(&Loss::BinaryCrossEntropy, 1, 6, 1.0);
        data.weights = None;
        if let Targets::Labels { values, .. } = &mut data.targets {
            values.fill(1.0);
            rows.iter().for_each(|&row| values[row] = f32::NAN);
        }
        data
    };
    assert!(run(&missing(&[0, 4]), dense(), 2, halves).is_ok());
    assert_eq!(
        says(run(&missing(&[4, 5]), dense(), 2, halves)),
        "all 2 validation rows have weight 0"
    );

    assert_eq!(
        says(run(&plain, normalized(), 1, halves)),
        "batch normalization needs at least 2 rows in a batch, got 4 training rows and the batch size 1"
    );
    assert_eq!(
        says(run(&plain, normalized(), 4, [&[3], &[]])),
        "batch normalization needs at least 2 rows in a batch, got 1 training rows and the batch size 4"
    );
}

#[test]
fn every_batch_has_two_rows_with_batch_normalization() {
    let data = data(&Loss::Squared, 1, 20, 1.0);
    let all: Vec<u32> = (0..20).collect();
    for n in 2..20 {
        for batch_size in 2..7 {
            let options = TrainOptions {
                batch_size,
                ..options(Loss::Squared)
            };
            let rows = &all[..n];
            let trainer = Trainer::new(network(normalized()), options, &data, rows, &[], 1);
            let mut trainer = trainer.unwrap();
            let n_batches = trainer.steps_per_epoch();
            assert!(n / n_batches >= 2, "{n} rows in batches of {batch_size}");
            assert!(n.div_ceil(n_batches) <= batch_size.max(3));
            let epoch = trainer.epoch(&AtomicBool::new(false), &mut |_, _| {});
            assert!(epoch.is_ok(), "{n} rows in batches of {batch_size}");
        }
    }
}

#[test]
fn settings() {
    fn adam(options: &mut TrainOptions, beta1: f64, beta2: f64, epsilon: f64) {
        options.optimizer = Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
        };
    }
    fn momentum(options: &mut TrainOptions, momentum: f64) {
        options.optimizer = Optimizer::Sgd {
            momentum,
            nesterov: false,
        };
    }
    let cases: [Case<TrainOptions>; 17] = [
        Case {
            good: |o| o.learning_rate = f64::MIN_POSITIVE,
            bad: |o| o.learning_rate = 0.0,
            message: "learning rate must be above 0, got 0",
        },
        Case {
            good: |o| o.learning_rate = f64::MAX,
            bad: |o| o.learning_rate = f64::INFINITY,
            message: "learning rate must be above 0, got inf",
        },
        Case {
            good: |o| o.weight_decay = 0.0,
            bad: |o| o.weight_decay = -0.5,
            message: "weight decay must be at least 0, got -0.5",
        },
        Case {
            good: |o| o.clip_norm = None,
            bad: |o| o.clip_norm = Some(0.0),
            message: "clip norm must be above 0, got 0",
        },
        Case {
            good: |o| o.batch_size = 1,
            bad: |o| o.batch_size = 0,
            message: "batch size must be at least 1, got 0",
        },
        Case {
            good: |o| o.epochs = 1,
            bad: |o| o.epochs = 0,
            message: "epochs must be 1 to 1,000,000, got 0",
        },
        Case {
            good: |o| o.epochs = 1_000_000,
            bad: |o| o.epochs = 1_000_001,
            message: "epochs must be 1 to 1,000,000, got 1000001",
        },
        Case {
            good: |o| o.category_dropout = 0.0,
            bad: |o| o.category_dropout = 1.0,
            message: "category dropout must be in [0, 1), got 1",
        },
        Case {
            good: |o| {
                o.loss = Loss::CrossEntropy {
                    label_smoothing: 0.99,
                };
            },
            bad: |o| {
                o.loss = Loss::CrossEntropy {
                    label_smoothing: 1.0,
                };
            },
            message: "label smoothing must be in [0, 1), got 1",
        },
        Case {
            good: |o| o.loss = Loss::Huber { delta: 1e-9 },
            bad: |o| o.loss = Loss::Huber { delta: 0.0 },
            message: "Huber delta must be above 0, got 0",
        },
        Case {
            good: |o| momentum(o, 0.0),
            bad: |o| momentum(o, 1.0),
            message: "momentum must be in [0, 1), got 1",
        },
        Case {
            good: |o| adam(o, 0.0, 0.0, 1e-30),
            bad: |o| adam(o, 1.0, 0.0, 1e-8),
            message: "beta1 must be in [0, 1), got 1",
        },
        Case {
            good: |o| adam(o, 0.9, 0.9999, 1e-8),
            bad: |o| adam(o, 0.9, -0.1, 1e-8),
            message: "beta2 must be in [0, 1), got -0.1",
        },
        Case {
            good: |_| {},
            bad: |o| {
                o.optimizer = Optimizer::AdamW {
                    beta1: 0.9,
                    beta2: 0.9,
                    epsilon: 0.0,
                };
            },
            message: "epsilon must be above 0, got 0",
        },
        Case {
            good: |_| {},
            bad: |o| o.learning_rate = f64::NAN,
            message: "learning rate must be above 0, got NaN",
        },
        Case {
            good: |o| o.stopping = Stopping::Best { patience: Some(1) },
            bad: |o| o.stopping = Stopping::Best { patience: Some(0) },
            message: "patience must be at least 1, got 0",
        },
        Case {
            good: |o| o.stopping = Stopping::Smoothed { window: 1 },
            bad: |o| o.stopping = Stopping::Smoothed { window: 0 },
            message: "smoothing window must be at least 1, got 0",
        },
    ];
    check(|| options(Loss::Squared), &cases, TrainOptions::check);
}

/// The error of a run with these settings on these rows, if any.
fn run(options: TrainOptions, train_rows: &[u32], valid_rows: &[u32]) -> Result<(), TrainError> {
    let data = data(&options.loss, 1, 20, 1.0);
    let network = network(spec(&[8], 1));
    let mut trainer = Trainer::new(network, options, &data, train_rows, valid_rows, 1)?;
    trainer
        .epoch(&AtomicBool::new(false), &mut |_, _| {})
        .map(|_| ())
}

#[test]
fn runs() {
    let options = options(Loss::Squared);
    let message = |result: Result<(), TrainError>| result.expect_err("a bad run").to_string();
    assert!(run(options, &[0, 19], &[]).is_ok());
    assert_eq!(
        message(run(options, &[], &[1])),
        "there are no rows to train on"
    );
    assert_eq!(
        message(run(options, &[0], &[3, 20])),
        "row 21 is asked for, but the dataset has only 20 rows"
    );
    // Errors of the parts come through unchanged.
    let bad = TrainOptions {
        batch_size: 0,
        ..options
    };
    assert_eq!(
        message(run(bad, &[0], &[])),
        "batch size must be at least 1, got 0"
    );
    let misfit = TrainOptions {
        loss: Loss::CrossEntropy {
            label_smoothing: 0.0,
        },
        ..options
    };
    let data = data(&Loss::Squared, 1, 20, 1.0);
    let trainer = Trainer::new(network(spec(&[8], 1)), misfit, &data, &[0], &[], 1);
    assert_eq!(
        message(trainer.map(|_| ())),
        "the loss cross_entropy needs classes as targets, got numbers"
    );
}

#[test]
fn divergence_says_where() {
    let diverging = TrainOptions {
        learning_rate: 1e30,
        clip_norm: None,
        batch_size: 5,
        optimizer: super::SGD,
        schedule: crate::Schedule::Constant,
        ..options(Loss::Squared)
    };
    let rows: Vec<u32> = (0..20).collect();
    let error = run(diverging, &rows, &[]).expect_err("diverges");
    let message = error.to_string();
    let TrainError::Diverged {
        which,
        value,
        epoch,
        step,
        last_finite,
        ..
    } = error
    else {
        panic!("{message}");
    };
    assert_eq!((which, epoch), ("training", 1));
    assert!(!value.is_finite() && last_finite.is_finite() && step > 1);
    for words in [
        "training diverged: the training loss became",
        "at learning rate 1.000e30",
        "(last finite training loss",
    ] {
        assert!(message.contains(words), "{message}");
    }
    // One step: it is the validation that sees the broken weights.
    let one_step = TrainOptions {
        batch_size: 20,
        ..diverging
    };
    let message = run(one_step, &rows, &rows)
        .expect_err("diverges")
        .to_string();
    assert!(message.contains("the validation loss became"), "{message}");
    // Adam moves by the learning rate at most: at the same data nothing is wrong.
    let calm = TrainOptions {
        optimizer: ADAM,
        learning_rate: 1e-3,
        ..diverging
    };
    assert!(run(calm, &rows, &rows).is_ok());
}

#[test]
fn a_refused_thread_is_told() {
    let error = TrainError::Threads {
        threads: 9,
        source: std::io::Error::from(std::io::ErrorKind::OutOfMemory),
    };
    assert_eq!(
        error.to_string(),
        "could not start 9 threads: out of memory"
    );
}
