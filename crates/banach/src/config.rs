//! Complete and checked settings: what a fit works with and what a model file stores.

use banach_data::{EncoderOptions, Task};
use banach_nn::{
    Activation, Architecture, BlockShape, Dropout, InputSpec, Loss, NetworkKind, NetworkSpec,
    Optimizer, Shape, Stopping, TrainOptions,
};
use banach_theory::Moments;

use crate::error::Error;
use crate::preset;
use crate::settings::{FixedPoint, LossChoice, OptimizerChoice, Preset, Settings, StoppingChoice};

/// Settings with nothing left open, and what they say to encoder, network and training.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    /// Every setting that has a meaning here, with its value.
    pub(crate) settings: Settings,
    pub(crate) encoder: EncoderOptions,
    pub(crate) train: TrainOptions,
    pub(crate) max_one_hot: usize,
    pub(crate) embedding_dim: usize,
    pub(crate) refit: bool,
    architecture: Architecture,
    n_layers: usize,
    /// `None`: as wide as the input.
    width: Option<usize>,
    shape: Shape,
    pub(crate) activation: Activation,
    dropout: f64,
    input_dropout: f64,
}

impl Config {
    /// Completes `settings` from their preset for a task and a number of training rows, and checks
    /// every value.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::SettingForTask`], or [`Error::Train`] for a value out of range.
    pub(crate) fn resolve(settings: &Settings, task: Task, n_rows: usize) -> Result<Self, Error> {
        check_task(settings, task)?;
        let preset = settings.preset.unwrap_or(Preset::Default);
        let network = settings.network.unwrap_or(NetworkKind::Snn);
        check_network_settings(settings, network)?;
        let values = preset::settings(preset, network, task, n_rows);
        let mut settings = settings.clone().or(values);
        settings.preset = Some(preset);
        let loss = loss(&mut settings, task)?;
        let optimizer = optimizer(&mut settings)?;
        let stopping = stopping(&mut settings)?;
        let clip_norm = need(settings.clip_norm, "clip_norm")?;
        let train = TrainOptions {
            loss,
            optimizer,
            learning_rate: need(settings.learning_rate, "lr")?,
            schedule: need(settings.schedule, "schedule")?,
            weight_decay: need(settings.weight_decay, "weight_decay")?,
            clip_norm: (clip_norm != 0.0).then_some(clip_norm),
            batch_size: need(settings.batch_size, "batch")?,
            epochs: need(settings.epochs, "epochs")?,
            stopping,
            category_dropout: need(settings.hide_categories, "hide_categories")?,
            seed: need(settings.seed, "seed")?,
        };
        train.check()?;
        let config = Self {
            encoder: EncoderOptions {
                scaling: need(settings.scaling, "scaling")?,
                categorical: need(settings.categorical.clone(), "categorical")?,
                numeric: need(settings.numeric.clone(), "numeric")?,
                drop: need(settings.drop.clone(), "drop")?,
                min_category_count: need(settings.min_category_count, "min_category_count")?,
            },
            train,
            max_one_hot: need(settings.max_one_hot, "max_one_hot")?,
            embedding_dim: need(settings.embedding_dim, "embedding_dim")?,
            refit: need(settings.refit, "refit")?,
            architecture: architecture(network, &settings)?,
            n_layers: need(settings.layers, "layers")?,
            width: settings.width,
            shape: settings.shape.unwrap_or(Shape::Rectangular),
            activation: activation(network, settings.fixed_point)?,
            dropout: need(settings.dropout, "dropout")?,
            input_dropout: need(settings.input_dropout, "input_dropout")?,
            settings,
        };
        config.check_network()?;
        Ok(config)
    }

    /// The network for some inputs and a number of outputs.
    pub(crate) fn network(&self, mut inputs: InputSpec, n_outputs: usize) -> NetworkSpec {
        inputs.dropout = self.architecture.dropout(self.input_dropout);
        let n_inputs = inputs.width();
        let width = self.width.unwrap_or(n_inputs);
        let widths = self.shape.widths(width, self.n_layers, n_outputs);
        let mut layers = self.architecture.layers(&widths, n_inputs, self.dropout);
        for layer in &mut layers {
            // The fixed point is a setting of its own.
            layer.activation = self.activation;
        }
        NetworkSpec {
            inputs,
            layers,
            n_outputs,
        }
    }

