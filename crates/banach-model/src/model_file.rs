//! The model file: which texts and tensors of a [`Container`] make a model. FORMAT.md describes it.

use std::path::Path;

use banach_data::{Encoder, TargetEncoder};
use banach_nn::{EpochReport, Network, NetworkSpec, TensorRole};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::calibration::Calibration;
use crate::container::{Container, FormatError};
use crate::error::Error;
use crate::member::{Affine, Member, MemberKind};
use crate::model::{MAX_MEMBERS, Model, ModelParts, check_network, no_encoder};
use crate::training_record::{MemberTraining, Training, ValidationScores};

/// Version of the format. It changes when a file cannot be read by the program before it.
const VERSION: &str = "4";

/// As version 4; its categories and classes are known by canonical texts.
const VERSION_3: &str = "3";

/// One network without a checksum.
const VERSION_2: &str = "2";

/// As version 2; its settings had other names.
const VERSION_1: &str = "1";

const VERSION_KEY: &str = "banach.format_version";
const PROGRAM_KEY: &str = "banach.program";
const SETTINGS_KEY: &str = "banach.settings";
const ENCODERS_KEY: &str = "banach.encoders";
const TARGET_KEY: &str = "banach.target";
pub(crate) const MEMBERS_KEY: &str = "banach.members";
const CALIBRATION_KEY: &str = "banach.calibration";
const TRAINING_KEY: &str = "banach.training";

/// Keys of versions 1 and 2.
const ENCODER_KEY: &str = "banach.encoder";
pub(crate) const NETWORK_KEY: &str = "banach.network";

/// A member as the file has it, without its tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberText {
    encoder: usize,
    weight: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<Affine>,
    kind: KindText,
    training: MemberTraining,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindText {
    Network(NetworkSpec),
}

impl Model {
    /// Reads a model file. Nothing in it is executed, and no more is allocated than a small multiple of
    /// its length.
    ///
    /// # Errors
    /// [`Error::Format`], which names the file and what is wrong with it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(read(path.as_ref())?)
    }

    /// Reads the bytes of a model file.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        model(Container::from_bytes(bytes)?)
    }

    /// Writes the model file, whole or not at all. The same model gives the same bytes.
    ///
    /// # Errors
    /// [`Error::Format`], which names the file.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(container(self.parts())?.write_file(path.as_ref())?)
    }

    /// The bytes that [`Model::save`] writes.
    ///
    /// # Errors
    /// [`FormatError`] when encoders are too large for the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        container(self.parts())?.to_bytes()
    }
}

fn container(model: &ModelParts) -> Result<Container, FormatError> {
    let mut container = Container::new();
    container.set_text(VERSION_KEY, VERSION);
    container.set_text(PROGRAM_KEY, concat!("banach ", env!("CARGO_PKG_VERSION")));
    container.set_json(SETTINGS_KEY, &model.settings)?;
    container.set_json(ENCODERS_KEY, &model.encoders)?;
    container.set_json(TARGET_KEY, &model.target)?;
    container.set_json(CALIBRATION_KEY, &model.calibration)?;
    container.set_json(TRAINING_KEY, &model.training)?;
    let mut members = Vec::with_capacity(model.members.len());
    for (index, member) in model.members.iter().enumerate() {
        let kind = match &member.kind {
            MemberKind::Network(network) => {
                for tensor in network.tensors() {
                    let values = network.tensor(tensor).to_vec();
                    container.insert(&prefixed(index, &tensor.name), &tensor.shape, values)?;
                }
                KindText::Network(network.spec().clone())
            }
        };
        members.push(MemberText {
            encoder: member.encoder,
            weight: member.weight,
            output: member.output,
            kind,
            training: member.training.clone(),
        });
    }
    container.set_json(MEMBERS_KEY, &members)?;
    container.seal();
    Ok(container)
}

fn prefixed(member: usize, tensor: &str) -> String {
    format!("members.{member}.{tensor}")
}

fn read(path: &Path) -> Result<Model, FormatError> {
    let container = Container::read_file(path)?;
    model(container).map_err(|error| error.in_file(path))
}

pub(crate) fn model(mut container: Container) -> Result<Model, FormatError> {
    let version = container.version(VERSION_KEY, &[VERSION_1, VERSION_2, VERSION_3, VERSION])?;
    let parts = if [VERSION_3, VERSION].contains(&version) {
        container.check_seal()?;
        parts(&mut container)?
    } else {
        parts_of_one_network(&mut container, version)?
    };
    container.expect_no_tensors()?;
    Model::new(parts)
        .map_err(|error| bad_metadata(MEMBERS_KEY, serde_json::Error::custom(error.to_string())))
}

