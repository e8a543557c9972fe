//! The paper's way of training and choosing (arXiv:1706.02515, section A.4): plain stochastic gradient
//! descent, the stopping epoch from the smoothed validation curve, settings by the validation rows.
//!
//! The paper does not say of what its validation curve is. Here it is the curve of the score that the
//! experiment reports (accuracy or AUC), and the highest smoothed value of that curve also chooses among
//! settings: a validation set of a few dozen rows says more in ten epochs than in one.

use std::time::Instant;

use banach_nn::{
    Dataset, Features, Loss, Network, NetworkKind, Optimizer, Precision, Predictor, Schedule,
    Stopping, Targets, TrainError, TrainOptions, Trainer, parallel_map,
};

use super::{Run, Setting};

/// What all networks of an experiment have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Protocol {
    /// Number of epochs; all are run.
    pub epochs: usize,
    /// Epochs that the validation curve is averaged over to find the one that is kept.
    pub window: usize,
    /// Largest batch size. Small sets have batches of a tenth of their training rows, at least 8.
    pub batch: usize,
    /// The loss that training minimizes.
    pub loss: Loss,
}

impl Protocol {
    /// The paper's: 100 epochs, averages over 10.
    #[must_use]
    pub fn paper(loss: Loss) -> Self {
        Self {
            epochs: 100,
            window: 10,
            batch: 128,
            loss,
        }
    }

    /// The same with fewer epochs, and averages over a tenth of them.
    #[must_use]
    pub fn with_epochs(self, epochs: usize) -> Self {
        Self {
            epochs,
            window: (epochs / 10).max(1),
            ..self
        }
    }
}

/// Some rows of some data.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// All rows.
    pub data: &'a Dataset,
    /// Training rows.
    pub train: &'a [u32],
    /// Validation rows: they choose the epoch and the hyperparameters.
    pub valid: &'a [u32],
    /// Test rows: they are only measured on.
    pub test: &'a [u32],
}

/// What outputs, row by row, are worth for the rows they belong to; higher is better.
pub type Score<'a> = dyn Fn(&[f32], &[u32]) -> Option<f64> + Sync + 'a;

/// A network that was trained, and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Its settings.
    pub setting: Setting,
    /// Highest smoothed score on the validation rows; `None` when training diverged.
    pub valid: Option<f64>,
    /// Score on the test rows of the epoch that was kept.
    pub test: Option<f64>,
    /// Epoch that was kept.
    pub epoch: usize,
    /// Seconds of training, on one thread.
    pub seconds: f64,
}

/// Trains one network on one thread and scores its outputs.
///
/// # Errors
/// [`TrainError`], but for divergence, which is a result.
pub fn train(
    setting: Setting,
    rows: Rows<'_>,
    protocol: &Protocol,
    run: &Run<'_>,
    score: &Score<'_>,
) -> Result<Trained, TrainError> {
    let start = Instant::now();
    let n_inputs = rows.data.features.n_numbers;
    let n_outputs = n_outputs(rows.data);
    let network = Network::new(setting.spec(n_inputs, n_outputs), run.seed)?;
    let options = TrainOptions {
        loss: protocol.loss,
        optimizer: Optimizer::Sgd {
            momentum: 0.0,
            nesterov: false,
        },
        learning_rate: setting.learning_rate,
        schedule: Schedule::Constant,
        weight_decay: setting.weight_decay,
        clip_norm: None,
        batch_size: (rows.train.len() / 10).clamp(8, protocol.batch),
        epochs: protocol.epochs,
        // The epoch is chosen here, by score.
        stopping: Stopping::Last,
        category_dropout: 0.0,
        seed: run.seed,
    };
    let mut trainer = Trainer::new(network, options, rows.data, rows.train, &[], 1)?;
    let mut trained = Trained {
        setting,
        valid: None,
        test: None,
        epoch: 0,
        seconds: 0.0,
    };
    let valid_features = rows.data.features.select(rows.valid);
    let stopping = Stopping::Smoothed {
        window: protocol.window,
    };
    // The lower the better, as for losses.
    let mut curve = Vec::with_capacity(protocol.epochs);
    let mut lowest = f64::INFINITY;
    let mut kept = None;
    while !trainer.is_done() {
        match trainer.epoch(run.interrupt, &mut |_, _| {}) {
            Ok(banach_nn::EpochOutcome::Finished(_)) => {}
            Ok(banach_nn::EpochOutcome::Interrupted) => return Err(TrainError::Interrupted),
            Err(TrainError::Diverged { .. }) => {
                trained.seconds = start.elapsed().as_secs_f64();
                return Ok(trained);
            }
            Err(other) => return Err(other),
        }
        let network = trainer.network();
        let outputs = outputs_of(&network, &valid_features)?;
        curve.push(-score(&outputs, rows.valid).unwrap_or(0.0));
        if let Some(average) = stopping.score(&curve, protocol.epochs)
            && average < lowest
        {
            (lowest, trained.epoch) = (average, curve.len());
            kept = Some(network);
        }
    }
    if let Some(network) = kept {
        let outputs = outputs_of(&network, &rows.data.features.select(rows.test))?;
        trained.test = score(&outputs, rows.test);
        trained.valid = Some(-lowest);
    }
    trained.seconds = start.elapsed().as_secs_f64();
    Ok(trained)
}

