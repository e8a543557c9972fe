//! How a fit runs, and what it tells while it does. Nothing here changes a result.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use banach_data::{ReadColumn, TargetCopy, Task, UnusedColumn};
use banach_nn::{EpochReport, available_threads};
use serde::{Deserialize, Serialize};

use crate::cross_validation::Fold;

/// How a fit runs: threads, a folder for checkpoints, and a listener.
#[derive(Clone)]
pub struct Run<'a> {
    /// Number of threads; the result is the same for any.
    pub threads: usize,
    /// Folder for `checkpoint.safetensors` and `metrics.jsonl`; created if it does not exist. A run locks
    /// it, so that no second one writes there at the same time.
    pub folder: Option<PathBuf>,
    /// Continue from the folder's checkpoint.
    pub resume: bool,
    /// Set to `true` to stop after the current step; the best weights so far are kept.
    pub interrupt: &'a AtomicBool,
    /// Called with every [`Event`].
    pub observe: &'a (dyn Fn(Event<'_>) + Sync),
}

impl Default for Run<'_> {
    /// All available threads, no folder, no listener.
    fn default() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self {
            threads: available_threads(),
            folder: None,
            resume: false,
            interrupt: &NEVER,
            observe: &|_| {},
        }
    }
}

/// Which of its two trainings a fit is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// On the training rows, judged on the validation rows.
    Train,
    /// On all rows, for as many epochs as were best.
    Refit,
}

/// Something that happened in a fit.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The table is encoded and training begins.
    Prepared(Overview<'a>),
    /// A training begins, perhaps in the middle.
    Stage {
        /// Which one.
        stage: Stage,
        /// Maximum number of epochs.
        epochs: usize,
        /// Epochs already done.
        done: usize,
        /// Number of steps per epoch.
        steps: usize,
    },
    /// A step is done.
    Step {
        /// Number of the epoch, from 1.
        epoch: usize,
        /// Number of the step in it, from 1.
        step: usize,
        /// Its loss.
        loss: f64,
    },
    /// An epoch is done.
    Epoch(&'a EpochReport),
    /// A fold of a cross-validation is done.
    Fold {
        /// Folds done so far.
        done: usize,
        /// Folds in all.
        folds: usize,
        /// The fold.
        fold: &'a Fold,
    },
}

/// The problem that is about to be trained on.
#[derive(Debug)]
pub struct Overview<'a> {
    /// The task.
    pub task: Task,
    /// Names of the target columns.
    pub target: Vec<&'a str>,
    /// Number of training rows.
    pub train_rows: usize,
    /// Number of validation rows.
    pub valid_rows: usize,
    /// Rows left out because they have no target.
    pub without_target: usize,
    /// Rows left out because they lie in the gap between training and validation rows.
    pub in_gap: usize,
    /// Columns that are used.
    pub features: usize,
    /// Widths of all layers, input and output included.
    pub widths: Vec<usize>,
    /// Number of trained parameters.
    pub parameters: usize,
    /// Columns that are not used, and why.
    pub unused: &'a [UnusedColumn],
    /// What was decided about the targets and the used columns while they were read.
    pub readings: Vec<ReadColumn<'a>>,
    /// Words that were taken for missing values of the target, though they may be classes; with the rows of each.
    pub words_for_missing: Vec<(&'a str, &'a [(String, u64)])>,
    /// Features that say nearly all about a target.
    pub copies: &'a [TargetCopy],
}
