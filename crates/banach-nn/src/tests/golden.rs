//! The engine against PyTorch: `goldens/README.md` says how the values were made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{
    DropoutMask, Isa, LANES, Line, Piece, Real, Selu, flat, flat_mut, lines_for, selu_backward,
    selu_forward,
};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::step::StepOptions;
use crate::{
    Activation, Dataset, Dropout, InputSpec, Inputs, LayerSpec, Loss, Network, NetworkSpec,
    Optimizer, Schedule, Stepper, Targets,
};

/// How far an engine may be from a golden value.
#[derive(Clone, Copy)]
struct Tolerance {
    /// Share of the value itself.
    of_value: f64,
    /// Share of the largest magnitude in the tensor.
    of_largest: f64,
}

/// Goldens are rounded to float32 once, which moves a value by at most 2^-24 of itself; what the
/// order of additions does to float64 after 20 steps stays far below 1e-12.
const F64: Tolerance = Tolerance {
    of_value: 1.0 / 16_777_216.0,
    of_largest: 1e-12,
};

/// PyTorch's own float32 run is at most 4e-6 of a tensor's largest magnitude from float64 (printed
/// by `goldens/make.py`); another order of additions may be as far off on the other side.
const F32: Tolerance = Tolerance {
    of_value: 0.0,
    of_largest: 8e-6,
};

/// The largest difference seen, as a share of what is allowed and of the tensor's largest magnitude.
#[derive(Default)]
struct Worst {
    of_allowed: f64,
    of_largest: f64,
    place: String,
    failures: Vec<String>,
}

impl Worst {
    fn compare<T: Real>(&mut self, place: &str, got: &[T], want: &[f64], tolerance: Tolerance) {
        self.compare_beside(place, got, want, &[], tolerance);
    }

    /// Compares values that came from others by many small steps: rounding errors are of the size
    /// of what was passed on the way, so the largest magnitude of both counts.
    fn compare_beside<T: Real>(
        &mut self,
        place: &str,
        got: &[T],
        want: &[f64],
        start: &[f64],
        tolerance: Tolerance,
    ) {
        assert_eq!(got.len(), want.len(), "{place}: number of values");
        let both = want.iter().chain(start);
        let largest = both.fold(0.0, |top: f64, v| top.max(v.abs()));
        for (index, (got, &want)) in got.iter().zip(want).enumerate() {
            let difference = (got.to_f64() - want).abs();
            let allowed = tolerance.of_value * want.abs() + tolerance.of_largest * largest;
            let of_allowed = if difference == 0.0 {
                0.0
            } else {
                difference / allowed
            };
            if of_allowed > 1.0 || of_allowed.is_nan() {
                self.failures.push(format!(
                    "{place}[{index}]: {got:?}, golden {want}, allowed {allowed:e}"
                ));
            }
            if of_allowed > self.of_allowed {
                self.of_allowed = of_allowed;
                self.of_largest = difference / largest;
                self.place = place.to_string();
            }
        }
    }

    fn report(&self, title: &str) {
        println!(
            "{title}: largest difference {:.1e} of the tensor's largest magnitude, {:.0}% of what \
             is allowed, in {}",
            self.of_largest,
            100.0 * self.of_allowed,
            self.place
        );
        assert!(self.failures.is_empty(), "{}", self.failures.join("\n"));
    }
}

struct Golden {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f64>)>,
    settings: Value,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../goldens/data")
}

impl Golden {
    fn read(name: &str) -> Self {
        let bytes = std::fs::read(folder().join(format!("{name}.safetensors"))).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let settings = &metadata.metadata().as_ref().unwrap()["golden"];
        let values = |dtype, data: &[u8]| -> Vec<f64> {
            match dtype {
                Dtype::F32 => {
                    let number = |b: &[u8]| f64::from(f32::from_le_bytes(b.try_into().unwrap()));
                    data.chunks_exact(4).map(number).collect()
                }
                Dtype::F64 => {
                    let number = |b: &[u8]| f64::from_le_bytes(b.try_into().unwrap());
                    data.chunks_exact(8).map(number).collect()
                }
                Dtype::I64 => {
                    let number = |b: &[u8]| i64::from_le_bytes(b.try_into().unwrap()) as f64;
                    data.chunks_exact(8).map(number).collect()
                }
                Dtype::U8 => data.iter().map(|&byte| f64::from(byte)).collect(),
                other => panic!("{name}: no golden has type {other:?}"),
            }
        };
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file.iter().map(|(name, view)| {
            let tensor = (view.shape().to_vec(), values(view.dtype(), view.data()));
            (name.to_string(), tensor)
        });
        Self {
            tensors: tensors.collect(),
            settings: serde_json::from_str(settings).unwrap(),
        }
    }

    fn get(&self, name: &str) -> &[f64] {
        let (_, values) = self
            .tensors
            .get(name)
            .unwrap_or_else(|| panic!("no {name}"));
        values
    }

    fn get_f32(&self, name: &str) -> Vec<f32> {
        self.get(name).iter().map(|&value| value as f32).collect()
    }

