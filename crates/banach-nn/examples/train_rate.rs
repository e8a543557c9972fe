//! Prints the training rate of one network on random data: samples per second and GFLOP/s.
//!
//! Usage: train_rate FEATURES LAYERS WIDTH CLASSES BATCH adam|sgd DROPOUT THREADS
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use banach_nn::{
    Activation, Dataset, Dropout, InputSpec, Inputs, LayerSpec, Loss, Network, NetworkSpec,
    Optimizer, Schedule, Stopping, Targets, TrainOptions, Trainer,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| args[i].parse::<usize>();
    let (features, layers, width, classes) = (number(0)?, number(1)?, number(2)?, number(3)?);
    let (batch, threads, rate) = (number(4)?, number(7)?, args[6].parse::<f64>()?);
    let dropout = if rate > 0.0 {
        Dropout::Alpha { rate }
    } else {
        Dropout::None
    };
    let layer = LayerSpec {
        width,
        activation: Activation::SELU,
        dropout,
    };
    let spec = NetworkSpec {
        inputs: InputSpec {
            n_numbers: features,
            categories: vec![],
            dropout: Dropout::None,
        },
        layers: vec![layer; layers],
        n_outputs: classes,
    };
    let n_rows = batch * 64;
    let value = |i: usize| ((i * 2_654_435_761) % 10_007) as f32 / 2900.0 - 1.72;
    let data = Dataset {
        inputs: Inputs {
            n_rows,
            numbers: (0..n_rows * features).map(value).collect(),
            codes: vec![],
        },
        targets: Targets::Classes((0..n_rows).map(|i| (i % classes) as u32).collect()),
        weights: None,
    };
    let optimizer = match args[5].as_str() {
        "sgd" => Optimizer::Sgd {
            momentum: 0.0,
            nesterov: false,
        },
        _ => Optimizer::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        },
    };
    let options = TrainOptions {
        loss: Loss::CrossEntropy {
            label_smoothing: 0.0,
        },
        optimizer,
        learning_rate: 1e-4,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        clip_norm: None,
        batch_size: batch,
        epochs: 1000,
        stopping: Stopping::Last,
        hide_categories: 0.0,
        seed: 1,
    };
    let rows: Vec<u32> = (0..n_rows as u32).collect();
    let widths = spec.widths();
    let weights: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let network = Network::<f32>::new(spec, 1)?;
    let mut trainer = Trainer::new(network, options, &data, &rows, &[], threads)?;
    let mut rates = Vec::new();
    for _ in 0..7 {
        let start = Instant::now();
        trainer.epoch(&AtomicBool::new(false), |_, _| {})?;
        rates.push(n_rows as f64 / start.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let (low, median, high) = (rates[0], rates[3], rates[6]);
    let gflops = median * 6.0 * weights as f64 / 1e9;
    println!("{median:.0} samples/s ({low:.0} to {high:.0}), {gflops:.1} GFLOP/s");
    Ok(())
}
