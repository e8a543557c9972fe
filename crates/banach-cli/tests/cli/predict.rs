//! `banach predict`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::room::{Room, keys};
use crate::tables::mixed;

fn room() -> Room {
    let room = Room::new();
    room.write("t.csv", mixed(200));
    room.fit("t.csv", "class", &["--drop", "w,g,value,l1,l2"]);
    room
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn columns_are_a_prediction_and_a_probability_of_each_class() {
    let room = room();
    let ran = room.run(&["predict", "model.safetensors", "t.csv"]).ok();
    assert_eq!(ran.err, "");
    let out = lines(&ran.out);
    assert_eq!(out.len(), 201);
    assert_eq!(
        out[0],
        "prediction,probability_maybe,probability_no,probability_yes"
    );
    for line in &out[1..] {
        let cells: Vec<&str> = line.split(',').collect();
        let proba: Vec<f64> = cells[1..]
            .iter()
            .map(|cell| cell.parse().unwrap())
            .collect();
        assert!((proba.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{line}");
        let best = (0..3)
            .max_by(|&a, &b| proba[a].total_cmp(&proba[b]))
            .unwrap();
        assert_eq!(cells[0], ["maybe", "no", "yes"][best], "{line}");
    }
}

#[test]
fn regression_and_labels_have_columns_of_their_own() {
    let room = room();
    room.fit("t.csv", "value", &[]);
    let ran = room.run(&["predict", "model.safetensors", "t.csv"]).ok();
    assert_eq!(lines(&ran.out)[0], "prediction");
    room.fit("t.csv", "l1", &["--target", "l2"]);
    let ran = room.run(&["predict", "model.safetensors", "t.csv"]).ok();
    assert_eq!(
        lines(&ran.out)[0],
        "prediction_l1,probability_l1,prediction_l2,probability_l2"
    );
}

#[test]
fn targets_need_not_be_there_and_other_columns_may_be() {
    let room = room();
    room.write("rows.csv", "more,colour,b,a\n1,red,0.5,0.25\n");
    let ran = room.run(&["predict", "model.safetensors", "rows.csv"]).ok();
    assert_eq!(lines(&ran.out).len(), 2);
}

#[test]
fn kept_columns_come_first_unchanged() {
    let room = room();
    room.write(
        "rows.csv",
        "name,colour,b,a\n\"x, \"\"y\"\"\",red,0.50,1e-1\n 007 ,blue,1,NA\n",
    );
    let ran = room
        .run(&[
            "predict",
            "model.safetensors",
            "rows.csv",
            "--keep",
            "name,b",
        ])
        .ok();
    let out = lines(&ran.out);
    assert!(out[0].starts_with("name,b,prediction,"), "{out:?}");
    assert!(out[1].starts_with("\"x, \"\"y\"\"\",0.50,"), "{out:?}");
    assert!(out[2].contains("007") && out[2].contains(",1,"), "{out:?}");
}

#[cfg(feature = "parquet")]
#[test]
fn csv_and_parquet_give_the_same_bits() {
    let room = Room::new();
    let csv = crate::tables::binary(300);
    room.write("t.csv", &csv);
    crate::tables::to_parquet(&csv, &room.path("t.parquet"), &["a", "b"]);
    room.fit("t.csv", "class", &[]);
    let from = |data| room.run(&["predict", "model.safetensors", data]).ok().out;
    assert_eq!(from("t.csv"), from("t.parquet"));
    // And written as Parquet, they are the same numbers again.
    let args = [
        "predict",
        "model.safetensors",
        "t.csv",
        "--keep",
        "a",
        "--out",
        "p.parquet",
    ];
    assert_eq!(room.run(&args).ok().out, "300 rows written to p.parquet\n");
    room.run(&["predict", "model.safetensors", "t.csv", "--out", "p.csv"])
        .ok();
    assert_eq!(room.text("p.csv"), from("t.csv"));
    let table = banach_io::read_table(room.path("p.parquet"), &Default::default()).unwrap();
    let proba = table.column("probability_in").unwrap();
    for (row, line) in room.text("p.csv").lines().skip(1).enumerate() {
        let written: f32 = line.split(',').nth(1).unwrap().parse().unwrap();
        assert_eq!(proba.number(row).unwrap() as f32, written, "row {row}");
    }
}

#[test]
fn a_row_is_predicted_alike_alone_among_others_and_by_any_threads() {
    let room = room();
    // More rows than are read at a time.
    let csv = mixed(40_000);
    room.write("many.csv", &csv);
    let all = room
        .run(&["predict", "model.safetensors", "many.csv", "--threads", "1"])
        .ok()
        .out;
    assert_eq!(all.lines().count(), 40_001);
    for threads in ["2", "4"] {
        let again = room.run(&[
            "predict",
            "model.safetensors",
            "many.csv",
            "--threads",
            threads,
        ]);
        assert!(again.ok().out == all, "{threads} threads");
    }
    let from_csv: Vec<&str> = csv.lines().collect();
    for row in [1, 17, 16_385, 40_000] {
        room.write("one.csv", format!("{}\n{}\n", from_csv[0], from_csv[row]));
        let one = room
            .run(&["predict", "model.safetensors", "one.csv"])
            .ok()
            .out;
        assert_eq!(one.lines().nth(1), all.lines().nth(row), "row {row}");
    }
}

/// Weights are off by up to 2^-9 of themselves, probabilities by some of that.
const BF16_ERROR: f64 = 0.02;

#[test]
fn weights_in_bfloat16_predict_and_score_nearly_the_same() {
    let room = room();
    let both = |command: &str| {
        ["single", "bf16"].map(|precision| {
            let args = [command, "model.safetensors", "t.csv", "--precision"];
            room.run(&[&args[..], &[precision]].concat()).ok().out
        })
    };
    let [single, half] = both("predict");
    let numbers = |text: &str| -> Vec<f64> {
        let cells = text
            .lines()
            .skip(1)
            .flat_map(|line| line.split(',').skip(1));
        cells.map(|cell| cell.parse().unwrap()).collect()
    };
    let (single, half) = (numbers(&single), numbers(&half));
    assert_eq!((single.len(), half.len()), (600, 600));
    let distances = single.iter().zip(&half).map(|(a, b)| (a - b).abs());
    let greatest = distances.fold(0.0, f64::max);
    assert!(greatest > 0.0 && greatest < BF16_ERROR, "{greatest}");
    let [single, half] = both("evaluate");
    assert_ne!(single, half);
    let ran = room.run(&[
        "predict",
        "model.safetensors",
        "t.csv",
        "--precision",
        "f16",
    ]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("single or bf16"), "{}", ran.err);
}

#[test]
fn standard_input_is_read() {
    let room = room();
    let ran = room
        .run_with_input(
            &["predict", "model.safetensors", "-"],
            mixed(200).as_bytes(),
        )
        .ok();
    assert_eq!(
        ran.out,
        room.run(&["predict", "model.safetensors", "t.csv"])
            .ok()
            .out
    );
}

#[test]
fn unknown_categories_and_new_gaps_are_counted_or_refused() {
    let room = room();
    room.write(
        "rows.csv",
        "a,b,colour\n1,1,pink\n1,,red\n,1,pink\n1,1,mauve\n",
    );
    let ran = room.run(&["predict", "model.safetensors", "rows.csv"]).ok();
    assert_eq!(lines(&ran.out).len(), 5);
    for part in [
        "\"colour\"",
        "3 cells",
        "\"pink\", \"mauve\"",
        "column \"b\": 1 cell missing",
    ] {
        assert!(ran.err.contains(part), "{part}: {ran:#?}");
    }
    assert_eq!(
        room.run(&["predict", "model.safetensors", "rows.csv", "-q"])
            .ok()
            .err,
        ""
    );

    let args = [
        "predict",
        "model.safetensors",
        "rows.csv",
        "--out",
        "p.csv",
        "--json",
    ];
    let report = room.run(&args).ok().json();
    assert_eq!(keys(&report), ["rows", "out", "unusual"]);
    assert_eq!(
        (&report["rows"], &report["out"]),
        (&json!(4), &json!("p.csv"))
    );
    let colour = json!({"column": "colour", "unknown": 3, "examples": ["pink", "mauve"], "missing": 0, "odd": 0, "odd_examples": []});
    assert!(
        report["unusual"].as_array().unwrap().contains(&colour),
        "{report}"
    );

    let args = [
        "predict",
        "model.safetensors",
        "rows.csv",
        "--strict-categories",
        "--out",
        "s.csv",
    ];
    let ran = room.run(&args);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(
        ran.err.contains("row 1") && ran.err.contains("\"pink\""),
        "{ran:#?}"
    );
    assert!(!room.path("s.csv").exists());
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let room = room();
    room.write("many.csv", mixed(60_000));
    let mut child = room
        .command(&["predict", "model.safetensors", "many.csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    assert!(line.starts_with("prediction,"), "{line}");
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
