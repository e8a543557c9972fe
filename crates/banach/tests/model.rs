//! From a table to a model file and back, through the library.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use banach::data::Table;
use banach::io::{ReadOptions, TableReader};
use banach::{
    CrossValidationOptions, Error, Estimator, Evaluator, Event, FoldResult, Folds, Model,
    PredictOptions, Predictions, Predictor, Run, Settings,
};

fn table(csv: String) -> Table {
    let reader =
        TableReader::from_reader("t.csv", Box::new(Cursor::new(csv)), &ReadOptions::default());
    reader.unwrap().read().unwrap()
}

/// Numbers, a category, missing cells, a weight and a target of each kind, all functions of the row.
fn rows(n: usize) -> String {
    let mut csv = "a,b,colour,w,class,value,l1,l2\n".to_owned();
    for i in 0..n {
        let a = ((i * 37) % 101) as f64 / 50.0 - 1.0;
        let b = ((i * 53) % 89) as f64 / 44.0 - 1.0;
        let colour = ["red", "green", "blue"][i % 3];
        let class = if a + b > 0.3 {
            "yes"
        } else if a - b > 0.2 {
            "maybe"
        } else {
            "no"
        };
        let (l1, l2) = (u8::from(a > 0.1), u8::from(b > 0.0));
        let l2 = if i % 7 == 0 {
            String::new()
        } else {
            l2.to_string()
        };
        let b_text = if i % 11 == 0 {
            "NA".to_owned()
        } else {
            b.to_string()
        };
        let w = 1 + i % 3;
        csv += &format!(
            "{a},{b_text},{colour},{w},{class},{},{l1},{l2}\n",
            100.0 + 10.0 * a * b
        );
    }
    csv
}

/// Settings over those of a network that trains in no time.
fn settings(toml: &str) -> Settings {
    let small = Settings::from_toml("layers = 2\nwidth = 16\nepochs = 8", "s").unwrap();
    Settings::from_toml(toml, "s").unwrap().or(small)
}

/// A predictor with some threads.
fn predictor(model: &Model, threads: usize) -> Predictor {
    let options = PredictOptions::default().threads(threads);
    model.predictor(&options).unwrap()
}

fn fit(toml: &str, n: usize) -> Model {
    let estimator = Estimator::new(settings(toml)).unwrap();
    estimator
        .fit(table(rows(n)), &Run::default())
        .unwrap()
        .model
}

const TASKS: [(&str, &str); 4] = [
    (
        "multiclass",
        "target = ['class']\nweight = 'w'\ndrop = ['value', 'l1', 'l2']",
    ),
    (
        "regression",
        "target = ['value']\ndrop = ['class', 'l1', 'l2']",
    ),
    (
        "multilabel",
        "target = ['l1', 'l2']\ndrop = ['class', 'value']",
    ),
    (
        "binary",
        "target = ['l1']\nclass_weight = 'balanced'\ndrop = ['class', 'value', 'l2']",
    ),
];

#[test]
fn a_model_of_every_task_predicts_the_same_bits_after_a_round_trip() {
    for (task, toml) in TASKS {
        let model = fit(toml, 200);
        assert_eq!(model.task().name(), task);
        let read = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(read, model, "{task}");
        assert_eq!(read.to_bytes().unwrap(), model.to_bytes().unwrap());
        let table = table(rows(50));
        let predict = |model: &Model| predictor(model, 1).predict(&table).unwrap().0;
        let predictions = predict(&model);
        assert_eq!(predictions, predict(&read), "{task}");
        assert_eq!(predictions.n_rows(), 50);
        let columns = Predictions::columns(model.target());
        assert_eq!(
            columns.len(),
            predictions.values(model.target()).len(),
            "{task}"
        );
    }
}

const NETWORKS: [&str; 8] = [
    "network = 'snn'",
    "network = 'msra'",
    "network = 'batchnorm'",
    "network = 'layernorm'",
    "network = 'weightnorm'",
    "network = 'highway'",
    "network = 'resnet'",
    "network = 'resnet'\nblock = 3\nbottleneck = 0.5",
];

