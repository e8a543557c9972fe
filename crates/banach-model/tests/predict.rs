//! A row has the same prediction alone, among others, with any number of threads, from any thread, and
//! from an Arrow record batch.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::thread;

use banach_data::{DataError, EncodeError, Scalar, UnknownCategories};
use banach_model::{
    Calibration, Error, ErrorCode, Model, PredictOptions, Predictions, Predictor, RowPrediction,
};

use common::{NAMES, bits, cells, ensemble, model, rows};

fn all() -> Vec<(&'static str, Model)> {
    let mut models: Vec<_> = NAMES.map(|name| (name, model(name))).to_vec();
    models.push(("ensemble", ensemble()));
    let calibration = Calibration::Temperature(1.75);
    models.push((
        "calibrated ensemble",
        ensemble().with_calibration(calibration).unwrap(),
    ));
    let calibrated = model("v2-multilabel").with_calibration(calibration);
    models.push(("calibrated labels", calibrated.unwrap()));
    models
}

fn predict(predictor: &Predictor, table: &banach_data::Table) -> Vec<u64> {
    bits(&predictor.predict(table).unwrap().0)
}

/// The bits of a single row's prediction.
fn row_bits(prediction: RowPrediction<'_>) -> Vec<u64> {
    match prediction {
        RowPrediction::Value(value) => vec![value.to_bits()],
        RowPrediction::Classes(proba) | RowPrediction::Labels(proba) => {
            proba.iter().map(|p| u64::from(p.to_bits())).collect()
        }
        _ => panic!("{prediction:?}"),
    }
}

#[test]
fn a_row_alone_has_the_bits_that_it_has_in_a_table() {
    for (name, model) in all() {
        let table = rows(&model);
        let predictor = model.predictor(&PredictOptions::default()).unwrap();
        let mut row_predictor = predictor.row_predictor();
        let mut got = Vec::new();
        for row in 0..table.n_rows() {
            let cells = cells(&table, &model, row);
            got.extend(row_bits(row_predictor.predict(&cells).unwrap()));
        }
        assert_eq!(got, predict(&predictor, &table), "{name}");
    }
}

#[test]
fn threads_of_the_predictor_and_of_its_callers_do_not_change_a_bit() {
    for (name, model) in all() {
        let table = rows(&model);
        let one = model.predictor(&PredictOptions::default().threads(1));
        let expected = predict(&one.unwrap(), &table);
        let shared = model
            .predictor(&PredictOptions::default().threads(3))
            .unwrap();
        assert_eq!(predict(&shared, &table), expected, "{name}");
        thread::scope(|scope| {
            let calls = (0..8).map(|_| {
                let (own, table) = (shared.clone(), &table);
                scope.spawn(move || [predict(&own, table), predict(&own, table)])
            });
            let calls: Vec<_> = calls.collect();
            for call in calls {
                assert_eq!(call.join().unwrap(), [expected.clone(), expected.clone()]);
            }
        });
    }
}

#[test]
fn a_predictor_outlives_its_model_and_goes_where_it_is_needed() {
    fn shared<T: Send + Sync + 'static>() {}
    fn owned<T: Send + 'static>() {}
    shared::<Predictor>();
    shared::<Model>();
    owned::<banach_model::RowPredictor>();
    let model = model("v2-snn");
    let table = rows(&model);
    let expected = predict(
        &model.predictor(&PredictOptions::default()).unwrap(),
        &table,
    );
    let predictor = model.predictor(&PredictOptions::default()).unwrap();
    drop(model);
    let predicted = thread::spawn(move || predict(&predictor, &table));
    assert_eq!(predicted.join().unwrap(), expected);
}

#[test]
fn a_model_of_several_members_is_the_same_after_a_round_trip() {
    for (name, model) in all() {
        let bytes = model.to_bytes().unwrap();
        let read = Model::from_bytes(&bytes).unwrap();
        assert_eq!(read, model, "{name}");
        assert_eq!(read.to_bytes().unwrap(), bytes, "{name}");
    }
}

#[test]
fn an_ensemble_is_the_mean_of_its_models() {
    let names = ["v2-snn", "v2-layernorm", "v2-highway"];
    let proba = |model: &Model| {
        let predictor = model.predictor(&PredictOptions::default()).unwrap();
        match predictor.predict(&rows(model)).unwrap().0 {
            Predictions::Classes { proba, .. } => proba,
            other => panic!("{other:?}"),
        }
    };
    let parts = names.map(|name| proba(&model(name)));
    let all = proba(&ensemble());
    assert_eq!(ensemble().members().len(), 3);
    for (at, got) in all.iter().enumerate() {
        let mean = parts.iter().map(|part| part[at]).sum::<f32>() / 3.0;
        assert!((got - mean).abs() < 1e-6, "{at}: {got} {mean}");
    }
}

#[test]
fn an_ensemble_of_numbers_is_in_the_units_of_the_target() {
    // The same network, once as it is and once as the member of a model whose target was standardized
    // otherwise: the mean of the two is still the same number.
    let model = model("v2-regression");
    let values = |model: &Model| {
        let predictor = model.predictor(&PredictOptions::default()).unwrap();
        match predictor.predict(&rows(model)).unwrap().0 {
            Predictions::Values(values) => values,
            other => panic!("{other:?}"),
        }
    };
    let mut other = model.clone().into_parts();
    let table = rows_with_target();
    other.target = other.target.fit_rows(&table, &[0, 1, 2, 3]).unwrap();
    let other = Model::new(other).unwrap();
    let (a, b) = (values(&model), values(&other));
    assert_ne!(a, b);
    let mean = values(&Model::ensemble(vec![model, other]).unwrap());
    for ((a, b), mean) in a.iter().zip(&b).zip(mean) {
        assert!(
            ((a + b) / 2.0 - mean).abs() < 1e-9 * mean.abs(),
            "{a} {b} {mean}"
        );
    }
}

