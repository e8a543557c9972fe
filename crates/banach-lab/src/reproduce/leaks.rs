//! Nothing of the paper's experiments is learned from test rows or chosen by them: what was chosen stays when
//! test rows change, also where labels are noise and every small difference would choose anew.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use banach_kernels::random::{Purpose, Stream};
use banach_nn::{Loss, NetworkKind};

use super::uci::{Contender, Way, run_set};
use super::{ExperimentResult, Grid, Protocol, Run, htru2, tox21};
use crate::baselines::{Baseline, Matrix};
use crate::datasets::{Htru2, Tox21};

const KINDS: [NetworkKind; 3] = [NetworkKind::Snn, NetworkKind::Msra, NetworkKind::BatchNorm];

const CLASSES: Loss = Loss::CrossEntropy {
    label_smoothing: 0.0,
};

fn run() -> Run<'static> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    Run {
        threads: 1,
        until: None,
        interrupt: &NEVER,
        seed: 0,
        observe: &|_| {},
    }
}

fn grid() -> Grid {
    Grid {
        widths: vec![8],
        layers: vec![2, 3],
        ..Grid::htru2_quick()
    }
}

/// Numbers of `n_columns` features.
fn numbers(n_rows: usize, n_columns: usize) -> Matrix {
    let mut values = vec![0.0; n_rows * n_columns];
    Stream::new(17, Purpose::Split, 5, 0).fill_normal(&mut values, 1.0);
    Matrix::new(n_rows, n_columns, values).unwrap()
}

/// Labels that features say nothing about.
fn noise(n: usize) -> Vec<u32> {
    let stream = Stream::new(17, Purpose::Split, 6, 0);
    (0..n).map(|at| stream.word(at as u32) & 1).collect()
}

/// The same with other numbers in some rows: far away, and in another order of their size.
fn moved(x: &Matrix, rows: &[u32]) -> Matrix {
    let mut values = x.values().to_vec();
    for &row in rows {
        let own = &mut values[row as usize * x.n_columns()..][..x.n_columns()];
        own.iter_mut().for_each(|value| *value *= -100.0);
    }
    Matrix::new(x.n_rows(), x.n_columns(), values).unwrap()
}

/// Hyperparameters and epochs, as they stand in a report.
fn chosen(results: &[ExperimentResult]) -> Vec<&str> {
    results.iter().map(|result| &*result.setting).collect()
}

fn scores(results: &[ExperimentResult]) -> Vec<Option<f64>> {
    results.iter().map(|result| result.score).collect()
}

/// Test rows change scores and nothing else; validation rows change what is chosen.
fn assert_only_measured_on(
    what: &str,
    before: &[ExperimentResult],
    other_test: &[ExperimentResult],
    other_valid: &[ExperimentResult],
) {
    assert_eq!(chosen(before), chosen(other_test), "{what}");
    assert_ne!(scores(before), scores(other_test), "{what}");
    assert_ne!(chosen(before), chosen(other_valid), "{what}");
}

#[test]
fn htru2_chooses_for_a_fold_by_the_fold_before_it() {
    let labels = noise(300);
    let set = Htru2 {
        x: numbers(300, 8),
        labels,
    };
    let fold_of = htru2::folds(&set.labels, run().seed);
    let protocol = Protocol::paper(CLASSES).with_epochs(10);
    for fold in [0, 4] {
        let rows = |wanted: usize| -> Vec<u32> {
            let own = (0..300).filter(|&row| fold_of[row as usize] == wanted);
            own.collect()
        };
        let results = |x: Matrix| {
            let set = Htru2 { x, ..set.clone() };
            htru2::run_fold(&set, fold, &KINDS, &grid(), &protocol, &run()).unwrap()
        };
        let before = results(set.x.clone());
        let other_test = results(moved(&set.x, &rows(fold)));
        let other_valid = results(moved(&set.x, &rows((fold + 9) % 10)));
        assert_only_measured_on(&format!("fold {fold}"), &before, &other_test, &other_valid);
    }
}

