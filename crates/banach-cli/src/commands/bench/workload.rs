//! Networks whose speed is measured, and random data for them.

use anyhow::bail;
use banach_nn::{
    Architecture, Dataset, Dropout, Features, InputSpec, Loss, NetworkKind, NetworkSpec, Optimizer,
    Schedule, Stopping, Targets, TrainOptions,
};
use clap::ValueEnum;
use serde::{Serialize, Serializer};

use crate::text::count;

/// Batches in a dataset, unless its rows are given.
const N_BATCHES: usize = 64;

/// Most numbers in a dataset: 8 GiB.
const MAX_NUMBERS: usize = 1 << 31;

/// Longest measurement, in seconds; a longer one would only be a slip of the finger.
const MAX_SECONDS: f64 = 3600.0;

/// A network that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Name {
    /// 16 features, 3 x 256 units, batch size 256, Adam
    Small,
    /// 32 features, 8 x 256 units, batch size 128, SGD, alpha dropout 0.05
    Deep,
    /// 32 features, 32 x 256 units, batch size 128, SGD, alpha dropout 0.05
    Vdeep,
    /// 64 features, 8 x 1024 units, 10 classes, batch size 128, SGD, alpha dropout 0.05
    Wide,
    /// 784 features, 8 x 784 units, 10 classes, batch size 128, SGD
    Mnist,
}

const SGD: Optimizer = Optimizer::Sgd {
    momentum: 0.0,
    nesterov: false,
};

const ADAM: Optimizer = Optimizer::Adam {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

/// A network for classes, and how it is trained.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Workload {
    pub(super) workload: String,
    pub(super) network: NetworkKind,
    pub(super) features: usize,
    pub(super) layers: usize,
    pub(super) width: usize,
    pub(super) classes: usize,
    pub(super) batch: usize,
    #[serde(serialize_with = "optimizer_name")]
    pub(super) optimizer: Optimizer,
    /// Rate of dropout.
    pub(super) dropout: f64,
    /// Rows of the dataset.
    pub(super) rows: usize,
}

/// Values that differ from those of a named network.
#[derive(Debug, Clone, Copy, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "Network")]
pub(super) struct Changes {
    /// Kind of network: snn, msra, batchnorm, layernorm, weightnorm, highway or resnet
    #[arg(long, value_name = "NAME")]
    network: Option<NetworkKind>,
    /// Number of numeric features
    #[arg(long, value_name = "N", value_parser = size())]
    features: Option<usize>,
    /// Number of hidden layers; with resnet the first layer plus blocks of two
    #[arg(long, value_name = "N", value_parser = size())]
    layers: Option<usize>,
    /// Units in each hidden layer; a highway network is as wide as its input
    #[arg(long, value_name = "N", value_parser = size())]
    width: Option<usize>,
    /// Number of classes
    #[arg(long, value_name = "N", value_parser = size())]
    classes: Option<usize>,
    /// Batch size
    #[arg(long = "batch-size", visible_alias = "batch", value_name = "N", value_parser = size())]
    batch: Option<usize>,
    /// Optimizer: sgd, adam or adamw, without momentum
    #[arg(long, value_name = "NAME")]
    optimizer: Option<Optimizer>,
    /// Dropout rate, in [0, 1)
    #[arg(long, value_name = "RATE")]
    dropout: Option<f64>,
}

/// Sizes; more would only be a slip of the finger.
fn size() -> impl clap::builder::TypedValueParser<Value = usize> {
    use clap::builder::TypedValueParser as _;
    clap::value_parser!(u32)
        .range(1..=1_000_000)
        .map(|n| n as usize)
}

impl Workload {
    /// The network of that name.
    pub(super) fn named(name: Name) -> Self {
        let (features, layers, width, classes, batch, optimizer, dropout) = match name {
            Name::Small => (16, 3, 256, 2, 256, ADAM, 0.0),
            Name::Deep => (32, 8, 256, 2, 128, SGD, 0.05),
            Name::Vdeep => (32, 32, 256, 2, 128, SGD, 0.05),
            Name::Wide => (64, 8, 1024, 10, 128, SGD, 0.05),
            Name::Mnist => (784, 8, 784, 10, 128, SGD, 0.0),
        };
        let workload = name.to_possible_value();
        Self {
            workload: workload.map_or_else(String::new, |value| value.get_name().to_owned()),
            network: NetworkKind::Snn,
            features,
            layers,
            width,
            classes,
            batch,
            optimizer,
            dropout,
            rows: N_BATCHES * batch,
        }
    }

