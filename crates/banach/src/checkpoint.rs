//! The state of an unfinished fit, so that it can go on as if it had not been interrupted.

use std::hash::Hasher;
use std::path::Path;

use banach_data::Targets;
use banach_model::container::{Container, FormatError};
use banach_model::{MemberTraining, Training};
use banach_nn::{EpochReport, OptimizerState, TrainState};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use crate::error::Error;
use crate::problem::Problem;
use crate::run::Stage;

/// Checkpoints belong to the version of the program that wrote them.
const VERSION: &str = "2";

/// A record of a training: of the model, and of its one network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) model: Training,
    pub(crate) member: MemberTraining,
}

/// A finished first training, while the second is under way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct First {
    pub(crate) parameters: Vec<f32>,
    pub(crate) record: Record,
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
    run: Fingerprint,
    stage: Stage,
    step: u64,
    history: Vec<EpochReport>,
    first: Option<Record>,
}

impl Checkpoint {
    /// Writes a checkpoint in place of the one before, whole or not at all.
    pub(crate) fn write(
        path: &Path,
        run: Fingerprint,
        stage: Stage,
        state: TrainState,
        first: Option<&First>,
    ) -> Result<(), Error> {
        let header = Header {
            run,
            stage,
            step: state.optimizer.step,
            history: state.history,
            first: first.map(|first| first.record.clone()),
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
        container.seal();
        Ok(container.write_file(path)?)
    }

    /// Reads the checkpoint of the run with this fingerprint.
    pub(crate) fn read(path: &Path, run: Fingerprint) -> Result<Self, Error> {
        let file = || path.display().to_string();
        if !path.exists() {
            return Err(Error::NoCheckpoint { file: file() });
        }
        let mut container = Container::read_file(path)?;
        let parsed = Self::from_container(&mut container);
        let (found, checkpoint) = parsed.map_err(|error| error.in_file(path))?;
        // Settings also say which rows are held out and how they are encoded, so they come first.
        let what = if found.settings != run.settings {
            "the settings differ"
        } else if found.table != run.table {
            "the table differs"
        } else {
            return Ok(checkpoint);
        };
        Err(Error::OtherRun { file: file(), what })
    }

    fn from_container(container: &mut Container) -> Result<(Fingerprint, Self), FormatError> {
        container.version("banach.checkpoint_version", &[VERSION])?;
        container.check_seal()?;
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
            Some(record) => Some(First {
                parameters: take("first.parameters")?,
                record,
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

/// What a run is known by: a run is resumed with the same settings and the same table only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fingerprint {
    /// Hash of the complete settings.
    settings: u64,
    /// Hash of the encoded table and of what encoded it.
    table: u64,
}

impl Fingerprint {
    pub(crate) fn of(problem: &Problem) -> Result<Self, Error> {
        let (mut settings, mut table) = (XxHash64::with_seed(0), XxHash64::with_seed(0));
        json(&mut settings, "settings", &problem.recipe.to_json())?;
        json(&mut table, "network", &problem.spec)?;
        json(&mut table, "encoder", &problem.encoder)?;
        json(&mut table, "target", &problem.target)?;
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
        Ok(Self {
            settings: settings.finish(),
            table: table.finish(),
        })
    }
}

fn json(hash: &mut XxHash64, key: &'static str, value: &impl Serialize) -> Result<(), FormatError> {
    let text = serde_json::to_string(value).map_err(|source| FormatError::BadMetadata {
        key: key.to_owned(),
        source,
    })?;
    hash.write(text.as_bytes());
    Ok(())
}

fn floats(hash: &mut XxHash64, values: &[f32]) {
    for value in values {
        hash.write(&value.to_bits().to_le_bytes());
    }
}

fn integers(hash: &mut XxHash64, values: &[u32]) {
    for value in values {
        hash.write(&value.to_le_bytes());
    }
}
