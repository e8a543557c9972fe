use proptest::prelude::*;

use super::super::{Encoder, EncoderOptions, Scaling};
use super::*;
use crate::column::{Column, ColumnType};
use crate::read_options::ReadOptions;
use crate::table::Table;
use crate::table_builder::{TableBuilder, TextRows};
use crate::table_error::TableError;
use crate::test_tables::{column, names, table};

/// One row of text cells.
struct OneRow<'a>(&'a [String]);

impl TextRows for OneRow<'_> {
    fn n_rows(&self) -> usize {
        1
    }

    fn line(&self, _: usize) -> u64 {
        2
    }

    fn column(&self, position: usize) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.0[position].as_bytes())
    }
}

type Encoded = (Vec<u32>, Vec<u32>);

fn fit(table: &Table, options: &EncoderOptions) -> Result<Encoder, EncodeError> {
    let names = table.columns().iter().map(|c| c.name().to_owned());
    let names: Vec<String> = names.collect();
    Encoder::fit(table, &table.all_rows(), &names, options)
}

/// A row of text through a table read with the encoder's schema; the fault of its cell, if any.
fn by_table(
    encoder: &Encoder,
    cells: &[String],
    unknown: UnknownCategories,
) -> Result<Encoded, String> {
    let schema = encoder.schema();
    let header: Vec<String> = schema
        .fields
        .iter()
        .map(|field| field.name.clone())
        .collect();
    let options = ReadOptions {
        schema: Some(schema),
        ..ReadOptions::default()
    };
    let mut builder = TableBuilder::new("row", &header, &options).unwrap();
    let fault = |column: String, value: String| format!("{column}: {value}");
    match builder.append_text(&OneRow(cells)) {
        Ok(()) => {}
        Err(TableError::WrongType { column, value, .. }) => return Err(fault(column, value)),
        Err(error) => panic!("{error}"),
    }
    let table = builder.finish().unwrap();
    if let Err(TableError::WrongType { column, value, .. }) = builder.check() {
        return Err(fault(column, value));
    }
    match encoder.encode(&table, unknown) {
        Ok((features, _)) => {
            let numbers = features.numbers.iter().map(|number| number.to_bits());
            Ok((numbers.collect(), features.codes))
        }
        Err(EncodeError::UnknownCategory { column, value, .. }) => Err(fault(column, value)),
        Err(error) => panic!("{error}"),
    }
}

/// A row of text by the row encoder.
fn by_row(
    rows: &mut RowEncoder,
    cells: &[Scalar<'_>],
    unknown: UnknownCategories,
) -> Result<Encoded, String> {
    let mut numbers = vec![f32::NAN; rows.n_numbers()];
    let mut codes = vec![u32::MAX; rows.n_categories()];
    match rows.encode(cells, &mut numbers, &mut codes, unknown) {
        Ok(()) => Ok((
            numbers.iter().map(|number| number.to_bits()).collect(),
            codes,
        )),
        Err(
            EncodeError::RowType { column, value, .. } | EncodeError::RowCategory { column, value },
        ) => Err(format!("{column}: {value}")),
        Err(error) => panic!("{error}"),
    }
}

/// Cells of every kind, sensible and odd, for a column of any type.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        prop::sample::select(vec![
            "NA",
            "?",
            " nan ",
            "inf",
            "-Infinity",
            "true",
            "FALSE",
            "0",
            "1",
            "1.0",
            "1e0",
            "-0",
            "-0.0",
            "1e300",
            "-1e-320",
            "1e999",
            "0.1",
            "16777217",
            "red",
            " red ",
            "Red",
            "a,b",
            "2024-01-31",
            "2024-01-31T12:30:00.25",
            "1969-12-31 23:59:59Z",
            "9999-12-31",
            "0000-01-01",
            "2024-02-30",
        ])
        .prop_map(str::to_owned),
        "-?[0-9]{1,4}(\\.[0-9]{1,4})?",
        "20[0-9]{2}-0[1-9]-[12][0-9]( [01][0-9]:30)?",
        "[a-c]{1,2}",
    ]
}

/// Training cells of one type, some of them missing.
fn training(n: usize) -> impl Strategy<Value = Vec<String>> {
    let of_kind = |kind: &'static str| prop::collection::vec(kind, n);
    prop_oneof![
        of_kind("(-?[0-9]{1,3}(\\.[0-9]{1,2})?|NA)"),
        of_kind("-?[0-9]{1,3}"),
        of_kind("(true|false|)"),
        of_kind("(true|false)"),
        of_kind("20[0-9]{2}-0[1-9]-[12][0-9](T[01][0-9]:30)?"),
        of_kind("(20[0-9]{2}-0[1-9]-[12][0-9]|)"),
        of_kind("(a|b|c|red|)"),
        of_kind("(a|red|1|0\\.1|true|2024-01-31)"),
    ]
}

