//! `banach fit`.

use std::io::Write;
use std::process::Command;

use serde_json::{Value, json};

use crate::room::{Ran, Room, SMALL, keys};
use crate::tables::{binary, mixed, to_parquet};

fn room() -> Room {
    let room = Room::new();
    room.write("t.csv", mixed(200));
    room
}

#[test]
fn json_has_the_documented_keys_for_every_task() {
    let room = room();
    let classes = [
        "loss",
        "accuracy",
        "balanced_accuracy",
        "log_loss",
        "auc",
        "brier",
        "ece",
    ];
    let cases: [(&[&str], &str, Value, &[&str]); 4] = [
        (&["--target", "l1"], "binary", json!(["0", "1"]), &classes),
        (
            &["--target", "class"],
            "multiclass",
            json!(["maybe", "no", "yes"]),
            &classes,
        ),
        (
            &["--target", "value"],
            "regression",
            Value::Null,
            &["loss", "rmse", "mae", "r2"],
        ),
        (
            &["--target", "l1", "--target", "l2"],
            "multilabel",
            Value::Null,
            &["loss", "log_loss", "mean_auc", "auc"],
        ),
    ];
    for (targets, task, classes, metrics) in cases {
        let mut args = vec![
            "fit",
            "t.csv",
            "--json",
            "--seed",
            "7",
            "--out",
            "m.safetensors",
        ];
        args.extend(crate::room::SMALL);
        args.extend(targets);
        let report = room.run(&args).ok().json();
        let expected = [
            "model",
            "task",
            "target",
            "rows",
            "features",
            "classes",
            "epochs",
            "best_epoch",
            "seconds",
            "seed",
            "valid",
        ];
        assert_eq!(keys(&report), expected, "{task}");
        assert_eq!(report["model"], "m.safetensors");
        assert_eq!(report["task"], task);
        assert_eq!(report["rows"], 200);
        assert_eq!(report["classes"], classes);
        assert_eq!(report["epochs"], 4);
        assert_eq!(report["seed"], 7);
        assert_eq!(keys(&report["valid"]), metrics, "{task}");
        assert!(room.path("m.safetensors").is_file());
    }
}

#[test]
fn people_read_the_result_on_standard_output_and_the_rest_on_standard_error() {
    let room = room();
    let ran = room.fit("t.csv", "class", &[]);
    assert!(ran.out.contains("maybe, no, yes"), "{ran:#?}");
    assert!(ran.out.contains("accuracy"), "{ran:#?}");
    assert!(ran.err.contains(" training rows, "), "{ran:#?}");
    assert!(ran.err.contains("evaluate model.safetensors"), "{ran:#?}");
    let quiet = room.fit("t.csv", "class", &["--quiet"]);
    assert_eq!(quiet.err, "");
    assert!(quiet.out.contains("accuracy"), "{quiet:#?}");
}

#[test]
fn columns_that_say_nothing_and_rows_without_target_are_noticed() {
    let room = Room::new();
    let mut csv = "id,same,x,y\n".to_owned();
    for i in 0..60 {
        let y = if i % 10 == 3 { "" } else { ["p", "q"][i % 2] };
        csv.push_str(&format!("{},7,{},{y}\n", i + 1, (i * 7) % 13));
    }
    room.write("t.csv", csv);
    let ran = room.fit("t.csv", "y", &[]);
    for part in [
        "column \"id\" is not used: it looks like an identifier",
        "column \"same\" is not used: it is \"7\" in all training rows",
        "6 rows have no target and will be ignored",
    ] {
        assert!(ran.err.contains(part), "{part}: {ran:#?}");
    }
}

