//! Trains the network of a problem, with checkpoints, and tells how good it became.

use banach_model::metrics::Metrics;
use banach_model::{MemberTraining, Predictions, Training, ValidationScores, score};
use banach_nn::{EpochOutcome, Network, Precision, Predictor, Stopping, TrainOptions, Trainer};

use crate::checkpoint::{First, Record};
use crate::error::Error;
use crate::problem::Problem;
use crate::run::{Event, Run, Stage};
use crate::run_folder::RunFolder;

pub(crate) struct Trained {
    pub(crate) network: Network,
    pub(crate) record: Record,
    pub(crate) interrupted: bool,
}

/// Trains on the training rows, and then on all rows if the settings say so.
pub(crate) fn train(problem: &Problem, run: &Run<'_>) -> Result<Trained, Error> {
    let mut folder = match &run.folder {
        Some(folder) => Some(RunFolder::open(folder, problem, run.resume)?),
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
            let model = Training {
                train_rows: train.len(),
                valid_rows: valid.len(),
                valid: ValidationScores {
                    loss: best_epoch.checked_sub(1).map(|at| history[at].valid_loss),
                    metrics: validate(problem, &network, run.threads)?,
                },
            };
            let member = MemberTraining {
                best_epoch,
                refit: false,
                history,
            };
            let record = Record { model, member };
            if !finished || !problem.recipe.refit {
                return Ok(Trained {
                    network,
                    record,
                    interrupted: !finished,
                });
            }
            First {
                parameters: network.parameters().to_vec(),
                record,
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
    let epochs = first.record.member.best_epoch;
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
        mut record,
    } = first;
    // The first training's weights are complete; half a second one is worth less.
    let network = if finished {
        record.member.refit = true;
        trainer.finish()
    } else {
        Network::from_parameters(problem.spec.clone(), parameters)?
    };
    Ok(Trained {
        network,
        record,
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
    folder: &mut Option<RunFolder>,
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
    let targets = problem.data.targets.select(rows);
    let predictions = Predictions::from_outputs(outputs, &problem.target);
    let weights = problem.valid_weights.as_deref();
    let score = score(&predictions, &targets, weights, &problem.target);
    Ok(score.ok().map(|score| score.metrics))
}
