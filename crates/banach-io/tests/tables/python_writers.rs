//! Tables that pandas and polars write, with options by chance, come back as the values that were written.
//!
//! Needs an interpreter with these packages, named by BANACH_PYTHON; without it, skips.

use std::io::Write;
use std::process::Command;

use banach_io::{ReadOptions, read_table};
use serde_json::Value;

/// Tables written.
const TABLES: &str = "100";

/// Says why a test is skipped, past the capturing of output.
fn skip(why: &str) {
    let _ = writeln!(
        std::io::stderr(),
        "python_writers::tables_of_pandas_and_polars_read_back_as_the_same_values skipped: {why}"
    );
}

#[test]
fn tables_of_pandas_and_polars_read_back_as_the_same_values() {
    let Some(python) = std::env::var_os("BANACH_PYTHON") else {
        return skip("BANACH_PYTHON is not set");
    };
    let has_both = Command::new(&python)
        .args(["-c", "import pandas, polars"])
        .output();
    if !has_both.is_ok_and(|output| output.status.success()) {
        return skip("its Python has no pandas and polars");
    }
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/tables/python_writers.py"
    );
    let written = Command::new(&python)
        .arg(script)
        .arg(folder.path())
        .args([TABLES, "7"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&written.stderr);
    assert!(written.status.success(), "{errors}");
    let tables: Vec<Value> = serde_json::from_slice(&written.stdout).unwrap();
    assert_eq!(tables.len().to_string(), TABLES);
    for written in &tables {
        let file = written["file"].as_str().unwrap();
        let what = format!("{}\n{}", written["options"], shown(file));
        let table = read_table(file, &ReadOptions::default());
        let table = table.unwrap_or_else(|error| panic!("{error}\n{what}"));
        for (name, values) in written["columns"].as_object().unwrap() {
            let column = table.column(name);
            let column = column.unwrap_or_else(|| panic!("no column {name:?}\n{what}"));
            assert_eq!(column.reading().odd, 0, "{name}\n{what}");
            let values = values.as_array().unwrap();
            assert_eq!(column.n_rows(), values.len(), "{what}");
            for (row, value) in values.iter().enumerate() {
                let what = || format!("{name}, row {row}: {value}\n{what}");
                match value {
                    Value::Null => assert!(column.is_missing(row), "{}", what()),
                    Value::Bool(flag) => {
                        let number = f64::from(u8::from(*flag));
                        assert_eq!(column.number(row), Some(number), "{}", what());
                    }
                    Value::Number(number) => {
                        assert_eq!(column.number(row), number.as_f64(), "{}", what());
                    }
                    Value::String(text) => {
                        assert_eq!(column.key(row).as_deref(), Some(&**text), "{}", what());
                    }
                    other => panic!("{other}"),
                }
            }
        }
    }
}

/// The beginning of a file, for messages.
fn shown(file: &str) -> String {
    let bytes = std::fs::read(file).unwrap();
    String::from_utf8_lossy(&bytes[..bytes.len().min(1500)]).into_owned()
}
