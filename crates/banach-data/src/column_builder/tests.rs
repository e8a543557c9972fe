use super::*;
use crate::cell_format::EpochUnit;
use crate::column::CHUNK_ROWS;
use crate::number_format::NumberFormat;

fn build(rules: ColumnRules, cells: &[&str]) -> Column {
    let mut builder = ColumnBuilder::new(Arc::new(rules));
    let mut origin = Origin {
        first_row: 1,
        ..Origin::default()
    };
    (2..2 + cells.len() as u64).for_each(|line| origin.lines.push(line));
    for cell in cells {
        builder.push_bytes(cell.as_bytes()).unwrap();
    }
    builder.finish("x".to_owned(), &origin)
}

fn found(cells: &[&str]) -> Column {
    build(ColumnRules::default(), cells)
}

fn given(column_type: ColumnType, cells: &[&str]) -> Column {
    let rules = ColumnRules {
        column_type: Some(column_type),
        format: Some(CellFormat::Plain),
        ..ColumnRules::default()
    };
    build(rules, cells)
}

fn keys(column: &Column) -> Vec<String> {
    (0..column.n_rows())
        .map(|row| column.key(row).unwrap_or(Cow::Borrowed("-")).into_owned())
        .collect()
}

#[test]
fn the_type_is_that_of_all_present_cells() {
    use ColumnType::{Boolean, Category, DateTime, Missing, Number};
    let cases: &[(&[&str], ColumnType)] = &[
        (&["", "NA", "?"], Missing),
        (&["", "1", " 2.5 ", "NaN"], Number),
        (&["true", "", "False"], Boolean),
        (&["true", "1", "0"], Boolean),
        (&["1", "0", "true"], Boolean),
        (&["2020-01-01", "", "2020-01-01T10:00"], DateTime),
        (&["13.02.2020", "14.02.2020"], DateTime),
        (&["a", "1", ""], Category),
        (&["5", "true"], Category),
        (&["1", "2020-01-01"], Category),
        (&["", "x"], Category),
        (&["inf", "1"], Number),
    ];
    for (cells, expected) in cases {
        let column = found(cells);
        assert_eq!(column.column_type(), *expected, "{cells:?}");
        assert_eq!(column.n_rows(), cells.len());
    }
}

#[test]
fn every_cell_keeps_its_own_text() {
    for cells in [
        &[
            "1.0",
            "",
            "TRUE",
            "2020-01-01T00:00",
            " b ",
            "1",
            "0071",
            "71",
            "1e3",
            "tRue",
            "-0",
        ][..],
        &["01", "02", "010", "7", "-07", "00"],
        &[
            "1.50", "1.5", "+1.5", ".5", "5.", "1e-3", "-0", "-0.0", "12E3", "12000",
        ],
        &["1234567890123456788", "1234567890123456789", "77"],
        &["true", "False", "TRUE", "tRUE", "false"],
        &[
            "2020-01-01",
            "2020-01-01 10:30",
            "2020-01-01T10:30:05.250Z",
            "2020-01-01T10:00:00+01:00",
        ],
        &[
            "2020-01-01 00:00:00+00:00",
            "2020-01-01T00:00:00.123456",
            "2020-01-01T00:00:00.123456789",
        ],
        &["48,000.50", "7", "$3"],
        &["13.02.2020", "2020-03-01"],
        &["7:30", "18:45:00"],
        &["inf", "-Infinity", "1e400", "3"],
    ] {
        let expected: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
        let expected: Vec<&str> = expected
            .iter()
            .map(|&t| if t.is_empty() { "-" } else { t })
            .collect();
        assert_eq!(keys(&found(cells)), expected);
    }
}

