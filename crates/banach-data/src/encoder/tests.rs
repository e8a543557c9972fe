use proptest::prelude::*;

use super::*;
use crate::read_options::ReadOptions;
use crate::test_tables::{column, names, read, table};

/// A few roundings of 32-bit arithmetic at size 3.
const F32_TOLERANCE: f32 = 1e-6;

fn all_names(table: &Table) -> Vec<String> {
    let each = table.columns().iter();
    each.map(|column| column.name().to_owned()).collect()
}

fn fit_with(table: &Table, options: &EncoderOptions) -> Result<Encoder, EncodeError> {
    Encoder::fit(table, &table.all_rows(), &all_names(table), options)
}

fn fit(table: &Table) -> Encoder {
    fit_with(table, &EncoderOptions::default()).unwrap()
}

fn encode(encoder: &Encoder, table: &Table) -> (Features, EncodeReport) {
    encoder.encode(table, UnknownCategories::Count).unwrap()
}

/// Features as bits, so that equal means equal.
fn bits(features: &Features) -> (Vec<u32>, Vec<u32>) {
    let numbers = features.numbers.iter().map(|number| number.to_bits());
    (numbers.collect(), features.codes.clone())
}

/// A table with every type of column, of `n` rows.
fn every_type(n: usize) -> Table {
    let mut text = "whole,gaps,flag,when,colour,none\n".to_owned();
    for i in 0..n {
        let gap = if i % 5 == 0 {
            String::new()
        } else {
            format!("{}.1", i * i % 83)
        };
        let flag = ["true", "false", ""][i % 3];
        let colour = ["red", "green", "blue", "NA"][i * 7 % 4];
        let (month, day, hour) = (i % 12 + 1, i % 28 + 1, i % 24);
        text += &format!(
            "{},{gap},{flag},2024-{month:02}-{day:02}T{hour:02}:30,{colour},\n",
            i * 31 % 101
        );
    }
    table(&text)
}

#[test]
fn numbers_become_scaled_numbers_and_missing_ones_the_median() {
    // Quartiles 2, 3 and 4; one of six is missing.
    let table = column(["1", "2", "3", "4", "5", ""]);
    let encoder = fit(&table);
    assert_eq!(encoder.n_numbers(), 2);
    assert_eq!(encoder.columns()[0].numbers, ["x", "x is missing"]);
    let (features, report) = encode(&encoder, &table);
    let clipped = |z: f32| z / (1.0 + (z / 3.0).powi(2)).sqrt();
    // The indicator, 1 in one of 6 rows, has no interquartile range: mean and deviation scale it.
    let (mean, deviation) = (1.0 / 6.0, (5.0_f32 / 36.0).sqrt());
    for (row, (z, missing)) in [
        (-1.0, 0.0),
        (-0.5, 0.0),
        (0.0, 0.0),
        (0.5, 0.0),
        (1.0, 0.0),
        (0.0, 1.0),
    ]
    .into_iter()
    .enumerate()
    {
        let got = &features.numbers[2 * row..2 * row + 2];
        assert!((got[0] - clipped(z)).abs() < F32_TOLERANCE, "{row}");
        let missing = (missing - mean) / deviation;
        assert!((got[1] - clipped(missing)).abs() < F32_TOLERANCE, "{row}");
    }
    assert_eq!((report.n_rows, report.columns.len()), (6, 0));
}

#[test]
fn standard_scaling_counts_missing_values_as_the_median() {
    let table = column(["0", "0", "3", "", "9"]);
    let options = EncoderOptions {
        scaling: Scaling::Standard,
        ..EncoderOptions::default()
    };
    let encoder = fit_with(&table, &options).unwrap();
    let (features, _) = encode(&encoder, &table);
    for feature in 0..2 {
        let values: Vec<f64> = (0..5)
            .map(|row| f64::from(features.numbers[2 * row + feature]))
            .collect();
        let (mean, deviation) = mean_and_deviation(&values);
        let tolerance = f64::from(F32_TOLERANCE);
        assert!(mean.abs() < tolerance && (deviation - 1.0).abs() < tolerance);
    }
    let median = features.numbers[6];
    // 1.5 is the median; the mean with it is 2.7.
    assert!(median < 0.0, "{median}");
}

