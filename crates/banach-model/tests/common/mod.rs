//! Models of every task and kind of network, and rows for them: the files of `versions/`.

use std::path::{Path, PathBuf};

use banach_data::{Scalar, Table};
use banach_io::{ReadOptions, read_table};
use banach_model::{Model, Predictions};

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/versions")
}

/// One model of `versions/`, by its name.
pub(crate) fn model(name: &str) -> Model {
    Model::load(folder().join(format!("{name}.safetensors"))).unwrap()
}

/// Each task, and networks whose layers differ most.
pub(crate) const NAMES: [&str; 5] = [
    "v2-snn",
    "v2-batchnorm",
    "v2-resnet",
    "v2-regression",
    "v2-multilabel",
];

/// Rows with missing cells for a model.
pub(crate) fn rows(model: &Model) -> Table {
    let options = ReadOptions {
        schema: Some(model.schema()),
        ..ReadOptions::default()
    };
    read_table(folder().join("rows.csv"), &options).unwrap()
}

/// The models of one target that go together: three of other kinds.
pub(crate) fn ensemble() -> Model {
    let models = ["v2-snn", "v2-layernorm", "v2-highway"].map(model);
    Model::ensemble(models.to_vec()).unwrap()
}

/// The cells of a row in the order of the model's columns.
pub(crate) fn cells<'a>(table: &'a Table, model: &Model, row: usize) -> Vec<Scalar<'a>> {
    let cell = |name: &str| table.column(name).unwrap().scalar(row);
    let schema = model.schema();
    schema
        .fields
        .iter()
        .map(|field| cell(&field.name))
        .collect()
}

/// All numbers of some predictions, as bits.
pub(crate) fn bits(predictions: &Predictions) -> Vec<u64> {
    match predictions {
        Predictions::Values(values) => values.iter().map(|value| value.to_bits()).collect(),
        Predictions::Classes { proba, .. } | Predictions::Labels { proba, .. } => {
            proba.iter().map(|p| u64::from(p.to_bits())).collect()
        }
        _ => panic!("{predictions:?}"),
    }
}