    /// The network with some values changed; it is then called `custom`.
    pub(super) fn changed(mut self, changes: &Changes, rows: Option<usize>) -> Self {
        if *changes != Changes::default() {
            self.workload = "custom".to_owned();
        }
        self.network = changes.network.unwrap_or(self.network);
        self.features = changes.features.unwrap_or(self.features);
        self.layers = changes.layers.unwrap_or(self.layers);
        self.width = changes.width.unwrap_or(self.width);
        self.classes = changes.classes.unwrap_or(self.classes);
        self.batch = changes.batch.unwrap_or(self.batch);
        self.optimizer = changes.optimizer.unwrap_or(self.optimizer);
        self.dropout = changes.dropout.unwrap_or(self.dropout);
        self.rows = rows.unwrap_or(N_BATCHES * self.batch);
        self
    }

    /// What the network is.
    pub(super) fn spec(&self) -> NetworkSpec {
        let widths = vec![self.width; self.layers];
        let architecture = Architecture::from(self.network);
        let layers = architecture.layers(&widths, self.features, self.dropout);
        NetworkSpec {
            inputs: InputSpec {
                n_numbers: self.features,
                categories: vec![],
                dropout: Dropout::None,
            },
            layers,
            n_outputs: self.classes,
        }
    }

    /// How it is trained.
    pub(super) fn options(&self) -> TrainOptions {
        TrainOptions {
            loss: Loss::CrossEntropy {
                label_smoothing: 0.0,
            },
            optimizer: self.optimizer,
            // Small enough for any of the networks; the speed does not hang on it.
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            weight_decay: 0.0,
            clip_norm: None,
            batch_size: self.batch,
            // Time ends the run.
            epochs: 1_000_000,
            stopping: Stopping::Last,
            category_dropout: 0.0,
            seed: 1,
        }
    }

    /// Random rows: features uniform with mean 0 and variance 1, classes that do not hang on them.
    pub(super) fn data(&self) -> anyhow::Result<Dataset> {
        let n_numbers = self.rows.saturating_mul(self.features);
        if n_numbers > MAX_NUMBERS {
            bail!(
                "rows times features must be at most {MAX_NUMBERS}, got {} x {}",
                self.rows,
                self.features
            );
        }
        let mut state = 1;
        let numbers = (0..n_numbers).map(|_| {
            let uniform = (random(&mut state) >> 40) as f32 / (1 << 24) as f32;
            (2.0 * uniform - 1.0) * 3.0_f32.sqrt()
        });
        let numbers = numbers.collect();
        let classes = (0..self.rows).map(|_| (random(&mut state) % self.classes as u64) as u32);
        Ok(Dataset {
            features: Features::from_numbers(self.rows, self.features, numbers),
            targets: Targets::Classes(classes.collect()),
            weights: None,
        })
    }

    /// Width, depth and width again, as people write them, and what the network is if it is none of
    /// the self-normalizing ones.
    pub(super) fn shape(&self) -> String {
        let (features, classes) = (count(self.features), count(self.classes));
        let kind = match self.network {
            NetworkKind::Snn => String::new(),
            other => format!("{} ", other.name()),
        };
        format!(
            "{kind}{features} - {} x {} - {classes}",
            self.layers,
            count(self.width)
        )
    }

    /// Floating-point operations of training for one sample: two for each weight in each of the
    /// products for outputs, for gradients of inputs and for gradients of weights.
    pub(super) fn flop_per_sample(&self) -> f64 {
        let tensors = self.spec().tensors();
        let matrices = tensors.iter().filter(|tensor| tensor.shape.len() == 2);
        6.0 * matrices.map(|tensor| tensor.len() as f64).sum::<f64>()
    }
}

/// The network of that name.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn optimizer_name<S: Serializer>(optimizer: &Optimizer, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(optimizer.name())
}

/// Checks a time to measure.
pub(super) fn check_seconds(seconds: f64) -> anyhow::Result<()> {
    if seconds > 0.0 && seconds <= MAX_SECONDS {
        return Ok(());
    }
    bail!("--seconds must be above 0 and at most {MAX_SECONDS}, got {seconds}");
}

/// The next number of SplitMix64 (Steele, Lea and Flood, 2014).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five standard errors of a variance from 16 thousand uniform numbers.
    const TOLERANCE: f64 = 0.04;

    #[test]
    fn data_is_standardized_and_has_every_class() {
        let workload = Workload {
            features: 4,
            classes: 10,
            rows: 4096,
            ..Workload::named(Name::Small)
        };
        let data = workload.data().unwrap();
        let numbers: Vec<f64> = data
            .features
            .numbers
            .iter()
            .map(|&x| f64::from(x))
            .collect();
        let n = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < TOLERANCE, "{mean}");
        assert!((variance - 1.0).abs() < TOLERANCE, "{variance}");
        let Targets::Classes(classes) = data.targets else {
            panic!("no classes")
        };
        let mut seen: Vec<u32> = classes.clone();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (0..10).collect::<Vec<u32>>());
    }

    #[test]
    fn work_is_counted_by_weights() {
        let workload = Workload::named(Name::Small);
        let weights = 16 * 256 + 2 * 256 * 256 + 256 * 2;
        assert_eq!(workload.flop_per_sample(), 6.0 * f64::from(weights));
    }
}
