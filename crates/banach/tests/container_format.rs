//! A model file written by FORMAT.md alone, not by this program, is read and predicts as FORMAT.md says.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use banach::container::{Container, FormatError};
use banach::data::{Table, UnknownCategories};
use banach::io::{ReadOptions, TableReader};
use banach::{Model, Predictions, Settings};

/// The program rounds to 32 bits after every step, the test does not.
const F32_TOLERANCE: f64 = 1e-5;

const ALPHA: f64 = 1.673_263_242_354_377_2;
const LAMBDA: f64 = 1.050_700_987_355_480_5;

const NETWORK: &str = r#"{"inputs": {"n_numbers": 2, "categories": [
    {"one_hot": {"low": [-0.5, 0.25, 0.0], "high": [1.0, 1.25, 1.5]}},
    {"embedding": {"n_codes": 2, "dimension": 1}}], "dropout": "none"},
  "layers": [{"width": 2, "dropout": {"alpha": {"rate": 0.1}}, "activation": {"selu": {
    "alpha": 1.6732632423543772, "lambda": 1.0507009873554805, "mean": 0.0, "variance": 1.0}}}],
  "n_outputs": 2}"#;

const ENCODER: &str = r#"{"columns": [
  {"name": "a", "encoding": {"number": {"median": 1.5,
    "scale": {"center": 1.0, "factor": 0.5, "scaling": "robust"},
    "missing": {"center": 0.25, "factor": 2.0, "scaling": "standard"}}}},
  {"name": "b", "encoding": {"category": {"values": ["x"], "missing": true, "counts": [0, 1, 2]}}},
  {"name": "c", "encoding": {"category": {"values": ["y"], "missing": false, "counts": [0, 3]}}}],
  "notices": [{"column": "d", "reason": {"constant": {"value": "7"}}}]}"#;

const TARGET: &str = r#"{"task": "binary", "mean": 0.0, "deviation": 1.0,
  "columns": [{"name": "t", "column_type": "category", "classes": ["no", "yes"]}]}"#;

const TRAINING: &str = r#"{"train_rows": 3, "valid_rows": 1, "best_epoch": 1, "refit": false, "history": [
    {"epoch": 1, "train_loss": 0.7, "valid_loss": 0.6, "learning_rate": 0.01, "best": true}],
  "valid": {"loss": 0.6}}"#;

const EMBEDDING: [f64; 2] = [0.75, -1.0];
const WEIGHT_0: [[f64; 6]; 2] = [
    [0.5, -1.0, 0.25, 2.0, -0.5, 1.0],
    [-1.5, 0.5, 1.0, -0.25, 0.75, -2.0],
];
const BIAS_0: [f64; 2] = [0.125, -0.25];
const WEIGHT_1: [[f64; 2]; 2] = [[1.0, -0.5], [0.25, 2.0]];
const BIAS_1: [f64; 2] = [-0.125, 0.5];

fn texts() -> Vec<(&'static str, &'static str)> {
    vec![
        ("banach.format_version", "2"),
        ("banach.program", "by hand"),
        ("banach.settings", "{}"),
        ("banach.encoder", ENCODER),
        ("banach.target", TARGET),
        ("banach.network", NETWORK),
        ("banach.training", TRAINING),
    ]
}

fn file(texts: &[(&str, &str)]) -> Container {
    let mut container = Container::new();
    for (key, text) in texts {
        container.set_text(key, *text);
    }
    let mut insert = |name: &str, shape: &[usize], values: &[f64]| {
        let values = values.iter().map(|&value| value as f32).collect();
        container.insert(name, shape, values).unwrap();
    };
    insert("embeddings.1.weight", &[2, 1], &EMBEDDING);
    insert("layers.0.weight", &[2, 6], WEIGHT_0.as_flattened());
    insert("layers.0.bias", &[2], &BIAS_0);
    insert("layers.1.weight", &[2, 2], WEIGHT_1.as_flattened());
    insert("layers.1.bias", &[2], &BIAS_1);
    container
}