    fn number(&self, pointer: &str) -> f64 {
        let value = self.settings.pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("no number at {pointer}"))
    }

    fn loss(&self) -> Loss {
        match self.settings["loss"].as_str().unwrap() {
            "cross_entropy" | "cross_entropy_smoothing" => Loss::CrossEntropy {
                label_smoothing: self.number("/label_smoothing"),
            },
            "bce_masked" => Loss::BinaryCrossEntropy,
            "squared" => Loss::Squared,
            "huber" => Loss::Huber {
                delta: self.number("/delta"),
            },
            other => panic!("no loss {other}"),
        }
    }

    fn optimizer(&self) -> Optimizer {
        let beta = |i| self.number(&format!("/optimizer/betas/{i}"));
        match self.settings["optimizer"]["name"].as_str().unwrap() {
            "sgd" => super::SGD,
            name @ ("sgd_momentum" | "sgd_nesterov") => Optimizer::Sgd {
                momentum: self.number("/optimizer/momentum"),
                nesterov: name == "sgd_nesterov",
            },
            "adam" => Optimizer::Adam {
                beta1: beta(0),
                beta2: beta(1),
                epsilon: self.number("/optimizer/eps"),
            },
            "adamw" => Optimizer::AdamW {
                beta1: beta(0),
                beta2: beta(1),
                epsilon: self.number("/optimizer/eps"),
            },
            other => panic!("no optimiser {other}"),
        }
    }

    fn schedule(&self) -> Schedule {
        match self.settings["schedule"]["kind"].as_str().unwrap() {
            "constant" => Schedule::Constant,
            "cosine" => Schedule::Cosine,
            "one_cycle" => Schedule::OneCycle,
            other => panic!("no schedule {other}"),
        }
    }

    fn data(&self) -> Dataset {
        let (shape, _) = &self.tensors["x"];
        let targets = match self.loss() {
            Loss::CrossEntropy { .. } => {
                Targets::Classes(self.get("targets").iter().map(|&t| t as u32).collect())
            }
            Loss::BinaryCrossEntropy => Targets::Labels(self.get_f32("targets")),
            Loss::Squared | Loss::Huber { .. } => Targets::Values(self.get_f32("targets")),
        };
        Dataset {
            inputs: Inputs {
                n_rows: shape[0],
                numbers: self.get_f32("x"),
                codes: vec![],
            },
            targets,
            weights: Some(self.get_f32("sample_weight")),
        }
    }

    /// The network with the weights stored under `prefix`.
    fn network<T: Real>(&self, prefix: &str) -> Network<T> {
        let shapes = (0..).map_while(|i| {
            let name = format!("{prefix}layers.{i}.weight");
            self.tensors.get(&name).map(|(shape, _)| shape.clone())
        });
        let shapes: Vec<Vec<usize>> = shapes.collect();
        let (last, hidden) = shapes.split_last().unwrap();
        let layer = |shape: &Vec<usize>| LayerSpec {
            width: shape[0],
            activation: Activation::SELU,
            dropout: Dropout::None,
        };
        let spec = NetworkSpec {
            inputs: InputSpec {
                n_numbers: shapes[0][1],
                categories: vec![],
                dropout: Dropout::None,
            },
            layers: hidden.iter().map(layer).collect(),
            n_outputs: last[0],
        };
        let parameters = Network::<T>::new(spec.clone(), 0)
            .unwrap()
            .tensors()
            .iter()
            .flat_map(|info| self.get(&format!("{prefix}{}", info.name)))
            .map(|&value| T::from_f64(value))
            .collect();
        Network::from_parameters(spec, parameters).unwrap()
    }
}

/// Names of all golden files that start so.
fn names(start: &str) -> Vec<String> {
    let file_name = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        Some(name.strip_suffix(".safetensors")?.to_string())
    };
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(file_name)
        .filter(|name| name.starts_with(start))
        .collect();
    names.sort();
    names
}

fn compare_networks<T: Real>(tolerance: Tolerance, title: &str) {
    let mut worst = Worst::default();
    let names = names("network_");
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        let golden = Golden::read(&name);
        let network = golden.network::<T>("");
        let (tensors, n_outputs) = (network.tensors().to_vec(), network.spec().n_outputs);
        let mut data = golden.data();
        let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
        for prefix in ["", "unweighted."] {
            // Two threads with unequal shares: both paths of the sharding are in the comparison.
            let mut stepper = Stepper::new(network.clone(), &super::SGD, 24, 2).unwrap();
            let result = stepper.gradient(&data, &rows, &golden.loss());
            let loss = [T::from_f64(result.loss())];
            let want = golden.get(&format!("{prefix}loss"));
            worst.compare(&format!("{name} {prefix}loss"), &loss, want, tolerance);
            let last = network.spec().layers.len();
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
        let network = golden.network::<T>("initial.");
        let tensors = network.tensors().to_vec();
        let optimizer = golden.optimizer();
        let mut stepper = Stepper::new(network, &optimizer, 24, 2).unwrap();
        stepper.keep_gradient();
        let mut options = StepOptions {
            loss: golden.loss(),
            optimizer,
            learning_rate: 0.0,
            weight_decay: golden.number("/optimizer/weight_decay"),
            clip_norm: golden.settings["clip_norm"].as_f64(),
            hide_rate: 0.0,
            seed: 0,
        };
        let full_rate = golden.number("/optimizer/learning_rate");
        let (mut losses, mut norms, mut rates) = (vec![], vec![], vec![]);
        for step in 0..20_u32 {
            let first = 24 * (step % 4);
            let rows: Vec<u32> = (first..first + 24).collect();
            options.learning_rate = full_rate * golden.schedule().factor(step.into(), 20);
            let result = stepper.step(&data, &rows, &options);
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
        let network = stepper.network();
        for info in &tensors {
            let place = format!("final.{}", info.name);
            let (got, want) = (network.tensor(info), golden.get(&place));
            let start = golden.get(&format!("initial.{}", info.name));
            worst.compare_beside(&format!("{name} {place}"), got, want, start, tolerance);
        }
    }
    worst.report(title);
}

#[test]
fn twenty_steps_of_every_loss_optimiser_schedule_and_clipping_are_pytorchs() {
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
