//! A model file written by FORMAT.md alone, not by this program, is read and predicts as FORMAT.md says.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use banach_data::Table;
use banach_io::{ReadOptions, TableReader};
use banach_model::container::{Container, FormatError};
use banach_model::{Calibration, Model, PredictOptions, Predictions};

/// The program rounds to 32 bits after every step, the test does not.
const F32_TOLERANCE: f64 = 1e-5;

const ALPHA: f64 = 1.673_263_242_354_377_2;
const LAMBDA: f64 = 1.050_700_987_355_480_5;

/// One member: a network.
const MEMBERS: &str = r#"[{"encoder": 0, "weight": 1.0, "kind": {"network": {"inputs": {"n_numbers": 2, "categories": [
    {"one_hot": {"low": [-0.5, 0.25, 0.0], "high": [1.0, 1.25, 1.5]}},
    {"embedding": {"n_codes": 2, "dimension": 1}}], "dropout": "none"},
  "layers": [{"width": 2, "dropout": {"alpha": {"rate": 0.1}}, "activation": {"selu": {
    "alpha": 1.6732632423543772, "lambda": 1.0507009873554805, "mean": 0.0, "variance": 1.0}}}],
  "n_outputs": 2}}, "training": {"best_epoch": 1, "refit": false, "history": [
    {"epoch": 1, "train_loss": 0.7, "valid_loss": 0.6, "learning_rate": 0.01, "best": true}]}}]"#;

const ENCODERS: &str = r#"[{"columns": [
  {"name": "a", "encoding": {"number": {"median": 1.5,
    "scale": {"center": 1.0, "factor": 0.5, "scaling": "robust"},
    "missing": {"center": 0.25, "factor": 2.0, "scaling": "standard"}}}},
  {"name": "b", "encoding": {"category": {"values": ["x"], "missing": true, "counts": [0, 1, 2]}}},
  {"name": "c", "encoding": {"category": {"values": ["y"], "missing": false, "counts": [0, 3]}}}],
  "notices": [{"column": "d", "reason": {"constant": {"value": "7"}}}]}]"#;

const TARGET: &str = r#"{"task": "binary", "mean": 0.0, "deviation": 1.0,
  "columns": [{"name": "t", "column_type": "category", "classes": ["no", "yes"]}]}"#;

const TRAINING: &str = r#"{"train_rows": 3, "valid_rows": 1, "valid": {"loss": 0.6}}"#;

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
        ("banach.format_version", "3"),
        ("banach.program", "by hand"),
        ("banach.settings", "{}"),
        ("banach.encoders", ENCODERS),
        ("banach.target", TARGET),
        ("banach.members", MEMBERS),
        ("banach.calibration", "\"none\""),
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
    insert("members.0.embeddings.1.weight", &[2, 1], &EMBEDDING);
    insert(
        "members.0.layers.0.weight",
        &[2, 6],
        WEIGHT_0.as_flattened(),
    );
    insert("members.0.layers.0.bias", &[2], &BIAS_0);
    insert(
        "members.0.layers.1.weight",
        &[2, 2],
        WEIGHT_1.as_flattened(),
    );
    insert("members.0.layers.1.bias", &[2], &BIAS_1);
    container
}

/// The bytes of a file with its checksum.
fn sealed(mut container: Container) -> Vec<u8> {
    container.seal();
    container.to_bytes().unwrap()
}

/// Probabilities of "yes".
fn probabilities(model: &Model) -> Vec<f64> {
    let rows = table(model, "c,z,b,a\ny,1,x,3\nnew,2,,\n,3,new,-7.5\n");
    let predictor = model.predictor(&PredictOptions::default()).unwrap();
    let (predictions, report) = predictor.predict(&rows).unwrap();
    assert_eq!(report.n_rows, 3);
    let Predictions::Classes {
        n_classes: 2,
        proba,
    } = predictions
    else {
        panic!("{predictions:?}");
    };
    proba.chunks(2).map(|row| f64::from(row[1])).collect()
}

/// What the rows of [`probabilities`] encode to.
const INPUTS: [(Option<f64>, usize, usize); 3] =
    [(Some(3.0), 2, 1), (None, 1, 0), (Some(-7.5), 0, 0)];

fn assert_close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len());
    for (row, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (got - expected).abs() < F32_TOLERANCE,
            "{what}, row {row}: {got}, by hand {expected}"
        );
    }
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
    let model = Model::from_bytes(&sealed(file(&texts()))).unwrap();
    let expected = INPUTS.map(|(a, b, c)| probability(a, b, c));
    assert_close(&probabilities(&model), &expected, "plain");
}