/// The probability of "yes" for encoded inputs, as FORMAT.md says. `net_inputs` makes the net inputs
/// of the hidden units from their weights times inputs.
fn probability_with(
    (a, b, c): (Option<f64>, usize, usize),
    net_inputs: fn([f64; 2]) -> [f64; 2],
) -> f64 {
    let z = (a.unwrap_or(1.5) - 1.0) * 0.5;
    let is_missing = if a.is_none() { 1.0 } else { 0.0 };
    let mut x = vec![3.0 * z / (9.0 + z * z).sqrt(), (is_missing - 0.25) * 2.0];
    let (low, high) = ([-0.5, 0.25, 0.0], [1.0, 1.25, 1.5]);
    x.extend((0..3).map(|code| if code == b { high[code] } else { low[code] }));
    x.push(EMBEDDING[c]);
    let product = |weight: &[f64], x: &[f64]| -> f64 {
        weight.iter().zip(x).map(|(w, x)| w * x).sum::<f64>()
    };
    let selu = |x: f64| LAMBDA * if x > 0.0 { x } else { ALPHA * x.exp_m1() };
    let hidden = net_inputs([0, 1].map(|unit| product(&WEIGHT_0[unit], &x))).map(selu);
    let outputs = [0, 1].map(|unit| product(&WEIGHT_1[unit], &hidden) + BIAS_1[unit]);
    1.0 / (1.0 + (outputs[0] - outputs[1]).exp())
}

/// The same without normalization.
fn probability(a: Option<f64>, b: usize, c: usize) -> f64 {
    probability_with((a, b, c), |u| [u[0] + BIAS_0[0], u[1] + BIAS_0[1]])
}

fn table(model: &Model, text: &'static str) -> Table {
    let options = ReadOptions {
        schema: Some(model.schema()),
        ..ReadOptions::default()
    };
    let reader = TableReader::from_reader("rows.csv", Box::new(Cursor::new(text)), &options);
    reader.unwrap().read().unwrap()
}

#[test]
fn a_file_made_by_the_book_predicts_by_the_book() {
    let bytes = file(&texts()).to_bytes().unwrap();
    let model = Model::from_bytes(&bytes).unwrap();
    let rows = table(&model, "c,z,b,a\ny,1,x,3\nnew,2,,\n,3,new,-7.5\n");
    let mut predictor = model.predictor(1).unwrap();
    let (predictions, report) = predictor.predict(&rows, UnknownCategories::Count).unwrap();
    let Predictions::Classes {
        n_classes: 2,
        proba,
    } = predictions
    else {
        panic!("{predictions:?}");
    };
    let expected = [
        probability(Some(3.0), 2, 1),
        probability(None, 1, 0),
        probability(Some(-7.5), 0, 0),
    ];
    for (row, expected) in expected.iter().enumerate() {
        let got = f64::from(proba[2 * row + 1]);
        assert!(
            (got - expected).abs() < F32_TOLERANCE,
            "row {row}: {got}, by hand {expected}"
        );
    }
    assert_eq!(report.n_rows, 3);
}

#[test]
fn a_model_that_is_read_is_written_as_it_was() {
    let model = Model::from_bytes(&file(&texts()).to_bytes().unwrap()).unwrap();
    let bytes = model.to_bytes().unwrap();
    let again = Model::from_bytes(&bytes).unwrap();
    assert_eq!(again, model);
    assert_eq!(again.to_bytes().unwrap(), bytes);
}

#[test]
fn entries_under_other_keys_are_ignored() {
    let mut container = file(&texts());
    container.set_text("author", "someone");
    Model::from_bytes(&container.to_bytes().unwrap()).unwrap();
}

