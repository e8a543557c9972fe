//! Fits the default recipe to real tables and prints what it reaches on held-out rows.
//!
//! Usage: accuracy [--only NAME,..] [--seeds N] [--validation] [KEY=VALUE ...]
//!
//! BANACH_DATA names the data folder. Each table is split 80/20 (stratified) with the seeds 1..N, but
//! MNIST and Tox21 have official test rows. `--validation` leaves the test rows alone: it fits to 80%
//! of the other rows and measures on the rest. Settings (KEY=VALUE, as in a settings file) are to be
//! chosen with it.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::error::Error;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::time::Instant;

use banach::data::{Gap, HoldOut, Split, Splitter, Table, TargetEncoder};
use banach::io::{ReadOptions, TableReader, read_table};
use banach::{Estimator, Model, Run, Settings};

/// A table, what to predict, and the value to be reached.
struct Case {
    name: &'static str,
    file: &'static str,
    target: &'static str,
    drop: &'static [&'static str],
    metric: &'static str,
    at_least: f64,
}

const TESTS: &[&str] = &["test_0", "test_1", "test_2", "test_3", "test_4"];
const REPEATS: &[&str] = &["alive", "class", "who", "adult_male", "embark_town"];

#[rustfmt::skip]
const CASES: [Case; 9] = [
    Case { name: "adult", file: "csv/adult.csv", target: "income", drop: &[], metric: "auc", at_least: 0.905 },
    Case { name: "penguins", file: "csv/penguins.csv", target: "species", drop: &[], metric: "accuracy", at_least: 0.98 },
    Case { name: "titanic", file: "csv/titanic.csv", target: "survived", drop: REPEATS, metric: "accuracy", at_least: 0.79 },
    Case { name: "housing", file: "csv/housing.csv", target: "median_house_value", drop: &[], metric: "r2", at_least: 0.78 },
    Case { name: "concrete", file: "regression/concrete.csv", target: "y", drop: TESTS, metric: "r2", at_least: 0.87 },
    Case { name: "energy", file: "regression/energy.csv", target: "y", drop: TESTS, metric: "r2", at_least: 0.99 },
    Case { name: "htru2", file: "htru2/HTRU_2.csv", target: "class", drop: &[], metric: "auc", at_least: 0.975 },
    Case { name: "mnist", file: "mnist", target: "digit", drop: &[], metric: "accuracy", at_least: 0.98 },
    Case { name: "tox21", file: "tox21/tox21.parquet", target: "", drop: &["split", "mol_id"], metric: "mean_auc", at_least: 0.70 },
];