fn rows_with_target() -> banach_data::Table {
    let path = common::folder().join("rows.csv");
    banach_io::read_table(path, &banach_io::ReadOptions::default()).unwrap()
}

#[test]
fn models_that_do_not_go_together_are_refused() {
    let none = Model::ensemble(Vec::new()).unwrap_err();
    assert!(none.to_string().contains("there are no models"), "{none}");
    let other = Model::ensemble(vec![model("v2-snn"), model("v2-regression")]).unwrap_err();
    assert!(other.to_string().contains("model 2"), "{other}");
    let calibrated = model("v2-snn")
        .with_calibration(Calibration::Temperature(2.0))
        .unwrap();
    let error = Model::ensemble(vec![model("v2-snn"), calibrated]).unwrap_err();
    assert!(error.to_string().contains("calibration"), "{error}");
    assert_eq!(error.code(), ErrorCode::Inconsistent);
    let numbers = model("v2-regression").with_calibration(Calibration::Temperature(2.0));
    assert!(matches!(numbers, Err(Error::Inconsistent { .. })));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = model("v2-snn").with_calibration(Calibration::Temperature(bad));
        assert!(matches!(error, Err(Error::Inconsistent { .. })), "{bad}");
    }
}

#[test]
fn a_row_that_does_not_fit_is_an_error_and_the_next_one_is_predicted() {
    let model = model("v2-snn");
    let table = rows(&model);
    let options = PredictOptions::default().unknown_categories(UnknownCategories::Refuse);
    let mut predictor = model.predictor(&options).unwrap().row_predictor();
    let good = cells(&table, &model, 1);
    let expected = row_bits(predictor.predict(&good).unwrap());
    let error = predictor.predict(&good[1..]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CellCount);
    let names: Vec<String> = model
        .schema()
        .fields
        .into_iter()
        .map(|field| field.name)
        .collect();
    let at = |name: &str| names.iter().position(|other| other == name).unwrap();
    let mut wrong = good.clone();
    wrong[at("length")] = Scalar::Text("long");
    let error = predictor.predict(&wrong).unwrap_err();
    assert_eq!(error.code(), ErrorCode::WrongType);
    assert!(error.to_string().contains("length"), "{error}");
    let mut new = good.clone();
    new[at("island")] = Scalar::Text("atlantis");
    let error = predictor.predict(&new).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Data(DataError::Encode(EncodeError::RowCategory { .. }))
        ),
        "{error}"
    );
    assert_eq!(error.code(), ErrorCode::UnknownCategory);
    assert_eq!(row_bits(predictor.predict(&good).unwrap()), expected);
}

#[test]
fn codes_of_errors_stay_what_they_are() {
    let codes = ErrorCode::ALL.map(|code| (code.number(), code.name()));
    let expected = [
        (1, "file_access"),
        (2, "not_a_model"),
        (3, "damaged_model"),
        (4, "unsupported_version"),
        (5, "out_of_memory"),
        (10, "missing_column"),
        (11, "wrong_type"),
        (12, "unknown_category"),
        (13, "unknown_class"),
        (14, "cell_count"),
        (19, "data"),
        (20, "metrics"),
        (30, "not_certifiable"),
        (40, "threads"),
        (50, "inconsistent"),
    ];
    assert_eq!(codes, expected);
    let error = Model::load("no such file").unwrap_err();
    assert_eq!(error.code(), ErrorCode::FileAccess);
    let error = Model::from_bytes(b"PK\x03\x04 and so on, not a model").unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotAModel);
    let mut bytes = model("v2-snn").to_bytes().unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let error = Model::from_bytes(&bytes).unwrap_err();
    assert_eq!(error.code(), ErrorCode::DamagedModel);
    let model = model("v2-snn");
    let table = banach_data::Table::from_columns("none", Vec::new()).unwrap();
    let error = model
        .predictor(&PredictOptions::default())
        .unwrap()
        .predict(&table);
    assert_eq!(error.unwrap_err().code(), ErrorCode::MissingColumn);
}

#[cfg(feature = "arrow")]
#[test]
fn a_record_batch_has_the_predictions_of_its_table() {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float32Array, RecordBatch, StringArray};

    // Numbers as 32 bits or as text, everything else as text, in another order, and a column too many.
    let model = model("v2-snn");
    let table = rows(&model);
    let column = |name: &str| -> ArrayRef {
        let column = table.column(name).unwrap();
        let cells = (0..table.n_rows()).map(|row| column.key(row));
        Arc::new(cells.collect::<StringArray>())
    };
    let length = table.column("length").unwrap();
    let length: Float32Array = (0..table.n_rows())
        .map(|row| length.number(row).map(|x| x as f32))
        .collect();
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x"; table.n_rows()]));
    let mut columns: Vec<(String, ArrayRef)> = vec![("other".to_owned(), other)];
    for field in model.schema().fields.iter().rev() {
        let array = match field.name.as_str() {
            "length" => Arc::new(length.clone()) as ArrayRef,
            name => column(name),
        };
        columns.push((field.name.clone(), array));
    }
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns
            .iter()
            .map(|(name, array)| (name, array.clone(), true)),
    )
    .unwrap();
    let predictor = model.predictor(&PredictOptions::default()).unwrap();
    let got = bits(&predictor.predict_batch(&batch).unwrap().0);
    assert_eq!(got, predict(&predictor, &table));
    let without = batch.project(&[0, 1]).unwrap();
    let error = predictor.predict_batch(&without).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MissingColumn, "{error}");
}
