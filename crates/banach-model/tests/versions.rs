//! Files of earlier versions of the format, as the programs of their time wrote them, still predict what
//! those programs predicted.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "shared with other tests")]
mod common;

use banach_data::OutputValues;
use banach_model::{Calibration, Model, PredictOptions, Predictions};

use common::{folder, rows};

/// Numbers are compared with room for the last digits of 32 bits: exponentials may be rounded anew by a
/// later program.
const TOLERANCE: f64 = 2e-6;

fn models() -> Vec<(String, Model)> {
    let mut models = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "safetensors") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            models.push((name, Model::load(&path).unwrap()));
        }
    }
    models.sort_by(|a, b| a.0.cmp(&b.0));
    models
}

/// The columns of the predictions as text, and as numbers where they are numbers.
fn columns(model: &Model) -> Vec<(String, Vec<String>)> {
    let predictor = model.predictor(&PredictOptions::default()).unwrap();
    let (predictions, _) = predictor.predict(&rows(model)).unwrap();
    let values = predictions.values(model.target()).into_iter();
    let values = values.map(|values| match values {
        OutputValues::F32(values) => values.iter().map(ToString::to_string).collect(),
        OutputValues::F64(values) => values.iter().map(ToString::to_string).collect(),
        other => other
            .texts()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect(),
    });
    let names = Predictions::columns(model.target()).into_iter();
    names.map(|column| column.name).zip(values).collect()
}

#[test]
fn old_files_predict_what_they_did() {
    let models = models();
    assert_eq!(models.len(), 12);
    for (name, model) in models {
        let text = std::fs::read_to_string(folder().join(format!("{name}.csv"))).unwrap();
        let mut lines = text.lines();
        let columns = columns(&model);
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(lines.next().unwrap(), names.join(","), "{name}");
        let mut n_rows = 0;
        for (row, line) in lines.enumerate() {
            for (expected, (column, values)) in line.split(',').zip(&columns) {
                let got = values[row].as_str();
                let (Ok(number), Ok(wanted)) = (got.parse::<f64>(), expected.parse::<f64>()) else {
                    assert_eq!(got, expected, "{name}, {column}, row {row}");
                    continue;
                };
                assert!(
                    (number - wanted).abs() <= TOLERANCE * wanted.abs().max(1.0),
                    "{name}, {column}, row {row}: {got}, then {expected}"
                );
            }
            n_rows += 1;
        }
        assert_eq!(n_rows, rows(&model).n_rows(), "{name}");
    }
}

#[test]
fn old_files_are_written_in_the_format_of_today() {
    for (name, model) in models() {
        assert_eq!(model.members().len(), 1, "{name}");
        assert_eq!(model.calibration(), Calibration::None, "{name}");
        let bytes = model.to_bytes().unwrap();
        assert_eq!(Model::from_bytes(&bytes).unwrap(), model, "{name}");
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("banach.checksum"), "{name}");
        // Settings have today's names.
        for old in ["hide_categories", "dropout_kind", "activation"] {
            assert!(!model.settings().contains_key(old), "{name}: {old}");
        }
        assert!(model.settings().contains_key("network"), "{name}");
    }
}