#[test]
fn missing_at_prediction_only_is_the_median_and_is_counted() {
    let training = table(
        "x,c,b,d\n1,a,true,2020-01-01\n2,a,false,2020-01-02\n4,b,true,2020-01-04\n5,b,true,2020-01-05\n",
    );
    let encoder = fit(&training);
    let schema = Some(encoder.schema());
    let options = ReadOptions {
        schema,
        ..ReadOptions::default()
    };
    let later = read(
        "c,d,b,x\n?,,NA,null\na,2020-01-03,true,3\n,NaN,,None\n",
        &options,
    )
    .unwrap();
    let (features, report) = encode(&encoder, &later);
    assert_eq!(features.codes, [UNKNOWN_CODE, 1, UNKNOWN_CODE]);
    // The medians of x, of the flag and of the days, as if they had been there.
    let (median, _) = encode(&encoder, &table("x,c,b,d\n3,a,true,2020-01-03\n"));
    let at = encoder.columns()[..3].iter().map(|c| c.numbers.len()).sum();
    assert_eq!(features.numbers[..at], median.numbers[..at]);
    assert_eq!(features.numbers[at], median.numbers[at], "days");
    let counts: Vec<(&str, u64, u64)> = report
        .columns
        .iter()
        .map(|c| (c.column.as_str(), c.unknown, c.missing))
        .collect();
    assert_eq!(counts, [("x", 0, 2), ("c", 0, 2), ("b", 0, 2), ("d", 0, 2)]);
    assert_eq!(
        report.columns[0].to_string(),
        "column \"x\": 2 cells missing, none in training"
    );
}

#[test]
fn a_column_without_any_value_is_read_as_missing_at_prediction() {
    let training = table(
        "x,c,b,d\n1,a,true,2020-01-01\n2,a,false,2020-01-02\n4,b,true,2020-01-04\n5,b,true,2020-01-05\n",
    );
    let encoder = fit(&training);
    // Without a schema such a column has no type of its own.
    let later = table("x,c,b,d,e\n,,,,1\n,,,,2\n");
    let (features, report) = encode(&encoder, &later);
    assert_eq!(features.codes, [UNKNOWN_CODE; 2]);
    assert!(features.numbers.iter().all(|number| number.is_finite()));
    assert_eq!(report.columns.len(), 4);
}

#[test]
fn categories_are_coded_by_value_and_unseen_ones_are_counted() {
    let training = column(["b", "10", "a", "b", "9", "10", "a", "9", "once"]);
    let encoder = fit(&training);
    let described = &encoder.columns()[0];
    let values = ["9", "10", "a", "b"].map(|value| Some(value.to_owned()));
    assert_eq!(
        described.codes.as_deref(),
        Some(&[&[None][..], &values].concat()[..])
    );
    assert_eq!(encoder.category_counts(), [[1, 2, 2, 2, 2]]);
    // Other order, other spelling, other neighbours.
    let later = column(["10.0", "c", "b", "9e0", "d", "c", "e", "f", "once"]);
    let (features, report) = encode(&encoder, &later);
    assert_eq!(features.codes, [2, 0, 4, 1, 0, 0, 0, 0, 0]);
    let unusual = &report.columns[0];
    assert_eq!((unusual.unknown, unusual.missing), (6, 0));
    assert_eq!(unusual.examples, ["c", "d", "e"]);
    assert_eq!(
        unusual.to_string(),
        "column \"x\": 6 cells with a category that training did not know, such as \"c\", \"d\", \"e\""
    );
    let error = encoder.encode(&later, UnknownCategories::Refuse);
    assert_eq!(
        error.unwrap_err().to_string(),
        "t.csv, row 2 (line 3), column \"x\": \"c\" did not occur in training; correct it, or allow unknown categories"
    );
    let known = column(["10", "a"]);
    assert!(encoder.encode(&known, UnknownCategories::Refuse).is_ok());
}

