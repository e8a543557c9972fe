//! The list of settings: each stands here once, and everything that is made for each of them (the
//! builder's methods, keys of files, flags, help, what a model file stores) comes from here.
//!
//! An entry has, in this order: its help text; the builder's method, which is also the long name; the
//! key in files where it is shorter; the type; what the builder takes and how that becomes the type;
//! the placeholder for a value; the form on a command line where it is not that of the type; for a setting without a value in the recipes the default in words; and
//! how it is written to a recipe and read from one: the name of a field, or two functions. Settings
//! that others depend on come first, for they are written in this order.

use banach_data::{Gap, Scaling, Split, Task};
use banach_nn::{Loss, NetworkKind, Optimizer, Schedule, Shape, Stopping};

use super::builder::{kind, names, plain};
use super::choices::{ClassWeight, FixedPoint, Preset, Validation};
use super::define::settings;
use crate::recipe::fields;

settings! {
    "Table" {
        /// Column to predict, one name as it stands; repeat it for several labels
        target: Vec<String>, (impl IntoIterator<Item = impl Into<String>> => names), "COL",
            form Repeated, default "none, it must be given", { fields::set_target, fields::target };
        /// What to predict: auto, binary, multiclass, regression or multilabel
        task: Option<Task>, (impl Into<Option<Task>> => plain), "TASK",
            default "auto", { fields::set_task, fields::task };
        /// Validation rows: a fraction of the table such as 0.2, or a file
        valid: Validation, (impl Into<Validation> => plain), "FRACTION|FILE",
            { validation };
        /// How validation rows and folds are chosen: random, stratified, group=COL (rows of a group stay
        /// together) or time=COL (the latest rows validate; folds learn from earlier rows only)
        split: Split, (Split => plain), "HOW", { split };
        /// With time=COL: the time that training rows end before the validation rows, and before the
        /// test rows of a fold; a duration such as 7d, 12h or 30min where COL has dates, else a number
        gap: Gap, (Gap => plain), "GAP", default "0", { fields::set_gap, fields::gap };
        /// Column of sample weights
        weight: String, (impl Into<String> => plain), "COL",
            default "every row has weight 1", { fields::set_weight, fields::weight };
        /// Class weights: none, or balanced, which gives each class the same total weight in the loss that
        /// is minimized and chooses the epoch; metrics are not weighted by class
        class_weight: ClassWeight, (ClassWeight => plain), "CLASS_WEIGHT",
            { fields::set_class_weight, fields::class_weight };
        /// Columns not to use; a name with a comma in double quotes, as in CSV: 'a,"b, c"'; repeat to add
        drop: Vec<String>, (impl IntoIterator<Item = impl Into<String>> => names), "COL,..",
            { drop };
        /// Columns to treat as categories, whatever they hold; a list like drop
        categorical: Vec<String>, (impl IntoIterator<Item = impl Into<String>> => names), "COL,..",
            { categorical };
        /// Columns to treat as numbers, whatever they hold; a list like drop
        numeric: Vec<String>, (impl IntoIterator<Item = impl Into<String>> => names), "COL,..",
            { numeric };
    }
    "Recipe" {
        /// Defaults for settings that are not given: default (the strongest known here) or paper
        /// (Klambauer et al. 2017)
        preset: Preset, (Preset => plain), "PRESET",
            default "default", { fields::set_preset, fields::preset };
        /// Random seed
        seed: u64, (u64 => plain), "SEED", { seed };
    }
    "Inputs" {
        /// Scaling of numbers: robust (median, interquartile range, smooth clipping) or standard
        /// (mean, standard deviation)
        scaling: Scaling, (Scaling => plain), "SCALING", { scaling };
        /// Categories with fewer training rows than this are treated as unknown
        min_category_count: u64, (u64 => plain), "N", { min_category_count };
        /// Columns with more categories than this get an embedding instead of one-hot units
        max_one_hot: usize, (usize => plain), "N", { max_one_hot };
        /// Embedding dimension of a category
        embedding_dim: usize, (usize => plain), "N", { embedding_dim };
        /// Dropout rate of categories: the share of training cells that become the unknown category,
        /// so that the model learns what to do with one
        category_dropout: f64, (f64 => plain), "P", { category_dropout };
    }
    "Network" {
        /// Kind of network: snn (self-normalizing), or one to compare it with: msra, batchnorm,
        /// layernorm, weightnorm, highway or resnet
        network: NetworkKind, (NetworkKind => plain), "NETWORK",
            { fields::set_network, fields::network };
        /// Number of hidden layers, 1 to 256; with resnet the first layer plus the residual blocks
        layers: usize, (usize => plain), "N", { layers };
        /// Units in the first hidden layer; not with highway, which is as wide as its input
        width: usize, (usize => plain), "N", { fields::set_width, fields::width };
        /// Widths of the hidden layers: rectangular (all equal) or conic (decreasing towards the
        /// output); not with highway and resnet
        shape: Shape, (Shape => plain), "SHAPE", { fields::set_shape, fields::shape };
        /// With resnet: layers of a residual block, 2 or 3
        block: usize, (usize => plain), "N", { fields::set_block, fields::block };
        /// With resnet: width of a block's inner layers as a fraction of the outer ones; 1 makes all
        /// equal
        bottleneck: f64, (f64 => plain), "FRACTION",
            { fields::set_bottleneck, fields::bottleneck };
        /// With snn: mean and variance of the activations at SELU's fixed point
        fixed_point: FixedPoint, (FixedPoint => plain), "MEAN,VARIANCE",
            default "0,1", { fields::set_fixed_point, fields::fixed_point };
        /// Dropout rate of hidden units: alpha dropout with snn, standard dropout with the others
        dropout: f64, (f64 => plain), "P", { dropout };
        /// Dropout rate of input units, of the same kind
        input_dropout: f64, (f64 => plain), "P", { input_dropout };
    }
    "Training" {
        /// Loss of a regression: squared or huber
        loss: Loss, (Loss => kind), "LOSS", { fields::set_loss, fields::loss };
        /// Where the Huber loss turns linear, in standard deviations of the target
        huber_delta: f64, (f64 => plain), "X", { fields::set_huber_delta, fields::huber_delta };
        /// Label smoothing of a classification
        label_smoothing: f64, (f64 => plain), "P",
            { fields::set_label_smoothing, fields::label_smoothing };
        /// Optimizer: sgd, adam or adamw
        optimizer: Optimizer, (Optimizer => kind), "OPTIMIZER",
            { fields::set_optimizer, fields::optimizer };
        /// Learning rate
        learning_rate = "lr": f64, (f64 => plain), "X", { learning_rate };
        /// Learning-rate schedule: constant, cosine, one_cycle or coslog4
        schedule: Schedule, (Schedule => plain), "SCHEDULE", { schedule };
        /// With sgd: momentum
        momentum: f64, (f64 => plain), "X", { fields::set_momentum, fields::momentum };
        /// With sgd: Nesterov momentum
        nesterov: bool, (bool => plain), "BOOL", { fields::set_nesterov, fields::nesterov };
        /// Adam's beta1, the decay of the first-moment estimate
        beta1: f64, (f64 => plain), "X", { fields::set_beta1, fields::beta1 };
        /// Adam's beta2, the decay of the second-moment estimate
        beta2: f64, (f64 => plain), "X", { fields::set_beta2, fields::beta2 };
        /// Adam's epsilon
        epsilon: f64, (f64 => plain), "X", { fields::set_epsilon, fields::epsilon };
        /// Weight decay: an L2 penalty with sgd and adam, decoupled with adamw
        weight_decay: f64, (f64 => plain), "X", { weight_decay };
        /// Maximum gradient norm (clipping); 0: off
        clip_norm: f64, (f64 => plain), "X", { fields::set_clip_norm, fields::clip_norm };
        /// Batch size
        batch_size = "batch": usize, (usize => plain), "N", { batch_size };
        /// Maximum number of epochs
        epochs: usize, (usize => plain), "N", { epochs };
        /// Which epoch's weights are kept: best (lowest validation loss), smoothed (lowest moving
        /// average of it) or last
        stopping: Stopping, (Stopping => kind), "STOPPING",
            { fields::set_stopping, fields::stopping };
        /// With best: stop after this many epochs without improvement; 0: run all epochs
        patience: usize, (usize => plain), "N", { fields::set_patience, fields::patience };
        /// With smoothed: epochs in the moving average
        window: usize, (usize => plain), "N", { fields::set_window, fields::window };
        /// Train again on all rows, for the number of epochs that was best on the validation rows
        refit: bool, (bool => plain), "BOOL", { refit };
    }
}
