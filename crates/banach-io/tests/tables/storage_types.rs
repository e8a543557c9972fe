//! The same values give the same bits, whatever their storage type.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use banach_data::{ColumnType, Encoder, EncoderOptions, Table, UnknownCategories};
use banach_io::ReadOptions;
use parquet::arrow::ArrowWriter;

use crate::support::{names, read_bytes};

/// A column: its name, its cells as text, and the types that can hold them.
struct Column {
    name: &'static str,
    cells: [&'static str; 8],
    stored: &'static [DataType],
}

const TEXTS: &[DataType] = &[
    DataType::Utf8,
    DataType::LargeUtf8,
    DataType::Utf8View,
    DataType::Binary,
];

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8))
}

fn columns() -> Vec<Column> {
    let stored: fn(&[DataType]) -> &'static [DataType] = |types| types.to_vec().leak();
    let with_texts = |types: &[DataType]| stored(&[types, TEXTS, &[dictionary()]].concat());
    use DataType::{
        Boolean, Date32, Date64, Decimal128, Float32, Float64, Int8, Int16, Int32, Int64,
        Timestamp, UInt8, UInt16, UInt32, UInt64,
    };
    vec![
        Column {
            name: "integer",
            cells: ["1", "0", "", "7", "100", "3", "3", "12"],
            stored: with_texts(&[
                Int8,
                Int16,
                Int32,
                Int64,
                UInt8,
                UInt16,
                UInt32,
                UInt64,
                Float32,
                Float64,
                Decimal128(9, 0),
            ]),
        },
        Column {
            name: "decimal",
            cells: ["0.1", "-2.5", "1.3", "", "0.1", "99.9", "0.7", "-0.3"],
            stored: with_texts(&[Float32, Float64, Decimal128(9, 1)]),
        },
        Column {
            name: "long",
            cells: [
                "9007199254740993",
                "1",
                "2",
                "4",
                "",
                "-9007199254740995",
                "6",
                "9",
            ],
            stored: with_texts(&[Int64, Decimal128(20, 0)]),
        },
        Column {
            name: "flag",
            cells: [
                "true", "false", "", "true", "true", "false", "false", "true",
            ],
            stored: with_texts(&[Boolean]),
        },
        Column {
            name: "day",
            cells: [
                "2024-01-31",
                "1969-12-31",
                "",
                "2000-02-29",
                "2024-01-31",
                "2001-01-01",
                "1970-01-01",
                "2020-05-05",
            ],
            stored: with_texts(&[Date32, Date64, Timestamp(TimeUnit::Second, None)]),
        },
        Column {
            name: "time",
            cells: [
                "2024-01-31T12:30:00.250",
                "1969-12-31T23:59:59.500",
                "",
                "2000-02-29",
                "2024-01-31T12:30:00",
                "2001-01-01T00:00:01",
                "1970-01-01T00:00:00.001",
                "2020-05-05",
            ],
            stored: with_texts(&[
                Timestamp(TimeUnit::Millisecond, None),
                Timestamp(TimeUnit::Microsecond, None),
                Timestamp(TimeUnit::Nanosecond, None),
                Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
            ]),
        },
        Column {
            name: "category",
            cells: ["red", "green", "", "red", "blue", "green", "blue", "red"],
            stored: with_texts(&[]),
        },
    ]
}

/// The table as CSV.
fn csv(columns: &[Column]) -> String {
    let header: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let row = |row: usize| {
        columns
            .iter()
            .map(|column| column.cells[row])
            .collect::<Vec<_>>()
            .join(",")
            + "\n"
    };
    header.join(",") + "\n" + &(0..8).map(row).collect::<String>()
}

