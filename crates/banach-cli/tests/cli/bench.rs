//! `banach bench`: what it prints, and that it does what its options say.

use std::time::{Duration, Instant};

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
