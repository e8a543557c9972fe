use std::fs;

use banach_data::{OutputType, Table};
use proptest::prelude::*;

use super::*;
use crate::ReadOptions;
use crate::reader::read_table;

fn output(name: &str, output_type: OutputType) -> OutputColumn {
    OutputColumn {
        name: name.to_owned(),
        output_type,
    }
}

/// Endings of all files that this build writes.
fn endings() -> Vec<&'static str> {
    let text = ["csv", "tsv", "txt", "CSV"].into_iter();
    text.chain(cfg!(feature = "parquet").then_some("parquet"))
        .collect()
}

fn columns() -> Vec<OutputColumn> {
    vec![
        output("text", OutputType::Text),
        output("short", OutputType::F32),
        output("long", OutputType::F64),
    ]
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// The number of a cell as written and read.
fn number(table: &Table, column: &str, row: usize) -> Option<f64> {
    table.column(column).unwrap().number(row)
}

#[test]
fn every_format_gives_back_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [
        "plain",
        "a,b",
        "say \"hi\"",
        "two\nlines",
        "tab\there",
        "é",
        "\rx",
        "",
    ];
    let short = [
        0.1_f32,
        -0.0,
        1e-30,
        3.4e38,
        16_777_217.0,
        f32::NAN,
        1.0,
        0.3,
    ];
    let long = [
        0.1_f64,
        1e300,
        -1e-300,
        f64::NAN,
        5e-324,
        123_456_789.123,
        1e16,
        2.0,
    ];
    for ending in endings() {
        let path = folder.path().join(format!("out.{ending}"));
        let mut writer = TableWriter::create(&path, columns()).unwrap();
        // In two pieces.
        for rows in [0..3, 3..8] {
            let values = [
                OutputValues::Text(texts[rows.clone()].to_vec()),
                OutputValues::F32(short[rows.clone()].into()),
                OutputValues::F64(long[rows].into()),
            ];
            writer.write(&values).unwrap();
        }
        writer.finish().unwrap();
        let options = ReadOptions {
            passthrough: vec!["text".to_owned()],
            numeric: vec!["short".to_owned(), "long".to_owned()],
            ..ReadOptions::default()
        };
        let table = read_table(&path, &options).unwrap();
        assert_eq!(table.n_rows(), 8, "{ending}");
        for row in 0..8 {
            assert_eq!(table.passthrough()[0].1.get(row), texts[row], "{ending}");
            let read = number(&table, "short", row).map(|value| value as f32);
            let written = Some(short[row] + 0.0).filter(|value| !value.is_nan());
            assert_eq!(
                read.map(f32::to_bits),
                written.map(f32::to_bits),
                "{ending}"
            );
            let read = number(&table, "long", row);
            let written = Some(long[row]).filter(|value| !value.is_nan());
            assert_eq!(
                read.map(f64::to_bits),
                written.map(f64::to_bits),
                "{ending}"
            );
        }
    }
}

#[test]
fn text_is_quoted_where_it_must_be() {
    let mut bytes = Vec::new();
    let columns = vec![
        output("na,me", OutputType::Text),
        output("x", OutputType::F64),
    ];
    let mut writer = TableWriter::to_writer("-", &mut bytes, columns).unwrap();
    let texts = vec!["a;b\tc", "a,b", "\"", "\r", "", " blank "];
    let numbers = [1.0, 0.5, f64::NAN, -0.0, 1e-7, f64::INFINITY];
    let values = [
        OutputValues::Text(texts),
        OutputValues::F64(numbers[..].into()),
    ];
    writer.write(&values).unwrap();
    writer.finish().unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "\"na,me\",x\na;b\tc,1\n\"a,b\",0.5\n\"\"\"\",\n\"\r\",-0\n,1e-7\n blank ,inf\n"
    );
}

#[test]
fn a_row_of_one_empty_cell_is_not_a_blank_line() {
    let mut bytes = Vec::new();
    let one = vec![output("x", OutputType::Text)];
    let mut writer = TableWriter::to_writer("-", &mut bytes, one).unwrap();
    writer.write(&[OutputValues::Text(vec!["", "a"])]).unwrap();
    writer.finish().unwrap();
    assert_eq!(bytes, b"x\n\"\"\na\n");
}

