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
        [
            "task", "target", "rows", "untested", "folds", "mean", "std", "n"
        ]
    );
    assert_eq!(report["rows"], 120);
    assert_eq!(report["untested"], 0);
    assert_eq!(report["n"]["accuracy"], 3);
    assert_eq!(
        keys(&report["folds"][0]),
        ["fold", "train_rows", "rows", "best_epoch", "metrics"]
    );
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

/// A yield that grows by a step every 60 days, so that the future says what the past cannot.
fn growing() -> String {
    let line = |day: usize| {
        let date = 1 + day % 28;
        let (month, year) = (1 + day / 28 % 12, 2020 + day / 336);
        let noise = (day * 37 % 101) as f64 / 101.0;
        let value = (day / 60) as f64 * 5.0 + noise;
        format!(
            "{year}-{month:02}-{date:02},lot{},{noise},{value}\n",
            day / 60
        )
    };
    "day,lot,noise,yield\n".to_owned() + &(0..360).map(line).collect::<String>()
}

#[test]
fn folds_by_time_are_scored_by_models_of_the_past() {
    let room = Room::new();
    room.write("t.csv", growing());
    let args = |data, command| {
        let mut args = vec![command, data, "--target", "yield", "--split", "time=day"];
        args.extend(SMALL);
        args
    };
    let cv = [args("t.csv", "cv"), vec!["--folds", "5", "--json"]].concat();
    let report = room.run(&cv).ok().json();
    assert_eq!(report["untested"], 60);
    let rows = |fold: &Value| (fold["train_rows"].as_u64(), fold["rows"].as_u64());
    let sizes: Vec<_> = report["folds"]
        .as_array()
        .unwrap()
        .iter()
        .map(rows)
        .collect();
    assert_eq!(sizes, [60, 120, 180, 240, 300].map(|n| (Some(n), Some(60))));

    // Each fold measures what a fit on the rows before it and an evaluation of its own rows do.
    let lines: Vec<String> = growing().lines().map(|line| format!("{line}\n")).collect();
    for (at, fold) in report["folds"].as_array().unwrap().iter().enumerate() {
        let cut = 1 + 60 * (at + 1);
        room.write("past.csv", lines[..cut].concat());
        room.write(
            "next.csv",
            lines[0].clone() + &lines[cut..cut + 60].concat(),
        );
        room.run(&args("past.csv", "fit")).ok();
        let evaluate = ["evaluate", "model.safetensors", "next.csv", "--json"];
        assert_eq!(fold["metrics"], room.run(&evaluate).ok().json()["metrics"]);
    }

    let ran = room.run(&args("t.csv", "cv")).ok();
    let head = "regression task, 360 rows, 5 folds; the first 60 rows in time are never tested\n";
    assert!(ran.out.starts_with(head), "{ran:#?}");
}

#[test]
fn a_gap_of_days_lies_between_training_and_test_rows() {
    let room = Room::new();
    room.write("t.csv", growing());
    let run = |command: &str, more: &[&str]| {
        let mut args = vec![command, "t.csv", "--target", "yield"];
        args.extend(SMALL);
        args.extend(more);
        room.run(&args)
    };
    let by_time = ["--split", "time=day", "--gap", "10d"];
    let report = run("cv", &[&by_time[..], &["--json"]].concat()).ok().json();
    let train = report["folds"].as_array().unwrap().iter();
    let train: Vec<u64> = train
        .map(|fold| fold["train_rows"].as_u64().unwrap())
        .collect();
    // Months here have 28 days, so that some gaps hold 10 rows and others less.
    assert!(
        train
            .iter()
            .zip(1..)
            .all(|(n, fold)| (fold * 60 - 10..fold * 60).contains(n)),
        "{report}"
    );
    let ran = run("fit", &by_time).ok();
    assert!(
        ran.err.contains("rows lie in the gap and will be ignored"),
        "{ran:#?}"
    );

    for (more, message) in [
        (
            &["--split", "time=day", "--gap", "10"][..],
            "a gap of 10 does not suit column \"day\": it holds dates, so that it needs a unit",
        ),
        (
            &["--gap", "10d"],
            "gap must be left out unless split is time=COLUMN",
        ),
        (
            &["--split", "time=day", "--gap", "10 days"],
            "expected a length of time such as 7d",
        ),
        (
            &["--split", "time=day", "--gap", "90d"],
            "a gap of 90d leaves no training rows before fold 1",
        ),
        (
            &["--split", "time=day", "--repeats", "2"],
            "repeats must be 1 with a split by time",
        ),
        (
            &["--split", "time=day", "--folds", "360"],
            "the number of folds must be from 2 to 359 (the number of distinct times less one)",
        ),
    ] {
        let ran = run("cv", more);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.err.contains(message), "{ran:#?}");
    }
}

#[test]
fn a_fold_with_one_class_is_not_scored_and_says_why() {
    let room = Room::new();
    let line = |i: usize| {
        let class = if i < 80 || i.is_multiple_of(3) {
            "no"
        } else {
            "yes"
        };
        format!("{i},{},{class}\n", i % 3)
    };
    room.write(
        "t.csv",
        "t,a,class\n".to_owned() + &(0..200).map(line).collect::<String>(),
    );
    let run = |more: &[&str]| {
        let mut args = vec!["cv", "t.csv", "--target", "class", "--split", "time=t"];
        args.extend(SMALL);
        args.extend(more);
        room.run(&args)
    };
    let ran = run(&["--folds", "4", "--out", "all.safetensors"]).ok();
    let reason = "is not scored: t.csv: all 32 training rows have the class \"no\"";
    assert!(ran.out.contains(&format!("fold 1 {reason}")), "{ran:#?}");
    assert!(ran.err.contains(&format!("fold 1 {reason}")), "{ran:#?}");
    assert!(ran.out.contains("folds in the mean"), "{ran:#?}");
    let report = run(&["--folds", "4", "--json"]).ok().json();
    assert_eq!(
        keys(&report["folds"][0]),
        ["fold", "train_rows", "rows", "not_scored"]
    );
    let n = report["n"]["accuracy"].as_u64().unwrap();
    let scored = report["folds"].as_array().unwrap().iter();
    let scored = scored.filter(|fold| fold["metrics"].is_object()).count() as u64;
    assert_eq!(n, scored);
    let models = room
        .run(&["inspect", "all.safetensors", "--json"])
        .ok()
        .json();
    assert_eq!(models["members"].as_array().unwrap().len() as u64, scored);

    // Nothing can be learned in any fold.
    room.write(
        "t.csv",
        "t,a,class\n".to_owned() + &(0..81).map(line).collect::<String>(),
    );
    let ran = run(&["--folds", "2"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.err.contains("error: fold 1: t.csv: all "), "{ran:#?}");
}
