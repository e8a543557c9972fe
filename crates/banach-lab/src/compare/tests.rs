use banach::metrics::{Metrics, ValueMetrics};

use super::*;
use crate::statistics::Better;

fn cell(method: &'static str, fold: usize, rmse: f64) -> Cell {
    Cell {
        method,
        fold: fold.to_string(),
        result: CellResult::Done {
            metrics: Metrics::Values(ValueMetrics {
                rmse,
                mae: rmse,
                r2: None,
            }),
            seconds: 2.0,
            notes: Vec::new(),
        },
    }
}

fn lost(method: &'static str, fold: usize, result: CellResult) -> Cell {
    Cell {
        method,
        fold: fold.to_string(),
        result,
    }
}

fn named(names: &[&str]) -> Vec<&'static Method> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    methods(&names).unwrap()
}

#[test]
fn only_complete_folds_count_and_the_best_comes_first() {
    let methods = named(&["snn", "knn", "linear"]);
    let mut cells = Vec::new();
    for fold in 1..=5 {
        let worse = fold as f64;
        cells.extend([
            cell("snn", fold, 3.0),
            cell("knn", fold, 3.0 + worse),
            cell("linear", fold, 1.0),
        ]);
    }
    // A sixth fold that is not whole, although it would change everything.
    cells.extend([
        cell("snn", 6, 0.0),
        lost("knn", 6, CellResult::Missing),
        lost("linear", 6, CellResult::Missing),
    ]);
    let ranking = Ranking::new(&methods, &cells, Metric::Rmse).unwrap();
    assert_eq!(ranking.complete_folds, ["1", "2", "3", "4", "5"]);
    let order: Vec<&str> = ranking.methods.iter().map(|method| method.method).collect();
    assert_eq!(order, ["linear", "snn", "knn"]);
    let [best, snn, knn] = &ranking.methods[..] else {
        unreachable!()
    };
    assert_eq!(
        (best.mean, best.std, best.rank, best.p),
        (Some(1.0), Some(0.0), Some(1.0), None)
    );
    assert_eq!(
        (snn.mean, snn.rank, snn.seconds),
        (Some(3.0), Some(2.0), Some(2.0))
    );
    assert_eq!((knn.mean, knn.rank), (Some(6.0), Some(3.0)));
    // Five pairs that all differ one way, two tests: 2 / 2^5, doubled by Holm.
    assert_eq!((snn.p, snn.p_holm), (Some(0.0625), Some(0.125)));
    // Ranks 1, 2, 3 on all five folds: 12 / (5 * 3 * 4) (25 + 100 + 225) - 3 * 5 * 4.
    assert!((ranking.friedman.unwrap().statistic - 10.0).abs() < 1e-12);
    assert!((ranking.critical_difference.unwrap() - 1.4822).abs() < 1e-3);
}

#[test]
fn a_method_that_fails_is_named_and_the_others_are_ranked() {
    let methods = named(&["svm", "knn"]);
    let failed = CellResult::Failed {
        reason: "no".to_owned(),
    };
    let cells = [
        lost("svm", 1, failed),
        cell("knn", 1, 1.0),
        cell("svm", 2, 0.5),
        cell("knn", 2, 1.0),
    ];
    let ranking = Ranking::new(&methods, &cells, Metric::Rmse).unwrap();
    assert_eq!(ranking.methods[0].method, "knn");
    assert_eq!(ranking.methods[1].failed.as_deref(), Some("fold 1: no"));
    assert_eq!(
        (ranking.methods[1].mean, ranking.complete_folds.len()),
        (None, 2)
    );
    // A metric that is not defined leaves no fold, and nothing is made up.
    let ranking = Ranking::new(&methods, &cells, Metric::R2).unwrap();
    assert!(ranking.complete_folds.is_empty() && ranking.methods[0].mean.is_none());
}

#[test]
fn methods_and_metrics_are_known_by_name() {
    let text = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        methods(&names).unwrap_err().to_string()
    };
    let message = text(&["forrest"]);
    assert!(
        message.starts_with(
            "there is no method \"forrest\"; did you mean \"forest\"?; the methods are snn, "
        ),
        "{message}"
    );
    assert_eq!(text(&["knn", "knn"]), "method \"knn\" is named twice");
    assert_eq!(methods(&[]).unwrap().len(), METHODS.len());
    let error = Metric::Rmse.check(Task::Binary).unwrap_err().to_string();
    assert_eq!(
        error,
        "metric must be accuracy, balanced_accuracy, log_loss, auc, brier for the task binary, got rmse"
    );
    assert_eq!(
        (Metric::Rmse.better(), Metric::Auc.better()),
        (Better::Lower, Better::Higher)
    );
}

#[test]
fn no_method_finds_noise_in_the_rows_it_is_measured_on() {
    use banach::io::{ReadOptions, TableReader};
    use banach_kernels::random::{Purpose, Stream};

    const ROWS: usize = 240;
    let mut numbers = vec![0.0; ROWS * 6];
    Stream::new(17, Purpose::Split, 5, 0).fill_normal(&mut numbers, 1.0);
    let coins = Stream::new(17, Purpose::Split, 6, 0);
    let mut csv = "a,b,c,d,e,f,coin\n".to_owned();
    for (row, numbers) in numbers.chunks_exact(6).enumerate() {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let coin = ["heads", "tails"][(coins.word(row as u32) & 1) as usize];
        csv += &format!("{},{coin}\n", numbers.join(","));
    }
    let csv = Box::new(std::io::Cursor::new(csv));
    let reader = TableReader::from_reader("t.csv", csv, &ReadOptions::default()).unwrap();
    let table = reader.read().unwrap();
    // Long enough for a network to learn by heart what it should not see.
    let settings = "target = ['coin']\nlayers = 2\nwidth = 64\nepochs = 60\nlearning_rate = 0.01";
    let settings = Settings::from_toml(settings, "s").unwrap();
    let options = CompareOptions {
        methods: named(&["snn", "forest", "boosting", "svm", "knn", "linear"]),
        folds: Folds::Number {
            folds: 4,
            repeats: 1,
        },
        metric: None,
        budget: None,
    };
    let run = CompareRun {
        threads: 1,
        interrupt: &AtomicBool::new(false),
        observe: &|_, _, _| {},
    };
    let comparison = compare(&settings, &table, &options, &run).unwrap();
    for method in comparison.ranking.methods {
        let cells = comparison.cells.iter();
        let own = cells.filter(|cell| cell.method == method.method);
        let accuracy = own.map(|cell| match &cell.result {
            CellResult::Done { metrics, .. } => Metric::Accuracy.value(metrics).unwrap(),
            other => panic!("{}: {other:?}", method.method),
        });
        let accuracy = accuracy.sum::<f64>() / 4.0;
        // Of 240 coins more than 0.62 are right once in ten thousand times.
        assert!(accuracy < 0.62, "{}: {accuracy}", method.method);
    }
}