#[test]
fn missing_categories_of_training_have_a_code_of_their_own() {
    let encoder = fit(&column(["a", "", "b", "a", "?", "b", "x"]));
    assert_eq!(encoder.category_counts(), [[1, 2, 2, 2]]);
    let (features, report) = encode(&encoder, &column(["b", "NA", "z"]));
    assert_eq!(features.codes, [3, 1, 0]);
    assert_eq!(
        (report.columns[0].unknown, report.columns[0].missing),
        (1, 0)
    );
}

#[test]
fn reports_of_pieces_add_up() {
    let encoder = fit(&column(["a", "b", "a", "b"]));
    let (_, mut sum) = encode(&encoder, &column(["a", "c"]));
    let (_, second) = encode(&encoder, &column(["c", "d", ""]));
    sum.merge(second);
    assert_eq!(sum.n_rows, 5);
    let unusual = &sum.columns[0];
    assert_eq!((unusual.unknown, unusual.missing), (3, 1));
    assert_eq!(unusual.examples, ["c", "d"]);
}

#[test]
fn times_become_several_numbers() {
    // Same hour each day, so that the time of day says nothing.
    let mut text = "t,x\n".to_owned();
    for day in 1..=28 {
        text += &format!("2024-02-{day:02}T06:00Z,{}\n", day * day % 11);
    }
    let table = table(&(text + ",5\n"));
    let encoder = fit(&table);
    let expected = [
        "t: days since 1970",
        "t: sin of the day of the year",
        "t: cos of the day of the year",
        "t: sin of the weekday",
        "t: cos of the weekday",
        "t is missing",
    ];
    assert_eq!(encoder.columns()[0].numbers, expected);
    assert_eq!(encoder.columns()[0].column_type, ColumnType::DateTime);
    let (features, _) = encode(&encoder, &table);
    let n = encoder.n_numbers();
    // A week later the weekday is the same and the day is not.
    assert_eq!(
        features.numbers[3..5],
        features.numbers[7 * n + 3..7 * n + 5]
    );
    assert!(features.numbers[0] < features.numbers[7 * n]);
}

#[test]
fn columns_that_say_nothing_are_left_out_with_a_notice() {
    let mut text = "id,fixed,empty,name,colour,x\n".to_owned();
    for i in 0..40 {
        let colour = ["red", "blue"][i % 2];
        text += &format!("{},7,,name {i},{colour},{}.5\n", i + 1, i * i % 13);
    }
    let table = table(&text);
    let encoder = fit(&table);
    let used: Vec<String> = encoder.columns().into_iter().map(|c| c.name).collect();
    assert_eq!(used, ["colour", "x"]);
    let notices: Vec<String> = encoder
        .unused_columns()
        .iter()
        .map(UnusedColumn::to_string)
        .collect();
    assert_eq!(
        notices,
        [
            "column \"id\" is not used: it looks like an identifier (name it as categorical or numeric to keep it)",
            "column \"fixed\" is not used: it is \"7\" in all training rows",
            "column \"empty\" is not used: it has no value in the training rows",
            "column \"name\" is not used: it looks like an identifier (name it as categorical or numeric to keep it)",
        ]
    );
    // Named columns are kept, dropped ones are not mentioned.
    let options = EncoderOptions {
        numeric: names(&["id"]),
        categorical: names(&["name", "fixed"]),
        drop: names(&["empty", "x"]),
        ..EncoderOptions::default()
    };
    let encoder = fit_with(&table, &options).unwrap();
    let used: Vec<String> = encoder.columns().into_iter().map(|c| c.name).collect();
    assert_eq!(used, ["id", "fixed", "name", "colour"]);
    assert!(encoder.unused_columns().is_empty());
}

#[test]
fn judgement_is_on_the_training_rows_alone() {
    let table = table("x,y\n1,5\n1,6\n1,8\n2,7\n");
    let encoder = Encoder::fit(
        &table,
        &[0, 1, 2],
        &all_names(&table),
        &EncoderOptions::default(),
    );
    let encoder = encoder.unwrap();
    assert_eq!(encoder.n_numbers(), 1);
    let constant = DropReason::Constant {
        value: "1".to_owned(),
    };
    assert_eq!(encoder.unused_columns()[0].reason, constant);
    // The median of y is 6, not 6.5.
    let (features, _) = encode(&encoder, &table);
    assert_eq!(features.numbers[1], 0.0);
}