/// Settings of each network, with dropout.
fn network_settings(network: &str) -> Settings {
    let width = if network.contains("highway") {
        ""
    } else {
        "width = 16\n"
    };
    let toml = format!(
        "target = ['class']\ndrop = ['value', 'l1', 'l2']\nlayers = 2\nepochs = 4\ndropout = 0.1\n\
         {width}{network}"
    );
    Settings::from_toml(&toml, "s").unwrap()
}

#[test]
fn a_model_of_every_network_predicts_the_same_bits_after_a_round_trip() {
    let all = table(rows(200));
    for network in NETWORKS {
        let fit = |threads| {
            let run = Run {
                threads,
                ..Run::default()
            };
            let estimator = Estimator::new(network_settings(network)).unwrap();
            estimator.fit(table(rows(200)), &run).unwrap().model
        };
        let model = fit(1);
        let bytes = model.to_bytes().unwrap();
        assert!(fit(3).to_bytes().unwrap() == bytes, "{network}");
        let read = Model::from_bytes(&bytes).unwrap();
        assert_eq!(read, model, "{network}");
        let predict = |model: &Model, threads| predictor(model, threads).predict(&all).unwrap().0;
        assert_eq!(predict(&model, 1), predict(&read, 3), "{network}");
    }
}

#[test]
fn weights_of_weight_normalization_are_inspected_as_they_are_used() {
    let estimator = Estimator::new(network_settings("network = 'weightnorm'")).unwrap();
    let model = estimator.fit(table(rows(100)), &Run::default()).unwrap();
    let model = model.model;
    let inspection = model.inspect(None).unwrap();
    let network = model.members()[0].as_network().unwrap();
    let gains = network.tensors().iter();
    let gains = gains.filter(|info| info.name.ends_with("gain"));
    for (layer, info) in inspection.members[0].layers.iter().zip(gains) {
        let squares = network.tensor(info).iter();
        let squares = squares.map(|&gain| f64::from(gain).powi(2));
        let range = squares.fold([f64::INFINITY, 0.0], |[low, high], square| {
            [low.min(square), f64::max(high, square)]
        });
        for (tau, square) in layer.tau.iter().zip(range) {
            // A few roundings to 32 bits.
            assert!((tau / square - 1.0).abs() < 1e-6, "{tau} {square}");
        }
    }
}

#[test]
fn what_was_learned_is_better_than_chance() {
    let model = fit(
        "target = ['class']\ndrop = ['value', 'l1', 'l2', 'w']\nepochs = 40\nlr = 0.01",
        600,
    );
    let all = table(rows(600));
    let evaluation = predictor(&model, 1).evaluate(&all, None).unwrap();
    let accuracy = evaluation.metrics.entries()[0].1.unwrap();
    assert!(accuracy > 0.9, "accuracy {accuracy}");
    assert_eq!(evaluation.rows, 600);
}

#[test]
fn threads_do_not_change_the_model() {
    for (task, toml) in TASKS {
        let bytes = |threads| {
            let run = Run {
                threads,
                ..Run::default()
            };
            let estimator = Estimator::new(settings(toml)).unwrap();
            estimator
                .fit(table(rows(150)), &run)
                .unwrap()
                .model
                .to_bytes()
                .unwrap()
        };
        let one = bytes(1);
        assert!(one == bytes(2) && one == bytes(4), "{task}");
    }
}