fn main() -> Result<(), Box<dyn Error>> {
    let (mut only, mut seeds, mut validation) = (None, 1, false);
    let mut settings = String::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => only = args.next(),
            "--seeds" => seeds = args.next().unwrap_or_default().parse()?,
            "--validation" => validation = true,
            setting => settings = settings + setting + "\n",
        }
    }
    let settings = Settings::from_toml(&settings, "the command line")?;
    let folder = std::env::var("BANACH_DATA").unwrap_or_else(|_| "../shared/data".to_owned());
    println!(
        "{:<10} {:>8} {:>9} {:>8} {:>8} {:>8} {:>8} {:>6} {:>8}",
        "table", "rows", "metric", "mean", "lowest", "highest", "at least", "epoch", "seconds"
    );
    for case in &CASES {
        if only
            .as_ref()
            .is_some_and(|only| !only.split(',').any(|name| name == case.name))
        {
            continue;
        }
        let path = Path::new(&folder).join(case.file);
        if !path.exists() {
            println!("{:<10} skipped: {} is not there", case.name, path.display());
            continue;
        }
        let (table, fixed) = read(case, &path)?;
        let (mut values, mut seconds, mut epochs) = (Vec::new(), 0.0, 0);
        for seed in 1..=seeds {
            let start = Instant::now();
            let (value, epoch) = measure(case, &table, &fixed, &settings, seed, validation)?;
            seconds += start.elapsed().as_secs_f64();
            values.push(value);
            epochs += epoch;
        }
        let n = values.len() as f64;
        println!(
            "{:<10} {:>8} {:>9} {:>8.4} {:>8.4} {:>8.4} {:>8} {:>6} {:>8.1}",
            case.name,
            table.n_rows(),
            case.metric,
            values.iter().sum::<f64>() / n,
            values.iter().copied().fold(f64::INFINITY, f64::min),
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            case.at_least,
            epochs / values.len(),
            seconds / n,
        );
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Rows that a set has divided itself.
enum Fixed {
    No,
    /// Test rows; the others are for learning.
    Test(Vec<u32>),
    /// Training and validation rows, and test rows.
    All(HoldOut, Vec<u32>),
}

fn measure(
    case: &Case,
    table: &Table,
    fixed: &Fixed,
    settings: &Settings,
    seed: u64,
    validation: bool,
) -> Result<(f64, usize), Box<dyn Error>> {
    let target = match case.target {
        "" => {
            let names = table.columns().iter().map(|column| column.name());
            let task = |name: &&str| name.starts_with("NR") || name.starts_with("SR");
            names.filter(task).map(str::to_owned).collect()
        }
        name => vec![name.to_owned()],
    };
    let settings = settings
        .clone()
        .target(&target)
        .drop(case.drop.iter().copied())
        .seed(seed);
    let estimator = Estimator::new(settings)?;
    let run = Run::default();
    let (mut learn, mut test) = match fixed {
        Fixed::All(rows, test) if !validation => {
            let model = estimator.fit_divided(table, rows, &run)?.model;
            return score(&model, table, test, case.metric);
        }
        Fixed::All(rows, _) => (rows.train.clone(), rows.valid.clone()),
        Fixed::Test(test) => {
            let learn = |row: &u32| test.binary_search(row).is_err();
            (
                table.all_rows().into_iter().filter(learn).collect(),
                test.clone(),
            )
        }
        Fixed::No => {
            let rows = hold_out(table, &target, &table.all_rows(), seed)?;
            (rows.train, rows.valid)
        }
    };
    if validation && !matches!(fixed, Fixed::All(..)) {
        let rows = hold_out(table, &target, &learn, seed + 1000)?;
        (learn, test) = (rows.train, rows.valid);
    }
    let model = estimator.fit_rows(table, &learn, &run)?.model;
    score(&model, table, &test, case.metric)
}

/// The metric on some rows, and the epoch that was kept.
fn score(
    model: &Model,
    table: &Table,
    rows: &[u32],
    metric: &str,
) -> Result<(f64, usize), Box<dyn Error>> {
    let metrics = model
        .predictor(&banach::PredictOptions::default())?
        .evaluate_rows(table, rows, None)?
        .metrics;
    let value = metrics
        .entries()
        .into_iter()
        .find(|(name, _)| name == metric);
    let value = value
        .and_then(|(_, value)| value)
        .ok_or_else(|| format!("no {metric}"))?;
    Ok((value, model.members()[0].training.best_epoch))
}

/// 20% of some rows for testing, with the same share of each class.
fn hold_out(
    table: &Table,
    target: &[String],
    among: &[u32],
    seed: u64,
) -> Result<HoldOut, Box<dyn Error>> {
    let encoder = TargetEncoder::fit(table, target, None)?;
    let mut rows = encoder.labelled_rows(table)?;
    rows.retain(|row| among.binary_search(row).is_ok());
    let classes = match encoder.encode(table, &rows)? {
        banach::data::Targets::Classes(codes) => Some(codes),
        _ => None,
    };
    let splitter = Splitter {
        table,
        rows: &rows,
        classes: classes.as_deref(),
        split: &Split::Stratified,
        gap: Gap::NONE,
        seed,
    };
    Ok(splitter.hold_out(0.2)?)
}

fn read(case: &Case, path: &Path) -> Result<(Table, Fixed), Box<dyn Error>> {
    if case.name == "mnist" {
        return mnist(path);
    }
    if case.name == "housing" {
        // The file is the text of a Python bytes literal: it begins with b' and ends with '.
        let text = std::fs::read_to_string(path)?;
        let text = text
            .trim_start_matches("b'")
            .trim_end()
            .trim_end_matches('\'')
            .to_owned();
        let options = ReadOptions::default();
        let reader =
            TableReader::from_reader("housing.csv", Box::new(Cursor::new(text)), &options)?;
        return Ok((reader.read()?, Fixed::No));
    }
    let table = read_table(path, &ReadOptions::default())?;
    if case.name != "tox21" {
        return Ok((table, Fixed::No));
    }
    let split = table.require("split", "split")?;
    let part = |name: &str| -> Vec<u32> {
        let rows = table.all_rows().into_iter();
        rows.filter(|&row| split.key(row as usize).as_deref() == Some(name))
            .collect()
    };
    let rows = HoldOut {
        train: part("train"),
        valid: part("valid"),
    };
    let test = part("test");
    Ok((table, Fixed::All(rows, test)))
}

/// The four IDX files as one table: 784 pixels and the digit; the last 10,000 rows are for testing.
fn mnist(folder: &Path) -> Result<(Table, Fixed), Box<dyn Error>> {
    let bytes = |name: &str| -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(std::fs::File::open(folder.join(name))?)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let names: Vec<String> = (0..784).map(|pixel| format!("p{pixel}")).collect();
    let mut text = format!("{},digit\n", names.join(",")).into_bytes();
    for part in ["train", "t10k"] {
        let images = bytes(&format!("{part}-images-idx3-ubyte.gz"))?;
        let labels = bytes(&format!("{part}-labels-idx1-ubyte.gz"))?;
        for (image, label) in images[16..].chunks_exact(784).zip(&labels[8..]) {
            for pixel in image {
                write!(text, "{pixel},")?;
            }
            writeln!(text, "{label}")?;
        }
    }
    let options = ReadOptions::default();
    let reader = TableReader::from_reader("mnist", Box::new(Cursor::new(text)), &options)?;
    Ok((reader.read()?, Fixed::Test((60_000..70_000).collect())))
}
