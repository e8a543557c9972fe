//! What is fitted to training rows does not change when other rows do.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::io::Cursor;

use banach::data::{HoldOut, Table};
use banach::io::{ReadOptions, TableReader};
use banach::{Estimator, Model, Run, Settings};

const N: u32 = 200;

/// Numbers, a time, flags and categories, with missing cells, and targets of both kinds; in the `odd` rows others that are
/// far away, or that no other row has.
fn table(odd: impl Fn(u32) -> bool) -> Table {
    let mut csv = "a,amount,when,flag,colour,class,value\n".to_owned();
    for i in 0..N {
        let a = f64::from(i * 37 % 101) / 50.0 - 1.0;
        let amount = if i % 5 == 0 { i % 40 } else { 0 };
        let (day, flag) = (1 + i % 28, i % 3 == 0);
        let colour = ["red", "green", "blue"][i as usize % 3];
        let class = ["yes", "no"][usize::from(a > 0.1)];
        let value = 100.0 + 10.0 * a;
        let line = if odd(i) {
            let class = ["yes", "no"][usize::from(a < 0.1)];
            format!(
                "{},,1950-02-{day:02},,purple,{class},{}",
                1e4 + a,
                -1e5 * value
            )
        } else if i % 11 == 0 {
            format!(",{amount},2024-03-{day:02},{flag},,{class},{value}")
        } else {
            format!("{a},{amount},2024-03-{day:02},{flag},{colour},{class},{value}")
        };
        writeln!(csv, "{line}").unwrap();
    }
    let csv = Box::new(Cursor::new(csv));
    let reader = TableReader::from_reader("t.csv", csv, &ReadOptions::default()).unwrap();
    reader.read().unwrap()
}

fn settings(more: &str) -> Settings {
    let small = "layers = 2\nwidth = 16\nepochs = 6\nmin_category_count = 1\n";
    Settings::from_toml(&format!("{small}{more}"), "s").unwrap()
}

const TARGETS: [&str; 3] = [
    "target = ['class']\ndrop = ['value']",
    "target = ['class']\ndrop = ['value']\nclass_weight = 'balanced'",
    "target = ['value']\ndrop = ['class']\nscaling = 'standard'",
];

/// The network's parameters as bits.
fn parameters(model: &Model) -> Vec<u32> {
    let banach::model::MemberKind::Network(network) = &model.members()[0].kind else {
        panic!("not a network")
    };
    network.parameters().iter().map(|p| p.to_bits()).collect()
}

#[test]
fn validation_rows_choose_the_epoch_and_nothing_else() {
    let of_kind = |valid: bool| (0..N).filter(|row| (row % 4 == 1) == valid).collect();
    let rows = HoldOut {
        train: of_kind(false),
        valid: of_kind(true),
    };
    for target in TARGETS {
        let settings = settings(&format!("{target}\nstopping = 'last'"));
        let fit = |table: &Table| {
            let estimator = Estimator::new(settings.clone()).unwrap();
            let fitted = estimator.fit_divided(table, &rows, &Run::default());
            fitted.unwrap().model
        };
        let (plain, odd) = (fit(&table(|_| false)), fit(&table(|row| row % 4 == 1)));
        assert_eq!(plain.encoders(), odd.encoders(), "{target}");
        assert_eq!(plain.target(), odd.target(), "{target}");
        assert!(parameters(&plain) == parameters(&odd), "{target}");
        let loss = |model: &Model| model.members()[0].training.clone();
        assert_ne!(loss(&plain), loss(&odd), "{target}: they are measured on");
    }
}

#[test]
fn rows_that_are_left_out_do_not_count_at_all() {
    let rows: Vec<u32> = (0..N).filter(|row| row % 4 != 1).collect();
    for target in TARGETS {
        let fit = |table: &Table| {
            let estimator = Estimator::new(settings(target)).unwrap();
            let fitted = estimator.fit_rows(table, &rows, &Run::default());
            fitted.unwrap().model.to_bytes().unwrap()
        };
        assert!(
            fit(&table(|_| false)) == fit(&table(|row| row % 4 == 1)),
            "{target}"
        );
    }
}