#[test]
fn a_fit_interrupted_anywhere_and_resumed_is_the_fit_that_was_not() {
    let toml = "target = ['class']\ndrop = ['value', 'l1', 'l2']\nrefit = true\ndropout = 0.1";
    let estimator = Estimator::new(settings(toml)).unwrap();
    let whole = estimator
        .fit(table(rows(150)), &Run::default())
        .unwrap()
        .model;
    let folder = tempfile::tempdir().unwrap();
    let mut resume = false;
    let mut n_runs = 0;
    let resumed = loop {
        let (interrupt, steps) = (AtomicBool::new(false), AtomicUsize::new(0));
        let observe = |event: Event<'_>| {
            // Eleven steps reach a little beyond an epoch and its checkpoint.
            if let Event::Step { .. } = event
                && steps.fetch_add(1, Ordering::Relaxed) == 10
            {
                interrupt.store(true, Ordering::Relaxed);
            }
        };
        let run = Run {
            folder: Some(folder.path().to_owned()),
            resume,
            interrupt: &interrupt,
            observe: &observe,
            ..Run::default()
        };
        let fitted = estimator.fit(table(rows(150)), &run).unwrap();
        n_runs += 1;
        assert!(n_runs < 200, "no progress between interruptions");
        resume = folder.path().join("checkpoint.safetensors").exists();
        if !fitted.interrupted {
            break fitted.model;
        }
    };
    assert!(n_runs > 3, "only {n_runs} runs: nothing was resumed");
    assert!(resumed.to_bytes().unwrap() == whole.to_bytes().unwrap());
    let log = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
    assert_eq!(
        log.lines().count(),
        8 + whole.members()[0].training.best_epoch
    );
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = |resume| Run {
        folder: Some(folder.path().to_owned()),
        resume,
        ..Run::default()
    };
    let toml = "target = ['class']\ndrop = ['value', 'l1', 'l2']";
    let fit = |toml: &str, n: usize, resume: bool| {
        Estimator::new(settings(toml))
            .unwrap()
            .fit(table(rows(n)), &run(resume))
    };
    let error = fit(toml, 100, true).unwrap_err();
    assert!(matches!(error, Error::NoCheckpoint { .. }), "{error}");
    fit(toml, 100, false).unwrap();
    let error = fit(&format!("{toml}\nlr = 0.3"), 100, true).unwrap_err();
    assert!(error.to_string().contains("the settings differ"), "{error}");
    let error = fit(toml, 101, true).unwrap_err();
    assert!(error.to_string().contains("the table differs"), "{error}");
    fit(toml, 100, true).unwrap();
}

#[test]
fn validation_rows_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("valid.csv");
    std::fs::write(&path, rows(40)).unwrap();
    let toml = format!("target = ['value']\ndrop = ['class', 'l1', 'l2']\nvalid = {path:?}");
    let training = fit(&toml, 120).training().clone();
    assert_eq!((training.train_rows, training.valid_rows), (120, 40));
}

#[test]
fn sample_weights_count_like_repeated_rows_in_the_metrics() {
    let model = fit("target = ['class']\ndrop = ['value', 'l1', 'l2', 'w']", 100);
    let text = rows(60);
    let repeated = text.lines().enumerate().flat_map(|(line, row)| {
        let times = if line == 0 { 1 } else { 1 + (line - 1) % 3 };
        std::iter::repeat_n(row.to_owned() + "\n", times)
    });
    let (weighted, repeated) = (table(text.clone()), table(repeated.collect()));
    let predictor = predictor(&model, 1);
    let a = predictor.evaluate(&weighted, Some("w")).unwrap();
    let b = predictor.evaluate(&repeated, None).unwrap();
    for ((name, a), (_, b)) in a.metrics.entries().into_iter().zip(b.metrics.entries()) {
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!((a - b).abs() < 1e-9, "{name}: {a} {b}");
    }
}

#[test]
fn a_piece_of_rows_may_weigh_nothing_but_not_all_of_them() {
    let model = fit("target = ['value']\ndrop = ['class', 'l1', 'l2', 'w']", 60);
    let evaluate = |weights: [u8; 2]| {
        // More rows than are scored at a time; the weights are those of the first and the other rows.
        let row = |i: usize| {
            format!(
                "{},0,red,{},{i}\n",
                i % 9,
                weights[usize::from(i >= 70_000)]
            )
        };
        let text = "a,b,colour,w,value\n".to_owned() + &(0..140_000).map(row).collect::<String>();
        let options = ReadOptions::default();
        let reader = TableReader::from_reader("t.csv", Box::new(Cursor::new(text)), &options);
        let (predictor, mut reader) = (predictor(&model, 1), reader.unwrap());
        let mut evaluator = Evaluator::new(&predictor, Some("w"));
        let mut parts = 0;
        while let Some(part) = reader.next_table(60_000).unwrap() {
            evaluator.add(&part).unwrap();
            parts += 1;
        }
        assert!(parts > 1, "the table came in one part");
        evaluator.finish()
    };
    let first_half = evaluate([1, 0]).unwrap();
    assert_eq!(first_half.rows, 140_000);
    assert_ne!(first_half.metrics, evaluate([1, 1]).unwrap().metrics);
    assert!(matches!(
        evaluate([0, 0]),
        Err(banach::model::Error::Metrics(_))
    ));
}

