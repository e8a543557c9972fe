//! The complete description of a fit: what a model file stores, and what encoder, network and training
//! are made from.

use banach_data::{EncoderOptions, Gap, Scaling, Split, Task};
use banach_nn::{
    Activation, Architecture, Dropout, InputSpec, Loss, NetworkKind, NetworkSpec, Optimizer,
    Schedule, Shape, Stopping, TrainOptions,
};
use banach_theory::Moments;

use crate::error::Error;
use crate::settings::choices::{ClassWeight, FixedPoint, Preset, Validation};

pub(crate) mod fields;
mod preset;

use fields::setting;

/// Most hidden layers of a network; [`NetworkSpec::check`] has the same limit.
const MAX_LAYERS: usize = 256;

/// Everything that decides how a model is fitted to a table, with nothing left open.
///
/// An `Option` is here only where absence means something.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// Columns to predict.
    pub target: Vec<String>,
    /// What is predicted.
    pub task: Task,
    /// Where validation rows come from.
    pub validation: Validation,
    /// How validation rows and folds are chosen.
    pub split: Split,
    /// With a split by time: how far training rows end before validation and test rows.
    pub gap: Gap,
    /// Column of sample weights; without one all rows have weight 1.
    pub weight: Option<String>,
    /// Weights of classes; [`ClassWeight::None`] for other tasks.
    pub class_weight: ClassWeight,
    /// Columns that are not used.
    pub drop: Vec<String>,
    /// Columns that are treated as categories, whatever they hold.
    pub categorical: Vec<String>,
    /// Columns that are treated as numbers, whatever they hold.
    pub numeric: Vec<String>,
    /// The preset that the rest was taken from.
    pub preset: Preset,
    /// Random seed.
    pub seed: u64,
    /// Scaling of numbers.
    pub scaling: Scaling,
    /// Categories with fewer training rows than this are treated as unknown.
    pub min_category_count: u64,
    /// Columns with more categories than this get an embedding instead of one-hot units.
    pub max_one_hot: usize,
    /// Embedding dimension of a category, at least 1.
    pub embedding_dim: usize,
    /// Share of training cells whose category is replaced by the unknown one, in [0, 1).
    pub category_dropout: f64,
    /// Kind of network, with the form of residual blocks.
    pub network: Architecture,
    /// Number of hidden layers, 1 to 256; of a residual network its first layer and its blocks.
    pub layers: usize,
    /// Units in the first hidden layer; `None`: as wide as the input.
    pub width: Option<usize>,
    /// Widths of the hidden layers; means nothing to highway and residual networks.
    pub shape: Shape,
    /// Mean and variance of the activations at SELU's fixed point; `None`: (0, 1), or no SELU.
    pub fixed_point: Option<FixedPoint>,
    /// Dropout rate of hidden units, in [0, 1).
    pub dropout: f64,
    /// Dropout rate of input units, in [0, 1).
    pub input_dropout: f64,
    /// The loss that training minimizes.
    pub loss: Loss,
    /// Optimizer.
    pub optimizer: Optimizer,
    /// Learning rate, above 0.
    pub learning_rate: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Weight decay, at least 0.
    pub weight_decay: f64,
    /// Maximum gradient norm, above 0; `None`: gradients are not clipped.
    pub clip_norm: Option<f64>,
    /// Batch size, at least 1.
    pub batch_size: usize,
    /// Maximum number of epochs.
    pub epochs: usize,
    /// Which epoch's weights are kept.
    pub stopping: Stopping,
    /// Whether the network is trained again on all rows.
    pub refit: bool,
}

impl Recipe {
    /// The recipe of a preset for a task, a number of training rows and a kind of network. It names no
    /// columns.
    #[must_use]
    pub fn preset(preset: Preset, task: Task, n_rows: usize, network: NetworkKind) -> Self {
        preset::recipe(preset, network, task, n_rows)
    }