#[test]
fn a_few_odd_cells_are_missing_and_reported() {
    let mut cells = vec!["12.5"; 260];
    (cells[7], cells[8], cells[200], cells[9]) = ("41.2.77", "n/a", "41.2.77", "-");
    let column = found(&cells);
    assert_eq!(column.column_type(), ColumnType::Number);
    let reading = column.reading();
    assert_eq!((reading.odd, reading.odd_examples.len()), (2, 1));
    let example = &reading.odd_examples[0];
    assert_eq!(
        (example.row, example.line, &*example.text),
        (8, Some(9), "41.2.77")
    );
    assert_eq!(
        reading.missing_words,
        [("-".to_owned(), 1), ("n/a".to_owned(), 1)]
    );
    assert_eq!(column.n_present(), 256);
    assert_eq!(
        column.read_as().to_string(),
        "column \"x\": 2 cells are not a number and count as missing: \"41.2.77\" (line 9), ..."
    );
    // The odd one first.
    let mut cells = vec!["total"];
    cells.extend(vec!["1"; 30]);
    let column = found(&cells);
    assert_eq!(
        (column.column_type(), column.reading().odd),
        (ColumnType::Number, 1)
    );
    assert_eq!(column.number(1), Some(1.0));
}

#[test]
fn infinities_are_numbers_and_counted() {
    let column = found(&["inf", "-inf", "1e400", "2"]);
    assert_eq!(column.number(0), Some(f64::INFINITY));
    assert_eq!(column.number(1), Some(-f64::INFINITY));
    assert_eq!(column.reading().infinite, 3);
}

#[test]
fn words_for_missing_values_are_those_that_were_given() {
    let none = |words: MissingWords| ColumnRules {
        words,
        ..ColumnRules::default()
    };
    let column = build(none(MissingWords::only(vec![])), &["None", "Mild", "None"]);
    assert_eq!(keys(&column), ["None", "Mild", "None"]);
    let usual = found(&["None", "Mild", "None"]);
    assert_eq!(keys(&usual), ["-", "Mild", "-"]);
    assert_eq!(usual.reading().missing_words, [("None".to_owned(), 2)]);
    let added = MissingWords::usual_and(vec!["-999".to_owned()]);
    let column = build(none(added), &["1", "-999", "-999.0", "NA", "2"]);
    assert_eq!(keys(&column), ["1", "-", "-", "-", "2"]);
}

#[test]
fn a_given_type_coerces_and_counts_what_is_odd() {
    use ColumnType::{Boolean, Category, DateTime, Number};
    let odd = |column_type, cells: &[&str]| given(column_type, cells).reading().odd;
    assert_eq!(odd(Number, &["1", "", "true"]), 0);
    assert_eq!(odd(Number, &["1", "x", "2020-01-01"]), 2);
    assert_eq!(odd(Boolean, &["true", "0", "1.0"]), 0);
    assert_eq!(odd(Boolean, &["2"]), 1);
    assert_eq!(odd(DateTime, &["2020-01-01", "NA"]), 0);
    assert_eq!(odd(DateTime, &["3"]), 1);
    let category = given(Category, &["1.0", "x", "1", "NA"]);
    assert_eq!(keys(&category), ["1.0", "x", "1", "-"]);
    let comma = ColumnRules {
        column_type: Some(Number),
        format: Some(CellFormat::Number(NumberFormat::ALL[1])),
        ..ColumnRules::default()
    };
    let column = build(comma, &["1.234,5", "7", "1234.50"]);
    assert_eq!(
        (column.number(0), column.number(1), column.number(2)),
        (Some(1234.5), Some(7.0), None)
    );
    let epoch = ColumnRules {
        column_type: Some(DateTime),
        format: Some(CellFormat::Epoch(EpochUnit::Milliseconds)),
        ..ColumnRules::default()
    };
    let mut builder = ColumnBuilder::new(Arc::new(epoch));
    builder.push_bytes(b"1500").unwrap();
    builder.push_scalar(Scalar::Number(2500.0)).unwrap();
    let column = builder.finish("x".to_owned(), &Origin::default());
    assert_eq!((column.number(0), column.number(1)), (Some(1.5), Some(2.5)));
}

