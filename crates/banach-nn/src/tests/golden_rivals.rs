//! The networks that self-normalizing ones are compared with, against PyTorch's own modules.

use banach_kernels::{Pool, Real};

use super::all_rows;
use super::golden_file::{F32, F64, Golden, Tolerance, Worst, names};
use crate::predict::PredictorOf;
use crate::step::StepperOf;
use crate::{Batch, NetworkSpec, Precision, StepOptions, TensorInfo};

/// A batch of 24 rows is one shard, or two of 16 and 8 and none for a third thread.
const THREADS: [usize; 3] = [1, 2, 3];

/// The network of a golden file with the tensors stored under `prefix`.
fn stored_network<T: Real>(golden: &Golden, prefix: &str) -> (NetworkSpec, Vec<T>) {
    let spec: NetworkSpec = serde_json::from_value(golden.settings["network"].clone()).unwrap();
    let tensors = spec.tensors();
    let values = tensors
        .iter()
        .flat_map(|info| golden.get(&format!("{prefix}{}", info.name)));
    let parameters = values.map(|&value| T::from_f64(value)).collect();
    (spec, parameters)
}

/// The elements of one tensor.
fn tensor<'a, T>(parameters: &'a [T], info: &TensorInfo) -> &'a [T] {
    &parameters[info.offset..][..info.len()]
}

fn compare_batches<T: Real>(tolerance: Tolerance, title: &str) {
    let mut worst = Worst::default();
    let names: Vec<String> = names("rival_")
        .into_iter()
        .filter(|name| !name.starts_with("rival_curve_"))
        .collect();
    assert_eq!(names.len(), 7, "{names:?}");
    for name in names {
        let golden = Golden::read(&name);
        let (spec, parameters) = stored_network::<T>(&golden, "");
        let (tensors, n_outputs) = (spec.tensors(), spec.n_outputs);
        let data = golden.data();
        let rows = all_rows(&data);
        for threads in THREADS {
            let mut stepper = StepperOf::new(&spec, &parameters, &super::SGD, 24, threads).unwrap();
            let mut compare = |what: &str, got: &[T], want: &str| {
                let place = format!("{name}, {threads} threads: {what}");
                worst.compare(&place, got, golden.get(want), tolerance);
            };
            let result = stepper.gradient(&Batch::new(&data, &rows), &golden.loss());
            compare("loss", &[T::from_f64(result.loss())], "loss");
            let last = spec.layers.len();
            let (mut outputs, mut d_outputs) = (vec![], vec![]);
            for shard in &stepper.shards {
                for row in 0..shard.n_rows {
                    let start = outputs.len();
                    outputs.resize(start + n_outputs, T::ZERO);
                    shard.row_outputs(row, &mut outputs[start..]);
                    let d = shard.row_gradients(last, 0)[row];
                    d_outputs.extend_from_slice(&d.0[..n_outputs]);
                }
            }
            compare("outputs", &outputs, "outputs");
            compare("grad.outputs", &d_outputs, "grad.outputs");
            let gradient = stepper.last_gradient();
            for info in &tensors {
                let got = tensor(&gradient, info);
                if !info.role().is_trained() {
                    assert!(got.iter().all(|&d| d == T::ZERO), "{name}: {}", info.name);
                } else {
                    let grad = format!("grad.{}", info.name);
                    compare(&grad, got, &grad);
                }
            }
        }
    }
    worst.report(title);
}

#[test]
fn outputs_losses_and_every_gradient_tensor_of_the_rivals_are_pytorchs() {
    compare_batches::<f64>(F64, "rivals in float64");
    compare_batches::<f32>(F32, "rivals in float32");
}