/// Rows in time, a line each: `day,a,value,class`, where nothing but `a` says what value and class are.
fn days(n: usize) -> Vec<String> {
    let day = |i: usize| {
        let a = ((i * 37) % 101) as f64 / 50.0 - 1.0;
        let class = if (i * i) % 7 < 4 { "yes" } else { "no" };
        // Three rows a day, in no order.
        format!("{},{a},{},{class}", ((i * 31) % n) / 3, a * 10.0 + 5.0)
    };
    (0..n).map(day).collect()
}

fn of_days(lines: &[String]) -> Table {
    table(format!("day,a,value,class\n{}\n", lines.join("\n")))
}

fn by_number(folds: usize, repeats: usize) -> Folds {
    Folds::Number { folds, repeats }
}

#[test]
fn a_fold_s_model_is_a_function_of_its_training_rows() {
    let toml = |split: &str| format!("target = ['value']\ndrop = ['class']\n{split}");
    for split in [
        "split = 'random'",
        "split = 'group=day'",
        "split = 'time=day'",
        "split = 'time=day'\ngap = 4",
        "split = 'random'\nrefit = true",
    ] {
        let estimator = Estimator::new(settings(&toml(split))).unwrap();
        let run = |lines: &[String]| {
            let options = CrossValidationOptions::new(by_number(3, 1)).keep_models();
            let table = of_days(lines);
            let plan = estimator.plan_folds(&table, &options.folds).unwrap();
            let result = estimator.cross_validate(&table, &options, &Run::default());
            let result = result.unwrap();
            let bytes = |model: &Model| model.to_bytes().unwrap();
            let models: Vec<Vec<u8>> = result.models.iter().map(bytes).collect();
            (plan, models)
        };
        let lines = days(90);
        let (plan, models) = run(&lines);
        for row in [0, 17, 44, 60, 89] {
            let mut changed = lines.clone();
            let cells: Vec<&str> = lines[row].split(',').collect();
            changed[row] = format!("{},{},333,{}", cells[0], -0.75, cells[3]);
            let (same_plan, others) = run(&changed);
            assert_eq!(plan.folds, same_plan.folds);
            for ((fold, model), other) in plan.folds.iter().zip(&models).zip(&others) {
                let trains = fold.train.contains(&(row as u32));
                assert_eq!(
                    model != other,
                    trains,
                    "{split}, row {row}, fold {}",
                    fold.name
                );
            }
        }
    }
}

#[test]
fn folds_are_scored_on_their_test_rows_by_a_model_of_their_training_rows() {
    let all = of_days(&days(120));
    for (toml, folds) in [
        ("target = ['class']\nsplit = 'random'", by_number(4, 2)),
        ("target = ['class']", by_number(3, 1)),
        ("target = ['value']\nsplit = 'group=day'", by_number(3, 1)),
        ("target = ['value']\nsplit = 'time=day'", by_number(4, 1)),
        (
            "target = ['value']\nsplit = 'time=day'\ngap = 3",
            by_number(4, 1),
        ),
        ("target = ['value']", Folds::Column("class".to_owned())),
    ] {
        let estimator = Estimator::new(settings(toml)).unwrap();
        let plan = estimator.plan_folds(&all, &folds).unwrap();
        let options = CrossValidationOptions::new(folds.clone());
        let result = estimator.cross_validate(&all, &options, &Run::default());
        let result = result.unwrap();
        // The folds' settings know that the fold column is no feature.
        let estimator = Estimator::new(plan.settings.clone()).unwrap();
        for (rows, fold) in plan.folds.iter().zip(&result.folds) {
            assert!(rows.test.iter().all(|row| !rows.train.contains(row)));
            let fitted = estimator.fit_rows(&all, &rows.train, &Run::default());
            let predictor = predictor(&fitted.unwrap().model, 1);
            let evaluation = predictor.evaluate_rows(&all, &rows.test, None).unwrap();
            assert_eq!(fold.metrics(), Some(&evaluation.metrics), "{toml}");
            assert_eq!(
                (fold.rows, fold.train_rows),
                (rows.test.len(), rows.train.len())
            );
        }
    }
}

