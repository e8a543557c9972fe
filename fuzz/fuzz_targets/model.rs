//! A model file from a stranger is refused, or kept as it is and can be used.
#![no_main]

use std::io::Cursor;

use banach::Model;
use banach::container::Container;
use banach_data::{Table, UnknownCategories};
use banach_io::{ReadError, ReadOptions, TableReader};
use banach_nn::NetworkSpec;
use libfuzzer_sys::fuzz_target;

/// Keys of the texts, in the order of the lines of an input.
const KEYS: [&str; 5] = [
    "banach.network",
    "banach.encoder",
    "banach.target",
    "banach.settings",
    "banach.training",
];

const MAX_PARAMETERS: usize = 100_000;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // Mutations rarely get past a container, so the same bytes stand for its texts too, a line each.
    if let Some(file) = std::str::from_utf8(bytes).ok().and_then(file) {
        check(&file);
    }
});

/// The file with these texts and with the tensors that its network asks for, unless they are large.
fn file(texts: &str) -> Option<Vec<u8>> {
    let mut container = Container::new();
    container.set_text("banach.format_version", "2");
    container.set_text("banach.program", "fuzz");
    for (key, text) in KEYS.iter().zip(texts.lines()) {
        container.set_text(key, text);
    }
    if let Ok(network) = container.json::<NetworkSpec>("banach.network")
        && network.check().is_ok()
        && network.n_parameters()? <= MAX_PARAMETERS
    {
        for tensor in network.tensors() {
            let n_values = tensor.shape.iter().product();
            let inserted = container.insert(&tensor.name, &tensor.shape, vec![0.5; n_values]);
            inserted.expect("the network's own tensors fit");
        }
    }
    container.to_bytes().ok()
}

fn check(bytes: &[u8]) {
    let Ok(model) = Model::from_bytes(bytes) else {
        return;
    };
    let written = model.to_bytes().expect("what was read can be written");
    let again = Model::from_bytes(&written).expect("what was written can be read");
    assert_eq!(again.to_bytes().ok(), Some(written));
    if let Ok(table) = row(&model)
        && let Ok(mut predictor) = model.predictor(1)
    {
        // An error is an answer too.
        let _ = predictor.predict(&table, UnknownCategories::Count);
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