/// The table with column `at` stored as `data_type`, all others as text.
fn batch(columns: &[Column], at: usize, data_type: &DataType) -> RecordBatch {
    let arrays = columns.iter().enumerate().map(|(position, column)| {
        let cells = column
            .cells
            .iter()
            .map(|&cell| (!cell.is_empty()).then_some(cell));
        let texts: ArrayRef = Arc::new(StringArray::from_iter(cells));
        let target = if position == at {
            data_type
        } else {
            &DataType::Utf8
        };
        // Dates are milliseconds in Date64; text is cast to it by way of days.
        let texts = if *target == DataType::Date64 {
            arrow_cast::cast(&texts, &DataType::Date32).unwrap()
        } else {
            texts
        };
        let options = arrow_cast::CastOptions {
            safe: false,
            ..Default::default()
        };
        let array = arrow_cast::cast_with_options(&texts, target, &options).unwrap();
        assert_eq!(array.null_count(), 1);
        (Field::new(column.name, target.clone(), true), array)
    });
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = arrays.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn ipc_file(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn ipc_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn memory(batch: &RecordBatch, options: &ReadOptions) -> Table {
    let schema: SchemaRef = batch.schema();
    // In two batches, as a stream would come.
    let batches = vec![batch.slice(0, 3), batch.slice(3, batch.num_rows() - 3)];
    Table::from_record_batches("memory", &schema, batches, options).unwrap()
}

fn fit(table: &Table) -> Encoder {
    let options = EncoderOptions {
        min_category_count: 1,
        ..EncoderOptions::default()
    };
    Encoder::fit(table, &table.all_rows(), &names(table), &options).unwrap()
}

fn features(encoder: &Encoder, table: &Table) -> (Vec<u32>, Vec<u32>) {
    let (features, report) = encoder.encode(table, UnknownCategories::Count).unwrap();
    assert!(report.columns.is_empty(), "{report:?}");
    (
        features.numbers.iter().map(|x| x.to_bits()).collect(),
        features.codes,
    )
}

#[test]
fn every_storage_type_gives_the_same_encoder_and_the_same_bits() {
    let columns = columns();
    let options = ReadOptions::default();
    let text = read_bytes("t.csv", csv(&columns).as_bytes(), &options).unwrap();
    let encoder = fit(&text);
    let expected = features(&encoder, &text);
    let json = serde_json::to_string(&encoder).unwrap();
    for (at, column) in columns.iter().enumerate() {
        for data_type in column.stored {
            let batch = batch(&columns, at, data_type);
            let tables = [
                read_bytes("t.parquet", &parquet(&batch), &options).unwrap(),
                read_bytes("file.arrow", &ipc_file(&batch), &options).unwrap(),
                read_bytes("stream.arrow", &ipc_stream(&batch), &options).unwrap(),
                memory(&batch, &options),
            ];
            for table in &tables {
                let what = format!("{} as {data_type} in {}", column.name, table.file());
                assert_eq!(features(&encoder, table), expected, "{what}");
                // A dictionary says by itself that it holds categories.
                if matches!(data_type, DataType::Dictionary(..)) && column.name != "category" {
                    let found = table.column(column.name).unwrap();
                    assert_eq!(found.column_type(), ColumnType::Category, "{what}");
                    continue;
                }
                assert_eq!(serde_json::to_string(&fit(table)).unwrap(), json, "{what}");
            }
        }
    }
}

#[test]
fn numbers_named_categorical_are_known_by_value() {
    let columns = columns();
    let options = ReadOptions {
        categorical: vec!["integer".to_owned()],
        ..ReadOptions::default()
    };
    let text = read_bytes("t.csv", csv(&columns).as_bytes(), &options).unwrap();
    assert_eq!(
        text.column("integer").unwrap().column_type(),
        ColumnType::Category
    );
    let encoder = fit(&text);
    let expected = features(&encoder, &text);
    for data_type in columns[0].stored {
        let table = memory(&batch(&columns, 0, data_type), &options);
        assert_eq!(features(&encoder, &table), expected, "{data_type}");
        // Read without being told, the column is one of numbers until it is encoded.
        let table = memory(&batch(&columns, 0, data_type), &ReadOptions::default());
        assert_eq!(features(&encoder, &table), expected, "{data_type}");
    }
}

/// What passes through is what Arrow itself makes of decimals, integers and dictionaries as text.
#[test]
fn texts_that_pass_through_are_those_of_arrow() {
    use arrow_array::{
        Decimal32Array, Decimal64Array, Decimal128Array, Int64Array, UInt64Array, new_null_array,
    };
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![
            Some(i64::MIN),
            None,
            Some(-1),
            Some(i64::MAX),
        ])),
        Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0)])),
        new_null_array(&dictionary(), 3),
    ];
    for scale in [-5_i8, -1, 0, 1, 4, 9] {
        let values = [0_i32, 1, -1, 10, -10, 99_999, -123_456_789].map(Some);
        let values = values.into_iter().chain([None]);
        let short = Decimal32Array::from_iter(values.clone());
        let long = Decimal64Array::from_iter(values.clone().map(|v| v.map(i64::from)));
        let wide = Decimal128Array::from_iter(values.map(|v| v.map(i128::from)));
        let huge = arrow_cast::cast(
            &wide.clone().with_precision_and_scale(38, scale).unwrap(),
            &DataType::Decimal256(76, scale),
        );
        arrays.push(Arc::new(short.with_precision_and_scale(9, scale).unwrap()));
        arrays.push(Arc::new(long.with_precision_and_scale(18, scale).unwrap()));
        arrays.push(Arc::new(wide.with_precision_and_scale(38, scale).unwrap()));
        arrays.push(huge.unwrap());
    }
    let options = ReadOptions {
        passthrough: vec!["x".to_owned()],
        ..ReadOptions::default()
    };
    for array in arrays {
        let expected = arrow_cast::cast(&array, &DataType::Utf8).unwrap();
        let expected: &StringArray = expected.as_any().downcast_ref().unwrap();
        let batch = RecordBatch::try_from_iter([("x", array.clone())]).unwrap();
        let table = Table::from_record_batches("memory", &batch.schema(), [&batch], &options);
        let table = table.unwrap();
        for (row, text) in expected.iter().enumerate() {
            let got = table.passthrough()[0].1.get(row);
            assert_eq!(got, text.unwrap_or_default(), "{}", array.data_type());
        }
    }
}