    /// Checks what does not depend on the table: a small network stands in for the real one.
    fn check_network(&self) -> Result<(), Error> {
        if self.embedding_dim == 0 {
            return Err(setting("embedding_dim", "at least 1", 0));
        }
        if self.width == Some(0) {
            return Err(setting("width", "at least 1", 0));
        }
        let allowed = 1..=MAX_LAYERS;
        if !allowed.contains(&self.n_layers) {
            return Err(setting("layers", "1 to 256", self.n_layers));
        }
        let inputs = InputSpec {
            n_numbers: 1,
            categories: Vec::new(),
            dropout: Dropout::None,
        };
        Ok(self.network(inputs, 1).check()?)
    }
}

/// Most hidden layers of a network; [`NetworkSpec::check`] has the same limit.
const MAX_LAYERS: usize = 256;

/// A value that every preset has.
fn need<T>(value: Option<T>, name: &'static str) -> Result<T, Error> {
    value.ok_or_else(|| setting(name, "given", "nothing"))
}

fn setting(name: &'static str, allowed: &'static str, got: impl ToString) -> Error {
    Error::Setting {
        name,
        allowed,
        got: got.to_string(),
    }
}

/// Settings that mean nothing for a task are refused rather than ignored.
fn check_task(settings: &Settings, task: Task) -> Result<(), Error> {
    let refuse = |name, got: String, reason| {
        Err(Error::SettingForTask {
            name,
            got,
            task: task.name(),
            reason,
        })
    };
    let classes = matches!(task, Task::Binary | Task::Multiclass);
    if let (false, Some(got)) = (classes, settings.label_smoothing)
        && got != 0.0
    {
        return refuse("label_smoothing", got.to_string(), "it is for classes");
    }
    if let (false, Some(crate::ClassWeight::Balanced)) = (classes, settings.class_weight) {
        return refuse("class_weight", "balanced".to_owned(), "it is for classes");
    }
    if task != Task::Regression {
        let for_numbers = "it is for regression; classes and labels have cross-entropy";
        if let Some(loss) = settings.loss {
            return refuse("loss", format!("{loss:?}").to_lowercase(), for_numbers);
        }
        if let Some(delta) = settings.huber_delta {
            return refuse("huber_delta", delta.to_string(), for_numbers);
        }
    }
    Ok(())
}

/// Settings that mean nothing for a network are refused rather than ignored.
fn check_network_settings(settings: &Settings, network: NetworkKind) -> Result<(), Error> {
    let refuse = |name, allowed, got: Option<String>| match got {
        Some(got) => Err(setting(name, allowed, got)),
        None => Ok(()),
    };
    let width = settings.width.map(|width| width.to_string());
    let shape = settings
        .shape
        .map(|shape| format!("{shape:?}").to_lowercase());
    match network {
        NetworkKind::Highway => {
            let allowed = "left out with network highway, which is as wide as its input";
            refuse("width", allowed, width)?;
            refuse("shape", allowed, shape)?;
        }
        NetworkKind::ResNet => {
            let allowed = "left out with network resnet, whose blocks are shaped by bottleneck";
            refuse("shape", allowed, shape)?;
        }
        _ => {}
    }
    if network != NetworkKind::ResNet {
        let allowed = "left out unless network is resnet";
        refuse("block", allowed, settings.block.map(|n| n.to_string()))?;
        let bottleneck = settings.bottleneck.map(|share| share.to_string());
        refuse("bottleneck", allowed, bottleneck)?;
    }
    if network != NetworkKind::Snn {
        let point = settings.fixed_point.map(|point| point.to_string());
        refuse("fixed_point", "left out unless network is snn", point)?;
    }
    Ok(())
}

