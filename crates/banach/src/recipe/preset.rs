//! The recipes that settings are laid over.

use banach_data::{Gap, Scaling, Split, Task};
use banach_nn::{Architecture, Loss, NetworkKind, Optimizer, Schedule, Shape, Stopping};

use super::Recipe;
use crate::settings::choices::{ClassWeight, Preset, Validation};

/// The complete recipe of a preset for a kind of network, a task and a number of rows, without the
/// columns that only a table can name.
pub(super) fn recipe(preset: Preset, network: NetworkKind, task: Task, n_rows: usize) -> Recipe {
    let recipe = match preset {
        Preset::Default => strong(task, n_rows),
        Preset::Paper => paper(task),
    };
    for_network(recipe, network)
}

/// Recipes are made for self-normalizing networks. The others keep them but for the rate of alpha
/// dropout, which says nothing about standard dropout, and what has no meaning for them.
fn for_network(mut recipe: Recipe, network: NetworkKind) -> Recipe {
    recipe.network = network.into();
    if network != NetworkKind::Snn {
        recipe.dropout = 0.0;
    }
    if network == NetworkKind::Highway {
        recipe.width = None;
    }
    recipe
}

/// The strongest recipe known here, found on validation rows (see `docs/accuracy.md`).
///
/// Robust scaling with a smooth clip, the learning-rate waves of coslog4 and a decoupled weight decay
/// come from RealMLP (Holzmueller et al., arXiv:2407.04491), whose network for classification has
/// SELU units too.
fn strong(task: Task, n_rows: usize) -> Recipe {
    Recipe {
        preset: Preset::Default,
        scaling: Scaling::Robust,
        category_dropout: 0.05,
        layers: 3,
        dropout: dropout(task),
        // It hurts the order of two classes, but keeps many from being overconfident too soon.
        loss: loss(task, if task == Task::Multiclass { 0.05 } else { 0.0 }),
        optimizer: Optimizer::AdamW {
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
        },
        learning_rate: learning_rate(task),
        schedule: Schedule::Coslog4,
        weight_decay: 0.02,
        clip_norm: Some(1.0),
        batch_size: batch_size(n_rows),
        epochs: epochs(n_rows),
        stopping: Stopping::Best { patience: None },
        validation: Validation::Fraction(0.2),
        ..paper(task)
    }
}

fn loss(task: Task, label_smoothing: f64) -> Loss {
    match task {
        Task::Binary | Task::Multiclass => Loss::CrossEntropy { label_smoothing },
        Task::Regression => Loss::Squared,
        Task::Multilabel => Loss::BinaryCrossEntropy,
    }
}

/// Classes overfit sooner than numbers do.
fn learning_rate(task: Task) -> f64 {
    match task {
        Task::Binary | Task::Multiclass => 1e-3,
        Task::Regression => 4e-3,
        Task::Multilabel => 2e-3,
    }
}

/// Alpha dropout keeps mean and variance of the units but makes what the input says about them smaller
/// by a q (arXiv:1706.02515, "New Dropout Technique"), layer after layer; without it, in prediction,
/// outputs are larger than in training. A class can bear that; a number, or a label's probability
/// where the choice of the epoch looks at its loss, cannot.
fn dropout(task: Task) -> f64 {
    match task {
        Task::Binary | Task::Multiclass => 0.05,
        Task::Regression | Task::Multilabel => 0.0,
    }
}

/// About 50 steps an epoch for a small table, batches of up to 256 rows for a large one.
fn batch_size(n_rows: usize) -> usize {
    (n_rows / 50).next_power_of_two().clamp(32, 256)
}

/// About 5,000 steps, within 24 to 256 epochs.
fn epochs(n_rows: usize) -> usize {
    (5000 * batch_size(n_rows) / n_rows.max(1)).clamp(24, 256)
}

/// Klambauer et al. 2017, section A.4: plain SGD, 100 epochs, the stop epoch from the validation loss
/// smoothed by a moving average of 10 epochs, 15% of the rows for validation. The paper chooses
/// layers, width, learning rate and dropout by a grid search; these are one point of its grid: the smallest width
/// and learning rate, and of the depths (2 to 32 layers) and dropout rates the deeper and the higher ones.
fn paper(task: Task) -> Recipe {
    Recipe {
        target: Vec::new(),
        task,
        validation: Validation::Fraction(0.15),
        split: Split::Stratified,
        gap: Gap::NONE,
        weight: None,
        class_weight: ClassWeight::None,
        drop: Vec::new(),
        categorical: Vec::new(),
        numeric: Vec::new(),
        preset: Preset::Paper,
        seed: 0,
        scaling: Scaling::Standard,
        min_category_count: 2,
        max_one_hot: 32,
        embedding_dim: 8,
        category_dropout: 0.01,
        network: Architecture::from(NetworkKind::Snn),
        layers: 8,
        width: Some(256),
        shape: Shape::Rectangular,
        fixed_point: None,
        dropout: 0.05,
        input_dropout: 0.0,
        loss: loss(task, 0.0),
        optimizer: Optimizer::Sgd {
            momentum: 0.0,
            nesterov: false,
        },
        learning_rate: 0.01,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        clip_norm: None,
        batch_size: 128,
        epochs: 100,
        stopping: Stopping::Smoothed { window: 10 },
        refit: false,
    }
}