proptest! {
    #[test]
    fn a_row_has_the_bits_of_a_table_of_one_row(
        columns in prop::collection::vec(training(24), 1..6),
        later in prop::collection::vec(prop::collection::vec(cell(), 6), 1..12),
        robust in any::<bool>(),
        refuse in any::<bool>(),
        numbers_are_categories in any::<bool>(),
    ) {
        let table = Table::from_columns("training", columns.iter().enumerate().map(|(at, cells)| {
            Column::from_scalars(format!("c{at}"), cells.iter().map(|cell| Scalar::Text(cell)))
        }).collect()).unwrap();
        let options = EncoderOptions {
            scaling: if robust { Scaling::Robust } else { Scaling::Standard },
            categorical: if numbers_are_categories { names(&["c0"]) } else { Vec::new() },
            ..EncoderOptions::default()
        };
        let Ok(encoder) = fit(&table, &options) else { return Ok(()) };
        let unknown = if refuse { UnknownCategories::Refuse } else { UnknownCategories::Count };
        let mut rows = encoder.row_encoder();
        for cells in &later {
            let cells = &cells[..rows.n_cells()];
            let expected = by_table(&encoder, cells, unknown);
            // As text, and as the meaning of the text.
            let texts: Vec<Scalar<'_>> = cells.iter().map(|cell| Scalar::Text(cell)).collect();
            let scalars: Vec<Scalar<'_>> = cells.iter().map(|cell| Scalar::parse(cell)).collect();
            for (what, row) in [("texts", texts), ("scalars", scalars)] {
                let mut got = by_row(&mut rows, &row, unknown);
                let mut expected = expected.clone();
                // A table finds faults column by column, then unknown categories; the column that
                // is named first need not be the same, and a value is named as it was given.
                if got.is_err() && expected.is_err() {
                    (got, expected) = (Err(String::new()), Err(String::new()));
                }
                prop_assert_eq!(got, expected, "{} {:?}", what, cells);
            }
        }
    }

    #[test]
    fn scalars_that_no_text_is_are_those_of_a_column(value in any::<f64>(), seconds in any::<f64>()) {
        let training = table("x,c,d,b\n1,a,2020-01-01,true\n2,b,2020-01-02,false\n4,a,2021-03-04,true\n5,b,,false\n");
        let encoder = fit(&training, &EncoderOptions::default()).unwrap();
        let mut rows = encoder.row_encoder();
        let cells = [Scalar::Number(value), Scalar::Number(value), Scalar::DateTime(seconds), Scalar::Number(1.0)];
        let columns = ["x", "c", "d", "b"].iter().zip(cells);
        let columns = columns.map(|(name, cell)| Column::from_scalars(*name, [cell])).collect();
        let (features, _) = encoder.encode(&Table::from_columns("t", columns).unwrap(), UnknownCategories::Count).unwrap();
        let expected: Vec<u32> = features.numbers.iter().map(|number| number.to_bits()).collect();
        prop_assert!(features.numbers.iter().all(|number| number.is_finite()));
        prop_assert_eq!(by_row(&mut rows, &cells, UnknownCategories::Count), Ok((expected, features.codes)));
    }
}

#[test]
fn faults_of_a_row_are_named() {
    let training = table("age,colour\n1,red\n2,blue\n4,red\n5,blue\n");
    let encoder = fit(&training, &EncoderOptions::default()).unwrap();
    let mut rows = encoder.row_encoder();
    let mut fails = |cells: &[Scalar<'_>], n_numbers: usize, n_codes: usize| {
        let (mut numbers, mut codes) = (vec![0.0; n_numbers], vec![0; n_codes]);
        let unknown = UnknownCategories::Refuse;
        let error = rows.encode(cells, &mut numbers, &mut codes, unknown);
        error.unwrap_err().to_string()
    };
    use Scalar::{Missing, Number, Text};
    for (cells, message) in [
        (
            &[Text("old"), Text("red")][..],
            "column \"age\": \"old\" is not a number",
        ),
        (
            &[Number(1.0), Text("grey")],
            "column \"colour\": \"grey\" did not occur in training",
        ),
        (
            &[Number(1.0), Missing],
            "column \"colour\": \"\" did not occur in training",
        ),
        (&[Number(1.0)], "cells of a row: expected 2, got 1"),
    ] {
        assert_eq!(fails(cells, 1, 1), message);
    }
    let good = [Number(1.0), Text("red")];
    assert_eq!(fails(&good, 3, 1), "numbers of a row: expected 1, got 3");
    assert_eq!(fails(&good, 1, 0), "categories of a row: expected 1, got 0");
}

#[test]
fn clones_encode_alike_in_other_threads() {
    let encoder = fit(
        &column(["a", "b", "a", "b", "1"]),
        &EncoderOptions::default(),
    )
    .unwrap();
    assert_eq!(encoder.schema().fields[0].column_type, ColumnType::Category);
    let rows = encoder.row_encoder();
    let code = |mut rows: RowEncoder| {
        let mut codes = [0];
        let unknown = UnknownCategories::Count;
        rows.encode(&[Scalar::Text("b")], &mut [], &mut codes, unknown)
            .unwrap();
        codes[0]
    };
    let other = rows.clone();
    let thread = std::thread::spawn(move || code(other));
    assert_eq!((code(rows), thread.join().unwrap()), (2, 2));
}