fn architecture(network: NetworkKind, settings: &Settings) -> Result<Architecture, Error> {
    if network != NetworkKind::ResNet {
        return Ok(network.into());
    }
    let layers = need(settings.block, "block")?;
    if !(2..=3).contains(&layers) {
        return Err(setting("block", "2 or 3", layers));
    }
    let bottleneck = need(settings.bottleneck, "bottleneck")?;
    if !(bottleneck > 0.0 && bottleneck <= 1.0) {
        return Err(setting("bottleneck", "above 0 and at most 1", bottleneck));
    }
    if settings.layers == Some(1) {
        let allowed = "at least 2 with network resnet: its first layer and a block";
        return Err(setting("layers", allowed, 1));
    }
    Ok(Architecture {
        kind: network,
        block: BlockShape { layers, bottleneck },
    })
}

fn loss(settings: &mut Settings, task: Task) -> Result<Loss, Error> {
    match task {
        Task::Binary | Task::Multiclass => {
            let label_smoothing = need(settings.label_smoothing, "label_smoothing")?;
            Ok(Loss::CrossEntropy { label_smoothing })
        }
        Task::Multilabel => Ok(Loss::BinaryCrossEntropy),
        Task::Regression => match (need(settings.loss, "loss")?, settings.huber_delta) {
            (LossChoice::Squared, None) => Ok(Loss::Squared),
            (LossChoice::Squared, Some(got)) => {
                Err(setting("huber_delta", "left out unless loss is huber", got))
            }
            (LossChoice::Huber, delta) => {
                let delta = *settings.huber_delta.insert(delta.unwrap_or(1.0));
                Ok(Loss::Huber { delta })
            }
        },
    }
}

/// Fills up what an optimiser needs and refuses what it does not know.
fn optimizer(settings: &mut Settings) -> Result<Optimizer, Error> {
    let choice = need(settings.optimizer, "optimizer")?;
    if choice == OptimizerChoice::Sgd {
        // A preset's Adam settings mean nothing when the user asks for plain SGD.
        (settings.beta1, settings.beta2, settings.epsilon) = (None, None, None);
        let momentum = *settings.momentum.get_or_insert(0.0);
        let nesterov = *settings.nesterov.get_or_insert(false);
        if nesterov && momentum == 0.0 {
            return Err(setting("nesterov", "false without momentum", true));
        }
        return Ok(Optimizer::Sgd { momentum, nesterov });
    }
    for (name, given) in [
        ("momentum", settings.momentum.is_some_and(|m| m != 0.0)),
        ("nesterov", settings.nesterov == Some(true)),
    ] {
        if given {
            return Err(setting(name, "left out unless optimizer is sgd", "a value"));
        }
    }
    (settings.momentum, settings.nesterov) = (None, None);
    let beta1 = *settings.beta1.get_or_insert(0.9);
    let beta2 = *settings.beta2.get_or_insert(0.999);
    let epsilon = *settings.epsilon.get_or_insert(1e-8);
    Ok(match choice {
        OptimizerChoice::AdamW => Optimizer::AdamW {
            beta1,
            beta2,
            epsilon,
        },
        _ => Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
        },
    })
}

fn stopping(settings: &mut Settings) -> Result<Stopping, Error> {
    let choice = need(settings.stopping, "stopping")?;
    let patience = *settings.patience.get_or_insert(0);
    let window = *settings.window.get_or_insert(10);
    if choice != StoppingChoice::Best {
        settings.patience = None;
    }
    if choice != StoppingChoice::Smoothed {
        settings.window = None;
    }
    Ok(match choice {
        StoppingChoice::Best => Stopping::Best {
            patience: (patience > 0).then_some(patience),
        },
        StoppingChoice::Smoothed => Stopping::Smoothed { window },
        StoppingChoice::Last => Stopping::Last,
    })
}