#[test]
fn a_flag_beats_the_file_and_the_file_beats_the_preset() {
    let room = room();
    room.write(
        "s.toml",
        "target = [\"class\"]\npreset = \"paper\"\nlayers = 3\nwidth = 8\nepochs = 2\nweight-decay = 0.01\n",
    );
    let args = [
        "fit", "t.csv", "--config", "s.toml", "--width", "12", "--json",
    ];
    assert_eq!(room.run(&args).ok().json()["epochs"], 2);
    let settings = room
        .run(&["inspect", "model.safetensors", "--json"])
        .ok()
        .json();
    let settings = &settings["settings"];
    assert_eq!(settings["width"], 12, "from the flag");
    assert_eq!(settings["layers"], 3, "from the file");
    assert_eq!(settings["weight_decay"], 0.01, "from the file, with a dash");
    assert_eq!(
        settings["optimizer"], "sgd",
        "from the preset that the file names"
    );
}

#[test]
fn metrics_jsonl_has_a_line_for_every_epoch() {
    let room = room();
    room.fit("t.csv", "class", &["--checkpoint", "run", "--quiet"]);
    let log = room.text("run/metrics.jsonl");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let epochs: Vec<u64> = lines
        .iter()
        .map(|line| line["epoch"].as_u64().unwrap())
        .collect();
    assert_eq!(epochs, [1, 2, 3, 4]);
    for line in &lines {
        assert_eq!(line["stage"], "train");
        assert!(
            line["train_loss"].is_f64() && line["valid_loss"].is_f64(),
            "{line}"
        );
    }
}

#[test]
fn every_way_in_gives_the_same_model() {
    let room = Room::new();
    let csv = binary(150);
    room.write("t.csv", &csv);
    room.write("t.tsv", csv.replace(',', "\t"));
    room.write("dos.csv", format!("\u{feff}{}", csv.replace('\n', "\r\n")));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(csv.as_bytes()).unwrap();
    room.write("t.csv.gz", gz.finish().unwrap());
    room.write("t.csv.zst", zstd::encode_all(csv.as_bytes(), 1).unwrap());
    if cfg!(feature = "parquet") {
        to_parquet(&csv, &room.path("t.parquet"), &["a", "b"]);
    }
    room.fit("t.csv", "class", &[]);
    let expected = room.read("model.safetensors");
    let ways = [
        ("t.tsv", true),
        ("dos.csv", true),
        ("t.csv.gz", cfg!(feature = "gzip")),
        ("t.csv.zst", cfg!(feature = "zstd")),
        ("t.parquet", cfg!(feature = "parquet")),
    ];
    for (data, _) in ways.into_iter().filter(|&(_, built)| built) {
        room.fit(data, "class", &["--out", "other.safetensors"]);
        assert!(room.read("other.safetensors") == expected, "{data}");
    }
    let mut args = vec![
        "fit",
        "-",
        "--target",
        "class",
        "--out",
        "stdin.safetensors",
    ];
    args.extend(crate::room::SMALL);
    room.run_with_input(&args, csv.as_bytes()).ok();
    assert!(room.read("stdin.safetensors") == expected, "standard input");
}

#[test]
fn validation_rows_come_from_a_file_a_group_or_a_share() {
    let room = room();
    room.write("valid.csv", mixed(40));
    let report = room
        .fit("t.csv", "class", &["--valid", "valid.csv", "--json"])
        .json();
    assert_eq!(report["rows"], 240);
    let ran = room.fit("t.csv", "class", &["--valid", "0.4"]);
    assert!(
        ran.err.contains("120 training rows, 80 validation rows"),
        "{ran:#?}"
    );
    let ran = room.fit("t.csv", "class", &["--split", "group=g"]);
    assert!(
        ran.out.contains("features             7"),
        "the group is no feature: {ran:#?}"
    );
}

#[test]
fn dropped_columns_may_hold_anything_and_may_still_divide_or_weigh_rows() {
    let room = Room::new();
    let mut csv = b"x,note,g,w,y\n".to_vec();
    for i in 0..60 {
        csv.extend(format!("{},caf", (i * 7) % 13).as_bytes());
        // No UTF-8.
        csv.extend([0xe9, b',']);
        csv.extend(format!("g{},{},{}\n", i / 6, 1 + i % 3, ["p", "q"][i % 2]).as_bytes());
    }
    room.write("t.csv", csv);
    let ran = room.fit(
        "t.csv",
        "y",
        &["--drop", "note,w,g", "--split", "group=g", "--weight", "w"],
    );
    assert!(ran.out.contains("features             1\n"), "{ran:#?}");
    let args = [
        "cv",
        "t.csv",
        "--target",
        "y",
        "--drop",
        "note,w,g",
        "--fold-column",
        "g",
        "--json",
    ];
    let report = room
        .run(&[&args[..], &crate::room::SMALL].concat())
        .ok()
        .json();
    assert_eq!(report["folds"].as_array().unwrap().len(), 10);
}