#[test]
fn nothing_is_there_before_the_end_or_after_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    for ending in endings() {
        let name = format!("out.{ending}");
        let path = folder.path().join(&name);
        let values = [
            OutputValues::Text(vec!["a"]),
            OutputValues::F32((&[1.0][..]).into()),
            OutputValues::F64((&[1.0][..]).into()),
        ];
        let mut dropped = TableWriter::create(&path, columns()).unwrap();
        dropped.write(&values).unwrap();
        assert!(!path.exists());
        drop(dropped);
        assert!(files(folder.path()).is_empty(), "{name}");
        // What was there stays until the new file is whole.
        fs::write(&path, "old").unwrap();
        let mut writer = TableWriter::create(&path, columns()).unwrap();
        writer.write(&values).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let error = writer.write(&values[..2]).unwrap_err();
        assert!(matches!(error, WriteError::OutputShape { .. }), "{error}");
        drop(writer);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(files(folder.path()), [name]);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn outputs_that_cannot_be_written_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    for (name, message) in [
        ("out.xlsx", "its ending must be .csv, .tsv or .parquet"),
        ("out", "its ending must be .csv, .tsv or .parquet"),
        ("absent/out.csv", "nothing was left behind"),
        #[cfg(feature = "parquet")]
        ("absent/out.parquet", "nothing was left behind"),
    ] {
        let path = folder.path().join(name);
        let Err(error) = TableWriter::create(&path, columns()) else {
            panic!("{name}")
        };
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()), "{text}");
        assert!(text.contains(message), "{text}");
    }
    assert!(files(folder.path()).is_empty());
}

#[test]
fn rows_of_another_shape_are_errors() {
    let mut bytes = Vec::new();
    let mut writer = TableWriter::to_writer("-", &mut bytes, columns()).unwrap();
    let text = || OutputValues::Text(vec!["a", "b"]);
    let short = || OutputValues::F32((&[1.0, 2.0][..]).into());
    let one = OutputValues::F64((&[1.0][..]).into());
    for values in [
        vec![text(), short()],
        vec![text(), short(), short()],
        vec![text(), short(), one],
    ] {
        let error = writer.write(&values).unwrap_err().to_string();
        assert!(
            error.starts_with("-: expected 3 columns of equal length, got Text x 2, F32 x 2"),
            "{error}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let mut writer = TableWriter::create("/dev/full", columns()).unwrap();
    let written = (0..50_000).try_for_each(|_| {
        writer.write(&[
            OutputValues::Text(vec!["a"]),
            OutputValues::F32((&[1.0][..]).into()),
            OutputValues::F64((&[1.0][..]).into()),
        ])
    });
    let error = written.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write /dev/full; nothing was left behind"
    );
    // A few rows fail at the end at the latest.
    let writer = TableWriter::create("/dev/full", columns()).unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::Write { .. })));
}

proptest! {
    #[test]
    fn any_text_and_any_number_are_read_back(
        rows in prop::collection::vec(("[ab,;|\"\n\r\t é]{0,8}", any::<f32>(), any::<f64>()), 1..30),
        ending in prop::sample::select(endings()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("out.{ending}"));
        let mut writer = TableWriter::create(&path, columns()).unwrap();
        let values = [
            OutputValues::Text(rows.iter().map(|row| row.0.as_str()).collect()),
            OutputValues::F32(rows.iter().map(|row| row.1).collect::<Vec<_>>().into()),
            OutputValues::F64(rows.iter().map(|row| row.2).collect::<Vec<_>>().into()),
        ];
        writer.write(&values).unwrap();
        writer.finish().unwrap();
        let options = ReadOptions {
            passthrough: vec!["text".to_owned()],
            numeric: vec!["short".to_owned(), "long".to_owned()],
            ..ReadOptions::default()
        };
        let table = read_table(&path, &options).unwrap();
        for (row, (text, short, long)) in rows.iter().enumerate() {
            prop_assert_eq!(table.passthrough()[0].1.get(row), text);
            let short = Some(short + 0.0).filter(|value| value.is_finite());
            prop_assert_eq!(number(&table, "short", row).map(|value| value as f32), short);
            let long = Some(long + 0.0).filter(|value| value.is_finite());
            prop_assert_eq!(number(&table, "long", row), long);
        }
    }
}
