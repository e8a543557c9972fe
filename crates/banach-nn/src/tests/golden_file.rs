//! Golden files, and comparing with them: `goldens/README.md` says how the values were made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use banach_kernels::Real;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::{Dataset, Features, Loss, Optimizer, Schedule, Targets};

/// How far an engine may be from a golden value.
#[derive(Clone, Copy)]
pub(crate) struct Tolerance {
    /// Share of the value itself.
    pub(crate) of_value: f64,
    /// Share of the largest magnitude in the tensor.
    pub(crate) of_largest: f64,
}

/// Goldens are rounded to float32 once, which moves a value by at most 2^-24 of itself; what the
/// order of additions does to float64 after 20 steps stays far below 1e-12.
pub(crate) const F64: Tolerance = Tolerance {
    of_value: 1.0 / 16_777_216.0,
    of_largest: 1e-12,
};

/// PyTorch's own float32 run is at most 4e-6 of a tensor's largest magnitude from float64 (printed
/// by `goldens/make.py`); another order of additions may be as far off on the other side.
pub(crate) const F32: Tolerance = Tolerance {
    of_value: 0.0,
    of_largest: 8e-6,
};

/// The largest difference seen, as a share of what is allowed and of the tensor's largest magnitude.
#[derive(Default)]
pub(crate) struct Worst {
    of_allowed: f64,
    of_largest: f64,
    place: String,
    failures: Vec<String>,
}

impl Worst {
    pub(crate) fn compare<T: Real>(
        &mut self,
        place: &str,
        got: &[T],
        want: &[f64],
        tolerance: Tolerance,
    ) {
        self.compare_beside(place, got, want, &[], tolerance);
    }

    /// Compares values that came from others by many small steps: rounding errors are of the size
    /// of what was passed on the way, so the largest magnitude of both counts.
    pub(crate) fn compare_beside<T: Real>(
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

    pub(crate) fn report(&self, title: &str) {
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

pub(crate) struct Golden {
    pub(crate) tensors: BTreeMap<String, (Vec<usize>, Vec<f64>)>,
    pub(crate) settings: Value,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../goldens/data")
}

impl Golden {
    pub(crate) fn read(name: &str) -> Self {
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

    pub(crate) fn get(&self, name: &str) -> &[f64] {
        let (_, values) = self
            .tensors
            .get(name)
            .unwrap_or_else(|| panic!("no {name}"));
        values
    }

    fn get_f32(&self, name: &str) -> Vec<f32> {
        self.get(name).iter().map(|&value| value as f32).collect()
    }

    pub(crate) fn number(&self, pointer: &str) -> f64 {
        let value = self.settings.pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("no number at {pointer}"))
    }

    pub(crate) fn loss(&self) -> Loss {
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

    pub(crate) fn optimizer(&self) -> Optimizer {
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
            other => panic!("no optimizer {other}"),
        }
    }

    pub(crate) fn schedule(&self) -> Schedule {
        match self.settings["schedule"]["kind"].as_str().unwrap() {
            "constant" => Schedule::Constant,
            "cosine" => Schedule::Cosine,
            "one_cycle" => Schedule::OneCycle,
            other => panic!("no schedule {other}"),
        }
    }

    pub(crate) fn data(&self) -> Dataset {
        let (shape, _) = &self.tensors["x"];
        let targets = match self.loss() {
            Loss::CrossEntropy { .. } => {
                Targets::Classes(self.get("targets").iter().map(|&t| t as u32).collect())
            }
            Loss::BinaryCrossEntropy => Targets::Labels {
                n_labels: self.tensors["targets"].0[1],
                values: self.get_f32("targets"),
            },
            Loss::Squared | Loss::Huber { .. } => Targets::Values(self.get_f32("targets")),
        };
        Dataset {
            features: Features::from_numbers(shape[0], shape[1], self.get_f32("x")),
            targets,
            weights: Some(self.get_f32("sample_weight")),
        }
    }
}

/// Names of all golden files that start so.
pub(crate) fn names(start: &str) -> Vec<String> {
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