#[test]
fn every_text_is_a_category_of_its_own_and_other_storage_finds_it() {
    let text = "x,y\n0071,1\n71,2\n12E3,5\n12000,3\nred,3\n red ,7\n9.0,1\nTRUE,2\n";
    let table = read_bytes("t.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
    let encoder = fit(&table);
    // In order of their values: 9.0, 0071, 71, 12000, 12E3, TRUE, red.
    assert_eq!(encoder.category_counts(), [[0, 1, 1, 1, 1, 1, 1, 2]]);
    let code = |array: ArrayRef| {
        let y: ArrayRef = Arc::new(arrow_array::Int32Array::from(vec![1]));
        let batch = RecordBatch::try_from_iter([("x", array), ("y", y)]).unwrap();
        let options = ReadOptions {
            schema: Some(encoder.schema()),
            ..ReadOptions::default()
        };
        let table = Table::from_record_batches("memory", &batch.schema(), [&batch], &options);
        let (features, _) = encoder
            .encode(&table.unwrap(), UnknownCategories::Count)
            .unwrap();
        features.codes[0]
    };
    assert_eq!(code(Arc::new(arrow_array::Int64Array::from(vec![71]))), 3);
    assert_eq!(
        code(Arc::new(arrow_array::Float64Array::from(vec![71.0]))),
        3
    );
    assert_eq!(code(Arc::new(arrow_array::Int64Array::from(vec![9]))), 1);
    assert_eq!(
        code(Arc::new(arrow_array::Int64Array::from(vec![12_000]))),
        4
    );
    assert_eq!(
        code(Arc::new(arrow_array::BooleanArray::from(vec![true]))),
        6
    );
    assert_eq!(code(Arc::new(arrow_array::Int64Array::from(vec![8]))), 0);
}

#[test]
fn a_storage_type_without_a_meaning_is_left_out_or_an_error_where_it_is_needed() {
    let list = DataType::new_list(DataType::Int32, true);
    let schema: SchemaRef = Arc::new(Schema::new(vec![
        Field::new("x", DataType::Int32, true),
        Field::new("l", list.clone(), true),
    ]));
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(arrow_array::Int32Array::from(vec![1, 2])),
        arrow_array::new_null_array(&list, 2),
    ];
    let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
    let read =
        |options: &ReadOptions| Table::from_record_batches("memory", &schema, [&batch], options);
    let table = read(&ReadOptions::default()).unwrap();
    let encoder = fit(&table);
    assert_eq!(
        encoder.unused_columns()[0].to_string(),
        "column \"l\" is not used: cells of the type List(Int32) are not read"
    );
    for options in [
        ReadOptions {
            numeric: vec!["l".to_owned()],
            ..ReadOptions::default()
        },
        ReadOptions {
            passthrough: vec!["l".to_owned()],
            ..ReadOptions::default()
        },
    ] {
        let text = read(&options).unwrap_err().to_string();
        assert!(
            text.starts_with("memory: column \"l\" has the type List(Int32), which is not read"),
            "{text}"
        );
    }
    let options = ReadOptions {
        columns: Some(vec!["x".to_owned()]),
        ..ReadOptions::default()
    };
    assert_eq!(read(&options).unwrap().n_rows(), 2);
    // Skipped, it is there without a value.
    let options = ReadOptions {
        skip: vec!["l".to_owned()],
        ..ReadOptions::default()
    };
    let table = read(&options).unwrap();
    assert_eq!(
        table.column("l").unwrap().column_type(),
        ColumnType::Missing
    );
    assert_eq!(table.column("x").unwrap().number(1), Some(2.0));
}