/// Outputs on one thread.
fn outputs_of(network: &Network, features: &Features) -> Result<Vec<f32>, TrainError> {
    Predictor::new(network, Precision::Single).outputs_once(features, 1)
}

/// Trains all settings side by side, the dearest first.
///
/// # Errors
/// [`TrainError`].
pub fn search(
    mut settings: Vec<Setting>,
    rows: Rows<'_>,
    protocol: &Protocol,
    run: &Run<'_>,
    score: &Score<'_>,
) -> Result<Vec<Trained>, TrainError> {
    let n_inputs = rows.data.features.n_numbers;
    let n_outputs = n_outputs(rows.data);
    let cost = |setting: &Setting| {
        setting
            .spec(n_inputs, n_outputs)
            .n_parameters()
            .unwrap_or(0)
    };
    settings.sort_by_key(|setting| std::cmp::Reverse(cost(setting)));
    let results = parallel_map(settings, run.threads, |_, setting| {
        train(setting, rows, protocol, run, score)
    });
    results.into_iter().collect()
}

/// The one with the best score on the validation rows; ties go to more layers, then the lower learning
/// rate, then more dropout. Networks that diverged come last.
#[must_use]
pub fn best(trained: &[Trained]) -> Option<&Trained> {
    trained.iter().max_by(|a, b| {
        let score = |t: &Trained| t.valid.unwrap_or(f64::NEG_INFINITY);
        score(a)
            .total_cmp(&score(b))
            .then(a.setting.layers.cmp(&b.setting.layers))
            .then(b.setting.learning_rate.total_cmp(&a.setting.learning_rate))
            .then(a.setting.dropout.total_cmp(&b.setting.dropout))
    })
}

/// A kind of network with its chosen setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Score on the test rows, `None` when every setting diverged.
    pub test: Option<f64>,
    /// Seconds over all settings.
    pub seconds: f64,
    /// The setting and the epoch, in words.
    pub setting: String,
}

/// The best network of a kind among those trained, see [`best`].
#[must_use]
pub fn chosen(trained: &[Trained], kind: NetworkKind) -> Chosen {
    let same = |t: &&Trained| t.setting.architecture.kind == kind;
    let own: Vec<Trained> = trained.iter().filter(same).cloned().collect();
    let best = best(&own);
    Chosen {
        test: best.and_then(|t| t.test),
        seconds: own.iter().map(|t| t.seconds).sum(),
        setting: best.map_or("none".to_owned(), |t| {
            format!("{} epoch {}", t.setting.describe(), t.epoch)
        }),
    }
}

