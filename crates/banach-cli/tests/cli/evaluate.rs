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

/// A class of its own for each of `n` numbers, three rows each.
fn classes(n: usize) -> String {
    let line = |i: usize| format!("{},c{}\n", i % n, i % n);
    "x,code\n".to_owned() + &(0..3 * n).map(line).collect::<String>()
}

#[test]
fn many_classes_give_the_most_confused_pairs_and_all_of_them_in_a_file() {
    let room = Room::new();
    room.write("t.csv", classes(1500));
    room.fit("t.csv", "code", &[]);
    let evaluate = |more: &[&str]| {
        let args = [&["evaluate", "model.safetensors", "t.csv"][..], more];
        room.run(&args.concat()).ok()
    };
    let ran = evaluate(&["--confusion", "c.csv"]);
    assert!(ran.out.len() < 5000, "{} bytes", ran.out.len());
    assert!(
        ran.out.contains("most confused classes, 20 of "),
        "{ran:#?}"
    );
    assert!(
        ran.out.contains("true   predicted  count  of its class"),
        "{ran:#?}"
    );
    let json = evaluate(&["--json"]);
    assert!(json.out.len() < 150_000, "{} bytes", json.out.len());
    let report = json.json();
    assert_eq!(keys(&report["confusion"]), ["classes", "cells"]);
    let cells = report["confusion"]["cells"].as_array().unwrap();
    let sum: f64 = cells.iter().map(|cell| cell[2].as_f64().unwrap()).sum();
    assert_eq!(sum, 4500.0);
    // The file has the same pairs, by name.
    let file = room.text("c.csv");
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("true,predicted,count,share"));
    let name = |at: &serde_json::Value| {
        let at = at.as_u64().unwrap() as usize;
        report["confusion"]["classes"][at]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (line, cell) in lines.by_ref().zip(cells) {
        let count = cell[2].as_f64().unwrap();
        let want = format!(
            "{},{},{count},{}",
            name(&cell[0]),
            name(&cell[1]),
            count / 3.0
        );
        assert_eq!(line, want);
    }
    assert_eq!(file.lines().count(), cells.len() + 1);
}

#[test]
fn a_confusion_file_is_for_classes_and_overwrites_nothing_that_is_read() {
    let room = room();
    room.fit("t.csv", "value", &["--drop", "class"]);
    let evaluate = |file: &str| {
        room.run(&[
            "evaluate",
            "model.safetensors",
            "t.csv",
            "--confusion",
            file,
        ])
    };
    let ran = evaluate("c.csv");
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.err.contains("--confusion is for classes"), "{ran:#?}");
    room.fit("t.csv", "class", &["--drop", "value"]);
    let ran = evaluate("t.csv");
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.err.contains("would overwrite the file that is read"),
        "{ran:#?}"
    );
    #[cfg(feature = "parquet")]
    {
        evaluate("c.parquet").ok();
        assert!(room.read("c.parquet").starts_with(b"PAR1"));
    }
}

/// `n` labels of which most are noise.
fn labels(n: usize) -> String {
    let names: Vec<String> = (0..n).map(|label| format!("l{label}")).collect();
    let mut csv = format!("x,{}\n", names.join(","));
    for i in 0..60 {
        let cells: Vec<String> = (0..n)
            .map(|label| ((i * i + i * label + label) % 7 % 2).to_string())
            .collect();
        csv += &format!("{i},{}\n", cells.join(","));
    }
    csv
}

#[test]
fn hundreds_of_labels_and_columns_are_listed_in_part() {
    let room = Room::new();
    room.write("t.csv", labels(200));
    let names: Vec<String> = (0..200).map(|label| format!("--target=l{label}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let small = ["--layers", "1", "--width", "8", "--epochs", "1"];
    let run = |start: &[&str]| room.run(&[start, &names, &small].concat()).ok();
    let fit = run(&["fit", "t.csv"]);
    assert!(fit.out.lines().count() < 60, "{fit:#?}");
    assert!(fit.out.contains("... "), "{fit:#?}");
    let cv = run(&["cv", "t.csv", "--folds", "3", "--split", "random"]);
    assert!(cv.out.lines().all(|line| line.len() < 120), "{cv:#?}");
    assert!(cv.out.lines().count() < 70, "{cv:#?}");
    assert!(
        cv.out.contains("auc.l0 ") && cv.out.contains("more with --json"),
        "{cv:#?}"
    );
    let evaluate = room.run(&["evaluate", "model.safetensors", "t.csv"]).ok();
    assert!(
        evaluate.out.contains("162 more with --json"),
        "{evaluate:#?}"
    );
    let inspect = room.run(&["inspect", "model.safetensors"]).ok();
    assert!(inspect.out.lines().count() < 150, "{inspect:#?}");

    // Two hundred columns that are of no use.
    let constant = vec!["1"; 200].join(",");
    let head: Vec<String> = (0..200).map(|column| format!("k{column}")).collect();
    let line = |i: usize| format!("{i},{},{constant}\n", i % 2);
    let rows: String = (0..60).map(line).collect();
    room.write("wide.csv", format!("x,y,{}\n{rows}", head.join(",")));
    let ran = room.fit("wide.csv", "y", &[]);
    assert!(ran.err.contains("... and 180 more columns"), "{ran:#?}");
}