    /// Checks every value that does not depend on the table.
    ///
    /// # Errors
    /// As [`Recipe::new`].
    pub fn check(&self) -> Result<(), Error> {
        if let Optimizer::Sgd { momentum, nesterov } = self.optimizer
            && nesterov
            && momentum == 0.0
        {
            return Err(setting("nesterov", "false without momentum", true));
        }
        self.train_options().check()?;
        if self.network.kind == NetworkKind::ResNet {
            let (block, bottleneck) = (self.network.block.layers, self.network.block.bottleneck);
            if !(2..=3).contains(&block) {
                return Err(setting("block", "2 or 3", block));
            }
            if !(bottleneck > 0.0 && bottleneck <= 1.0) {
                return Err(setting("bottleneck", "above 0 and at most 1", bottleneck));
            }
            if self.layers == 1 {
                let allowed = "at least 2 with network resnet: its first layer and a block";
                return Err(setting("layers", allowed, 1));
            }
        }
        let activation = self.activation()?;
        if self.embedding_dim == 0 {
            return Err(setting("embedding_dim", "at least 1", 0));
        }
        if self.width == Some(0) {
            return Err(setting("width", "at least 1", 0));
        }
        if !(1..=MAX_LAYERS).contains(&self.layers) {
            return Err(setting("layers", "1 to 256", self.layers));
        }
        // A small network stands in for the real one.
        let inputs = InputSpec {
            n_numbers: 1,
            categories: Vec::new(),
            dropout: Dropout::None,
        };
        let spec = self.layout(inputs, 1, activation);
        spec.check()?;
        if spec.has_batch_normalization() && self.batch_size == 1 {
            let allowed = "at least 2 with networks batchnorm and resnet, whose batch normalization takes \
                           mean and variance over the rows of a batch";
            return Err(setting("batch", allowed, 1));
        }
        self.check_roles()
    }

    /// Checks that no column says at once what is to be predicted and how rows count or are divided.
    fn check_roles(&self) -> Result<(), Error> {
        let weight = self.weight.as_deref();
        for (name, allowed, column) in [
            ("weight", "another column than the target", weight),
            (
                "split",
                "by another column than the target",
                self.split.column(),
            ),
        ] {
            if let Some(column) = column.filter(|name| self.target.iter().any(|own| own == name)) {
                return Err(setting(name, allowed, column));
            }
        }
        Ok(())
    }

    /// How columns are encoded.
    #[must_use]
    pub fn encoder_options(&self) -> EncoderOptions {
        EncoderOptions {
            scaling: self.scaling,
            categorical: self.categorical.clone(),
            numeric: self.numeric.clone(),
            drop: self.drop.clone(),
            min_category_count: self.min_category_count,
        }
    }

    /// How the network is trained.
    #[must_use]
    pub fn train_options(&self) -> TrainOptions {
        TrainOptions {
            loss: self.loss,
            optimizer: self.optimizer,
            learning_rate: self.learning_rate,
            schedule: self.schedule,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            batch_size: self.batch_size,
            epochs: self.epochs,
            stopping: self.stopping,
            category_dropout: self.category_dropout,
            seed: self.seed,
        }
    }

    /// The activation of the hidden layers: ReLU, or the SELU with this fixed point.
    ///
    /// # Errors
    /// [`Error::FixedPoint`] for one that no SELU has.
    pub fn activation(&self) -> Result<Activation, Error> {
        if self.network.kind != NetworkKind::Snn {
            return Ok(Activation::Relu);
        }
        match self.fixed_point {
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

    /// The network for some inputs and a number of outputs.
    ///
    /// # Errors
    /// As [`Recipe::activation`].
    pub fn network_spec(&self, inputs: InputSpec, n_outputs: usize) -> Result<NetworkSpec, Error> {
        Ok(self.layout(inputs, n_outputs, self.activation()?))
    }

    fn layout(
        &self,
        mut inputs: InputSpec,
        n_outputs: usize,
        activation: Activation,
    ) -> NetworkSpec {
        inputs.dropout = self.network.dropout(self.input_dropout);
        let n_inputs = inputs.width();
        let width = self.width.unwrap_or(n_inputs);
        let widths = self.shape.widths(width, self.layers, n_outputs);
        let mut layers = self.network.layers(&widths, n_inputs, self.dropout);
        for layer in &mut layers {
            // The fixed point is a setting of its own.
            layer.activation = activation;
        }
        NetworkSpec {
            inputs,
            layers,
            n_outputs,
        }
    }
}

#[cfg(test)]
mod tests;
