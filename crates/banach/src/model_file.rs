//! The model file: which texts and tensors of a [`Container`] make a model. FORMAT.md describes it.

use std::path::Path;

use banach_data::{Encoder, TargetEncoder};
use banach_nn::{CategorySpec, Network, NetworkSpec, TensorRole};
use serde::de::Error as _;
use serde_json::{Map, Value};

use crate::container::{Container, FormatError};
use crate::model::Model;
use crate::settings::Settings;

/// Version of the format. It changes when a file cannot be read by the program before it.
const VERSION: &str = "2";

/// The version before. Its networks are a part of today's; its settings had other names.
const VERSION_1: &str = "1";

const VERSION_KEY: &str = "banach.format_version";
const PROGRAM_KEY: &str = "banach.program";
const SETTINGS_KEY: &str = "banach.settings";
const ENCODER_KEY: &str = "banach.encoder";
const TARGET_KEY: &str = "banach.target";
const NETWORK_KEY: &str = "banach.network";
const TRAINING_KEY: &str = "banach.training";

pub(crate) fn container(model: &Model) -> Result<Container, FormatError> {
    let mut container = Container::new();
    container.set_text(VERSION_KEY, VERSION);
    container.set_text(PROGRAM_KEY, concat!("banach ", env!("CARGO_PKG_VERSION")));
    container.set_json(SETTINGS_KEY, &model.settings)?;
    container.set_json(ENCODER_KEY, &model.encoder)?;
    container.set_json(TARGET_KEY, &model.target)?;
    container.set_json(NETWORK_KEY, model.network.spec())?;
    container.set_json(TRAINING_KEY, &model.training)?;
    for tensor in model.network.tensors() {
        let values = model.network.tensor(tensor).to_vec();
        container.insert(&tensor.name, &tensor.shape, values)?;
    }
    Ok(container)
}

pub(crate) fn read(path: &Path) -> Result<Model, FormatError> {
    let container = Container::read_file(path)?;
    model(container).map_err(|error| error.in_file(path))
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Model, FormatError> {
    model(Container::from_bytes(bytes)?)
}

fn model(mut container: Container) -> Result<Model, FormatError> {
    let is_version_1 = container.version(VERSION_KEY, &[VERSION_1, VERSION])? == VERSION_1;
    let mut settings = renamed(container.json(SETTINGS_KEY)?);
    if is_version_1 {
        settings = settings_of_version_1(settings);
    }
    // Kept as they are, but only under names that the program knows.
    Settings::from_json(&settings)
        .map_err(|error| bad_metadata(SETTINGS_KEY, serde_json::Error::custom(error)))?;
    let encoder: Encoder = container.json(ENCODER_KEY)?;
    let target: TargetEncoder = container.json(TARGET_KEY)?;
    let training = container.json(TRAINING_KEY)?;
    let spec: NetworkSpec = container.json(NETWORK_KEY)?;
    check_fit(&spec, &encoder, &target).map_err(|reason| bad_network(&reason))?;
    let mut parameters = Vec::new();
    for tensor in spec.tensors() {
        // The container checks the shape against the file before anything is allocated.
        let (name, shape) = (&tensor.name, &tensor.shape);
        parameters.append(&mut match tensor.role() {
            TensorRole::RunningVariance { .. } => container.take_not_negative(name, shape)?,
            _ => container.take(name, shape)?,
        });
    }
    container.expect_no_tensors()?;
    let network = Network::from_parameters(spec, parameters);
    Ok(Model {
        settings,
        encoder,
        target,
        network: network.map_err(|error| bad_network(&error.to_string()))?,
        training,
    })
}

/// Checks that the network takes what the encoder gives and gives what the target needs.
fn check_fit(spec: &NetworkSpec, encoder: &Encoder, target: &TargetEncoder) -> Result<(), String> {
    spec.check().map_err(|error| error.to_string())?;
    let counts = encoder.category_counts();
    let codes: Vec<usize> = counts.iter().map(|counts| counts.len()).collect();
    let expected: Vec<usize> = spec
        .inputs
        .categories
        .iter()
        .map(CategorySpec::n_codes)
        .collect();
    let (numbers, outputs) = (encoder.n_numbers(), target.n_outputs());
    if spec.inputs.n_numbers != numbers || expected != codes {
        return Err(format!(
            "its inputs must be {numbers} numbers and categories of {codes:?} codes, as the encoder \
             makes them, got {} and {expected:?}",
            spec.inputs.n_numbers
        ));
    }
    if spec.n_outputs != outputs {
        let got = spec.n_outputs;
        return Err(format!(
            "it must have {outputs} outputs, as the target needs, got {got}"
        ));
    }
    Ok(())
}

/// Category dropout had another name.
fn renamed(settings: Map<String, Value>) -> Map<String, Value> {
    let today = |name: String| match name.as_str() {
        "hide_categories" => "category_dropout".to_owned(),
        _ => name,
    };
    let entries = settings.into_iter();
    entries.map(|(name, value)| (today(name), value)).collect()
}

/// Settings had an activation and a kind of dropout in place of the kind of network.
fn settings_of_version_1(mut settings: Map<String, Value>) -> Map<String, Value> {
    let network = settings.remove("activation").map(|activation| {
        if activation == "relu" {
            "msra".into()
        } else if activation == "selu" {
            "snn".into()
        } else {
            activation
        }
    });
    settings.remove("dropout_kind");
    settings.extend(network.map(|network| ("network".to_owned(), network)));
    settings
}

fn bad_network(reason: &str) -> FormatError {
    bad_metadata(NETWORK_KEY, serde_json::Error::custom(reason))
}

fn bad_metadata(key: &str, source: serde_json::Error) -> FormatError {
    FormatError::BadMetadata {
        key: key.to_owned(),
        source,
    }
}
