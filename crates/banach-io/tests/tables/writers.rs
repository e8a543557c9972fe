//! Tables as pandas, R, spreadsheets and databases write them come back as the values that were written.

use banach_data::{ColumnType, format_date_time};
use proptest::prelude::*;

use crate::support::read_bytes;
use banach_io::ReadOptions;

/// A value of a table, before anybody writes it.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Missing,
    Integer(i64),
    /// Hundredths.
    Decimal(i64),
    Boolean(bool),
    /// Minutes since 1970.
    Time(i64),
    Text(String),
}

/// A program that writes tables.
#[derive(Debug, Clone, Copy)]
enum Writer {
    /// `DataFrame.to_csv`.
    Pandas,
    /// `write.table` with quotes and row names.
    R,
    /// A spreadsheet of a country with decimal commas.
    GermanSheet,
    /// A spreadsheet of a country with decimal points.
    EnglishSheet,
    /// `COPY` of a database: tabs, `\N`.
    Database,
}

impl Writer {
    fn cell(self, value: &Value) -> String {
        match (self, value) {
            (Self::R, Value::Missing) => "NA".to_owned(),
            (Self::Database, Value::Missing) => "\\N".to_owned(),
            (Self::EnglishSheet, Value::Missing) => "#N/A".to_owned(),
            (_, Value::Missing) => String::new(),
            (_, Value::Integer(integer)) => integer.to_string(),
            (Self::GermanSheet, Value::Decimal(hundredths)) => grouped(*hundredths, ".", ","),
            (Self::EnglishSheet, Value::Decimal(hundredths)) => grouped(*hundredths, ",", "."),
            (_, Value::Decimal(hundredths)) => grouped(*hundredths, "", "."),
            (Self::Pandas, Value::Boolean(value)) => {
                if *value { "True" } else { "False" }.to_owned()
            }
            (Self::Database, Value::Boolean(value)) => value.to_string(),
            (_, Value::Boolean(value)) => value.to_string().to_uppercase(),
            (_, Value::Time(minutes)) => self.time(*minutes),
            (_, Value::Text(text)) => text.clone(),
        }
    }

    fn time(self, minutes: i64) -> String {
        let iso = format_date_time(minutes as f64 * 60.0);
        let (year, month, day) = (&iso[..4], &iso[5..7], &iso[8..10]);
        let (hour, minute) = (minutes.rem_euclid(1440) / 60, minutes.rem_euclid(60));
        match self {
            Self::GermanSheet => format!("{day}.{month}.{year} {hour:02}:{minute:02}"),
            Self::EnglishSheet => {
                let half = if hour < 12 { "AM" } else { "PM" };
                format!(
                    "{month}/{day}/{year} {}:{minute:02} {half}",
                    (hour + 11) % 12 + 1
                )
            }
            Self::Database => format!("{year}-{month}-{day} {hour:02}:{minute:02}:00 UTC"),
            Self::Pandas | Self::R => format!("{year}-{month}-{day} {hour:02}:{minute:02}:00"),
        }
    }

    /// The table as this program writes it.
    fn write(self, columns: &[(&str, Vec<Value>)]) -> Vec<u8> {
        let (delimiter, line_end, quotes) = match self {
            Self::Pandas => (",", "\n", false),
            Self::R => (",", "\n", true),
            Self::GermanSheet => (";", "\r\n", false),
            Self::EnglishSheet => (",", "\r\n", false),
            Self::Database => ("\t", "\n", false),
        };
        let quoted = |text: &str, always: bool| {
            let special = text.contains(['"', '\n', '\r']) || text.contains(delimiter);
            if always || special {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let mut text = match self {
            Self::GermanSheet | Self::EnglishSheet => "\u{feff}".to_owned(),
            _ => String::new(),
        };
        let names = columns.iter().map(|(name, _)| quoted(name, quotes));
        text += &(names.collect::<Vec<_>>().join(delimiter) + line_end);
        for row in 0..columns[0].1.len() {
            let cells = columns.iter().map(|(_, values)| {
                let value = &values[row];
                quoted(&self.cell(value), quotes && matches!(value, Value::Text(_)))
            });
            let cells = cells.collect::<Vec<_>>().join(delimiter);
            if quotes {
                text += &format!("\"{}\"{delimiter}", row + 1);
            }
            text += &(cells + line_end);
        }
        text.into_bytes()
    }
}

/// A number of hundredths with groups of three digits.
fn grouped(hundredths: i64, thousands: &str, decimal: &str) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, fraction) = (hundredths.abs() / 100, hundredths.abs() % 100);
    let digits = whole.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out += thousands;
        }
        out.push(digit);
    }
    format!("{sign}{out}{decimal}{fraction:02}")
}