/// FORMAT.md, section 6: softmax(y / T).
#[test]
fn a_calibration_is_applied_by_the_book() {
    let mut container = file(&texts());
    container.set_text("banach.calibration", r#"{"temperature": 2.5}"#);
    let model = Model::from_bytes(&sealed(container)).unwrap();
    assert_eq!(model.calibration(), Calibration::Temperature(2.5));
    let expected = INPUTS.map(|(a, b, c)| {
        let odds = probability(a, b, c) / (1.0 - probability(a, b, c));
        1.0 / (1.0 + (-odds.ln() / 2.5).exp())
    });
    assert_close(&probabilities(&model), &expected, "temperature");
}

/// FORMAT.md, section 6: the weighted mean of the members' probabilities.
#[test]
fn members_are_averaged_by_the_book() {
    let mut container = file(&texts());
    let one = MEMBERS.trim_start_matches('[').trim_end_matches(']');
    let three = one.replace("\"weight\": 1.0", "\"weight\": 3.0");
    container.set_text("banach.members", format!("[{one},{three}]"));
    let mut insert = |name: &str, shape: &[usize], values: &[f64]| {
        let values = values.iter().map(|&value| value as f32).collect();
        container.insert(name, shape, values).unwrap();
    };
    insert("members.1.embeddings.1.weight", &[2, 1], &EMBEDDING);
    insert(
        "members.1.layers.0.weight",
        &[2, 6],
        WEIGHT_0.as_flattened(),
    );
    insert("members.1.layers.0.bias", &[2], &BIAS_0);
    insert(
        "members.1.layers.1.weight",
        &[2, 2],
        WEIGHT_1.as_flattened(),
    );
    // The other way round: the second member's "no" is the first one's "yes" but for the bias.
    insert("members.1.layers.1.bias", &[2], &[0.5, -0.125]);
    let model = Model::from_bytes(&sealed(container)).unwrap();
    let shift = |p: f64, by: f64| 1.0 / (1.0 + ((1.0 - p) / p) * by.exp());
    let expected = INPUTS.map(|(a, b, c)| {
        let first = probability(a, b, c);
        // Its logit is smaller by the two differences of 0.625.
        (first + 3.0 * shift(first, 1.25)) / 4.0
    });
    assert_close(&probabilities(&model), &expected, "two members");
}

#[test]
fn a_model_that_is_read_is_written_as_it_was() {
    let model = Model::from_bytes(&sealed(file(&texts()))).unwrap();
    let bytes = model.to_bytes().unwrap();
    let again = Model::from_bytes(&bytes).unwrap();
    assert_eq!(again, model);
    assert_eq!(again.to_bytes().unwrap(), bytes);
}

#[test]
fn entries_under_other_keys_are_ignored() {
    let mut container = file(&texts());
    container.set_text("author", "someone");
    let bytes = sealed(container);
    // They are no content: a checksum does not cover them.
    let mut container = Container::from_bytes(&bytes).unwrap();
    container.set_text("author", "someone else");
    Model::from_bytes(&container.to_bytes().unwrap()).unwrap();
}

const GAIN: [f64; 2] = [1.5, -0.5];
const RUNNING_MEAN: [f64; 2] = [0.25, -1.0];
const RUNNING_VARIANCE: [f64; 2] = [0.5, 2.0];

/// A file whose hidden layer is normalized.
fn normalized(normalization: &str, tensors: &[(&str, [f64; 2])]) -> Container {
    let mut container = file(&texts());
    let to = format!("\"width\": 2, \"normalization\": \"{normalization}\"");
    replace(&mut container, "banach.members", "\"width\": 2", &to);
    for (name, values) in tensors {
        let values = values.map(|value| value as f32).to_vec();
        let name = format!("members.0.layers.0.{name}");
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
        let model = Model::from_bytes(&sealed(normalized(normalization, tensors))).unwrap();
        let expected = INPUTS.map(|input| probability_with(input, net_inputs));
        assert_close(&probabilities(&model), &expected, normalization);
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
        sealed(normalized("batch", &tensors))
    };
    Model::from_bytes(&container(0.0)).unwrap();
    let error = Model::from_bytes(&container(-0.5)).unwrap_err();
    let expected =
        "tensor \"members.0.layers.0.running_variance\" must be at least 0, value 2 is -0.5";
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
    let cases: [Case; 19] = [
        (
            "version",
            |c| c.set_text("banach.format_version", "5"),
            "reads version \"1\", \"2\", \"3\" or \"4\"",
        ),
        (
            "no JSON",
            |c| c.set_text("banach.members", "{"),
            "\"banach.members\"",
        ),
        (
            "field",
            |c| {
                replace(
                    c,
                    "banach.members",
                    "{\"network\": {\"inputs\"",
                    "{\"network\": {\"nonsense\": 1, \"inputs\"",
                )
            },
            "nonsense",
        ),
        (
            "no members",
            |c| c.set_text("banach.members", "[]"),
            "1 to 1024 members",
        ),
        (
            "another encoder",
            |c| replace(c, "banach.members", "\"encoder\": 0", "\"encoder\": 1"),
            "encoder 2",
        ),
        (
            "weight",
            |c| replace(c, "banach.members", "\"weight\": 1.0", "\"weight\": 0.0"),
            "weight must be above 0",
        ),
        (
            "output map",
            |c| {
                let map = "\"weight\": 1.0, \"output\": {\"scale\": 1.0, \"shift\": 0.0}";
                replace(c, "banach.members", "\"weight\": 1.0", map);
            },
            "output map",
        ),
        (
            "kind",
            |c| replace(c, "banach.members", "{\"network\"", "{\"forest\""),
            "forest",
        ),
        (
            "calibration",
            |c| c.set_text("banach.calibration", "{\"temperature\": 0.0}"),
            "temperature",
        ),
        (
            "width",
            |c| replace(c, "banach.members", "\"width\": 2", "\"width\": 0"),
            "hidden layer 1 has width 0",
        ),
        (
            "wide",
            |c| replace(c, "banach.members", "\"width\": 2", "\"width\": 3"),
            "shape [3, 6]",
        ),
        (
            "exabytes",
            |c| {
                replace(
                    c,
                    "banach.members",
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
                replace(c, "banach.members", "\"n_numbers\": 2", huge);
            },
            "memory",
        ),
        (
            "inputs",
            |c| replace(c, "banach.members", "\"n_numbers\": 2", "\"n_numbers\": 1"),
            "inputs",
        ),
        (
            "codes",
            |c| replace(c, "banach.members", "\"n_codes\": 2", "\"n_codes\": 3"),
            "codes",
        ),
        (
            "outputs",
            |c| replace(c, "banach.members", "\"n_outputs\": 2", "\"n_outputs\": 1"),
            "outputs",
        ),
        (
            "dropout",
            |c| {
                replace(
                    c,
                    "banach.members",
                    "\"alpha\": {\"rate",
                    "\"ordinary\": {\"rate",
                )
            },
            "SELU",
        ),
        (
            "counts",
            |c| replace(c, "banach.encoders", "[0, 1, 2]", "[0, 1]"),
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
        match Model::from_bytes(&sealed(container)) {
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
        let error = Model::from_bytes(&sealed(file(&some))).unwrap_err();
        assert!(
            matches!(&error, FormatError::MissingMetadata { key: k } if k == key),
            "{error}"
        );
    }
    let mut container = file(&texts());
    container.take("members.0.layers.1.bias", &[2]).unwrap();
    let error = Model::from_bytes(&sealed(container)).unwrap_err();
    assert!(
        matches!(&error, FormatError::TensorMissing { name } if name == "members.0.layers.1.bias")
    );
    let mut container = file(&texts());
    container
        .insert("members.0.layers.2.bias", &[2], vec![0.0; 2])
        .unwrap();
    let error = Model::from_bytes(&sealed(container)).unwrap_err();
    assert!(
        matches!(&error, FormatError::UnknownTensor { name } if name == "members.0.layers.2.bias")
    );
}

#[test]
fn a_file_without_its_checksum_is_refused() {
    let bytes = file(&texts()).to_bytes().unwrap();
    let error = Model::from_bytes(&bytes).unwrap_err();
    assert!(
        matches!(&error, FormatError::MissingMetadata { key } if key == "banach.checksum"),
        "{error}"
    );
}

/// A bit of a tensor or of a text that counts, flipped, is an error and never another model.
#[test]
fn every_flipped_bit_is_seen() {
    let bytes = sealed(file(&texts()));
    let model = Model::from_bytes(&bytes).unwrap();
    let start = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            match Model::from_bytes(&damaged) {
                Err(_) => {}
                // White space of the header, for example; the content is what it was.
                Ok(read) => assert!(at < start && read == model, "byte {at}, bit {bit}"),
            }
        }
    }
}
