//! The engine against PyTorch: `goldens/README.md` says how the values were made.

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{
    DropoutMask, Isa, LANES, Line, Piece, Real, Selu, flat, flat_mut, lines_for, selu_backward,
    selu_forward,
};

use super::golden_file::{F32, F64, Golden, Tolerance, Worst, names};
use crate::step::StepperOf;
use crate::{Activation, Batch, Dropout, InputSpec, LayerSpec, NetworkSpec, StepOptions};

/// The network with the weights stored under `prefix`.
fn stored_network<T: Real>(golden: &Golden, prefix: &str) -> (NetworkSpec, Vec<T>) {
    let shapes = (0..).map_while(|i| {
        let name = format!("{prefix}layers.{i}.weight");
        golden.tensors.get(&name).map(|(shape, _)| shape.clone())
    });
    let shapes: Vec<Vec<usize>> = shapes.collect();
    let (last, hidden) = shapes.split_last().unwrap();
    let layer = |shape: &Vec<usize>| LayerSpec::dense(shape[0], Activation::SELU, Dropout::None);
    let spec = NetworkSpec {
        inputs: InputSpec {
            n_numbers: shapes[0][1],
            categories: vec![],
            dropout: Dropout::None,
        },
        layers: hidden.iter().map(layer).collect(),
        n_outputs: last[0],
    };
    let parameters = spec
        .tensors()
        .iter()
        .flat_map(|info| golden.get(&format!("{prefix}{}", info.name)))
        .map(|&value| T::from_f64(value))
        .collect();
    (spec, parameters)
}

fn compare_networks<T: Real>(tolerance: Tolerance, title: &str) {
    let mut worst = Worst::default();
    let names = names("network_");
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        let golden = Golden::read(&name);
        let (spec, parameters) = stored_network::<T>(&golden, "");
        let (tensors, n_outputs) = (spec.tensors(), spec.n_outputs);
        let mut data = golden.data();
        let rows = super::all_rows(&data);
        for prefix in ["", "unweighted."] {
            // Two threads with unequal shares: both paths of the sharding are in the comparison.
            let mut stepper = StepperOf::new(&spec, &parameters, &super::SGD, 24, 2).unwrap();
            let result = stepper.gradient(&Batch::new(&data, &rows), &golden.loss());
            let loss = [T::from_f64(result.loss())];
            let want = golden.get(&format!("{prefix}loss"));
            worst.compare(&format!("{name} {prefix}loss"), &loss, want, tolerance);
            let last = spec.layers.len();
            let (mut outputs, mut d_outputs) = (vec![], vec![]);
            for shard in &stepper.shards {
                for (row, d) in shard.row_gradients(last, 0).iter().enumerate() {
                    let start = outputs.len();
                    outputs.resize(start + n_outputs, T::ZERO);
                    shard.row_outputs(row, &mut outputs[start..]);
                    d_outputs.extend_from_slice(&d.0[..n_outputs]);
                }
            }
            assert_eq!(outputs.len(), 24 * n_outputs);
            let want = golden.get("outputs");
            worst.compare(&format!("{name} outputs"), &outputs, want, tolerance);
            let want = golden.get(&format!("{prefix}grad.outputs"));
            let place = format!("{name} {prefix}grad.outputs");
            worst.compare(&place, &d_outputs, want, tolerance);
            for info in &tensors {
                let got = &stepper.last_gradient()[info.offset..][..info.len()];
                let place = format!("{prefix}grad.{}", info.name);
                let want = golden.get(&place);
                worst.compare(&format!("{name} {place}"), got, want, tolerance);
            }
            data.weights = None;
        }
    }
    worst.report(title);
}

#[test]
fn outputs_losses_and_every_gradient_tensor_are_pytorchs() {
    compare_networks::<f64>(F64, "networks in float64");
    compare_networks::<f32>(F32, "networks in float32");
}