#[test]
fn weights_change_the_model() {
    let room = room();
    room.fit("t.csv", "class", &["--drop", "w"]);
    let plain = room.read("model.safetensors");
    room.fit("t.csv", "class", &["--weight", "w"]);
    let weighted = room.read("model.safetensors");
    room.fit(
        "t.csv",
        "class",
        &["--drop", "w", "--class-weight", "balanced"],
    );
    let balanced = room.read("model.safetensors");
    assert!(plain != weighted && plain != balanced);
}

/// Runs the program on a terminal, by `script`; `None` where that is not there.
fn on_a_terminal(room: &Room, args: &str) -> Option<Ran> {
    let program = env!("CARGO_BIN_EXE_banach");
    let output = Command::new("script")
        .args(["-qec", &format!("{program} {args}"), "/dev/null"])
        .current_dir(room.path("."))
        .output();
    match output {
        Ok(output) => Some(Ran::new(output)),
        Err(_) => {
            crate::room::skipped("there is no `script` to run a terminal with");
            None
        }
    }
}

#[test]
fn there_is_a_bar_on_a_terminal_only() {
    let room = room();
    let escape = '\u{1b}';
    let ran = room.fit("t.csv", "class", &[]);
    assert!(
        !ran.err.contains(['\r', escape]) && !ran.out.contains(['\r', escape]),
        "{ran:#?}"
    );
    let args = "fit t.csv --target class --layers 2 --width 16 --epochs 4";
    if let Some(ran) = on_a_terminal(&room, args) {
        assert!(
            ran.out.contains(escape) && ran.out.contains("training ["),
            "{ran:#?}"
        );
    }
    if let Some(ran) = on_a_terminal(&room, &format!("{args} --quiet")) {
        assert!(!ran.out.contains(escape), "{ran:#?}");
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_without_a_file() {
    let room = room();
    let args = [
        "fit",
        "t.csv",
        "--target",
        "value",
        "--optimizer",
        "sgd",
        "--lr",
        "1e30",
        "--clip-norm",
        "0",
    ];
    let ran = room.run(&args);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.err.contains("diverged") && ran.err.contains("--lr"),
        "{ran:#?}"
    );
    assert_eq!(room.files(), ["t.csv"]);
}

#[test]
fn refit_trains_again_on_all_rows() {
    let room = room();
    let more = ["--refit", "--checkpoint", "run", "--json"];
    let ran = room.fit("t.csv", "class", &more);
    let sizes = "160 training rows, 40 validation rows, 8 features\n";
    assert!(ran.err.contains(sizes), "{ran:#?}");
    let report = ran.json();
    assert_eq!(
        (&report["rows"], &report["epochs"]),
        (&json!(200), &json!(4))
    );
    // All epochs of the first training, then as many on all rows as were best.
    let best = report["best_epoch"].as_u64().unwrap();
    let epochs = (1..=4).map(|epoch| ("train".to_owned(), epoch));
    let epochs = epochs.chain((1..=best).map(|epoch| ("refit".to_owned(), epoch)));
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let stage = line["stage"].as_str().unwrap().to_owned();
        (stage, line["epoch"].as_u64().unwrap())
    };
    let log: Vec<(String, u64)> = room.text("run/metrics.jsonl").lines().map(line).collect();
    assert_eq!(log, epochs.collect::<Vec<_>>());
    let inspected = room
        .run(&["inspect", "model.safetensors", "--json"])
        .ok()
        .json();
    assert_eq!(inspected["members"][0]["training"]["refit"], true);
}