#[test]
fn tox21_chooses_by_its_validation_rows() {
    let parts = [0..200, 200..260, 260..320].map(|rows| rows.collect::<Vec<u32>>());
    let [train, valid, test] = parts;
    let set = Tox21 {
        x: numbers(320, 6),
        tasks: vec!["a".to_owned(), "b".to_owned()],
        labels: noise(640).into_iter().map(|label| label as f32).collect(),
        train,
        valid,
        test,
    };
    let protocol = Protocol::paper(Loss::BinaryCrossEntropy).with_epochs(10);
    let options = tox21::Options {
        width: 8,
        ..tox21::Options::QUICK
    };
    let results = |x: Matrix| {
        let set = Tox21 { x, ..set.clone() };
        let one = |kind| tox21::run_depth(&set, kind, 2, &options, &protocol, &run()).unwrap();
        KINDS.map(one)
    };
    let before = results(set.x.clone());
    let other_test = results(moved(&set.x, &set.test));
    let other_valid = results(moved(&set.x, &set.valid));
    assert_only_measured_on("tox21", &before, &other_test, &other_valid);
}

/// Writes a UCI set of four folds, in which fold F is validated on fold F + 1.
fn write_uci(folder: &Path, x: &Matrix, labels: &[u32]) {
    let lines = |line: &dyn Fn(usize) -> Vec<String>| -> String {
        let lines = (0..labels.len()).map(|row| line(row).join(",") + "\n");
        lines.collect()
    };
    let fold_of = |row: usize, shift: usize| {
        let is = |fold: usize| u8::from(row % 4 == (fold + shift) % 4).to_string();
        (0..4).map(is).collect()
    };
    std::fs::create_dir_all(folder).unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let number = |row: usize| x.row(row).iter().map(ToString::to_string).collect();
    write("noise_py.dat", lines(&number));
    write("labels_py.dat", lines(&|row| vec![labels[row].to_string()]));
    write("folds_py.dat", lines(&|row| fold_of(row, 0)));
    write("validation_folds_py.dat", lines(&|row| fold_of(row, 1)));
}

#[test]
fn uci_chooses_by_its_validation_rows() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("noise");
    let (x, labels) = (numbers(240, 6), noise(240));
    let fold: usize = 2;
    let rows = |shift: usize| -> Vec<u32> {
        let own = (0..240).filter(|row| row % 4 == (fold + shift) % 4);
        own.map(|row| row as u32).collect()
    };
    let protocol = Protocol::paper(CLASSES).with_epochs(10);
    let grid = grid();
    let contenders = KINDS.map(Contender::Network);
    for way in [Way::Grid(&grid, &protocol), Way::DefaultRecipe] {
        let results = |x: &Matrix| {
            write_uci(&folder, x, &labels);
            run_set(&folder, fold, &contenders, way, &run()).unwrap()
        };
        let before = results(&x);
        let other_test = results(&moved(&x, &rows(0)));
        let other_valid = results(&moved(&x, &rows(1)));
        assert_only_measured_on(&format!("{way:?}"), &before, &other_test, &other_valid);
    }
}

#[test]
fn other_methods_do_not_find_noise_in_the_rows_they_are_measured_on() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("noise");
    write_uci(&folder, &numbers(240, 6), &noise(240));
    let baselines = [Baseline::RandomForest, Baseline::Boosting];
    let contenders = baselines.map(Contender::Other);
    let mut sums = [0.0; 2];
    for fold in 0..4 {
        let results = run_set(&folder, fold, &contenders, Way::DefaultRecipe, &run()).unwrap();
        for (sum, result) in sums.iter_mut().zip(results) {
            *sum += result.score.unwrap() / 4.0;
        }
    }
    // Of 240 coins more than 0.62 are right once in ten thousand times.
    assert!(sums.iter().all(|&accuracy| accuracy < 0.62), "{sums:?}");
}