fn compare_curves<T: Real>(tolerance: Tolerance, title: &str) {
    let mut worst = Worst::default();
    let names = names("curve_");
    assert_eq!(names.len(), 33, "{names:?}");
    for name in names {
        let golden = Golden::read(&name);
        let data = golden.data();
        let (spec, parameters) = stored_network::<T>(&golden, "initial.");
        let optimizer = golden.optimizer();
        let mut stepper = StepperOf::new(&spec, &parameters, &optimizer, 24, 2).unwrap();
        stepper.keep_gradient();
        let mut options = StepOptions {
            loss: golden.loss(),
            optimizer,
            learning_rate: 0.0,
            weight_decay: golden.number("/optimizer/weight_decay"),
            clip_norm: golden.settings["clip_norm"].as_f64(),
            category_dropout: 0.0,
            seed: 0,
        };
        let full_rate = golden.number("/optimizer/learning_rate");
        let (mut losses, mut norms, mut rates) = (vec![], vec![], vec![]);
        for step in 0..20_u32 {
            let first = 24 * (step % 4);
            let rows: Vec<u32> = (first..first + 24).collect();
            options.learning_rate = full_rate * golden.schedule().factor(step.into(), 20);
            let result = stepper.step(&Batch::new(&data, &rows), &options);
            losses.push(result.loss());
            let gradient = stepper.last_gradient();
            let squares = gradient.iter().map(|g| g.to_f64().powi(2));
            norms.push(squares.sum::<f64>().sqrt());
            rates.push(options.learning_rate);
            if options.clip_norm.is_some() {
                let error = (result.gradient_norm / norms[step as usize] - 1.0).abs();
                assert!(error < 1e-12, "{name}: norm of step {step}");
            }
        }
        // The rates do not depend on the number type.
        let place = format!("{name} learning_rate");
        worst.compare(&place, &rates, golden.get("learning_rate"), F64);
        let place = format!("{name} losses");
        worst.compare(&place, &losses, golden.get("losses"), tolerance);
        let place = format!("{name} grad_norm");
        worst.compare(&place, &norms, golden.get("grad_norm"), tolerance);
        let parameters = stepper.parameters();
        for info in &spec.tensors() {
            let place = format!("final.{}", info.name);
            let got = &parameters[info.offset..][..info.len()];
            let want = golden.get(&place);
            let start = golden.get(&format!("initial.{}", info.name));
            worst.compare_beside(&format!("{name} {place}"), got, want, start, tolerance);
        }
    }
    worst.report(title);
}

#[test]
fn twenty_steps_of_every_loss_optimizer_schedule_and_clipping_are_pytorchs() {
    compare_curves::<f64>(F64, "curves in float64");
    compare_curves::<f32>(F32, "curves in float32");
}

/// The derivative is taken from the output, `y - saturation`, which is exact to one rounding of a
/// number below 2: an error of 2^-23 beside a slope of about 1, wherever the input lies.
const SELU_SLOPE_F32: Tolerance = Tolerance {
    of_value: 0.0,
    of_largest: 2.4e-7,
};

/// 3 ULP (test `selu_ulp` of the kernels) and the golden's own half.
const SELU_F32: Tolerance = Tolerance {
    of_value: 3.5 / 8_388_608.0,
    of_largest: 1e-30,
};

fn compare_selu<T: Real>(isa: Isa, y: Tolerance, slope: Tolerance) {
    let golden = Golden::read("selu");
    let x: Vec<T> = golden.get("x").iter().map(|&x| T::from_f64(x)).collect();
    let mut got = lines(&x, x.len());
    let bias = vec![T::ZERO; got.len()];
    selu_forward(isa, &mut got, &bias, PIECE, Selu::default(), None);
    let mut d = vec![Line([T::ONE; LANES]); got.len()];
    selu_backward(isa, &mut d, &got, Selu::default(), None);
    let mut worst = Worst::default();
    worst.compare("y", &flat(&got)[..x.len()], golden.get("y"), y);
    worst.compare("dy/dx", &flat(&d)[..x.len()], golden.get("dy_dx"), slope);
    worst.report(&format!("SELU, {}", isa.name()));
}

#[test]
fn selu_and_its_derivative_are_pytorchs() {
    for isa in Isa::supported() {
        compare_selu::<f64>(isa, F64, F64);
        compare_selu::<f32>(isa, SELU_F32, SELU_SLOPE_F32);
    }
}

