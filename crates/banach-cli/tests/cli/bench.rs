//! `banach bench`: what it prints, and that it does what its options say.

use std::time::{Duration, Instant};

use banach::container::Container;
use serde_json::Value;

use crate::room::Room;

/// A measurement of a hundredth of a second must not take longer, start of the program included.
const PATIENCE: Duration = Duration::from_secs(2);

fn array(text: &str) -> Vec<Value> {
    assert_eq!(text.lines().count(), 1, "{text}");
    let value: Value = serde_json::from_str(text).unwrap();
    value.as_array().unwrap().clone()
}

#[test]
fn train_prints_an_object_for_each_workload() {
    let room = Room::new();
    let start = Instant::now();
    let args = "bench train --workload small --workload deep --threads 1 --seconds 0.01 --json";
    let ran = room.run(&args.split(' ').collect::<Vec<_>>()).ok();
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    let reports = array(&ran.out);
    let names: Vec<&Value> = reports.iter().map(|report| &report["workload"]).collect();
    assert_eq!(names, ["small", "deep"]);
    let deep = &reports[1];
    let keys: Vec<&String> = deep.as_object().unwrap().keys().collect();
    let expected = [
        "workload",
        "network",
        "features",
        "layers",
        "width",
        "classes",
        "batch",
        "optimizer",
        "dropout",
        "rows",
        "threads",
        "samples_per_second",
        "lowest",
        "highest",
        "gflops",
        "loss",
    ];
    assert_eq!(keys, expected);
    assert_eq!(deep["threads"], 1);
    assert_eq!(deep["rows"], 64 * 128);
    let number = |key: &str| deep[key].as_f64().unwrap();
    let rate = number("samples_per_second");
    assert!(
        number("lowest") <= rate && rate <= number("highest"),
        "{deep}"
    );
    let weights = (32 * 256 + 7 * 256 * 256 + 256 * 2) as f64;
    let gflops = rate * 6.0 * weights / 1e9;
    // Only rounding lies between them.
    assert!((number("gflops") / gflops - 1.0).abs() < 1e-9, "{deep}");
    // Cross-entropy of two classes at random weights and labels is near ln 2.
    assert!((0.3..2.0).contains(&number("loss")), "{deep}");
}

