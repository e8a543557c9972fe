//! Predict single rows fast: no table, no allocation, one predictor shared by all threads.
//!
//!     cargo run --release -p banach --example one_row

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Instant;

use banach::data::{Column, Scalar, Table};
use banach::{Estimator, PredictOptions, Run, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A table from memory: is a point inside of the unit circle?
    let points: Vec<(f64, f64)> = (0..1000)
        .map(|i| {
            (
                f64::from(i * 37 % 200) / 100.0 - 1.0,
                f64::from(i * 53 % 200) / 100.0 - 1.0,
            )
        })
        .collect();
    let inside =
        |&(x, y): &(f64, f64)| Scalar::Text(if x * x + y * y < 1.0 { "in" } else { "out" });
    let table = Table::from_columns(
        "points",
        vec![
            Column::from_scalars("x", points.iter().map(|p| Scalar::number(p.0))),
            Column::from_scalars("y", points.iter().map(|p| Scalar::number(p.1))),
            Column::from_scalars("where", points.iter().map(inside)),
        ],
    )?;
    let settings = Settings::for_target("where").epochs(40);
    let model = Estimator::new(settings)?.fit(table, &Run::default())?.model;

    let predictor = model.predictor(&PredictOptions::default().threads(1))?;
    let classes = predictor.target().classes(0).to_vec();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (predictor, classes) = (predictor.clone(), &classes);
            scope.spawn(move || {
                let mut row = predictor.row_predictor();
                let cells = [Scalar::Number(0.5 * f64::from(thread)), Scalar::Number(0.9)];
                let start = Instant::now();
                for _ in 0..999 {
                    row.predict(&cells)
                        .expect("the row has the model's columns");
                }
                let prediction = row
                    .predict(&cells)
                    .expect("the row has the model's columns");
                println!(
                    "{cells:?}: {prediction:?} of {classes:?}, {:?} a row",
                    start.elapsed() / 1000
                );
            });
        }
    });
    Ok(())
}
