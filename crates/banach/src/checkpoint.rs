//! The state of an unfinished fit, so that it can go on as if it had not been interrupted.

use std::hash::Hasher;
use std::path::Path;

use banach_data::Targets;
use banach_nn::{EpochReport, OptimizerState, TrainState};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use crate::container::{Container, FormatError};
use crate::error::Error;
use crate::problem::Problem;
use crate::run::Stage;
use crate::training::Training;

const VERSION: &str = "1";

/// A finished first training, while the second is under way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct First {
    pub(crate) parameters: Vec<f32>,
    pub(crate) training: Training,
}

/// What a checkpoint holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checkpoint {
    pub(crate) stage: Stage,
    pub(crate) state: TrainState,
    /// The first training's result, in the second.
    pub(crate) first: Option<First>,
}

/// The part of a checkpoint that is text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    run: String,
    stage: Stage,
    step: u64,
    history: Vec<EpochReport>,
    first: Option<Training>,
}

impl Checkpoint {
    /// Writes a checkpoint in place of the one before, whole or not at all.
    pub(crate) fn write(
        path: &Path,
        run: &str,
        stage: Stage,
        state: TrainState,
        first: Option<&First>,
    ) -> Result<(), Error> {
        let header = Header {
            run: run.to_owned(),
            stage,
            step: state.optimizer.step,
            history: state.history,
            first: first.map(|first| first.training.clone()),
        };
        let mut container = Container::new();
        container.set_text("banach.checkpoint_version", VERSION);
        container.set_json("banach.checkpoint", &header)?;
        let [slot_0, slot_1] = state.optimizer.slots;
        let mut tensors = vec![
            ("parameters", state.parameters),
            ("best_parameters", state.best_parameters),
            ("slots.0", slot_0),
            ("slots.1", slot_1),
        ];
        tensors.extend(first.map(|first| ("first.parameters", first.parameters.clone())));
        for (name, data) in tensors {
            container.insert(name, &[data.len()], data)?;
        }
        Ok(container.write_file(path)?)
    }

    /// Reads the checkpoint of the run with this fingerprint.
    pub(crate) fn read(path: &Path, run: &str) -> Result<Self, Error> {
        let file = || path.display().to_string();
        if !path.exists() {
            return Err(Error::NoCheckpoint { file: file() });
        }
        let mut container = Container::read_file(path)?;
        let parsed = Self::from_container(&mut container);
        let (found, checkpoint) = parsed.map_err(|error| error.in_file(path))?;
        let differs = |at: usize| found.split(' ').nth(at) != run.split(' ').nth(at);
        // Settings also say which rows are held out and how they are encoded, so they come first.
        let what = if differs(0) {
            "the settings differ"
        } else if differs(1) {
            "the table differs"
        } else {
            return Ok(checkpoint);
        };
        Err(Error::OtherRun { file: file(), what })
    }

    fn from_container(container: &mut Container) -> Result<(String, Self), FormatError> {
        container.version("banach.checkpoint_version", &[VERSION])?;
        let header: Header = container.json("banach.checkpoint")?;
        // Any length will do: the trainer checks that the state fits its network.
        let mut take = |name: &str| {
            let length =
                |(found, _, data): (&str, &[usize], &[f32])| (found == name).then_some(data.len());
            let length = container.tensors().find_map(length).unwrap_or(0);
            container.take(name, &[length])
        };
        let state = TrainState {
            parameters: take("parameters")?,
            best_parameters: take("best_parameters")?,
            optimizer: OptimizerState {
                step: header.step,
                slots: [take("slots.0")?, take("slots.1")?],
            },
            history: header.history,
        };
        let first = match header.first {
            None => None,
            Some(training) => Some(First {
                parameters: take("first.parameters")?,
                training,
            }),
        };
        container.expect_no_tensors()?;
        let stage = header.stage;
        Ok((
            header.run,
            Self {
                stage,
                state,
                first,
            },
        ))
    }
}

/// Two hashes, of the settings and of the encoded table: a run is resumed with the same ones only.
pub(crate) fn fingerprint(problem: &Problem) -> Result<String, Error> {
    let json = |key: &'static str, value: serde_json::Result<String>| {
        value.map_err(|source| FormatError::BadMetadata {
            key: key.to_owned(),
            source,
        })
    };
    let mut settings = XxHash64::with_seed(0);
    settings.write(json("settings", serde_json::to_string(&problem.recipe.to_json()))?.as_bytes());
    let mut table = XxHash64::with_seed(0);
    table.write(json("network", serde_json::to_string(&problem.spec))?.as_bytes());
    table.write(json("encoder", serde_json::to_string(&problem.encoder))?.as_bytes());
    table.write(json("target", serde_json::to_string(&problem.target))?.as_bytes());
    let floats = |hash: &mut XxHash64, values: &[f32]| {
        values
            .iter()
            .for_each(|value| hash.write(&value.to_bits().to_le_bytes()));
    };
    let integers = |hash: &mut XxHash64, values: &[u32]| {
        values
            .iter()
            .for_each(|value| hash.write(&value.to_le_bytes()));
    };
    let data = &problem.data;
    floats(&mut table, &data.features.numbers);
    integers(&mut table, &data.features.codes);
    match &data.targets {
        Targets::Classes(codes) => integers(&mut table, codes),
        Targets::Values(values) | Targets::Labels { values, .. } => {
            floats(&mut table, values);
        }
    }
    floats(&mut table, data.weights.as_deref().unwrap_or_default());
    integers(&mut table, &problem.train);
    integers(&mut table, &problem.valid);
    Ok(format!(
        "{:016x} {:016x}",
        settings.finish(),
        table.finish()
    ))
}
