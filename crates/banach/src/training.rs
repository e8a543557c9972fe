//! Trains the network of a problem, with checkpoints, and tells how good it became.

use std::fs::{File, create_dir_all};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use banach_nn::{
    EpochOutcome, EpochReport, Network, Precision, Predictor, Stopping, TrainOptions, Trainer,
};
use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, First, fingerprint};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::prediction::Predictions;
use crate::problem::Problem;
use crate::run::{Event, Run, Stage};
use crate::scoring::{self, Truth};

/// A checkpoint may take this share of the time.
const CHECKPOINT_SHARE: u32 = 20;

/// How a model was trained. Part of the model file; it holds no times, so that the same training gives
/// the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Number of training rows.
    pub train_rows: usize,
    /// Number of validation rows.
    pub valid_rows: usize,
    /// The epoch whose weights were best, from 1; 0 when training was interrupted before its first
    /// epoch was done.
    pub best_epoch: usize,
    /// Whether the weights come from a second training on all rows.
    pub refit: bool,
    /// Every epoch.
    pub history: Vec<EpochReport>,
    /// Scores of the best epoch's weights on the validation rows.
    pub valid: ValidationScores,
}

/// The loss and the metrics on the validation rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidationScores {
    /// The loss that training minimized, without dropout and label smoothing; for numbers, in the square
    /// of the target's standard deviation.
    /// `None` when no epoch was done.
    pub loss: Option<f64>,
    /// The task's metrics; absent where they are not defined on these rows.
    #[serde(flatten)]
    pub metrics: Option<Metrics>,
}

pub(crate) struct Trained {
    pub(crate) network: Network,
    pub(crate) training: Training,
    pub(crate) interrupted: bool,
}

/// Trains on the training rows, and then on all rows if the settings say so.
pub(crate) fn train(problem: &Problem, run: &Run<'_>) -> Result<Trained, Error> {
    let mut folder = match &run.folder {
        Some(folder) => Some(Folder::open(folder, problem, run.resume)?),
        None => None,
    };
    let mut resumed = folder.as_mut().and_then(|folder| folder.resumed.take());
    let options = problem.recipe.train_options();
    let first = match resumed
        .as_mut()
        .and_then(|checkpoint| checkpoint.first.take())
    {
        Some(first) => first,
        None => {
            let (train, valid) = (&problem.train, &problem.valid);
            let mut trainer = trainer(problem, options, train, valid, run.threads)?;
            if let Some(checkpoint) = resumed.take() {
                trainer.resume(checkpoint.state)?;
            }
            let finished = drive(
                &mut trainer,
                Stage::Train,
                options.epochs,
                run,
                &mut folder,
                None,
            )?;
            let (best_epoch, history) = (trainer.best_epoch(), trainer.history().to_vec());
            let network = trainer.finish();
            let training = Training {
                train_rows: train.len(),
                valid_rows: valid.len(),
                best_epoch,
                refit: false,
                valid: ValidationScores {
                    loss: best_epoch.checked_sub(1).map(|at| history[at].valid_loss),
                    metrics: validate(problem, &network, run.threads)?,
                },
                history,
            };
            if !finished || !problem.recipe.refit {
                return Ok(Trained {
                    network,
                    training,
                    interrupted: !finished,
                });
            }
            First {
                parameters: network.parameters().to_vec(),
                training,
            }
        }
    };
    let all: Vec<u32> = (0..problem.data.n_rows() as u32).collect();
    let options = TrainOptions {
        stopping: Stopping::Last,
        ..options
    };
    let mut trainer = trainer(problem, options, &all, &[], run.threads)?;
    if let Some(checkpoint) = resumed {
        trainer.resume(checkpoint.state)?;
    }
    let epochs = first.training.best_epoch;
    let finished = drive(
        &mut trainer,
        Stage::Refit,
        epochs,
        run,
        &mut folder,
        Some(&first),
    )?;
    let First {
        parameters,
        mut training,
    } = first;
    // The first training's weights are complete; half a second one is worth less.
    let network = if finished {
        training.refit = true;
        trainer.finish()
    } else {
        Network::from_parameters(problem.spec.clone(), parameters)?
    };
    Ok(Trained {
        network,
        training,
        interrupted: !finished,
    })
}

fn trainer<'a>(
    problem: &'a Problem,
    options: TrainOptions,
    train: &'a [u32],
    valid: &'a [u32],
    threads: usize,
) -> Result<Trainer<'a>, Error> {
    let network = Network::new(problem.spec.clone(), options.seed)?;
    Ok(Trainer::new(
        network,
        options,
        &problem.data,
        train,
        valid,
        threads,
    )?)
}