fn column(value: impl Strategy<Value = Value> + 'static, rows: usize) -> BoxedStrategy<Vec<Value>> {
    let cell = prop_oneof![9 => value, 1 => Just(Value::Missing)];
    prop::collection::vec(cell, rows).boxed()
}

prop_compose! {
    fn table()(rows in 12_usize..40)(
        integers in column((-5000_i64..5000).prop_map(Value::Integer), rows),
        decimals in column((-10_000_000_i64..10_000_000).prop_map(Value::Decimal), rows),
        flags in column(any::<bool>().prop_map(Value::Boolean), rows),
        // From 1950 to 2050.
        times in column((-10_000_000_i64..42_000_000).prop_map(Value::Time), rows),
        texts in column("[a-z][a-z ,;\"'äß.]{0,8}[a-z]".prop_map(Value::Text), rows),
        codes in column("0[0-9]{2}|B[0-9]".prop_map(Value::Text), rows),
    ) -> Vec<(&'static str, Vec<Value>)> {
        vec![
            ("integers", integers),
            ("decimals, all", decimals),
            ("flags", flags),
            ("times", times),
            ("texts", texts),
            ("codes", codes),
        ]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn tables_of_many_programs_read_back_as_the_same_values(
        columns in table(),
        writer in prop_oneof![
            Just(Writer::Pandas), Just(Writer::R), Just(Writer::GermanSheet), Just(Writer::EnglishSheet), Just(Writer::Database)
        ],
    ) {
        // What every column must have to be known for what it is.
        let known = |values: &[Value]| values.iter().filter(|v| **v != Value::Missing).count() >= 2;
        prop_assume!(columns.iter().all(|(_, values)| known(values)));
        let bytes = writer.write(&columns);
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let table = read_bytes("t.csv", &bytes, &ReadOptions::default());
        let table = table.map_err(|error| TestCaseError::fail(format!("{error}\n{shown}")))?;
        prop_assert_eq!(table.n_rows(), columns[0].1.len(), "{}", shown);
        for (name, values) in &columns {
            let column = table.column(name);
            prop_assert!(column.is_some(), "no column {name:?}\n{shown}");
            let column = column.unwrap();
            prop_assert_eq!(column.reading().odd, 0, "{}", shown);
            for (row, value) in values.iter().enumerate() {
                let what = || format!("{writer:?}, {name}, row {row}: {value:?}\n{shown}");
                match value {
                    Value::Missing => prop_assert!(column.is_missing(row), "{}", what()),
                    Value::Integer(integer) => {
                        prop_assert_eq!(column.column_type(), ColumnType::Number, "{}", what());
                        prop_assert_eq!(column.number(row), Some(*integer as f64), "{}", what());
                    }
                    Value::Decimal(hundredths) => {
                        prop_assert_eq!(column.number(row), Some(*hundredths as f64 / 100.0), "{}", what());
                    }
                    Value::Boolean(value) => {
                        prop_assert_eq!(column.column_type(), ColumnType::Boolean, "{}", what());
                        prop_assert_eq!(column.number(row), Some(f64::from(u8::from(*value))), "{}", what());
                    }
                    Value::Time(minutes) => {
                        prop_assert_eq!(column.column_type(), ColumnType::DateTime, "{}", what());
                        prop_assert_eq!(column.number(row), Some(*minutes as f64 * 60.0), "{}", what());
                    }
                    Value::Text(text) => {
                        let key = column.key(row);
                        prop_assert_eq!(key.as_deref(), Some(text.as_str()), "{}", what());
                    }
                }
            }
        }
    }
}
