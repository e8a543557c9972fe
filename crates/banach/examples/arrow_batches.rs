//! Train on Arrow record batches that are in memory, and predict a batch.
//!
//!     cargo run --release -p banach --example arrow_batches --features arrow

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;

use arrow_array::{Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use banach::data::{ReadOptions, Table};
use banach::{Estimator, PredictOptions, Predictions, Run, Settings};

fn batch(schema: &Arc<Schema>, first: i32) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let rows = first..first + 250;
    let area = rows.clone().map(|i| f64::from(30 + i * 7 % 120));
    let rooms = rows.clone().map(|i| 1 + i * 13 % 6);
    let city = rows
        .clone()
        .map(|i| ["Graz", "Linz", "Wien"][i as usize % 3]);
    let price = rows.map(|i| {
        let level = [2.1, 2.4, 4.0][i as usize % 3];
        f64::from(30 + i * 7 % 120) * level + 10.0 * f64::from(1 + i * 13 % 6)
    });
    RecordBatch::try_new(
        schema.clone(),
        vec![
            Arc::new(Float64Array::from_iter_values(area)),
            Arc::new(Int32Array::from_iter_values(rooms)),
            Arc::new(StringArray::from_iter_values(city)),
            Arc::new(Float64Array::from_iter_values(price)),
        ],
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("area", DataType::Float64, false),
        Field::new("rooms", DataType::Int32, false),
        Field::new("city", DataType::Utf8, false),
        Field::new("price", DataType::Float64, false),
    ]));
    let batches = [
        batch(&schema, 0)?,
        batch(&schema, 250)?,
        batch(&schema, 500)?,
    ];
    let table = Table::from_record_batches("flats", &schema, &batches, &ReadOptions::default())?;

    let settings = Settings::for_target("price").epochs(60);
    let model = Estimator::new(settings)?.fit(table, &Run::default())?.model;
    let predictor = model.predictor(&PredictOptions::default())?;
    let (predictions, _) = predictor.predict_batch(&batch(&schema, 1000)?)?;
    if let Predictions::Values(prices) = predictions {
        println!("{} prices, the first {:.1}", prices.len(), prices[0]);
    }
    Ok(())
}