fn parts(container: &mut Container) -> Result<ModelParts, FormatError> {
    let encoders: Vec<Encoder> = container.json(ENCODERS_KEY)?;
    let target: TargetEncoder = container.json(TARGET_KEY)?;
    let texts: Vec<MemberText> = container.json(MEMBERS_KEY)?;
    let bad = |reason: String| bad_metadata(MEMBERS_KEY, serde_json::Error::custom(reason));
    if !(1..=MAX_MEMBERS).contains(&texts.len()) {
        let got = texts.len();
        return Err(bad(format!(
            "a model has 1 to {MAX_MEMBERS} members, got {got}"
        )));
    }
    let mut members = Vec::new();
    for (index, text) in texts.into_iter().enumerate() {
        let in_member = |reason| bad(format!("member {}: {reason}", index + 1));
        let encoder = encoders
            .get(text.encoder)
            .ok_or_else(|| in_member(no_encoder(text.encoder, encoders.len())))?;
        let KindText::Network(spec) = text.kind;
        check_network(&spec, encoder, &target).map_err(in_member)?;
        let parameters = take_tensors(container, &spec, |name| prefixed(index, name))?;
        let network = Network::from_parameters(spec, parameters);
        members.push(Member {
            kind: MemberKind::Network(network.map_err(|error| in_member(error.to_string()))?),
            encoder: text.encoder,
            weight: text.weight,
            output: text.output,
            training: text.training,
        });
    }
    Ok(ModelParts {
        settings: container.json(SETTINGS_KEY)?,
        encoders,
        target,
        members,
        calibration: container.json(CALIBRATION_KEY)?,
        training: container.json(TRAINING_KEY)?,
    })
}

/// The parameters of a network in its order, each tensor under the name that `name` makes of its own.
fn take_tensors(
    container: &mut Container,
    spec: &NetworkSpec,
    name: impl Fn(&str) -> String,
) -> Result<Vec<f32>, FormatError> {
    let mut parameters = Vec::new();
    for tensor in spec.tensors() {
        // The container checks the shape against the file before anything is allocated.
        let (name, shape) = (&name(&tensor.name), &tensor.shape);
        let mut values = match tensor.role() {
            TensorRole::RunningVariance { .. } => container.take_not_negative(name, shape)?,
            _ => container.take(name, shape)?,
        };
        parameters.append(&mut values);
    }
    Ok(parameters)
}

/// The training as versions 1 and 2 have it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldTraining {
    train_rows: usize,
    valid_rows: usize,
    best_epoch: usize,
    refit: bool,
    history: Vec<EpochReport>,
    valid: ValidationScores,
}

/// Versions 1 and 2: one encoder, one network, no calibration.
fn parts_of_one_network(
    container: &mut Container,
    version: &str,
) -> Result<ModelParts, FormatError> {
    let encoder: Encoder = container.json(ENCODER_KEY)?;
    let target: TargetEncoder = container.json(TARGET_KEY)?;
    let spec: NetworkSpec = container.json(NETWORK_KEY)?;
    let bad = |reason: String| bad_metadata(NETWORK_KEY, serde_json::Error::custom(reason));
    check_network(&spec, &encoder, &target).map_err(bad)?;
    let old: OldTraining = container.json(TRAINING_KEY)?;
    let mut settings = container.json(SETTINGS_KEY)?;
    todays_settings(&mut settings, version);
    let parameters = take_tensors(container, &spec, str::to_owned)?;
    let network = Network::from_parameters(spec, parameters);
    let training = MemberTraining {
        best_epoch: old.best_epoch,
        refit: old.refit,
        history: old.history,
    };
    Ok(ModelParts {
        settings,
        encoders: vec![encoder],
        target,
        members: vec![Member::network(
            network.map_err(|error| bad(error.to_string()))?,
            training,
        )],
        calibration: Calibration::None,
        training: Training {
            train_rows: old.train_rows,
            valid_rows: old.valid_rows,
            valid: old.valid,
        },
    })
}

/// Brings settings to today's names. Version 1 had an activation and a kind of dropout in place of the
/// kind of network, and both versions another name for the dropout of categories.
fn todays_settings(settings: &mut Map<String, Value>, version: &str) {
    if version == VERSION_1 {
        if let Some(activation) = settings.remove("activation") {
            let network = match activation.as_str() {
                Some("relu") => "msra".into(),
                Some("selu") => "snn".into(),
                _ => activation,
            };
            settings.insert("network".to_owned(), network);
        }
        settings.remove("dropout_kind");
    }
    let renamed = |(key, value): (String, Value)| {
        let key = if key == "hide_categories" {
            "category_dropout".to_owned()
        } else {
            key
        };
        (key, value)
    };
    *settings = std::mem::take(settings).into_iter().map(renamed).collect();
}

fn bad_metadata(key: &str, source: serde_json::Error) -> FormatError {
    FormatError::BadMetadata {
        key: key.to_owned(),
        source,
    }
}