/// A step of rate 0: all that it moves are running averages.
fn compare_running_averages<T: Real>(tolerance: Tolerance, title: &str) {
    let mut worst = Worst::default();
    for name in ["rival_batchnorm", "rival_resnet_2", "rival_resnet_3"] {
        let golden = Golden::read(name);
        let data = golden.data();
        let rows = all_rows(&data);
        let options = StepOptions {
            loss: golden.loss(),
            optimizer: super::SGD,
            learning_rate: 0.0,
            weight_decay: 0.0,
            clip_norm: None,
            category_dropout: 0.0,
            seed: 0,
        };
        for threads in THREADS {
            let (spec, parameters) = stored_network::<T>(&golden, "");
            let mut stepper = StepperOf::new(&spec, &parameters, &super::SGD, 24, threads).unwrap();
            stepper.step(&Batch::new(&data, &rows), &options);
            let parameters = stepper.parameters();
            for info in &spec.tensors() {
                let trained = info.role().is_trained();
                let after = if trained { "" } else { "after." };
                let want = golden.get(&format!("{after}{}", info.name));
                let place = format!("{name}, {threads} threads: {}", info.name);
                worst.compare(&place, tensor(&parameters, info), want, tolerance);
            }
        }
    }
    worst.report(title);
}

#[test]
fn a_batch_moves_running_averages_as_pytorch_does() {
    compare_running_averages::<f64>(F64, "running averages in float64");
    compare_running_averages::<f32>(F32, "running averages in float32");
}

fn compare_curves<T: Real>(tolerance: Tolerance, title: &str) {
    let mut worst = Worst::default();
    let names = names("rival_curve_");
    assert_eq!(names.len(), 14, "{names:?}");
    for name in names {
        let golden = Golden::read(&name);
        let data = golden.data();
        let optimizer = golden.optimizer();
        let options = StepOptions {
            loss: golden.loss(),
            optimizer,
            learning_rate: golden.number("/optimizer/learning_rate"),
            weight_decay: golden.number("/optimizer/weight_decay"),
            clip_norm: golden.settings["clip_norm"].as_f64(),
            category_dropout: 0.0,
            seed: 0,
        };
        for threads in THREADS {
            let (spec, parameters) = stored_network::<T>(&golden, "initial.");
            let mut stepper = StepperOf::new(&spec, &parameters, &optimizer, 24, threads).unwrap();
            stepper.keep_gradient();
            let (mut losses, mut norms) = (vec![], vec![]);
            for step in 0..20_u32 {
                let first = 24 * (step % 4);
                let rows: Vec<u32> = (first..first + 24).collect();
                let result = stepper.step(&Batch::new(&data, &rows), &options);
                losses.push(result.loss());
                let gradient = stepper.last_gradient();
                let squares = gradient.iter().map(|g| g.to_f64().powi(2));
                norms.push(squares.sum::<f64>().sqrt());
            }
            let place = |what: &str| format!("{name}, {threads} threads: {what}");
            worst.compare(&place("losses"), &losses, golden.get("losses"), tolerance);
            let want = golden.get("grad_norm");
            worst.compare(&place("grad_norm"), &norms, want, tolerance);
            let parameters = stepper.parameters();
            for info in &spec.tensors() {
                let got = tensor(&parameters, info);
                let want = format!("final.{}", info.name);
                let start = golden.get(&format!("initial.{}", info.name));
                worst.compare_beside(&place(&want), got, golden.get(&want), start, tolerance);
            }
            let predictor = PredictorOf::new(&spec, &parameters, Precision::Single);
            let (mut workspace, mut pool) =
                (predictor.workspace(threads), Pool::new(threads).unwrap());
            let predicted = predictor
                .outputs(&mut workspace, &mut pool, &data.features)
                .unwrap();
            let want = golden.get("predicted");
            worst.compare(&place("predicted"), &predicted, want, tolerance);
        }
    }
    worst.report(title);
}

#[test]
fn twenty_steps_of_every_rival_and_what_it_then_predicts_are_pytorchs() {
    compare_curves::<f64>(F64, "curves of rivals in float64");
    compare_curves::<f32>(F32, "curves of rivals in float32");
}