/// All lanes of the first units and rows.
const PIECE: Piece = Piece {
    first_unit: 0,
    first_row: 0,
    lanes: LANES,
};

/// Rows of numbers as lines, zeros behind the last number of each.
fn lines<T: Real>(numbers: &[T], width: usize) -> Vec<Line<T>> {
    let row = |row: &[T]| {
        let mut lines = vec![Line::ZERO; lines_for(width)];
        flat_mut(&mut lines)[..width].copy_from_slice(row);
        lines
    };
    numbers.chunks_exact(width).flat_map(row).collect()
}

/// The rates of the golden are multiples of 2^-16, so none is rounded.
const DROPOUT_F64: Tolerance = Tolerance {
    of_value: 1.0 / 16_777_216.0,
    of_largest: 1e-9,
};

/// A few roundings of numbers of the tensor's largest magnitude.
const DROPOUT_F32: Tolerance = Tolerance {
    of_value: 0.0,
    of_largest: 5e-7,
};

fn compare_alpha_dropout<T: Real>(isa: Isa, tolerance: Tolerance) {
    let golden = Golden::read("alpha_dropout");
    // Units are lines here, and rows of the batch lanes.
    let (n_units, n_rows) = (70, LANES);
    let convert = |name: &str| -> Vec<Line<T>> {
        let values: Vec<T> = golden.get(name).iter().map(|&v| T::from_f64(v)).collect();
        lines(&values, n_rows)
    };
    let mut worst = Worst::default();
    for (index, rate) in [0.0625, 0.125, 0.5].into_iter().enumerate() {
        let get = |name: &str| golden.get(&format!("{rate}.{name}"));
        let stream = Stream::new(1, Purpose::Dropout, index as u32, 0);
        let selu = Selu::default();
        let mask = DropoutMask::alpha(stream, rate, selu, 0.0, 1.0);
        let (a, b, dropped) = mask.constants();
        let place = format!("constants at rate {rate}");
        worst.compare(&place, &[a, b, dropped], get("constants"), DROPOUT_F64);

        // Our own mask: kept units are those of a mask that drops nothing.
        let mut y = convert("x");
        assert_eq!(y.len(), n_units);
        let bias = vec![T::ZERO; n_units];
        selu_forward(isa, &mut y, &bias, PIECE, selu, Some(&mask));
        let mut d = convert("d_y");
        selu_backward(isa, &mut d, &y, selu, Some(&mask));
        let keeps = |i: usize| mask.keeps(i % n_rows, i / n_rows);
        let kept = (0..n_units * n_rows).filter(|&i| keeps(i)).count();
        assert!(0 < kept && kept < n_units * n_rows, "a mask that does both");
        let masked = |name: &str, dropped: f64| -> Vec<f64> {
            let pick = |(i, &value)| if keeps(i) { value } else { dropped };
            get(name).iter().enumerate().map(pick).collect()
        };
        let place = format!("y at rate {rate}");
        worst.compare(&place, flat(&y), &masked("y_kept", dropped), tolerance);
        let place = format!("d_x at rate {rate}");
        worst.compare(&place, flat(&d), &masked("d_x_kept", 0.0), tolerance);

        // The golden's mask: backward knows a mask from the outputs alone. These are rounded to
        // float32, and the derivative `y - dropped` with them.
        let mut d = convert("d_y");
        let y = convert(&format!("{rate}.y"));
        selu_backward(isa, &mut d, &y, selu, Some(&mask));
        let place = format!("d_x under the golden mask at rate {rate}");
        worst.compare(&place, flat(&d), get("d_x"), DROPOUT_F32);
    }
    worst.report(&format!("alpha dropout, {}", isa.name()));
}

#[test]
fn alpha_dropout_is_pytorchs() {
    for isa in Isa::supported() {
        compare_alpha_dropout::<f64>(isa, DROPOUT_F64);
        compare_alpha_dropout::<f32>(isa, DROPOUT_F32);
    }
}