/// Settings that version 1 had, and what stands in their place.
#[test]
fn files_of_version_1_are_read() {
    let cases = [
        (r#"{"activation": "selu", "dropout_kind": "alpha"}"#, "snn"),
        (
            r#"{"activation": "relu", "dropout_kind": "ordinary"}"#,
            "msra",
        ),
    ];
    for (settings, network) in cases {
        let mut container = file(&texts());
        container.set_text("banach.format_version", "1");
        container.set_text("banach.settings", settings);
        let model = Model::from_bytes(&container.to_bytes().unwrap()).unwrap();
        let expected = Settings::from_toml(&format!("network = {network:?}"), "s");
        assert_eq!(model.settings(), &expected.unwrap().to_json());
        // Today's names do not go with the old ones.
        container.set_text("banach.format_version", "2");
        let error = Model::from_bytes(&container.to_bytes().unwrap()).unwrap_err();
        assert!(error.to_string().contains("activation"), "{error}");
    }
}

#[test]
fn a_setting_that_was_renamed_is_read_under_its_new_name() {
    let mut container = file(&texts());
    container.set_text(
        "banach.settings",
        r#"{"seed": 3, "hide_categories": 0.25, "layers": null}"#,
    );
    let model = Model::from_bytes(&container.to_bytes().unwrap()).unwrap();
    let settings = serde_json::to_string(model.settings()).unwrap();
    assert_eq!(
        settings,
        r#"{"seed":3,"category_dropout":0.25,"layers":null}"#
    );
}

const GAIN: [f64; 2] = [1.5, -0.5];
const RUNNING_MEAN: [f64; 2] = [0.25, -1.0];
const RUNNING_VARIANCE: [f64; 2] = [0.5, 2.0];

/// A file whose hidden layer is normalized.
fn normalized(normalization: &str, tensors: &[(&str, [f64; 2])]) -> Container {
    let mut container = file(&texts());
    let to = format!("\"width\": 2, \"normalization\": \"{normalization}\"");
    replace(&mut container, "banach.network", "\"width\": 2", &to);
    for (name, values) in tensors {
        let values = values.map(|value| value as f32).to_vec();
        let name = format!("layers.0.{name}");
        container.insert(&name, &[2], values).unwrap();
    }
    container
}

#[test]
fn normalized_networks_predict_by_the_book() {
    let batch = [
        ("gain", GAIN),
        ("running_mean", RUNNING_MEAN),
        ("running_variance", RUNNING_VARIANCE),
    ];
    let gain = [("gain", GAIN)];
    type Case<'a> = (&'a str, &'a [(&'a str, [f64; 2])], fn([f64; 2]) -> [f64; 2]);
    let cases: [Case; 3] = [
        ("batch", &batch, |u| {
            [0, 1].map(|i| {
                let z = (u[i] - RUNNING_MEAN[i]) / (RUNNING_VARIANCE[i] + 1e-5).sqrt();
                GAIN[i] * z + BIAS_0[i]
            })
        }),
        ("layer", &gain, |u| {
            let mean = (u[0] + u[1]) / 2.0;
            let variance = ((u[0] - mean).powi(2) + (u[1] - mean).powi(2)) / 2.0;
            [0, 1].map(|i| GAIN[i] * (u[i] - mean) / (variance + 1e-5).sqrt() + BIAS_0[i])
        }),
        ("weight", &gain, |u| {
            [0, 1].map(|i| {
                let squares = WEIGHT_0[i].iter().map(|w| w * w).sum::<f64>();
                GAIN[i] * u[i] / squares.sqrt() + BIAS_0[i]
            })
        }),
    ];
    for (normalization, tensors, net_inputs) in cases {
        let bytes = normalized(normalization, tensors).to_bytes().unwrap();
        let model = Model::from_bytes(&bytes).unwrap();
        let rows = table(&model, "c,z,b,a\ny,1,x,3\nnew,2,,\n,3,new,-7.5\n");
        let mut predictor = model.predictor(1).unwrap();
        let (predictions, _) = predictor.predict(&rows, UnknownCategories::Count).unwrap();
        let Predictions::Classes { proba, .. } = predictions else {
            panic!("{predictions:?}");
        };
        let inputs = [(Some(3.0), 2, 1), (None, 1, 0), (Some(-7.5), 0, 0)];
        for (row, input) in inputs.into_iter().enumerate() {
            let expected = probability_with(input, net_inputs);
            let got = f64::from(proba[2 * row + 1]);
            assert!(
                (got - expected).abs() < F32_TOLERANCE,
                "{normalization}, row {row}: {got}, by hand {expected}"
            );
        }
    }
}

#[test]
fn running_variances_must_have_a_root() {
    let container = |variance| {
        let tensors = [
            ("gain", GAIN),
            ("running_mean", RUNNING_MEAN),
            ("running_variance", [0.5, variance]),
        ];
        normalized("batch", &tensors).to_bytes().unwrap()
    };
    Model::from_bytes(&container(0.0)).unwrap();
    let error = Model::from_bytes(&container(-0.5)).unwrap_err();
    let expected = "tensor \"layers.0.running_variance\" must be at least 0, value 1 is -0.5";
    assert_eq!(error.to_string(), expected);
}

