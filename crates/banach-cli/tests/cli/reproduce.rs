//! `banach reproduce`.

use std::fmt::Write;

use crate::room::Room;
use crate::tables::to_parquet;

/// A folder with one UCI set in the authors' format: 60 rows, two classes that a line divides.
fn uci(room: &Room) {
    let (mut features, mut labels, mut tests, mut valids) =
        (String::new(), String::new(), String::new(), String::new());
    for i in 0..60 {
        let class = i % 2;
        let x = f64::from(i * 7 % 13) / 6.0 - 1.0;
        let y = if class == 0 { -1.0 } else { 1.0 } + f64::from(i * 5 % 11) / 40.0;
        writeln!(features, "{x},{y}").unwrap();
        writeln!(labels, "{class}").unwrap();
        let part = i / 2 % 4;
        let folds: Vec<String> = (0..4)
            .map(|fold| u8::from(part == fold).to_string())
            .collect();
        writeln!(tests, "{}", folds.join(",")).unwrap();
        let folds: Vec<String> = (0..4)
            .map(|fold| u8::from(part == (fold + 1) % 4).to_string())
            .collect();
        writeln!(valids, "{}", folds.join(",")).unwrap();
    }
    std::fs::create_dir_all(room.path("sets/toy")).unwrap();
    room.write("sets/toy/toy_py.dat", features);
    room.write("sets/toy/labels_py.dat", labels);
    room.write("sets/toy/folds_py.dat", tests);
    room.write("sets/toy/validation_folds_py.dat", valids);
}

/// First line of results.csv.
const HEADER: &str = "set,fold,layers,seed,method,metric,score,seconds,setting";

/// A line of results.csv without the seconds, which no two runs share.
fn without_seconds(line: &str) -> String {
    let cells: Vec<&str> = line.splitn(9, ',').collect();
    format!("{:?} {}", &cells[..7], cells[8])
}

const SHORT: [&str; 6] = [
    "--methods",
    "snn,msra,forest",
    "--epochs",
    "20",
    "--fold",
    "1",
];

#[test]
fn uci_writes_results_and_a_report_and_goes_on_where_it_stopped() {
    let room = Room::new();
    uci(&room);
    let mut args = vec!["reproduce", "uci", "--data", "sets", "--out", "out"];
    args.extend(SHORT);
    let ran = room.run(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let results = room.text("out/results.csv");
    let lines: Vec<&str> = results.lines().collect();
    assert_eq!(lines.len(), 1 + 3, "{results}");
    assert_eq!(lines[0], HEADER);
    for (line, method) in lines[1..].iter().zip(["snn", "msra", "forest"]) {
        let cells: Vec<&str> = line.splitn(9, ',').collect();
        assert_eq!(cells[..6], ["toy", "1", "", "0", method, "accuracy"]);
        // A line divides the classes: who does not find it is broken.
        assert!(cells[6].parse::<f64>().unwrap() > 0.9, "{line}");
    }
    assert!(lines[1].contains("256 x "), "{}", lines[1]);
    let report = room.text("out/report.html");
    for words in [
        "reproduce uci --data sets",
        "quick grid, 20 epochs",
        "UCI classification sets",
        "The grid does not have as many settings for every network",
    ] {
        assert!(report.contains(words), "{words}");
    }

    let again = room.run(&args);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("has 3 results already"), "{}", again.err);
    assert!(again.err.contains("--resume"), "{}", again.err);

    args.push("--resume");
    assert_eq!(room.run(&args).code, Some(0));
    assert_eq!(room.text("out/results.csv"), results);
    // A method more is run alone.
    args[7] = "snn,msra,forest,layernorm";
    assert_eq!(room.run(&args).code, Some(0));
    let more = room.text("out/results.csv");
    assert!(
        more.starts_with(&results) && more.lines().count() == 5,
        "{more}"
    );
}

