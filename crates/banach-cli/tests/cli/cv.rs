//! `banach cv`.

use serde_json::Value;

use crate::room::{Ran, Room, SMALL, keys};
use crate::tables::mixed;

fn cv(room: &Room, more: &[&str]) -> Ran {
    let mut args = vec![
        "cv",
        "t.csv",
        "--target",
        "class",
        "--drop",
        "w,value,l1,l2",
    ];
    args.extend(SMALL);
    args.extend(more);
    room.run(&args)
}

fn room() -> Room {
    let room = Room::new();
    room.write("t.csv", mixed(120));
    room
}

fn folds(report: &Value) -> Vec<(&str, u64)> {
    let folds = report["folds"].as_array().unwrap().iter();
    folds
        .map(|fold| {
            (
                fold["fold"].as_str().unwrap(),
                fold["rows"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn json_has_every_fold_mean_and_deviation() {
    let room = room();
    let report = cv(&room, &["--folds", "3", "--json"]).ok().json();
    assert_eq!(
        keys(&report),
        ["task", "target", "rows", "folds", "mean", "std"]
    );
    assert_eq!(report["rows"], 120);
    let names = folds(&report);
    assert_eq!(
        names.iter().map(|fold| fold.0).collect::<Vec<_>>(),
        ["1", "2", "3"]
    );
    assert_eq!(
        names.iter().map(|fold| fold.1).sum::<u64>(),
        120,
        "each row once: {names:?}"
    );
    let accuracy: Vec<f64> = report["folds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fold| fold["metrics"]["accuracy"].as_f64().unwrap())
        .collect();
    let mean = accuracy.iter().sum::<f64>() / 3.0;
    let variance = accuracy.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / 2.0;
    assert!((report["mean"]["accuracy"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!((report["std"]["accuracy"].as_f64().unwrap() - variance.sqrt()).abs() < 1e-12);
}

#[test]
fn repeats_and_fold_columns_name_their_folds() {
    let room = room();
    let report = cv(&room, &["--folds", "2", "--repeats", "2", "--json"])
        .ok()
        .json();
    let names: Vec<&str> = folds(&report).iter().map(|fold| fold.0).collect();
    assert_eq!(names, ["1.1", "1.2", "2.1", "2.2"]);

    let mut csv = mixed(120);
    csv = csv
        .lines()
        .enumerate()
        .fold(String::new(), |mut text, (at, line)| {
            let fold = if at == 0 {
                "part".to_owned()
            } else {
                ["north", "south"][at % 2].to_owned()
            };
            text.push_str(&format!("{line},{fold}\n"));
            text
        });
    room.write("t.csv", csv);
    let report = cv(&room, &["--fold-column", "part", "--json"]).ok().json();
    assert_eq!(folds(&report), [("north", 60), ("south", 60)]);
}

#[test]
fn the_same_numbers_for_any_threads_and_a_table_for_people() {
    let room = room();
    let one = cv(&room, &["--folds", "4", "--threads", "1"]).ok();
    let four = cv(&room, &["--folds", "4", "--threads", "4"]).ok();
    assert_eq!(one.out, four.out);
    assert!(
        one.out.starts_with("multiclass task, 120 rows, 4 folds\n"),
        "{one:#?}"
    );
    for word in ["fold", "accuracy", "mean", "std"] {
        assert!(one.out.contains(word), "{one:#?}");
    }
    assert!(one.err.contains("fold 4: accuracy"), "{one:#?}");
    assert_eq!(room.files(), ["t.csv"]);
}

#[test]
fn groups_stay_together() {
    let room = room();
    let report = cv(&room, &["--folds", "3", "--split", "group=g", "--json"])
        .ok()
        .json();
    // Groups have 8 rows.
    assert!(
        folds(&report).iter().all(|fold| fold.1 % 8 == 0),
        "{report}"
    );
}

#[test]
fn models_of_the_folds_become_one_file_that_predicts() {
    let room = room();
    cv(&room, &["--folds", "3", "--out", "all.safetensors"]).ok();
    let report = room
        .run(&["inspect", "all.safetensors", "--json"])
        .ok()
        .json();
    assert_eq!(report["members"].as_array().unwrap().len(), 3);
    let said = room.run(&["inspect", "all.safetensors", "t.csv"]).ok().out;
    assert!(said.contains("member 3"), "{said}");
    let predict = |threads: &str| {
        let args = ["predict", "all.safetensors", "t.csv", "--threads", threads];
        room.run(&args).ok().out
    };
    let predictions = predict("1");
    assert_eq!(predictions.lines().count(), 121);
    assert_eq!(predict("2"), predictions);
    room.run(&["evaluate", "all.safetensors", "t.csv"]).ok();
}

#[test]
fn a_fold_that_diverges_is_named_with_what_to_try() {
    let ran = cv(&room(), &["--folds", "3", "--lr", "1e30"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    for words in ["fold 1", "training diverged", "--lr", "--clip-norm 1"] {
        assert!(ran.err.contains(words), "{words}: {ran:#?}");
    }
}