/// Runs epochs until the end, early stopping or an interrupt; `false` for an interrupt.
fn drive(
    trainer: &mut Trainer<'_>,
    stage: Stage,
    epochs: usize,
    run: &Run<'_>,
    folder: &mut Option<Folder>,
    first: Option<&First>,
) -> Result<bool, Error> {
    (run.observe)(Event::Stage {
        stage,
        epochs,
        done: trainer.history().len(),
        steps: trainer.steps_per_epoch(),
    });
    let done = |trainer: &Trainer<'_>| trainer.is_done() || trainer.history().len() >= epochs;
    while !done(trainer) {
        let epoch = trainer.history().len() + 1;
        let outcome = trainer.epoch(run.interrupt, &mut |step, result| {
            (run.observe)(Event::Step {
                epoch,
                step,
                loss: result.loss(),
            });
        })?;
        let EpochOutcome::Finished(report) = outcome else {
            return Ok(false);
        };
        (run.observe)(Event::Epoch(&report));
        if let Some(folder) = folder {
            folder.log(stage, &report)?;
            folder.save(stage, trainer, first, done(trainer))?;
        }
    }
    Ok(true)
}

/// Metrics on the validation rows; `None` where they are not defined, such as without labels.
fn validate(
    problem: &Problem,
    network: &Network,
    threads: usize,
) -> Result<Option<Metrics>, Error> {
    let rows = &problem.valid;
    let predictor = Predictor::new(network, Precision::Single);
    let outputs = predictor.outputs_once(&problem.data.features.select(rows), threads)?;
    let truth = Truth::of(&problem.data, rows);
    let predictions = Predictions::from_outputs(outputs, &problem.target);
    match scoring::score(&predictions, &truth, &problem.target) {
        Ok(score) => Ok(Some(score.metrics)),
        Err(Error::Metrics(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The folder of a run: its checkpoint and its log.
struct Folder {
    checkpoint: std::path::PathBuf,
    log_file: String,
    log: File,
    run: String,
    resumed: Option<Checkpoint>,
    saved: Instant,
    cost: Duration,
}

impl Folder {
    fn open(folder: &Path, problem: &Problem, resume: bool) -> Result<Self, Error> {
        let write_error = |path: &Path, source| Error::Write {
            file: path.display().to_string(),
            source,
        };
        create_dir_all(folder).map_err(|source| write_error(folder, source))?;
        let checkpoint = folder.join("checkpoint.safetensors");
        let run = fingerprint(problem)?;
        let resumed = if resume {
            Some(Checkpoint::read(&checkpoint, &run)?)
        } else {
            None
        };
        let log_path = folder.join("metrics.jsonl");
        let log = File::create(&log_path).map_err(|source| write_error(&log_path, source))?;
        let mut opened = Self {
            checkpoint,
            log_file: log_path.display().to_string(),
            log,
            run,
            resumed: None,
            saved: Instant::now(),
            cost: Duration::ZERO,
        };
        // The log is written anew: what came after the checkpoint will come again.
        if let Some(checkpoint) = &resumed {
            let first = checkpoint
                .first
                .iter()
                .flat_map(|first| &first.training.history);
            for report in first {
                opened.log(Stage::Train, report)?;
            }
            for report in &checkpoint.state.history {
                opened.log(checkpoint.stage, report)?;
            }
        }
        opened.resumed = resumed;
        Ok(opened)
    }

    /// Adds a line to `metrics.jsonl`.
    fn log(&mut self, stage: Stage, report: &EpochReport) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            stage: Stage,
            #[serde(flatten)]
            report: &'a EpochReport,
        }
        let mut line = serde_json::to_string(&Line { stage, report }).unwrap_or_default();
        line.push('\n');
        self.log
            .write_all(line.as_bytes())
            .map_err(|source| Error::Write {
                file: self.log_file.clone(),
                source,
            })
    }

    /// Saves the state, unless the last time was too short ago for what it costs.
    fn save(
        &mut self,
        stage: Stage,
        trainer: &Trainer<'_>,
        first: Option<&First>,
        last: bool,
    ) -> Result<(), Error> {
        if !last && self.saved.elapsed() < self.cost * CHECKPOINT_SHARE {
            return Ok(());
        }
        let start = Instant::now();
        Checkpoint::write(&self.checkpoint, &self.run, stage, trainer.state(), first)?;
        self.cost = start.elapsed();
        self.saved = Instant::now();
        Ok(())
    }
}