#[test]
fn labels_of_noise_are_not_predicted_better_than_chance() {
    // A model that had learned its test rows would know them: the network is large enough for that.
    let noise = |i: u64| {
        let mixed = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 40) as f64 / (1 << 24) as f64
    };
    let line = |i: u64| {
        let class = if noise(i + 70_000) < 0.5 { "in" } else { "out" };
        let features = (1..=20).map(|column| noise(i + column * 1000).to_string());
        let features: Vec<String> = features.collect();
        format!("{i},{},{class}\n", features.join(","))
    };
    let names: Vec<String> = (1..=20).map(|column| format!("x{column}")).collect();
    let head = format!("t,{},class\n", names.join(","));
    let csv = head + &(0..300).map(line).collect::<String>();
    let all = table(csv);
    for split in ["random", "stratified", "time=t"] {
        let toml = format!(
            "target = ['class']\ndrop = ['t']\nsplit = '{split}'\nwidth = 64\nepochs = 60\n\
             stopping = 'last'\nlr = 0.01\ndropout = 0.0"
        );
        let estimator = Estimator::new(settings(&toml)).unwrap();
        let learned = estimator.fit_rows(&all, &all.all_rows(), &Run::default());
        let learned = predictor(&learned.unwrap().model, 1).evaluate(&all, None);
        let accuracy = learned.unwrap().metrics.entries()[0].1.unwrap();
        assert!(
            accuracy > 0.8,
            "{split}: only {accuracy} of the training rows"
        );
        let options = CrossValidationOptions::new(by_number(3, 1));
        let result = estimator.cross_validate(&all, &options, &Run::default());
        let accuracy = result.unwrap().summary[0].mean.unwrap();
        assert!((0.4..0.6).contains(&accuracy), "{split}: {accuracy}");
    }
}

#[test]
fn validation_rows_of_a_time_fold_are_the_latest_of_its_training_rows() {
    let toml = "target = ['value']\nsplit = 'time=day'\ngap = 2\nstopping = 'best'";
    let estimator = Estimator::new(settings(toml)).unwrap();
    let lines = days(120);
    let all = of_days(&lines);
    let options = CrossValidationOptions::new(by_number(3, 1)).keep_models();
    let plan = estimator.plan_folds(&all, &options.folds).unwrap();
    let result = estimator
        .cross_validate(&all, &options, &Run::default())
        .unwrap();
    let day = |row: &u32| {
        lines[*row as usize]
            .split(',')
            .next()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(plan.untested, 30);
    for (fold, model) in plan.folds.iter().zip(&result.models) {
        let training = model.training();
        let mut days: Vec<u32> = fold.train.iter().map(day).collect();
        days.sort_unstable();
        // The last fifth of the rows, from the beginning of a day on; two days before it are left out.
        let first_valid = days[days.len() - training.valid_rows];
        let trained = days.iter().filter(|&&day| day + 2 < first_valid).count();
        assert!((training.valid_rows as f64 / days.len() as f64 - 0.2).abs() < 0.05);
        assert_eq!(training.train_rows, trained);
        let first_test = fold.test.iter().map(day).min().unwrap();
        assert_eq!(days.last().map(|last| last + 3), Some(first_test));
    }
}

#[test]
fn a_fold_of_which_nothing_can_be_learned_is_not_scored_and_the_others_are() {
    // The first half of the time has one value.
    let line = |i: usize| {
        let value = if i < 60 { 5 } else { i * 7 % 13 };
        format!("{i},{},{value}\n", i * 7 % 13)
    };
    let rows: String = (0..120).map(line).collect();
    let all = table("t,a,y\n".to_owned() + &rows);
    let toml = "target = ['y']\ntask = 'regression'\nsplit = 'time=t'";
    let estimator = Estimator::new(settings(toml)).unwrap();
    let result = |folds: usize| {
        let options = CrossValidationOptions::new(by_number(folds, 1)).keep_models();
        estimator.cross_validate(&all, &options, &Run::default())
    };
    let three = result(3).unwrap();
    let scored: Vec<bool> = three
        .folds
        .iter()
        .map(|fold| fold.metrics().is_some())
        .collect();
    assert_eq!(scored, [false, false, true]);
    assert_eq!(three.models.len(), 1);
    let FoldResult::NotScored { not_scored } = &three.folds[0].result else {
        panic!("{:?}", three.folds[0]);
    };
    assert!(
        not_scored.contains("single value \"5\" in 24 rows"),
        "{not_scored}"
    );
    let spread = &three.summary[0];
    assert_eq!(
        (spread.name.as_str(), spread.n, spread.std),
        ("rmse", 1, None)
    );
    assert_eq!(
        spread.mean,
        three.folds[2].metrics().unwrap().entries()[0].1
    );

    // Where no fold can be scored there is no result.
    let toml = "target = ['y']\ntask = 'regression'\nsplit = 'time=t'";
    let rows: String = (0..120)
        .map(|i| format!("{i},{i},{}\n", usize::from(i > 110)))
        .collect();
    let all = table("t,a,y\n".to_owned() + &rows);
    let options = CrossValidationOptions::new(by_number(3, 1));
    let estimator = Estimator::new(settings(toml)).unwrap();
    let error = estimator
        .cross_validate(&all, &options, &Run::default())
        .unwrap_err();
    assert!(error.to_string().starts_with("fold 1: "), "{error}");
}

#[test]
fn folds_by_time_are_not_repeated() {
    let toml = "target = ['value']\nsplit = 'time=day'";
    let estimator = Estimator::new(settings(toml)).unwrap();
    let error = estimator
        .plan_folds(&of_days(&days(60)), &by_number(3, 2))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "repeats must be 1 with a split by time, whose folds are always the same, got 2"
    );
    let toml = "target = ['value']\ngap = '7d'";
    let error = Estimator::new(settings(toml)).unwrap_err().to_string();
    assert_eq!(
        error,
        "gap must be left out unless split is time=COLUMN, got 7d"
    );
}