#[test]
fn uci_runs_the_default_recipe_too() {
    let room = Room::new();
    uci(&room);
    let mut args = vec!["reproduce", "uci", "--data", "sets", "--out", "out"];
    args.extend(["--preset", "default", "--methods", "snn,resnet,forest"]);
    let ran = room.run(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let results = room.text("out/results.csv");
    let lines: Vec<&str> = results.lines().skip(1).collect();
    assert_eq!(lines.len(), 3, "{results}");
    for line in &lines {
        let accuracy = line.split(',').nth(6).unwrap().parse::<f64>().unwrap();
        assert!(accuracy > 0.9, "{line}");
    }
    assert!(lines[0].contains("default recipe"), "{results}");
    let report = room.text("out/report.html");
    for words in [
        "default recipe of version",
        "by one recipe, which was tuned for snn alone",
    ] {
        assert!(report.contains(words), "{words}");
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let room = Room::new();
    uci(&room);
    let mut runs = Vec::new();
    for threads in ["1", "3"] {
        let out = format!("out{threads}");
        let mut args = vec!["reproduce", "uci", "--data", "sets", "--out", &out];
        args.extend(["--threads", threads]);
        args.extend(SHORT);
        assert_eq!(room.run(&args).code, Some(0));
        let results = room.text(&format!("{out}/results.csv"));
        runs.push(results.lines().map(without_seconds).collect::<Vec<_>>());
    }
    assert_eq!(runs[0], runs[1]);
}

#[test]
fn what_is_missing_or_wrong_is_named_with_the_way_out() {
    let room = Room::new();
    uci(&room);
    std::fs::create_dir_all(room.path("empty")).unwrap();
    let cases: [(&[&str], &[&str]); 13] = [
        (
            &["tox21", "--data", "empty", "--depths", "2,5"],
            &["'5' for '--depths", "2, 3, 4, 6, 8, 16, 32"],
        ),
        (
            &["htru2", "--data", "sets", "--only", "toy"],
            &["unexpected argument '--only'"],
        ),
        (
            &["uci", "--data", "sets", "--epochs", "0"],
            &["--epochs", "zero"],
        ),
        (&["uci"], &["--data <DIR>"]),
        (
            &["uci", "--data", "empty"],
            &["labels_py.dat", "github.com/bioinf-jku/SNNs"],
        ),
        (
            &["htru2", "--data", "empty"],
            &["HTRU_2.csv", "archive.ics.uci.edu"],
        ),
        (
            &["tox21", "--data", "empty"],
            &["tox21.parquet", "bioinf.jku.at"],
        ),
        (
            &["figure1", "--data", "empty"],
            &["train-labels-idx1-ubyte", "mnist"],
        ),
        (
            &["figure1", "--data", "empty", "--learning-rate", "0"],
            &["--learning-rate must be above 0, got 0"],
        ),
        (
            &[
                "uci", "--data", "sets", "--preset", "default", "--epochs", "3",
            ],
            &["--preset", "cannot be used with '--epochs"],
        ),
        (
            &["uci", "--data", "sets", "--methods", "snm"],
            &["no method \"snm\"", "snn, msra"],
        ),
        (
            &["uci", "--data", "sets", "--only", "abalone"],
            &["no folder \"abalone\""],
        ),
        (
            &["uci", "--data", "sets", "--fold", "4"],
            &["0 to 3 or all"],
        ),
    ];
    for (args, words) in cases {
        refused(&room, args, words);
    }
}

fn refused(room: &Room, args: &[&str], words: &[&str]) {
    let mut all = vec!["reproduce"];
    all.extend(args);
    all.extend(["--out", "out"]);
    let ran = room.run(&all);
    assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
    for words in words {
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    }
}

#[cfg(feature = "download")]
#[test]
fn what_cannot_be_downloaded_is_named_with_the_way_out() {
    let room = Room::new();
    std::fs::create_dir_all(room.path("empty")).unwrap();
    let mut args = vec!["htru2", "--data", "empty", "--download"];
    args.extend(["--mirror", "http://127.0.0.1:1/x"]);
    let words = [
        "cannot download http://127.0.0.1:1/x/htru2.zip",
        "put it into empty and run this again",
    ];
    refused(&room, &args, &words);
}

#[test]
fn a_report_made_again_says_what_made_its_results() {
    let room = Room::new();
    uci(&room);
    let mut args = vec!["reproduce", "uci", "--data", "sets", "--out", "out"];
    args.extend(["--methods", "forest"]);
    room.run(&args).ok();
    let (report, run) = (room.text("out/report.html"), room.text("out/run.json"));
    assert!(run.contains("--methods forest\""), "{run}");
    // Nothing is left to be done, so that this command made none of the results.
    args.push("--resume");
    room.run(&args).ok();
    assert_eq!(room.text("out/report.html"), report);
    assert_eq!(room.text("out/run.json"), run);
    args[7] = "forest,svm";
    room.run(&args).ok();
    let run = room.text("out/run.json");
    assert!(run.contains("--methods forest,svm --resume\""), "{run}");
}

#[test]
fn htru2_measures_every_fold_once_and_reports_it() {
    let room = Room::new();
    let row = |i: usize| {
        let pulsar = i.is_multiple_of(5);
        let noise = |k: usize| (i * (31 + 6 * k) % 97) as f64 / 97.0;
        let features: Vec<String> = (0..8)
            .map(|k| (noise(k) + if pulsar && k < 2 { 1.0 } else { 0.0 }).to_string())
            .collect();
        format!("{},{}\n", features.join(","), u8::from(pulsar))
    };
    std::fs::create_dir_all(room.path("sets")).unwrap();
    room.write("sets/HTRU_2.csv", (0..300).map(row).collect::<String>());
    let mut args = vec!["reproduce", "htru2", "--data", "sets", "--out", "out"];
    args.extend(["--methods", "snn,batchnorm", "--epochs", "3", "--fold", "2"]);
    room.run(&args).ok();
    let one = room.text("out/results.csv");
    assert_eq!(one.lines().count(), 1 + 2, "{one}");
    // The fold that is there is not run again, the others are.
    args.truncate(args.len() - 2);
    args.push("--resume");
    room.run(&args).ok();
    let all = room.text("out/results.csv");
    assert!(all.starts_with(&one), "{all}");
    let lines: Vec<Vec<&str>> = all
        .lines()
        .skip(1)
        .map(|line| line.splitn(9, ',').collect())
        .collect();
    for fold in 0..10 {
        for method in ["snn", "batchnorm"] {
            let place = ["htru2", &fold.to_string(), "", "0", method, "auc"];
            let own: Vec<_> = lines.iter().filter(|line| line[..6] == place).collect();
            assert_eq!(own.len(), 1, "{place:?}: {all}");
            let auc: f64 = own[0][6].parse().unwrap();
            assert!((0.9..=1.0).contains(&auc), "{place:?}: {auc}");
        }
    }
    let report = room.text("out/report.html");
    assert!(
        report.contains("quick grid, 3 epochs")
            && report.contains("0.9803")
            && report.contains("The grid does not have as many settings for every network"),
        "its settings, and the paper's number"
    );
}

#[test]
fn tox21_runs_the_depths_and_seeds_that_are_asked_for() {
    let room = Room::new();
    let mut csv = "mol,NR-AR,SR-p53,desc_a,desc_b,ecfp_1,split\n".to_owned();
    for i in 0..300 {
        let (a, b) = (
            f64::from(i * 37 % 101) / 50.0 - 1.0,
            f64::from(i * 53 % 89) / 44.0 - 1.0,
        );
        let second = if i % 3 == 0 {
            String::new()
        } else {
            u8::from(b > 0.0).to_string()
        };
        let split = ["train", "train", "train", "valid", "test"][i as usize % 5];
        let (first, bit) = (u8::from(a > 0.2), i % 2);
        writeln!(csv, "m{i},{first},{second},{a},{b},{bit},{split}").unwrap();
    }
    std::fs::create_dir_all(room.path("sets")).unwrap();
    let numbers = ["NR-AR", "SR-p53", "desc_a", "desc_b", "ecfp_1"];
    to_parquet(&csv, &room.path("sets/tox21.parquet"), &numbers);
    let mut args = vec!["reproduce", "tox21", "--data", "sets", "--out", "out"];
    args.extend(["--methods", "snn,highway", "--seeds", "2", "--epochs", "10"]);
    args.extend(["--depths", "3,2"]);
    room.run(&args).ok();
    let results = room.text("out/results.csv");
    let lines: Vec<Vec<&str>> = results
        .lines()
        .skip(1)
        .map(|line| line.splitn(9, ',').collect())
        .collect();
    let mut places = Vec::new();
    for seed in ["0", "1"] {
        for method in ["snn", "highway"] {
            places.extend(["3", "2"].map(|depth| ["tox21", "", depth, seed, method, "mean_auc"]));
        }
    }
    let found: Vec<_> = lines
        .iter()
        .map(|line| [line[0], line[1], line[2], line[3], line[4], line[5]])
        .collect();
    assert_eq!(found, places);
    for line in &lines {
        let auc: f64 = line[6].parse().unwrap();
        let least = if line[4] == "snn" { 0.9 } else { 0.5 };
        assert!((least..=1.0).contains(&auc), "{line:?}");
    }
    let report = room.text("out/report.html");
    assert!(
        report.contains("10 epochs") && report.contains("<svg"),
        "{report}"
    );
    // What is there is not run again.
    args.push("--resume");
    room.run(&args).ok();
    assert_eq!(room.text("out/results.csv"), results);
}

#[test]
fn figure_2_needs_no_data() {
    let room = Room::new();
    let ran = room.run(&["reproduce", "figure2", "--out", "out"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(room.text("out/figure2.svg").starts_with("<svg"));
    assert!(room.text("out/report.html").contains("omega 0, tau 1"));
}

#[test]
fn results_of_other_settings_are_not_mixed_and_half_a_line_is_no_result() {
    let room = Room::new();
    uci(&room);
    let mut args = vec!["reproduce", "uci", "--data", "sets", "--out", "out"];
    args.extend(["--methods", "forest,svm"]);
    room.run(&args).ok();
    let results = room.text("out/results.csv");

    args.push("--resume");
    let mut other = args.clone();
    other.extend(["--epochs", "7"]);
    let ran = room.run(&other);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("100 epochs") && ran.err.contains("7 epochs"),
        "{}",
        ran.err
    );
    assert_eq!(room.text("out/results.csv"), results);

    // Killed while it wrote its last line.
    let cut = results.trim_end().len() - 3;
    room.write("out/results.csv", &results[..cut]);
    room.run(&args).ok();
    let again = room.text("out/results.csv");
    let lines = |text: &str| text.lines().map(without_seconds).collect::<Vec<_>>();
    assert_eq!(lines(&again), lines(&results));

    // A whole line that is no result is no piece that is still to be done.
    room.write("out/results.csv", format!("{results}toy,0,forest,0.9\n"));
    let ran = room.run(&args);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err
            .contains("results.csv, line 4: \"toy,0,forest,0.9\" is no result"),
        "{}",
        ran.err
    );
}