#[test]
fn train_measures_the_networks_that_self_normalizing_ones_are_compared_with() {
    let room = Room::new();
    for name in ["batchnorm", "highway", "resnet"] {
        let args =
            format!("bench train --network {name} --width 24 --threads 2 --seconds 0.01 --json");
        let ran = room.run(&args.split(' ').collect::<Vec<_>>()).ok();
        let report = &array(&ran.out)[0];
        assert_eq!(report["network"], name);
        assert!(report["samples_per_second"].as_f64().unwrap() > 0.0);
    }
    let ran = room.run(&["bench", "train", "--network", "batch"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("batchnorm, layernorm"), "{ran:#?}");
}

#[test]
fn train_takes_a_network_of_ones_own() {
    let room = Room::new();
    let args = "bench train --features 5 --layers 2 --width 24 --classes 3 --batch 16 --optimizer sgd --dropout 0.1 \
        --rows 100 --threads 2 --seconds 0.01";
    let args: Vec<&str> = args.split(' ').collect();
    let ran = room.run(&args).ok();
    assert!(ran.out.starts_with("workload"), "{}", ran.out);
    assert!(ran.out.contains("5 - 2 x 24 - 3"), "{}", ran.out);
    let ran = room.run(&[&args[..], &["--json"]].concat()).ok();
    let report = &array(&ran.out)[0];
    assert_eq!(report["workload"], "custom");
    assert_eq!(report["optimizer"], "sgd");
    assert_eq!(report["rows"], 100);
    assert!(report["samples_per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn train_refuses_what_it_cannot_measure() {
    let room = Room::new();
    let cases: [(&str, &[&str]); 6] = [
        ("--workload smal", &["small, deep, vdeep, wide, mnist"]),
        ("--seconds 0", &["--seconds must be above 0", "got 0"]),
        ("--seconds nan", &["--seconds must be above 0", "got NaN"]),
        ("--dropout 1.5", &["[0, 1)", "1.5"]),
        ("--threads 0", &["--threads must be 1 to"]),
        (
            "--workload deep --workload wide --width 8",
            &["one workload, got 2"],
        ),
    ];
    let mut failures = Vec::new();
    for (args, says) in cases {
        let args: Vec<&str> = ["bench", "train"]
            .into_iter()
            .chain(args.split(' '))
            .collect();
        let ran = room.run(&args);
        let silent = says.iter().any(|part| !ran.err.contains(part));
        if ran.code != Some(2) || !ran.out.is_empty() || silent {
            failures.push(format!("{args:?}: {ran:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn fleet_counts_the_samples_of_all_networks() {
    let room = Room::new();
    let start = Instant::now();
    let args = "bench fleet --networks 3 --workload small --threads 2 --seconds 0.03 --json";
    let report = room.run(&args.split(' ').collect::<Vec<_>>()).ok().json();
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    assert_eq!(report["workload"], "small");
    assert_eq!(report["networks"], 3);
    assert_eq!(report["threads"], 2);
    let number = |key: &str| report[key].as_f64().unwrap();
    let samples = number("samples_per_second") * number("seconds");
    // Each of the three takes at least one step of 256 rows, and only whole steps.
    assert!(samples > 3.0 * 255.0, "{report}");
    assert!(
        (samples / 256.0 - (samples / 256.0).round()).abs() < 1e-6,
        "{report}"
    );
    for wrong in [["--networks", "0"], ["--workload", "huge"]] {
        let ran = room.run(&[&["bench", "fleet"], &wrong[..]].concat());
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
}

/// Rounding of sums of some hundred numbers near 1.
const SAME: f64 = 1e-5;

#[test]
fn predict_writes_the_network_that_it_measured() {
    let room = Room::new();
    let start = Instant::now();
    let args =
        "bench predict --workload small --threads 1 --seconds 0.02 --write n.safetensors --json";
    let report = room.run(&args.split(' ').collect::<Vec<_>>()).ok().json();
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    let number = |group: &str, key: &str| report[group][key].as_f64().unwrap();
    assert!(number("single_row", "p50_us") > 0.0, "{report}");
    assert!(
        number("single_row", "p50_us") <= number("single_row", "p99_us"),
        "{report}"
    );
    assert!(number("batch_1024", "rows_per_second") > 0.0, "{report}");
    assert_eq!(report["precision"], "single");

    let mut file = Container::read_file(&room.path("n.safetensors")).unwrap();
    let widths = [16, 256, 256, 256, 2];
    let input = file.take("input", &[1024, 16]).unwrap();
    let output = file.take("output", &[1024, 2]).unwrap();
    let mut x: Vec<f64> = input[..16].iter().map(|&x| f64::from(x)).collect();
    for (layer, pair) in widths.windows(2).enumerate() {
        let name = |what: &str| format!("layers.{layer}.{what}");
        let weight = file.take(&name("weight"), &[pair[1], pair[0]]).unwrap();
        let bias = file.take(&name("bias"), &[pair[1]]).unwrap();
        let unit = |(weights, bias): (&[f32], &f32)| {
            let terms = weights.iter().zip(&x).map(|(w, x)| f64::from(*w) * x);
            f64::from(*bias) + terms.sum::<f64>()
        };
        let z = weight
            .chunks_exact(pair[0])
            .zip(&bias)
            .map(unit)
            .collect::<Vec<f64>>();
        x = z
            .into_iter()
            .map(|z| if layer < 3 { selu(z) } else { z })
            .collect();
    }
    file.expect_no_tensors().unwrap();
    for (expected, got) in x.iter().zip(&output) {
        assert!(
            (expected - f64::from(*got)).abs() < SAME,
            "{x:?} {:?}",
            &output[..2]
        );
    }
}

fn selu(z: f64) -> f64 {
    let (alpha, lambda) = (1.673_263_242_354_377_2, 1.050_700_987_355_480_5);
    if z > 0.0 {
        lambda * z
    } else {
        lambda * alpha * z.exp_m1()
    }
}

#[test]
fn predict_keeps_weights_as_bfloat16_when_asked() {
    let room = Room::new();
    let args = "bench predict --workload small --precision bf16 --threads 2 --seconds 0.02";
    let args: Vec<&str> = args.split(' ').collect();
    let ran = room.run(&args).ok();
    assert!(ran.out.contains("one row, median"), "{}", ran.out);
    let report = room.run(&[&args[..], &["--json"]].concat()).ok().json();
    assert_eq!(report["precision"], "bf16");
    let ran = room.run(&["bench", "predict", "--precision", "f16"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("single or bf16"), "{}", ran.err);
}
