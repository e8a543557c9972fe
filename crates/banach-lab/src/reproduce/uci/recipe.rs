//! The default recipe on the UCI sets: what `banach fit` does, on the rows of a fold.

use std::time::Instant;

use banach::{Estimator, Predictions, Settings};
use banach_data::{Column, HoldOut, Scalar, Table, TargetEncoder, UnknownCategories};
use banach_nn::{Architecture, TrainError, side_by_side};

use crate::baselines::Matrix;
use crate::compare::network_choice;
use crate::datasets::{UciFold, UciSet};
use crate::error::LabError;
use crate::reproduce::Run;
use crate::reproduce::protocol::Chosen;

const TARGET: &str = "class";

/// Fits each kind of network on the fold's training rows; its validation rows choose the epoch.
pub(super) fn fit(
    set: &UciSet,
    part: &UciFold,
    kinds: &[Architecture],
    run: &Run<'_>,
) -> Result<Vec<Chosen>, LabError> {
    let table = table(set)?;
    let rows = HoldOut {
        train: part.train.clone(),
        valid: part.valid.clone(),
    };
    let one = |_, kind| fit_one(kind, set, &table, &rows, part, run);
    side_by_side(kinds.to_vec(), run.threads, one)
        .into_iter()
        .collect()
}

fn fit_one(
    kind: Architecture,
    set: &UciSet,
    table: &Table,
    rows: &HoldOut,
    part: &UciFold,
    run: &Run<'_>,
) -> Result<Chosen, LabError> {
    let start = Instant::now();
    let settings = Settings {
        target: Some(vec![TARGET.to_owned()]),
        network: Some(network_choice(kind)),
        seed: Some(run.seed),
        ..Settings::default()
    };
    let how = banach::Run {
        threads: 1,
        interrupt: run.interrupt,
        ..banach::Run::default()
    };
    let fitted = Estimator::new(settings)?.fit_divided(table, rows, &how)?;
    if fitted.interrupted {
        return Err(TrainError::Interrupted.into());
    }
    let model = fitted.model;
    let test = features("test rows", &set.x.select(&part.test))?;
    let (predictions, _) = model
        .predictor(1)?
        .predict(&test, UnknownCategories::Count)?;
    let right = right(&predictions, model.target(), set, &part.test);
    let settings = model.settings();
    Ok(Chosen {
        test: Some(right as f64 / part.test.len().max(1) as f64),
        seconds: start.elapsed().as_secs_f64(),
        setting: format!(
            "default recipe {} epoch {}",
            settings
                .width
                .zip(settings.layers)
                .map_or(String::new(), |(width, layers)| format!(
                    "{width} x {layers}"
                )),
            model.training().best_epoch,
        ),
    })
}

/// Features as columns of numbers, without the class.
fn features(name: &str, x: &Matrix) -> Result<Table, LabError> {
    Ok(Table::from_columns(name, columns(x))?)
}

/// Features and classes.
fn table(set: &UciSet) -> Result<Table, LabError> {
    let names: Vec<String> = (0..set.n_classes).map(class).collect();
    let classes = set.labels.iter().map(|&code| names[code as usize].as_str());
    let mut columns = columns(&set.x);
    columns.push(Column::from_scalars(TARGET, classes.map(Scalar::Text)));
    Ok(Table::from_columns(set.name.clone(), columns)?)
}

fn columns(x: &Matrix) -> Vec<Column> {
    let column = |at: usize| {
        let cells = x.values().iter().skip(at).step_by(x.n_columns());
        Column::from_scalars(
            format!("x{at}"),
            cells.map(|&value| Scalar::number_f32(value)),
        )
    };
    (0..x.n_columns()).map(column).collect()
}

/// The name of a class. It is no number, so that the task is to tell classes apart.
fn class(code: usize) -> String {
    format!("class {code}")
}

/// How many rows have their own class as the most probable one. A class that the training rows do not
/// have is never predicted.
fn right(predictions: &Predictions, target: &TargetEncoder, set: &UciSet, rows: &[u32]) -> usize {
    let Predictions::Classes { n_classes, proba } = predictions else {
        return 0;
    };
    let names = target.classes(0);
    let lines = proba.chunks_exact(*n_classes).zip(rows);
    lines
        .filter(|(line, row)| {
            let top = line.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            let own = class(set.labels[**row as usize] as usize);
            top.is_some_and(|(at, _)| names[at] == own)
        })
        .count()
}
