//! `banach evaluate`.

use crate::room::{Room, keys};
use crate::tables::mixed;

const CLASSES: [&str; 6] = [
    "accuracy",
    "balanced_accuracy",
    "log_loss",
    "auc",
    "brier",
    "ece",
];

fn room() -> Room {
    let room = Room::new();
    room.write("t.csv", mixed(200));
    room
}

#[test]
fn json_has_rows_and_the_metrics_of_the_task() {
    let room = room();
    let cases: [(&[&str], &[&str]); 4] = [
        (&["l1"], &CLASSES),
        (&["class"], &CLASSES),
        (&["value"], &["rmse", "mae", "r2"]),
        (&["l1", "l2"], &["log_loss", "mean_auc", "auc"]),
    ];
    for (targets, metrics) in cases {
        let more: Vec<&str> = targets[1..]
            .iter()
            .flat_map(|target| ["--target", target])
            .collect();
        room.fit("t.csv", targets[0], &more);
        let report = room
            .run(&["evaluate", "model.safetensors", "t.csv", "--json"])
            .ok()
            .json();
        assert_eq!(report["rows"], 200, "{targets:?}");
        assert_eq!(keys(&report["metrics"]), metrics, "{targets:?}");
        assert_eq!(report.get("confusion").is_some(), metrics == CLASSES);
    }
}

#[test]
fn numbers_are_those_of_the_predictions() {
    let room = room();
    room.fit("t.csv", "class", &[]);
    let report = room
        .run(&["evaluate", "model.safetensors", "t.csv", "--json"])
        .ok()
        .json();
    let predicted = room
        .run(&["predict", "model.safetensors", "t.csv", "--keep", "class"])
        .ok();
    let right = predicted.out.lines().skip(1).filter(|line| {
        let mut cells = line.split(',');
        cells.next() == cells.next()
    });
    let accuracy = right.count() as f64 / 200.0;
    assert_eq!(report["metrics"]["accuracy"].as_f64().unwrap(), accuracy);
    let counts = report["confusion"]["counts"].as_array().unwrap();
    let sum: f64 = counts.iter().map(|count| count.as_f64().unwrap()).sum();
    assert_eq!(sum, 200.0);
}

#[test]
fn people_get_a_confusion_matrix() {
    let room = room();
    room.fit("t.csv", "class", &[]);
    let ran = room.run(&["evaluate", "model.safetensors", "t.csv"]).ok();
    assert_eq!(ran.err, "");
    assert!(ran.out.starts_with("200 rows\n"), "{ran:#?}");
    assert!(ran.out.contains("true \\ predicted  maybe"), "{ran:#?}");
}

#[test]
fn weights_count_and_are_asked_for() {
    let room = room();
    room.fit("t.csv", "value", &["--weight", "w"]);
    let plain = room
        .run(&["evaluate", "model.safetensors", "t.csv", "--json"])
        .ok();
    assert!(plain.err.contains("try --weight w"), "{plain:#?}");
    let args = [
        "evaluate",
        "model.safetensors",
        "t.csv",
        "--json",
        "--weight",
        "w",
    ];
    let weighted = room.run(&args).ok();
    assert_eq!(weighted.err, "");
    assert_ne!(plain.json()["metrics"], weighted.json()["metrics"]);
}

#[test]
fn rows_without_a_target_are_left_out_and_counted() {
    let room = room();
    room.fit("t.csv", "class", &["--drop", "w,g,value,l1,l2"]);
    room.write(
        "some.csv",
        "a,b,colour,class\n1,1,red,yes\n0,1,red,\n0,0,blue,no\n",
    );
    let ran = room
        .run(&["evaluate", "model.safetensors", "some.csv"])
        .ok();
    assert!(
        ran.out
            .starts_with("2 rows, 1 row without a target left out"),
        "{ran:#?}"
    );
    let report = room
        .run(&["evaluate", "model.safetensors", "some.csv", "--json"])
        .ok()
        .json();
    assert_eq!(
        (report["rows"].as_u64(), report["without_target"].as_u64()),
        (Some(2), Some(1))
    );
    // With one class alone the AUC is not defined: that is said, no number made up.
    room.write("one.csv", "a,b,colour,class\n1,1,red,yes\n0,1,red,yes\n");
    let report = room
        .run(&["evaluate", "model.safetensors", "one.csv", "--json"])
        .ok()
        .json();
    assert!(report["metrics"]["auc"].is_null(), "{report}");
}