#[test]
fn rare_categories_alone_say_nothing() {
    let table = table("c,x\na,1\nb,3\nc,1\n");
    let encoder = fit(&table);
    assert_eq!(
        encoder.unused_columns()[0].to_string(),
        "column \"c\" is not used: no value occurs in 2 training rows or more"
    );
    let options = EncoderOptions {
        min_category_count: 1,
        ..EncoderOptions::default()
    };
    let encoder = fit_with(&table, &options).unwrap();
    assert_eq!(encoder.category_counts(), [[0, 1, 1, 1]]);
}

#[test]
fn identifiers_are_used_when_nothing_else_is_left() {
    let table = table(&format!(
        "n,name\n{}",
        (0..30)
            .map(|i| format!("{i},name {i}\n"))
            .collect::<String>()
    ));
    let encoder = fit(&table);
    let used: Vec<String> = encoder.columns().into_iter().map(|c| c.name).collect();
    // Names that occur once each still say nothing.
    assert_eq!(used, ["n"]);
    assert_eq!(encoder.unused_columns().len(), 1);
}

#[test]
fn settings_that_do_not_fit_the_table_are_errors() {
    struct Case {
        options: EncoderOptions,
        message: &'static str,
    }
    let table = table("age,colour,one\n1,red,5\n2,blue,5\n4,red,5\n5,x,5\n");
    let options = EncoderOptions::default;
    let cases = [
        Case {
            options: EncoderOptions {
                categorical: names(&["color"]),
                ..options()
            },
            message: "t.csv has no column \"color\" (did you mean \"colour\"?) (named in categorical)",
        },
        Case {
            options: EncoderOptions {
                drop: names(&["agee", "zzz"]),
                ..options()
            },
            message: "t.csv has no column \"agee\" (did you mean \"age\"?)",
        },
        Case {
            options: EncoderOptions {
                numeric: names(&["colour"]),
                ..options()
            },
            message: "t.csv, row 1 (line 2), column \"colour\": \"red\" is not a number",
        },
        Case {
            options: EncoderOptions {
                numeric: names(&["age"]),
                drop: names(&["age"]),
                ..options()
            },
            message: "column \"age\" is named in numeric and in drop; it can have one role only",
        },
        Case {
            options: EncoderOptions {
                drop: names(&["age", "colour"]),
                ..options()
            },
            message: "t.csv has no usable feature column: column \"one\" is not used: it is \"5\"",
        },
        Case {
            options: EncoderOptions {
                drop: names(&["age", "colour", "one"]),
                ..options()
            },
            message: "t.csv has no usable feature column: no column is left",
        },
    ];
    for Case { options, message } in cases {
        let error = fit_with(&table, &options).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn tables_for_prediction_must_have_the_columns_and_types_of_training() {
    let encoder = fit(&table("age,colour\n1,red\n2,blue\n4,red\n5,blue\n"));
    let fails = |text: &str| {
        let error = encoder.encode(&table(text), UnknownCategories::Count);
        error.unwrap_err().to_string()
    };
    assert_eq!(
        fails("Age,x\n1,2\n"),
        "t.csv lacks columns that the model was trained on: \"age\" (did you mean \"Age\"?), \"colour\""
    );
    let error = fails("age,colour\n1,red\nold,red\n");
    assert!(
        error.starts_with("t.csv, row 2 (line 3), column \"age\": \"old\" is not a number"),
        "{error}"
    );
    // Numbers as categories are fine: they are known by value.
    let later = table("colour,age\n1,1\n");
    assert_eq!(encode(&encoder, &later).0.codes, [UNKNOWN_CODE]);
}

#[test]
fn json_gives_the_same_bits() {
    let table = every_type(97);
    for scaling in [Scaling::Robust, Scaling::Standard] {
        let options = EncoderOptions {
            scaling,
            ..EncoderOptions::default()
        };
        let encoder = fit_with(&table, &options).unwrap();
        let json = serde_json::to_string(&encoder).unwrap();
        let again: Encoder = serde_json::from_str(&json).unwrap();
        assert_eq!(again, encoder);
        let (features, _) = encode(&encoder, &table);
        assert_eq!(bits(&encode(&again, &table).0), bits(&features));
    }
}

#[test]
fn a_false_model_file_is_refused() {
    let good = serde_json::to_value(fit(&every_type(40))).unwrap();
    let read = |value: &serde_json::Value| serde_json::from_value::<Encoder>(value.clone());
    assert!(read(&good).is_ok());
    let mut empty = good.clone();
    empty["columns"] = serde_json::json!([]);
    let mut twice = good.clone();
    twice["columns"][1]["name"] = twice["columns"][0]["name"].clone();
    let mut more = good.clone();
    more["surprise"] = serde_json::json!(1);
    for bad in [empty, twice, more] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}

#[test]
fn pieces_are_encoded_as_the_whole_is() {
    let n = 2 * CHUNK_ROWS + 37;
    let table = every_type(n);
    let encoder = fit(&table);
    let (whole, _) = encode(&encoder, &table);
    let in_part = |row: &u32| row % 3 == 1 || *row > 15_000;
    let (first, second): (Vec<u32>, Vec<u32>) = table.all_rows().into_iter().partition(in_part);
    let (parts, report) = encoder.encode_parts(table, &[&first, &second]).unwrap();
    assert_eq!(report.n_rows, n as u64);
    for (rows, part) in [first, second].iter().zip(&parts) {
        assert_eq!(part.n_rows, rows.len());
        let (n_numbers, n_categories) = (part.n_numbers, part.n_categories);
        for (at, &row) in rows.iter().enumerate() {
            let row = row as usize;
            assert_eq!(
                part.numbers[at * n_numbers..(at + 1) * n_numbers],
                whole.numbers[row * n_numbers..(row + 1) * n_numbers],
            );
            assert_eq!(
                part.codes[at * n_categories..(at + 1) * n_categories],
                whole.codes[row * n_categories..(row + 1) * n_categories],
            );
        }
    }
}

#[test]
fn the_schema_reads_a_table_in_the_same_types() {
    let table = every_type(40);
    let encoder = fit(&table);
    let types: Vec<ColumnType> = encoder
        .schema()
        .fields
        .iter()
        .map(|f| f.column_type)
        .collect();
    use ColumnType::{Boolean, Category, DateTime, Number};
    assert_eq!(types, [Number, Number, Boolean, DateTime, Category]);
}

proptest! {
    #[test]
    fn every_feature_is_finite_and_every_code_has_a_count(
        cells in prop::collection::vec(("(-?[0-9]{1,3}(\\.[0-9]{1,3})?(e[0-9]{1,2})?|NA|)", "(a|b|c|true|1|)", "(true|false|)"), 4..60),
        later in prop::collection::vec(("(-?[0-9]{1,3}(e-?[0-9]{1,3})?|)", "[a-e]{0,2}", "(true|0|1|)"), 1..20),
        scaling in prop::sample::select(vec![Scaling::Robust, Scaling::Standard]),
    ) {
        let text = |cells: &[(String, String, String)]| {
            let rows: String = cells.iter().map(|(x, c, b)| format!("{x},{c},{b},1\n")).collect();
            format!("x,c,b,rest\n{rows}")
        };
        let training = table(&text(&cells));
        // Chance could make all training cells booleans or numbers, which later text is not.
        let categorical = names(&["c"]);
        let options = EncoderOptions { scaling, categorical, ..EncoderOptions::default() };
        let Ok(encoder) = fit_with(&training, &options) else { return Ok(()) };
        let schema = Some(encoder.schema());
        let later = read(&text(&later), &ReadOptions { schema, ..ReadOptions::default() }).unwrap();
        for table in [&training, &later] {
            let (features, _) = encode(&encoder, table);
            prop_assert_eq!(features.numbers.len(), table.n_rows() * encoder.n_numbers());
            prop_assert!(features.numbers.iter().all(|number| number.is_finite()));
            let counts = encoder.category_counts();
            for row in features.codes.chunks(counts.len().max(1)) {
                for (code, counts) in row.iter().zip(&counts) {
                    prop_assert!((*code as usize) < counts.len());
                }
            }
        }
    }
}
