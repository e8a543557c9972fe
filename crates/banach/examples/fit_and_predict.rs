//! Fit a model to a table, measure it on rows it has not seen, save it, and predict from the file.
//!
//!     cargo run --release -p banach --example fit_and_predict -- [TABLE.csv TARGET]

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use banach::data::{Gap, Split, Splitter};
use banach::io::{ReadOptions, read_table};
use banach::{Estimator, Model, PredictOptions, Run, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let penguins = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../banach-cli/demo/penguins.csv"
    );
    let file = arguments.next().unwrap_or_else(|| penguins.to_owned());
    let target = arguments.next().unwrap_or_else(|| "species".to_owned());

    let table = read_table(&file, &ReadOptions::default())?;
    let rows = table.all_rows();
    let splitter = Splitter {
        table: &table,
        rows: &rows,
        classes: None,
        split: &Split::Random,
        gap: Gap::NONE,
        seed: 0,
    };
    let parts = splitter.hold_out(0.2)?;

    let estimator = Estimator::new(Settings::for_target(&target).layers(4))?;
    let fitted = estimator.fit_rows(&table, &parts.train, &Run::default())?;
    let predictor = fitted.model.predictor(&PredictOptions::default())?;
    let evaluation = predictor.evaluate_rows(&table, &parts.valid, None)?;
    println!("{} test rows", evaluation.rows);
    for (name, value) in evaluation.metrics.entries() {
        println!(
            "{name:>18} {}",
            value.map_or("undefined".into(), |v| format!("{v:.4}"))
        );
    }

    let path = std::env::temp_dir().join("fit_and_predict.safetensors");
    fitted.model.save(&path)?;
    let model = Model::load(&path)?;
    let (predictions, _) = model
        .predictor(&PredictOptions::default())?
        .predict(&table)?;
    println!(
        "{} rows predicted from {}",
        predictions.n_rows(),
        path.display()
    );
    Ok(std::fs::remove_file(path)?)
}
