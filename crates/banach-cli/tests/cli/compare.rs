//! `banach compare`.

use std::path::PathBuf;

use serde_json::Value;

use crate::room::{Ran, Room, SMALL, keys};
use crate::tables::mixed;

fn compare(room: &Room, target: &str, more: &[&str]) -> Ran {
    let others: Vec<&str> = ["class", "value", "l1", "l2", "w"]
        .into_iter()
        .filter(|name| *name != target)
        .collect();
    let drop = others.join(",");
    let mut args = vec!["compare", "t.csv", "--target", target, "--drop", &drop];
    args.extend(SMALL);
    args.extend(more);
    room.run(&args)
}

fn room() -> Room {
    let room = Room::new();
    room.write("t.csv", mixed(120));
    room
}

fn names<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap().iter();
    list.map(|item| item[key].as_str().unwrap()).collect()
}

/// The mean of a method.
fn mean(report: &Value, name: &str) -> f64 {
    let methods = report["methods"].as_array().unwrap().iter();
    let mut named = methods.filter(|method| method["method"] == name);
    named.next().unwrap()["mean"].as_f64().unwrap()
}

/// Everything but seconds, which no two runs share.
fn without_seconds(mut report: Value) -> Value {
    for list in ["methods", "cells"] {
        for item in report[list].as_array_mut().unwrap() {
            item.as_object_mut().unwrap().remove("seconds");
        }
    }
    report
}

#[test]
fn json_has_every_cell_and_the_same_for_any_threads() {
    let room = room();
    let run = |threads: &str| {
        let more = ["--folds", "3", "--json", "--threads", threads];
        compare(&room, "class", &more).ok().json()
    };
    let report = run("1");
    assert_eq!(
        keys(&report),
        [
            "task",
            "target",
            "rows",
            "untested",
            "metric",
            "better",
            "folds",
            "left_out",
            "methods",
            "complete_folds",
            "friedman",
            "critical_difference",
            "missing",
            "cells"
        ]
    );
    assert_eq!(
        (&report["metric"], &report["better"]),
        (&"accuracy".into(), &"higher".into())
    );
    let n = report["methods"].as_array().unwrap().len();
    assert_eq!(report["cells"].as_array().unwrap().len(), 3 * n);
    assert!(names(&report["methods"], "method").contains(&"snn"));
    for cell in report["cells"].as_array().unwrap() {
        assert_eq!(cell["status"], "done", "{cell}");
    }
    // The classes follow from the numbers: whoever looks at them is better than who does not.
    assert!(mean(&report, "linear") > mean(&report, "constant") + 0.2);
    let means: Vec<f64> = report["methods"]
        .as_array()
        .unwrap()
        .iter()
        .map(|method| method["mean"].as_f64().unwrap())
        .collect();
    assert!(means.is_sorted_by(|a, b| a >= b), "{means:?}");
    assert_eq!(without_seconds(report), without_seconds(run("3")));
}

#[test]
fn the_network_has_the_metrics_of_cv_on_the_same_folds() {
    let room = room();
    let report = compare(&room, "value", &["--methods", "snn,linear", "--json"]).ok();
    let report = report.json();
    let mut args = vec!["cv", "t.csv", "--target", "value", "--json"];
    args.extend(["--drop", "class,l1,l2,w"]);
    args.extend(SMALL);
    let cv = room.run(&args).ok().json();
    let cells = report["cells"].as_array().unwrap().iter();
    let cells: Vec<&Value> = cells.filter(|cell| cell["method"] == "snn").collect();
    let folds = cv["folds"].as_array().unwrap();
    assert_eq!(cells.len(), folds.len());
    for (cell, fold) in cells.iter().zip(folds) {
        assert_eq!(cell["fold"], fold["fold"]);
        assert_eq!(cell["metrics"], fold["metrics"]);
    }
    assert_eq!(report["metric"], "rmse");
}