#[test]
fn folds_do_not_depend_on_threads() {
    let toml = "target = ['class']\ndrop = ['value', 'l1', 'l2', 'w']";
    let estimator = Estimator::new(settings(toml)).unwrap();
    let all = table(rows(120));
    let folds = CrossValidationOptions::new(Folds::Number {
        folds: 4,
        repeats: 2,
    });
    let run = |threads| Run {
        threads,
        ..Run::default()
    };
    let one = estimator.cross_validate(&all, &folds, &run(1)).unwrap();
    assert_eq!(one.folds.len(), 8);
    assert_eq!(one.folds.iter().map(|fold| fold.rows).sum::<usize>(), 240);
    assert_eq!(
        one,
        estimator.cross_validate(&all, &folds, &run(3)).unwrap()
    );
    let accuracy = &one.summary[0];
    let values: Vec<f64> = one
        .folds
        .iter()
        .map(|fold| fold.metrics().unwrap().entries()[0].1.unwrap())
        .collect();
    let mean = values.iter().sum::<f64>() / 8.0;
    assert_eq!(accuracy.name, "accuracy");
    assert!((accuracy.mean.unwrap() - mean).abs() < 1e-12);
    let by_column = CrossValidationOptions::new(Folds::Column("colour".to_owned()));
    let by_column = estimator.cross_validate(&all, &by_column, &run(2)).unwrap();
    let names: Vec<&str> = by_column
        .folds
        .iter()
        .map(|fold| fold.fold.as_str())
        .collect();
    assert_eq!(names, ["blue", "green", "red"]);
}

#[test]
fn a_network_too_large_for_memory_is_refused_before_it_is_built() {
    let toml = "target = ['class']\ndrop = ['value', 'l1', 'l2']";
    let settings = settings(toml).width(1_000_000).layers(200);
    let error = Estimator::new(settings)
        .unwrap()
        .fit(table(rows(60)), &Run::default());
    let error = error.unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    assert!(error.to_string().contains("MB"), "{error}");
}

