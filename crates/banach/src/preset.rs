//! Settings that nobody gave: two recipes.

use banach_data::{Scaling, Split, Task};
use banach_nn::{NetworkKind, Schedule, Shape};

use crate::settings::{
    ClassWeight, LossChoice, OptimizerChoice, Preset, Settings, SplitChoice, StoppingChoice, Valid,
};

/// All settings of a preset for a network, a task and a number of rows, but for those that name
/// columns.
pub(crate) fn settings(
    preset: Preset,
    network: NetworkKind,
    task: Task,
    n_rows: usize,
) -> Settings {
    let settings = match preset {
        Preset::Default => strong(task, n_rows),
        Preset::Paper => paper(task),
    };
    for_network(settings, network)
}

/// Recipes are made for self-normalizing networks. The others keep them but for the rate of alpha
/// dropout, which says nothing about ordinary dropout, and what has no meaning for them.
fn for_network(mut settings: Settings, network: NetworkKind) -> Settings {
    settings.network = Some(network);
    if network != NetworkKind::Snn {
        settings.dropout = Some(0.0);
    }
    if network == NetworkKind::Highway {
        (settings.width, settings.shape) = (None, None);
    }
    if network == NetworkKind::ResNet {
        settings.shape = None;
        (settings.block, settings.bottleneck) = (Some(2), Some(1.0));
    }
    settings
}

/// The strongest recipe known here, found on validation rows (see `docs/accuracy.md`).
///
/// Robust scaling with a smooth clip, the learning-rate waves of coslog4 and a decoupled weight decay
/// come from RealMLP (Holzmueller et al., arXiv:2407.04491), whose network for classification has
/// SELU units too.
fn strong(task: Task, n_rows: usize) -> Settings {
    let classes = matches!(task, Task::Binary | Task::Multiclass);
    Settings {
        scaling: Some(Scaling::Robust),
        hide_categories: Some(0.05),
        layers: Some(3),
        dropout: Some(dropout(task)),
        // It hurts the order of two classes, but keeps many from being overconfident too soon.
        label_smoothing: classes.then_some(if task == Task::Multiclass { 0.05 } else { 0.0 }),
        optimizer: Some(OptimizerChoice::AdamW),
        learning_rate: Some(learning_rate(task)),
        schedule: Some(Schedule::Coslog4),
        beta2: Some(0.95),
        weight_decay: Some(0.02),
        clip_norm: Some(1.0),
        batch_size: Some(batch_size(n_rows)),
        epochs: Some(epochs(n_rows)),
        stopping: Some(StoppingChoice::Best),
        patience: Some(0),
        valid: Some(Valid::Fraction(0.2)),
        ..paper(task)
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

/// About 50 steps an epoch for a small table, up to 256 rows a step for a large one.
fn batch_size(n_rows: usize) -> usize {
    (n_rows / 50).next_power_of_two().clamp(32, 256)
}

/// About 5,000 steps, within 24 to 256 epochs.
fn epochs(n_rows: usize) -> usize {
    (5000 * batch_size(n_rows) / n_rows.max(1)).clamp(24, 256)
}

/// Klambauer et al. 2017, section A.4: plain SGD, 100 epochs, the stop epoch from the validation loss
/// smoothed by a moving average of 10 epochs, 15% of the rows for validation. The paper chooses
/// layers, width, learning rate and dropout by a grid search; these are the middle of its grid.
fn paper(task: Task) -> Settings {
    let classes = matches!(task, Task::Binary | Task::Multiclass);
    let regression = task == Task::Regression;
    Settings {
        task: Some(task.into()),
        valid: Some(Valid::Fraction(0.15)),
        split: Some(SplitChoice(Split::Stratified)),
        class_weight: Some(ClassWeight::None),
        drop: Some(Vec::new()),
        categorical: Some(Vec::new()),
        numeric: Some(Vec::new()),
        seed: Some(0),
        scaling: Some(Scaling::Standard),
        min_category_count: Some(2),
        max_one_hot: Some(32),
        embedding_dim: Some(8),
        hide_categories: Some(0.01),
        layers: Some(8),
        width: Some(256),
        shape: Some(Shape::Rectangular),
        dropout: Some(0.05),
        input_dropout: Some(0.0),
        loss: regression.then_some(LossChoice::Squared),
        label_smoothing: classes.then_some(0.0),
        optimizer: Some(OptimizerChoice::Sgd),
        learning_rate: Some(0.01),
        schedule: Some(Schedule::Constant),
        weight_decay: Some(0.0),
        clip_norm: Some(0.0),
        batch_size: Some(128),
        epochs: Some(100),
        stopping: Some(StoppingChoice::Smoothed),
        refit: Some(false),
        ..Settings::default()
    }
}
