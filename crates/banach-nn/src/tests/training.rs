//! What the training loop asks of an engine: which rows, in which order, with which loss.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::{data, network, options, spec};
use crate::{
    Batch, BatchResult, Engine, Loss, Network, NetworkSpec, OptimizerState, StepOptions, Stepper,
    TrainOptions, Trainer,
};

/// What an engine was asked for.
#[derive(Default)]
struct Asked {
    /// Rows and loss of every step.
    steps: Vec<(Vec<u32>, Loss)>,
    /// Rows and loss of every evaluation, and what came out.
    evaluations: Vec<(Vec<u32>, Loss, f64)>,
}

/// An engine that notes what it is asked for.
struct Recorder {
    stepper: Stepper,
    asked: Arc<Mutex<Asked>>,
}

impl Engine for Recorder {
    fn spec(&self) -> &NetworkSpec {
        self.stepper.spec()
    }

    fn step(&mut self, batch: &Batch<'_>, options: &StepOptions) -> BatchResult {
        let step = (batch.rows().to_vec(), options.loss);
        self.asked.lock().unwrap().steps.push(step);
        self.stepper.step(batch, options)
    }

    fn evaluate(&mut self, rows: &Batch<'_>, loss: &Loss) -> BatchResult {
        let result = self.stepper.evaluate(rows, loss);
        let evaluation = (rows.rows().to_vec(), *loss, result.loss());
        self.asked.lock().unwrap().evaluations.push(evaluation);
        result
    }

    fn network(&self) -> Network {
        self.stepper.network()
    }

    fn state(&self) -> OptimizerState {
        self.stepper.state()
    }

    fn restore(&mut self, parameters: &[f32], state: &OptimizerState) {
        self.stepper.restore(parameters, state);
    }
}

const TRAIN: std::ops::Range<u32> = 0..100;
const VALID: std::ops::Range<u32> = 100..140;

/// Trains four epochs of four batches; the reported validation losses come back too.
fn trained(loss: Loss, n_outputs: usize) -> (Asked, Vec<f64>) {
    let data = data(&loss, n_outputs, 140, 1.0);
    let (train, valid): (Vec<u32>, Vec<u32>) = (TRAIN.collect(), VALID.collect());
    let options = TrainOptions {
        batch_size: 25,
        ..options(loss)
    };
    let asked = Arc::new(Mutex::new(Asked::default()));
    let stepper = Stepper::new(network(spec(&[9], n_outputs)), &options.optimizer, 25, 1).unwrap();
    let engine = Box::new(Recorder {
        stepper,
        asked: Arc::clone(&asked),
    });
    let mut trainer = Trainer::with_engine(engine, options, &data, &train, &valid).unwrap();
    let mut losses = Vec::new();
    while !trainer.is_done() {
        trainer
            .epoch(&AtomicBool::new(false), &mut |_, _| {})
            .unwrap();
        losses.extend(trainer.history().last().map(|report| report.valid_loss));
    }
    drop(trainer);
    let asked = Arc::into_inner(asked).unwrap().into_inner().unwrap();
    (asked, losses)
}

#[test]
fn every_epoch_has_each_training_row_once_in_an_order_of_its_own() {
    let (asked, _) = trained(Loss::Squared, 1);
    let rows = asked.steps.into_iter().map(|(rows, _)| rows);
    let epochs: Vec<Vec<u32>> = rows
        .collect::<Vec<_>>()
        .chunks(4)
        .map(<[_]>::concat)
        .collect();
    assert_eq!(epochs.len(), 4);
    for (at, epoch) in epochs.iter().enumerate() {
        let mut sorted = epoch.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, TRAIN.collect::<Vec<_>>());
        assert_ne!(&sorted, epoch, "shuffled");
        // Two random orders of a hundred rows agree in one place, more or less.
        for other in &epochs[..at] {
            let same = epoch.iter().zip(other).filter(|(a, b)| a == b).count();
            assert!(same < 10, "{same} places of two epochs are the same");
        }
    }
}

#[test]
fn the_validation_loss_is_that_of_the_validation_rows_without_smoothing() {
    let smoothed = Loss::CrossEntropy {
        label_smoothing: 0.1,
    };
    let plain = Loss::CrossEntropy {
        label_smoothing: 0.0,
    };
    let (asked, losses) = trained(smoothed, 3);
    assert!(asked.steps.iter().all(|(_, loss)| *loss == smoothed));
    assert_eq!(asked.evaluations.len(), 4);
    for ((rows, loss, value), reported) in asked.evaluations.iter().zip(losses) {
        assert_eq!(*rows, VALID.collect::<Vec<_>>());
        assert_eq!((*loss, *value), (plain, reported));
    }
    // Other losses are the same in both.
    let huber = Loss::Huber { delta: 0.5 };
    let (asked, _) = trained(huber, 1);
    assert!(asked.evaluations.iter().all(|(_, loss, _)| *loss == huber));
}