#[test]
fn selu_keeps_the_fixed_point_that_was_asked_for() {
    let all = table(rows(500));
    for (mean, variance) in [(0.0, 2.0), (0.5, 2.0)] {
        let toml = format!(
            "target = ['class']\ndrop = ['value', 'l1', 'l2']\nscaling = 'standard'\nlr = 1e-9\n\
             dropout = 0.0\nfixed_point = '{mean},{variance}'"
        );
        let settings = settings(&toml).width(512).layers(6);
        let estimator = Estimator::new(settings).unwrap();
        let model = estimator
            .fit_rows(&all, &all.all_rows(), &Run::default())
            .unwrap()
            .model;
        let inspection = model.inspect(Some(&all)).unwrap();
        // Few and dependent inputs and finite widths move the moments, but not to SELU's usual (0, 1).
        for layer in &inspection.members[0].layers[..6] {
            let moments = layer.moments.unwrap();
            assert!((moments.mean - mean).abs() < 0.2, "{mean} {moments:?}");
            assert!(
                (moments.variance - variance).abs() < 0.6,
                "{mean} {moments:?}"
            );
        }
    }
}

#[test]
fn models_of_folds_that_are_kept_are_one_model_in_one_file() {
    let toml = "target = ['value']\ndrop = ['class', 'l1', 'l2', 'w']";
    let estimator = Estimator::new(settings(toml)).unwrap();
    let all = table(rows(150));
    let folds = Folds::Number {
        folds: 3,
        repeats: 1,
    };
    let options = CrossValidationOptions::new(folds.clone()).keep_models();
    let run = Run::default();
    let kept = estimator.cross_validate(&all, &options, &run).unwrap();
    let without = CrossValidationOptions::new(folds);
    let without = estimator.cross_validate(&all, &without, &run).unwrap();
    assert!(without.models.is_empty());
    assert_eq!(without.folds, kept.folds);
    let ensemble = Model::ensemble(kept.models.clone()).unwrap();
    let read = Model::from_bytes(&ensemble.to_bytes().unwrap()).unwrap();
    assert_eq!(read.members().len(), 3);
    let values = |model: &Model| match predictor(model, 2).predict(&all).unwrap().0 {
        Predictions::Values(values) => values,
        other => panic!("{other:?}"),
    };
    let parts: Vec<_> = kept.models.iter().map(values).collect();
    for (row, got) in values(&read).into_iter().enumerate() {
        // Each fold has a mean and deviation of its own: the average is in the target's units.
        let mean = parts.iter().map(|part| part[row]).sum::<f64>() / 3.0;
        assert!(
            (got - mean).abs() < 1e-9 * mean.abs(),
            "{row}: {got} {mean}"
        );
    }
}

#[test]
fn settings_of_a_model_are_a_recipe_again() {
    let model = fit("target = ['class']\ndrop = ['value', 'l1', 'l2']", 60);
    let settings = Settings::from_json(model.settings()).unwrap();
    let again = Estimator::new(settings).unwrap();
    let again = again.fit(table(rows(60)), &Run::default()).unwrap().model;
    assert!(again.to_bytes().unwrap() == model.to_bytes().unwrap());
    // A file of someone else may have any settings; a model predicts without them.
    let mut parts = model.into_parts();
    parts.settings.insert("leyers".to_owned(), 1.into());
    let model = Model::new(parts).unwrap();
    let error = Settings::from_json(model.settings()).unwrap_err();
    assert!(error.to_string().contains("leyers"), "{error}");
}

#[test]
fn damaged_model_files_are_errors_and_never_panics() {
    let bytes = fit("target = ['class']\ndrop = ['value', 'l1', 'l2']", 60)
        .to_bytes()
        .unwrap();
    let model = Model::from_bytes(&bytes).unwrap();
    let start = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    // Every 7th byte in turn becomes another: texts, lengths, offsets, numbers.
    for at in (0..bytes.len()).step_by(7) {
        for change in [1_u8, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            if let Ok(read) = Model::from_bytes(&damaged) {
                assert!(at < start && read == model, "byte {at}");
            }
        }
    }
    for length in (0..bytes.len()).step_by(101) {
        assert!(Model::from_bytes(&bytes[..length]).is_err());
    }
}