/// Share of rows whose largest output is their class's.
#[must_use]
pub fn accuracy(outputs: &[f32], rows: &[u32], labels: &[u32]) -> Option<f64> {
    if rows.is_empty() {
        return None;
    }
    let lines = outputs.chunks_exact(outputs.len() / rows.len());
    let right = lines.zip(rows).filter(|(line, row)| {
        let top = line.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        top.map(|(class, _)| class as u32) == Some(labels[**row as usize])
    });
    Some(right.count() as f64 / rows.len() as f64)
}

fn n_outputs(data: &Dataset) -> usize {
    match &data.targets {
        Targets::Classes(classes) => classes
            .iter()
            .max()
            .map_or(2, |&top| (top as usize + 1).max(2)),
        Targets::Labels { n_labels, .. } => *n_labels,
        Targets::Values(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::Grid;

    #[test]
    fn ties_go_to_more_layers_then_lower_rates_then_more_dropout() {
        let trained = |valid, layers, learning_rate, dropout| Trained {
            setting: Setting {
                layers,
                learning_rate,
                dropout,
                ..Grid::uci_quick().settings(NetworkKind::Snn)[0]
            },
            valid,
            test: None,
            epoch: 1,
            seconds: 0.0,
        };
        let all = [
            trained(Some(0.9), 2, 0.1, 0.0),
            trained(Some(0.9), 4, 0.1, 0.05),
            trained(Some(0.9), 4, 0.01, 0.0),
            trained(Some(0.9), 4, 0.01, 0.05),
            trained(Some(0.8), 32, 0.01, 0.05),
            trained(None, 32, 0.01, 0.05),
        ];
        assert_eq!(best(&all), Some(&all[3]));
        assert_eq!(best(&all[5..]), Some(&all[5]));
        // The better on the test rows is none the better for it.
        let tested = |valid, test| Trained {
            test: Some(test),
            ..trained(Some(valid), 2, 0.1, 0.0)
        };
        for other in [0.1, 0.9] {
            let two = [tested(0.8, 0.5), tested(0.7, other)];
            assert_eq!(best(&two), Some(&two[0]));
        }
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn the_epoch_and_the_score_are_those_of_the_smoothed_score() {
        let data = Dataset {
            features: Features::from_numbers(
                12,
                1,
                (0..12).map(|i| f32::from(i as i16) - 5.5).collect(),
            ),
            targets: Targets::Classes((0..12).map(|i| u32::from(i > 5)).collect()),
            weights: None,
        };
        let rows = Rows {
            data: &data,
            train: &[0, 1, 2, 8, 9, 10, 11],
            valid: &[4, 7],
            test: &[5, 6, 3],
        };
        // Scores of the epochs in turn, whatever the network does; then that of the test rows.
        let scores = [0.5, 0.9, 0.1, 0.8, 0.8];
        let next = std::sync::atomic::AtomicUsize::new(0);
        let score = |outputs: &[f32], of: &[u32]| {
            assert_eq!(outputs.len(), 2 * of.len());
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let score = scores.get(at).copied();
            // Test rows are measured on once, when the epoch has been chosen.
            assert_eq!(of, score.map_or(rows.test, |_| rows.valid));
            Some(score.unwrap_or(0.25))
        };
        let protocol = Protocol {
            epochs: 5,
            window: 2,
            ..Protocol::paper(Loss::CrossEntropy {
                label_smoothing: 0.0,
            })
        };
        let run = Run {
            threads: 1,
            until: None,
            interrupt: &std::sync::atomic::AtomicBool::new(false),
            seed: 0,
            observe: &|_| {},
        };
        let setting = Grid::uci_quick().settings(NetworkKind::Snn)[0];
        let trained = train(setting, rows, &protocol, &run, &score).unwrap();
        assert_eq!((trained.valid, trained.epoch), (Some(0.8), 5));
        assert_eq!(trained.test, Some(0.25));
    }

    #[test]
    fn accuracy_counts_the_largest_output() {
        let outputs = [0.1, 0.9, 3.0, -1.0, 0.0, 0.5];
        assert_eq!(accuracy(&outputs, &[0, 1, 2], &[1, 1, 1]), Some(2.0 / 3.0));
        assert_eq!(accuracy(&[], &[], &[]), None);
    }
}