/// One change of a good file, and words that the message must have.
type Case = (&'static str, fn(&mut Container), &'static str);

fn replace(container: &mut Container, key: &str, from: &str, to: &str) {
    let text = container.text(key).unwrap();
    assert!(text.contains(from), "{key}: {from}");
    let text = text.replacen(from, to, 1);
    container.set_text(key, text);
}

#[test]
fn a_model_that_does_not_fit_itself_is_refused() {
    let cases: [Case; 14] = [
        (
            "version",
            |c| c.set_text("banach.format_version", "3"),
            "reads version \"1\" or \"2\"",
        ),
        (
            "no JSON",
            |c| c.set_text("banach.network", "{"),
            "\"banach.network\"",
        ),
        (
            "field",
            |c| {
                replace(
                    c,
                    "banach.network",
                    "{\"inputs\"",
                    "{\"nonsense\": 1, \"inputs\"",
                )
            },
            "nonsense",
        ),
        (
            "setting",
            |c| c.set_text("banach.settings", "{\"leyers\": 1}"),
            "leyers",
        ),
        (
            "width",
            |c| replace(c, "banach.network", "\"width\": 2", "\"width\": 0"),
            "layer 0",
        ),
        (
            "wide",
            |c| replace(c, "banach.network", "\"width\": 2", "\"width\": 3"),
            "shape [3, 6]",
        ),
        (
            "exabytes",
            |c| {
                replace(
                    c,
                    "banach.network",
                    "\"width\": 2",
                    "\"width\": 9223372036854775807",
                )
            },
            "memory",
        ),
        (
            "overflow",
            |c| {
                let huge = "\"n_numbers\": 18446744073709551615";
                replace(c, "banach.network", "\"n_numbers\": 2", huge);
            },
            "memory",
        ),
        (
            "inputs",
            |c| replace(c, "banach.network", "\"n_numbers\": 2", "\"n_numbers\": 1"),
            "inputs",
        ),
        (
            "codes",
            |c| replace(c, "banach.network", "\"n_codes\": 2", "\"n_codes\": 3"),
            "codes",
        ),
        (
            "outputs",
            |c| replace(c, "banach.network", "\"n_outputs\": 2", "\"n_outputs\": 1"),
            "outputs",
        ),
        (
            "dropout",
            |c| {
                replace(
                    c,
                    "banach.network",
                    "\"alpha\": {\"rate",
                    "\"ordinary\": {\"rate",
                )
            },
            "SELU",
        ),
        (
            "counts",
            |c| replace(c, "banach.encoder", "[0, 1, 2]", "[0, 1]"),
            "counts",
        ),
        (
            "classes",
            |c| replace(c, "banach.target", "\"no\"", "\"zero\""),
            "order",
        ),
    ];
    let mut wrong = Vec::new();
    for (what, change, words) in cases {
        let mut container = file(&texts());
        change(&mut container);
        match Model::from_bytes(&container.to_bytes().unwrap()) {
            Ok(_) => wrong.push(format!("{what}: no error")),
            Err(error) if error.to_string().contains(words) => {}
            Err(error) => wrong.push(format!("{what}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_or_tensor_that_is_missing_or_too_many_is_named() {
    for at in 0..texts().len() {
        let mut some = texts();
        let (key, _) = some.remove(at);
        if key == "banach.program" {
            continue;
        }
        let error = Model::from_bytes(&file(&some).to_bytes().unwrap()).unwrap_err();
        assert!(
            matches!(&error, FormatError::MissingMetadata { key: k } if k == key),
            "{error}"
        );
    }
    let mut container = file(&texts());
    container.take("layers.1.bias", &[2]).unwrap();
    let error = Model::from_bytes(&container.to_bytes().unwrap()).unwrap_err();
    assert!(matches!(&error, FormatError::TensorMissing { name } if name == "layers.1.bias"));
    let mut container = file(&texts());
    container
        .insert("layers.2.bias", &[2], vec![0.0; 2])
        .unwrap();
    let error = Model::from_bytes(&container.to_bytes().unwrap()).unwrap_err();
    assert!(matches!(&error, FormatError::UnknownTensor { name } if name == "layers.2.bias"));
}
