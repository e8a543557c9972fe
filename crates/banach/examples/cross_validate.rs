//! Cross-validate a recipe, and keep the folds' models as one model that predicts their mean.
//!
//!     cargo run --release -p banach --example cross_validate -- [TABLE.csv TARGET]

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use banach::data::ReadOptions;
use banach::io::read_table;
use banach::{CrossValidationOptions, Estimator, Folds, Model, Run, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let penguins = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../banach-cli/demo/penguins.csv"
    );
    let file = arguments.next().unwrap_or_else(|| penguins.to_owned());
    let target = arguments.next().unwrap_or_else(|| "species".to_owned());
    let table = read_table(&file, &ReadOptions::default())?;

    let estimator = Estimator::new(Settings::for_target(&target))?;
    let folds = Folds::Number {
        folds: 5,
        repeats: 1,
    };
    let options = CrossValidationOptions::new(folds).keep_models();
    let result = estimator.cross_validate(&table, &options, &Run::default())?;
    for spread in &result.summary {
        let show = |value: Option<f64>| value.map_or("undefined".to_owned(), |v| format!("{v:.4}"));
        println!(
            "{:>18} {} ± {}",
            spread.name,
            show(spread.mean),
            show(spread.std)
        );
    }

    let ensemble = Model::ensemble(result.models)?;
    println!(
        "{} members, {} bytes",
        ensemble.members().len(),
        ensemble.to_bytes()?.len()
    );
    Ok(())
}