#[test]
fn metrics_of_validation_rows_are_those_of_evaluate() {
    let room = Room::new();
    room.write("t.csv", mixed(200));
    let head = mixed(0);
    let rows: Vec<String> = mixed(300).lines().skip(201).map(str::to_owned).collect();
    room.write("v.csv", format!("{head}{}\n", rows.join("\n")));
    for (more, weight) in [
        (&["--class-weight", "balanced"][..], &[][..]),
        (&["--weight", "w"], &["--weight", "w"]),
        (
            &["--weight", "w", "--class-weight", "balanced"],
            &["--weight", "w"],
        ),
    ] {
        let more = [
            more,
            &["--valid", "v.csv", "--drop", "value,l1,l2", "--json"],
        ]
        .concat();
        let mut valid = room.fit("t.csv", "class", &more).json()["valid"].take();
        let loss = valid.as_object_mut().unwrap().remove("loss").unwrap();
        let mut args = vec!["evaluate", "model.safetensors", "v.csv", "--json"];
        args.extend(weight);
        let metrics = room.run(&args).ok().json()["metrics"].take();
        assert_eq!(valid, metrics, "{more:?}");
        // The loss that chose the epoch has class weights, the metric of that name has not.
        let same = (loss.as_f64().unwrap() - metrics["log_loss"].as_f64().unwrap()).abs() < 1e-6;
        assert_eq!(same, !more.contains(&"balanced"), "{more:?}");
    }
    let more = ["--class-weight", "balanced", "--drop", "w,value,l1,l2"];
    let ran = room.fit("t.csv", "class", &more);
    assert!(ran.out.contains("  loss, classes balanced  "), "{ran:#?}");
}

#[test]
fn validation_rows_that_count_for_nothing_are_refused() {
    let room = Room::new();
    let line = |i: usize| {
        let (a, b) = ((i * 37) % 101, (i * 53) % 89);
        let weight = u8::from(i < 80);
        let side = if a > b { "up" } else { "down" };
        format!("{i},{a},{b},{weight},{side}\n")
    };
    let table = "day,a,b,w,move\n".to_owned() + &(0..100).map(line).collect::<String>();
    room.write("t.csv", &table);
    let run = |command: &str, more: &[&str]| {
        let mut args = vec![command, "t.csv", "--target", "move", "--weight", "w"];
        args.extend(SMALL);
        args.extend(more);
        room.run(&args)
    };
    let ran = run("fit", &["--split", "time=day"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.err
            .contains("error: all 20 validation rows have weight 0\nleave rows that do not count"),
        "{ran:#?}"
    );
    assert!(!room.path("model.safetensors").exists());
    run("fit", &["--split", "random"]).ok();
    // Among the rows that count there must be something to learn.
    room.write(
        "one.csv",
        table
            .replace(",1,down", ",0,down")
            .replace(",0,up", ",1,up"),
    );
    let ran = room.run(&["fit", "one.csv", "--target", "move", "--weight", "w"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.err.contains("training rows have the class \"up\""),
        "{ran:#?}"
    );
    // Of the folds it is only the last one's test rows that count for nothing.
    let report = run("cv", &["--split", "time=day", "--folds", "4", "--json"])
        .ok()
        .json();
    assert_eq!(report["n"]["accuracy"], 3);
    assert_eq!(
        report["folds"][3]["not_scored"],
        "all 20 sample weights are 0: at least one must be positive"
    );
}

#[test]
fn batch_normalization_has_two_rows_in_a_batch() {
    let room = Room::new();
    room.write("t.csv", mixed(60));
    let drop = ["--drop", "w,value,l1,l2", "--network", "batchnorm"];
    let fit = |batch: &str| {
        let mut args = vec!["fit", "t.csv", "--target", "class", "--batch-size", batch];
        args.extend(SMALL);
        args.extend(drop);
        room.run(&args)
    };
    let ran = fit("1");
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    let message = "batch must be at least 2 with networks batchnorm and resnet";
    assert!(ran.err.contains(message), "{ran:#?}");
    fit("2").ok();
    // 47 training rows in batches of 46 are two batches of about the same size.
    fit("46").ok();
}