#[test]
fn reading_stops_where_most_cells_are_odd() {
    let rules = ColumnRules {
        column_type: Some(ColumnType::Number),
        format: Some(CellFormat::Plain),
        ..ColumnRules::default()
    };
    let mut builder = ColumnBuilder::new(Arc::new(rules));
    let stopped = (0..5000).position(|_| builder.push_bytes(b"x").is_err());
    assert_eq!(stopped, Some(MAX_ODD_READ as usize));
}

/// What a column is does not depend on how it was held in between.
#[test]
fn long_columns_are_what_short_ones_are() {
    let rows = 2 * CHUNK_ROWS + 5;
    let number = |row: usize| format!("{}", row % 7);
    let mut cells: Vec<String> = (0..rows).map(number).collect();
    cells.push("end".to_owned());
    let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
    let column = found(&texts);
    assert_eq!(
        (column.column_type(), column.reading().odd),
        (ColumnType::Number, 1)
    );
    assert_eq!(column.reading().odd_examples[0].row as usize, rows + 1);
    // Texts late, and so many that it is categories.
    cells.extend((0..rows).map(|row| format!("t{}", row % 3)));
    let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
    let column = found(&texts);
    assert_eq!(column.column_type(), ColumnType::Category);
    assert_eq!(keys(&column), texts);
    // Texts first, and so few that it is numbers.
    let mut cells: Vec<String> = (0..100).map(|row| format!("t{row}")).collect();
    cells.extend((0..rows).map(|row| format!("{row}.{:02}", row % 100)));
    let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
    let column = found(&texts);
    assert_eq!(
        (column.column_type(), column.reading().odd),
        (ColumnType::Number, 100)
    );
    assert_eq!(column.key(105).as_deref(), Some("5.05"));
    assert_eq!(column.number(100 + 12_345), Some(12_345.45));
    assert!(column.is_missing(99));
}

/// Words of ones own are found among numbers however the column was held before.
#[test]
fn numbers_that_mean_missing_do_so_after_texts_too() {
    let mut cells = vec!["first".to_owned()];
    cells.extend((0..12_000).map(|row| {
        if row % 5 == 0 {
            "-999".to_owned()
        } else {
            format!("{row}.5")
        }
    }));
    let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
    let rules = ColumnRules {
        words: MissingWords::usual_and(vec!["-999".to_owned()]),
        ..ColumnRules::default()
    };
    let column = build(rules, &texts);
    assert_eq!(column.column_type(), ColumnType::Number);
    assert_eq!(column.n_present(), 9600);
    assert_eq!((column.reading().odd, column.number(2)), (1, Some(1.5)));
    assert_eq!(column.reading().missing_words, [("-999".to_owned(), 2400)]);
}

#[test]
fn numbers_keep_their_bits_in_either_width() {
    for values in [&[0.5, 1.0, -3.25][..], &[0.1, 1e300, -7.0]] {
        let mut builder = ColumnBuilder::new(Arc::default());
        for &value in values {
            builder.push_scalar(Scalar::Number(value)).unwrap();
        }
        let column = builder.finish("x".to_owned(), &Origin::default());
        for (row, value) in values.iter().enumerate() {
            assert_eq!(column.number(row).map(f64::to_bits), Some(value.to_bits()));
        }
    }
}

#[test]
fn casting_keeps_texts_and_names_the_first_row_that_does_not_fit() {
    let codes = found(&["01", "2", "010", "5"]);
    let category = codes.cast(ColumnType::Category, CellFormat::Plain).unwrap();
    assert_eq!(keys(&category), ["01", "2", "010", "5"]);
    let texts = given(ColumnType::Category, &["1", "x", "y"]);
    assert_eq!(texts.cast(ColumnType::Number, CellFormat::Plain), Err(1));
    let numbers = given(ColumnType::Category, &["1", "", "1e2"]);
    let numbers = numbers.cast(ColumnType::Number, CellFormat::Plain).unwrap();
    assert_eq!(
        (numbers.number(0), numbers.number(2)),
        (Some(1.0), Some(100.0))
    );
    assert!(numbers.is_missing(1));
}