fn activation(network: NetworkKind, fixed_point: Option<FixedPoint>) -> Result<Activation, Error> {
    if network != NetworkKind::Snn {
        return Ok(Activation::Relu);
    }
    match fixed_point {
        None => Ok(Activation::SELU),
        Some(point) if point.mean == 0.0 && point.variance == 1.0 => Ok(Activation::SELU),
        Some(FixedPoint { mean, variance }) => {
            let selu = banach_theory::parameters(Moments { mean, variance })?;
            Ok(Activation::Selu {
                alpha: selu.alpha,
                lambda: selu.lambda,
                mean,
                variance,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(toml: &str, task: Task) -> Result<Config, Error> {
        Config::resolve(&Settings::from_toml(toml, "s.toml")?, task, 1000)
    }

    #[test]
    fn both_presets_are_complete_and_in_range_for_every_network_and_task() {
        for (preset, network) in ["default", "paper"]
            .into_iter()
            .flat_map(|preset| NetworkKind::ALL.map(|network| (preset, network.name())))
        {
            let toml = format!("preset = {preset:?}\nnetwork = {network:?}");
            for task in [
                Task::Binary,
                Task::Multiclass,
                Task::Regression,
                Task::Multilabel,
            ] {
                for n_rows in [1, 100, 10_000_000] {
                    let settings = Settings::from_toml(&toml, "s").unwrap();
                    let config = Config::resolve(&settings, task, n_rows).unwrap();
                    assert_eq!(config.architecture.kind.name(), network);
                    // Complete settings are a fixed point: a model file's settings fit again.
                    let again = Config::resolve(&config.settings, task, 77).unwrap();
                    assert_eq!(again, config, "{preset} {network} {task}");
                }
            }
        }
    }

    #[test]
    fn each_network_has_its_layers_and_its_kind_of_dropout() {
        let inputs = InputSpec {
            n_numbers: 5,
            categories: Vec::new(),
            dropout: Dropout::None,
        };
        let widths = |toml: &str| {
            let config = resolve(&format!("layers = 3\n{toml}"), Task::Binary).unwrap();
            config.network(inputs.clone(), 2).widths()
        };
        assert_eq!(widths("width = 8"), [5, 8, 8, 8, 2]);
        assert_eq!(
            widths("network = 'msra'\nwidth = 32\nshape = 'conic'"),
            [5, 32, 13, 5, 2]
        );
        assert_eq!(widths("network = 'highway'"), [5, 5, 5, 5, 2]);
        assert_eq!(
            widths("network = 'resnet'\nwidth = 8"),
            [5, 8, 8, 8, 8, 8, 2]
        );
        assert_eq!(
            widths("network = 'resnet'\nwidth = 8\nblock = 3\nbottleneck = 0.25"),
            [5, 8, 2, 2, 8, 2, 2, 8, 2]
        );
        for network in NetworkKind::ALL.map(|network| network.name()) {
            let toml =
                format!("network = {network:?}\nlayers = 2\ndropout = 0.25\ninput_dropout = 0.125");
            let spec = resolve(&toml, Task::Binary).unwrap();
            let spec = spec.network(inputs.clone(), 2);
            let dropout = |rate| match network {
                "snn" => Dropout::Alpha { rate },
                _ => Dropout::Ordinary { rate },
            };
            assert_eq!(spec.inputs.dropout, dropout(0.125), "{network}");
            assert_eq!(spec.layers[0].dropout, dropout(0.25), "{network}");
            // A recipe's rate is one of alpha dropout.
            let config = resolve(&format!("network = {network:?}"), Task::Binary).unwrap();
            let rate = if network == "snn" { 0.05 } else { 0.0 };
            assert_eq!(config.settings.dropout, Some(rate), "{network}");
        }
    }

    #[test]
    fn each_setting_out_of_range_is_named_with_what_is_allowed() {
        let cases = [
            ("layers = 0", "layers must be 1 to 256, got 0"),
            ("layers = 257", "layers must be 1 to 256, got 257"),
            ("width = 0", "width must be at least 1, got 0"),
            (
                "embedding_dim = 0",
                "embedding_dim must be at least 1, got 0",
            ),
            ("dropout = 1.0", "the dropout rate must be in [0, 1), got 1"),
            (
                "dropout = nan",
                "the dropout rate must be in [0, 1), got NaN",
            ),
            (
                "input_dropout = -0.1",
                "the dropout rate must be in [0, 1), got -0.1",
            ),
            ("lr = 0", "learning rate must be above 0, got 0"),
            ("batch = 0", "batch size must be at least 1, got 0"),
            ("epochs = 0", "epochs must be 1 to 1,000,000, got 0"),
            (
                "weight_decay = -1",
                "weight decay must be at least 0, got -1",
            ),
            ("clip_norm = -1", "clip norm must be above 0, got -1"),
            (
                "label_smoothing = 1",
                "label smoothing must be in [0, 1), got 1",
            ),
            ("beta1 = 1", "beta1 must be in [0, 1), got 1"),
            (
                "momentum = 0.9",
                "momentum must be left out unless optimizer is sgd, got a value",
            ),
            (
                "optimizer = 'sgd'\nnesterov = true",
                "nesterov must be false without momentum, got true",
            ),
            (
                "network = 'msra'\nfixed_point = '0,1'",
                "fixed_point must be left out unless network is snn, got 0,1",
            ),
            (
                "block = 2",
                "block must be left out unless network is resnet, got 2",
            ),
            (
                "network = 'batchnorm'\nbottleneck = 0.5",
                "bottleneck must be left out unless network is resnet, got 0.5",
            ),
            (
                "network = 'highway'\nwidth = 16",
                "width must be left out with network highway, which is as wide as its input, got 16",
            ),
            (
                "network = 'highway'\nshape = 'conic'",
                "shape must be left out with network highway",
            ),
            (
                "network = 'resnet'\nshape = 'conic'",
                "shape must be left out with network resnet, whose blocks are shaped by bottleneck, \
                 got conic",
            ),
            (
                "network = 'resnet'\nblock = 4",
                "block must be 2 or 3, got 4",
            ),
            (
                "network = 'resnet'\nbottleneck = 0.0",
                "bottleneck must be above 0 and at most 1, got 0",
            ),
            (
                "network = 'resnet'\nbottleneck = 1.5",
                "bottleneck must be above 0 and at most 1, got 1.5",
            ),
            (
                "network = 'resnet'\nlayers = 1",
                "layers must be at least 2 with network resnet: its first layer and a block, got 1",
            ),
            (
                "network = 'resnet'\nlayers = 256",
                "a network has 1 to 256 hidden layers, got 511",
            ),
            (
                "network = 'layernorm'\ndropout = 1.0",
                "the dropout rate must be in [0, 1), got 1",
            ),
            ("fixed_point = '0,-1'", "variance"),
            ("loss = 'huber'", "does not go with the task binary"),
        ];
        for (toml, expected) in cases {
            let error = resolve(toml, Task::Binary).unwrap_err().to_string();
            assert!(error.contains(expected), "{toml}: {error}");
        }
        let cases = [
            ("class_weight = 'balanced'", "it is for classes"),
            ("label_smoothing = 0.1", "it is for classes"),
            (
                "loss = 'squared'\nhuber_delta = 2",
                "left out unless loss is huber",
            ),
            (
                "loss = 'huber'\nhuber_delta = 0",
                "Huber delta must be above 0, got 0",
            ),
        ];
        for (toml, expected) in cases {
            let error = resolve(toml, Task::Regression).unwrap_err().to_string();
            assert!(error.contains(expected), "{toml}: {error}");
        }
    }

    #[test]
    fn a_fixed_point_brings_its_own_selu() {
        let config = resolve("fixed_point = '0,2'", Task::Binary).unwrap();
        let Activation::Selu { alpha, lambda, .. } = config.activation else {
            panic!("not SELU")
        };
        // arXiv:1706.02515, section A5.
        assert!((alpha - 1.97126).abs() < 1e-5 && (lambda - 1.06071).abs() < 1e-5);
    }

    #[test]
    fn a_setting_beats_its_preset() {
        let config = resolve(
            "preset = 'paper'\nepochs = 7\noptimizer = 'adam'",
            Task::Binary,
        );
        let config = config.unwrap();
        assert_eq!(config.train.epochs, 7);
        assert_eq!(config.settings.beta2, Some(0.999));
        assert_eq!(config.settings.layers, Some(8));
    }
}