#[test]
fn people_get_a_table_and_a_picture() {
    let room = room();
    let more = ["--methods", "forest,linear,constant", "--plot", "c.svg"];
    let ran = compare(&room, "class", &more).ok();
    for part in [
        "multiclass task, 120 rows, 5 complete folds; accuracy, higher is better",
        "p: paired Wilcoxon test over folds against ",
        "ranks: Friedman p ",
        "seconds",
        "log_loss",
    ] {
        assert!(ran.out.contains(part), "{part}: {ran:#?}");
    }
    // Folds run side by side, so that any of them may end last.
    for part in [
        "15/15 fold ",
        " fold 5, forest",
        " fold 5, linear",
        " fold 5, constant",
    ] {
        assert!(ran.err.contains(part), "{part}: {ran:#?}");
    }
    let picture = room.text("c.svg");
    assert!(picture.starts_with("<svg ") && picture.contains("forest"));
    let more = ["--methods", "forest,linear", "--plot", "c.png"];
    compare(&room, "l1", &more).ok();
    assert!(room.read("c.png").starts_with(b"\x89PNG"));
}

#[test]
fn a_folder_gets_page_numbers_and_picture() {
    let room = room();
    let more = [
        "--methods",
        "msra,forest,linear",
        "--folds",
        "3",
        "--seed",
        "5",
    ];
    let mut more = more.to_vec();
    more.extend(["--json", "--out", "a b"]);
    let ran = compare(&room, "value", &more).ok();
    let json: Value = serde_json::from_str(&room.text("a b/comparison.json")).unwrap();
    assert_eq!(json, ran.json());
    let page = room.text("a b/comparison.html");
    for part in [
        "<title>Methods compared on t.csv</title>",
        "--out 'a b'",
        "<dt>seed</dt><dd>5</dd>",
        "<dt>machine</dt>",
        "<dt>layers</dt><dd>2</dd>",
        "logistic or ridge regression",
        "a recipe that was tuned for snn alone",
        "<svg ",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(room.text("a b/comparison.svg").starts_with("<svg "));
}

#[test]
fn several_labels_have_a_model_each() {
    let room = room();
    let more = ["--target", "l2", "--methods", "snn,forest,svm,constant"];
    let mut args = vec![
        "compare",
        "t.csv",
        "--target",
        "l1",
        "--drop",
        "class,value,w",
    ];
    args.extend(SMALL);
    args.extend(more);
    args.extend(["--folds", "2", "--json"]);
    let report = room.run(&args).ok().json();
    assert_eq!(
        (&report["task"], &report["metric"]),
        (&"multilabel".into(), &"mean_auc".into())
    );
    assert_eq!(mean(&report, "constant"), 0.5);
    for name in ["forest", "svm"] {
        assert!(mean(&report, name) > 0.7, "{name}: {report}");
    }
    assert!(names(&report["methods"], "method").contains(&"snn"));
}

#[test]
fn a_budget_leaves_whole_folds_and_says_what_is_missing() {
    let room = room();
    // Nothing can be done in a nanosecond; the first cells are not even begun.
    let ran = compare(
        &room,
        "class",
        &["--methods", "snn,knn", "--budget", "1e-9"],
    );
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(
        ran.out.contains("missing: snn on fold 1, knn on fold 1,"),
        "{ran:#?}"
    );
    let ran = compare(&room, "class", &["--methods", "knn", "--budget", "1000"]).ok();
    assert!(!ran.out.contains("missing"), "{ran:#?}");
}

#[test]
fn mistakes_are_named() {
    let room = room();
    let cases: [(&[&str], &str); 8] = [
        (&["--methods", "snn,bosting"], "did you mean \"boosting\"?"),
        (&["--methods", "snn,snn"], "method \"snn\" is named twice"),
        (
            &["--budget", "-1"],
            "--budget must be above 0 seconds, got -1",
        ),
        (&["--budget", "nan"], "--budget must be above 0 seconds"),
        (&["--metric", "rmse"], "metric must be accuracy"),
        (&["--plot", "c.txt"], "--plot must end in .svg or .png"),
        (
            &["--weight", "w", "--methods", "snn,svm"],
            "weight counts for networks only, and svm is none",
        ),
        (
            &["--class-weight", "balanced", "--methods", "snn,svm"],
            "leave --class-weight out, or compare networks alone with --methods snn,msra",
        ),
    ];
    for (more, expected) in cases {
        let mut args = vec!["compare", "t.csv", "--target", "class"];
        args.extend(more);
        let ran = room.run(&args);
        assert_eq!(ran.code, Some(2), "{more:?}: {ran:#?}");
        assert!(ran.err.contains(expected), "{expected}: {ran:#?}");
        assert_eq!(ran.out, "", "{ran:#?}");
    }
    assert_eq!(room.files(), ["t.csv"]);
}

/// The folder of real data, if there is one.
fn real(file: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var_os("BANACH_DATA").map_or_else(|| default.into(), PathBuf::from);
    let path = folder.join(file);
    if path.exists() {
        return Some(path);
    }
    crate::room::skipped(&format!("there is no {} (set BANACH_DATA)", path.display()));
    None
}

#[test]
fn penguins_are_told_apart_by_all_but_the_constant() {
    let Some(file) = real("csv/penguins.csv") else {
        return;
    };
    let file = file.to_str().unwrap();
    let methods = "snn,forest,boosting,svm,knn,linear,constant";
    let mut args = vec!["compare", file, "--target", "species", "--methods", methods];
    args.extend([
        "--layers", "2", "--width", "16", "--lr", "0.01", "--epochs", "30",
    ]);
    args.extend(["--folds", "3", "--json"]);
    let report = Room::new().run(&args).ok().json();
    for method in report["methods"].as_array().unwrap() {
        let mean = method["mean"].as_f64().unwrap();
        let (least, most) = if method["method"] == "constant" {
            (0.3, 0.5)
        } else {
            (0.95, 1.0)
        };
        assert!((least..=most).contains(&mean), "{method}");
    }
}

#[test]
fn concrete_is_curved_so_trees_beat_the_line() {
    let Some(file) = real("regression/concrete.csv") else {
        return;
    };
    let file = file.to_str().unwrap();
    let mut args = vec!["compare", file, "--target", "y", "--metric", "r2"];
    args.extend(["--drop", "test_0,test_1,test_2,test_3,test_4"]);
    args.extend([
        "--methods",
        "forest,boosting,svm,linear,constant",
        "--folds",
        "3",
        "--json",
    ]);
    let report = Room::new().run(&args).ok().json();
    // Published R2 of concrete: about 0.6 for a linear model, 0.9 for forests and boosting.
    assert!((0.5..0.7).contains(&mean(&report, "linear")), "{report}");
    for name in ["forest", "boosting", "svm"] {
        assert!(mean(&report, name) > 0.8, "{name}: {report}");
    }
    assert!(mean(&report, "constant") < 0.01, "{report}");
}

#[test]
fn a_kind_of_network_is_chosen_by_methods() {
    let ran = compare(&room(), "value", &["--network", "msra"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("choose them with --methods"),
        "{}",
        ran.err
    );
}

#[test]
fn by_time_methods_learn_from_the_past_and_folds_without_a_choice_are_left_out() {
    let room = Room::new();
    // Two classes from row 40 on only; the first two of six blocks of 20 rows have one.
    let line = |i: usize| {
        let class = if i < 40 || (i * 7).is_multiple_of(3) {
            "no"
        } else {
            "yes"
        };
        format!("{i},{},{class}\n", i * 7 % 3)
    };
    let table = "t,a,class\n".to_owned() + &(0..120).map(line).collect::<String>();
    room.write("t.csv", table);
    let run = |more: &[&str]| {
        let mut args = vec!["compare", "t.csv", "--target", "class", "--split", "time=t"];
        args.extend(["--methods", "forest,constant"]);
        args.extend(SMALL);
        args.extend(more);
        room.run(&args).ok()
    };
    let report = run(&["--json"]).json();
    assert_eq!(report["untested"], 20);
    assert_eq!(names(&report["left_out"], "fold"), ["1", "2"]);
    let folds = report["folds"].as_array().unwrap().iter();
    let folds: Vec<(&str, u64, u64)> = folds
        .map(|fold| {
            let rows = |key: &str| fold[key].as_u64().unwrap();
            (
                fold["fold"].as_str().unwrap(),
                rows("train_rows"),
                rows("test_rows"),
            )
        })
        .collect();
    assert_eq!(folds, [("3", 60, 20), ("4", 80, 20), ("5", 100, 20)]);
    assert_eq!(report["complete_folds"], serde_json::json!(["3", "4", "5"]));
    let ran = run(&["--out", "report"]);
    let page = room.text("report/comparison.html");
    for text in [&ran.out, &page] {
        for part in [
            "The first 20 rows in time are never tested",
            "Fold 2 is left out: t.csv: all 40 training rows have the class",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
