//! A model file from a stranger is refused, or kept as it is and can be used.
#![no_main]

use std::io::Cursor;

use banach_data::Table;
use banach_io::{ReadError, ReadOptions, TableReader};
use banach_model::container::Container;
use banach_model::{Model, PredictOptions};
use banach_nn::NetworkSpec;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;

/// Keys of the texts, in the order of the lines of an input.
const KEYS: [&str; 6] = [
    "banach.members",
    "banach.encoders",
    "banach.target",
    "banach.calibration",
    "banach.settings",
    "banach.training",
];

const MAX_PARAMETERS: usize = 100_000;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // A mutation breaks the checksum; with another one it gets further.
    if let Ok(container) = Container::from_bytes(bytes) {
        sealed(container).iter().for_each(|bytes| check(bytes));
    }
    // Mutations rarely get past a container, so the same bytes stand for its texts too, a line each.
    if let Ok(texts) = std::str::from_utf8(bytes) {
        file(texts).iter().for_each(|bytes| check(bytes));
    }
});

fn sealed(mut container: Container) -> Option<Vec<u8>> {
    container.seal();
    container.to_bytes().ok()
}

/// The file with these texts and with the tensors that its networks ask for, unless they are large.
fn file(texts: &str) -> Option<Vec<u8>> {
    let mut container = Container::new();
    container.set_text("banach.format_version", "3");
    container.set_text("banach.program", "fuzz");
    for (key, text) in KEYS.iter().zip(texts.lines()) {
        container.set_text(key, text);
    }
    let members: Vec<Value> = container.json(KEYS[0]).unwrap_or_default();
    for (index, member) in members.iter().enumerate() {
        let Ok(network) = NetworkSpec::deserialize(&member["kind"]["network"]) else {
            continue;
        };
        if network.check().is_err() || network.n_parameters()? > MAX_PARAMETERS {
            continue;
        }
        for tensor in network.tensors() {
            let n_values = tensor.shape.iter().product();
            let name = format!("members.{index}.{}", tensor.name);
            let inserted = container.insert(&name, &tensor.shape, vec![0.5; n_values]);
            inserted.expect("the network's own tensors fit");
        }
    }
    sealed(container)
}

fn check(bytes: &[u8]) {
    let Ok(model) = Model::from_bytes(bytes) else {
        return;
    };
    let written = model.to_bytes().expect("what was read can be written");
    let again = Model::from_bytes(&written).expect("what was written can be read");
    assert_eq!(again.to_bytes().ok(), Some(written));
    if let Ok(table) = row(&model)
        && let Ok(predictor) = model.predictor(&PredictOptions::default().threads(1))
    {
        // An error is an answer too.
        let _ = predictor.predict(&table);
        let cells: Vec<_> = table.columns().iter().map(|column| column.scalar(0)).collect();
        let _ = predictor.row_predictor().predict(&cells);
    }
}

/// A table of the model's columns with one row.
fn row(model: &Model) -> Result<Table, ReadError> {
    let schema = model.schema();
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let names: Vec<_> = schema
        .fields
        .iter()
        .map(|field| quoted(&field.name))
        .collect();
    let cells = vec!["1"; names.len()];
    let text = format!("{}\n{}\n", names.join(","), cells.join(","));
    let options = ReadOptions {
        schema: Some(schema),
        ..ReadOptions::default()
    };
    TableReader::from_reader("row.csv", Box::new(Cursor::new(text)), &options)?.read()
}
