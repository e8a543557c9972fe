//! Real tables have the types that a person would give them.

use std::io::Write;
use std::path::PathBuf;

use banach_data::{ColumnType, Encoder, EncoderOptions, Table, TargetEncoder, Task};
use banach_io::{ReadError, ReadOptions, TableReader, read_table};

use crate::support::{names, read_bytes};

/// The folder of real data, or a message that there is none.
fn data_folder() -> Option<PathBuf> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("BANACH_DATA").map_or(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    // Past the capturing of output, so that whoever runs the tests sees it.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let folder = folder.display();
    let _ = writeln!(
        std::io::stderr(),
        "{test} skipped: no folder {folder} (set BANACH_DATA)"
    );
    None
}

struct Case {
    file: &'static str,
    targets: &'static [&'static str],
    task: Task,
    rows: usize,
    /// Columns that are not numbers.
    other_types: &'static [(&'static str, ColumnType)],
    /// Columns of the table, targets included.
    columns: usize,
    /// Number and category features.
    features: (usize, usize),
    dropped: &'static [&'static str],
}

const REGRESSION: Case = Case {
    file: "",
    targets: &["y"],
    task: Task::Regression,
    rows: 0,
    other_types: &[],
    columns: 0,
    features: (0, 0),
    dropped: &[],
};

fn check(case: &Case, table: &Table) {
    let file = case.file;
    assert_eq!(
        (table.n_rows(), table.columns().len()),
        (case.rows, case.columns),
        "{file}"
    );
    let others: Vec<(&str, ColumnType)> = table
        .columns()
        .iter()
        .map(|column| (column.name(), column.column_type()))
        .filter(|&(_, column_type)| column_type != ColumnType::Number)
        .collect();
    assert_eq!(others, case.other_types, "{file}");
    let targets: Vec<String> = case.targets.iter().map(|&name| name.to_owned()).collect();
    let target = TargetEncoder::fit(table, &targets, None).unwrap();
    assert_eq!(target.task(), case.task, "{file}");
    let mut features = names(table);
    features.retain(|name| !targets.contains(name) && !name.starts_with("test_"));
    let rows = target.labelled_rows(table).unwrap();
    let encoder = Encoder::fit(table, &rows, &features, &EncoderOptions::default()).unwrap();
    let counts = (encoder.n_numbers(), encoder.category_counts().len());
    assert_eq!(
        counts,
        case.features,
        "{file}: {:?}",
        encoder.unused_columns()
    );
    let dropped: Vec<&str> = encoder
        .unused_columns()
        .iter()
        .map(|notice| notice.column.as_str())
        .collect();
    assert_eq!(dropped, case.dropped, "{file}");
}

#[test]
fn real_tables_have_sensible_types() {
    use ColumnType::{Boolean, Category};
    let Some(folder) = data_folder() else { return };
    let cases = [
        Case {
            file: "csv/adult.csv",
            targets: &["income"],
            task: Task::Binary,
            rows: 30_162,
            other_types: &[
                ("workclass", Category),
                ("education", Category),
                ("marital-status", Category),
                ("occupation", Category),
                ("relationship", Category),
                ("race", Category),
                ("sex", Category),
                ("native-country", Category),
                ("income", Category),
            ],
            columns: 15,
            features: (6, 8),
            dropped: &[],
        },
        Case {
            file: "csv/titanic.csv",
            targets: &["survived"],
            task: Task::Binary,
            rows: 891,
            other_types: &[
                ("sex", Category),
                ("embarked", Category),
                ("class", Category),
                ("who", Category),
                ("adult_male", Boolean),
                ("deck", Category),
                ("embark_town", Category),
                ("alive", Category),
                ("alone", Boolean),
            ],
            columns: 15,
            // pclass, age and whether it is missing, sibsp, parch, fare, adult_male, alone.
            features: (8, 7),
            dropped: &[],
        },
        Case {
            file: "csv/penguins.csv",
            targets: &["species"],
            task: Task::Multiclass,
            rows: 344,
            other_types: &[
                ("species", Category),
                ("island", Category),
                ("sex", Category),
            ],
            columns: 7,
            // Four measures, each missing in two rows.
            features: (8, 2),
            dropped: &[],
        },
        Case {
            file: "htru2/HTRU_2.csv",
            targets: &["class"],
            task: Task::Binary,
            rows: 17_898,
            columns: 9,
            features: (8, 0),
            ..REGRESSION
        },
        Case {
            file: "regression/concrete.csv",
            rows: 1030,
            columns: 14,
            features: (8, 0),
            ..REGRESSION
        },
        Case {
            file: "regression/energy.csv",
            rows: 768,
            columns: 14,
            features: (8, 0),
            ..REGRESSION
        },
        Case {
            file: "regression/power-plant.csv",
            rows: 9568,
            columns: 10,
            features: (4, 0),
            ..REGRESSION
        },
        Case {
            file: "regression/wine-quality-red.csv",
            // Whole numbers from 3 to 8: classes, unless the user says otherwise.
            task: Task::Multiclass,
            rows: 1599,
            columns: 17,
            features: (11, 0),
            ..REGRESSION
        },
    ];
    for case in &cases {
        let table = read_table(folder.join(case.file), &ReadOptions::default()).unwrap();
        check(case, &table);
    }
}

/// This copy was saved as the text of a Python bytes object: `b'` stands before the header and a
/// quote alone in the last row.
#[test]
fn a_damaged_copy_is_refused_and_reads_well_once_repaired() {
    let Some(folder) = data_folder() else { return };
    let path = folder.join("csv/housing.csv");
    let bytes = std::fs::read(&path).unwrap();
    let repaired = match bytes.strip_prefix(b"b'") {
        None => bytes.as_slice(),
        Some(rest) => {
            let error = read_table(&path, &ReadOptions::default()).unwrap_err();
            assert!(
                matches!(error, ReadError::RaggedRow { ref at, expected: 10, got: 1, .. } if at.row == 20_641),
                "{error}"
            );
            rest.strip_suffix(b"'\n").unwrap_or(rest)
        }
    };
    let case = Case {
        file: "csv/housing.csv",
        targets: &["median_house_value"],
        rows: 20_640,
        other_types: &[("ocean_proximity", ColumnType::Category)],
        columns: 10,
        // Bedrooms are missing in 207 rows.
        features: (9, 1),
        ..REGRESSION
    };
    let table = read_bytes("housing.csv", repaired, &ReadOptions::default()).unwrap();
    check(&case, &table);
}

#[test]
fn tox21_has_masked_labels_and_numbers() {
    let Some(folder) = data_folder() else { return };
    let table = read_table(folder.join("tox21/tox21.parquet"), &ReadOptions::default()).unwrap();
    assert_eq!((table.n_rows(), table.columns().len()), (8006, 1251));
    let kind = |name: &str| table.column(name).unwrap().column_type();
    assert_eq!(
        (kind("mol_id"), kind("split")),
        (ColumnType::Category, ColumnType::Category)
    );
    let (labels, mut features): (Vec<String>, Vec<String>) = names(&table)
        .into_iter()
        .partition(|name| name.starts_with("NR-") || name.starts_with("SR-"));
    features.retain(|name| name != "split");
    assert_eq!(labels.len(), 12);
    let target = TargetEncoder::fit(&table, &labels, None).unwrap();
    assert_eq!((target.task(), target.n_outputs()), (Task::Multilabel, 12));
    let rows = target.labelled_rows(&table).unwrap();
    let encoder = Encoder::fit(&table, &rows, &features, &EncoderOptions::default()).unwrap();
    assert!(encoder.category_counts().is_empty());
    let used: Vec<String> = encoder
        .columns()
        .into_iter()
        .map(|column| column.name)
        .collect();
    assert!(!used.contains(&"mol_id".to_owned()));
    let bits = used.iter().filter(|name| name.starts_with("ecfp_")).count();
    assert_eq!(bits, 1024);
    // 1,024 bits, 213 descriptors, and whether they are missing for the 12 that sometimes are.
    assert_eq!(encoder.n_numbers(), 1024 + 213 + 12);
}

/// Rows of RFC 4180, and of nothing else.
fn strict(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .chars()
        .peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            c if c == delimiter && !quoted => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|row| !matches!(&row[..], [only] if only.is_empty()));
    rows
}

/// All files below a folder.
fn files_below(folder: &std::path::Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn real_tables_have_the_cells_that_a_strict_reader_finds() {
    let Some(folder) = data_folder() else { return };
    let mut files = Vec::new();
    files_below(&folder, &mut files);
    let mut compared = 0;
    for file in files {
        let ending = file.extension().and_then(|ending| ending.to_str());
        if !matches!(ending, Some("csv" | "dat")) || file.ends_with("csv/housing.csv") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let cut = [',', ';', '\t', '|'].map(|delimiter| strict(&text, delimiter));
        let even = |rows: &&Vec<Vec<String>>| rows.iter().all(|row| row.len() == rows[0].len());
        let rows = cut
            .iter()
            .filter(even)
            .max_by_key(|rows| rows[0].len())
            .unwrap();
        let names = TableReader::open(&file, &ReadOptions::default());
        let names = match names {
            Ok(reader) => reader.names().to_vec(),
            // Rows of numbers without a header, and the same number twice.
            Err(error) => panic!("{}: {error}", file.display()),
        };
        let options = ReadOptions {
            passthrough: names.clone(),
            skip: names.clone(),
            ..ReadOptions::default()
        };
        let table = match TableReader::open(&file, &options).unwrap().read() {
            Ok(table) => table,
            Err(error) => {
                assert_eq!(rows.len(), 1, "{}: {error}", file.display());
                continue;
            }
        };
        let no_header = table
            .file_notices()
            .iter()
            .any(|notice| matches!(notice, banach_data::FileNotice::NoHeader { .. }));
        if file.starts_with(folder.join("uci")) {
            // Files of the collection have no header; some of one column look as if they had one.
            assert!(
                no_header || names.len() == 1,
                "{}: {:?}",
                file.display(),
                table.file_notices()
            );
        } else {
            assert!(
                table.file_notices().is_empty(),
                "{:?}",
                table.file_notices()
            );
        }
        let body = if no_header { &rows[..] } else { &rows[1..] };
        if !no_header {
            let found: Vec<String> = rows[0]
                .iter()
                .enumerate()
                .map(|(at, name)| match name.trim() {
                    "" => format!("Unnamed: {at}"),
                    name => name.to_owned(),
                })
                .collect();
            assert_eq!(names, found, "{}", file.display());
        }
        assert_eq!(table.n_rows(), body.len(), "{}", file.display());
        for (column, (name, texts)) in table.passthrough().iter().enumerate() {
            for (row, cells) in body.iter().enumerate() {
                assert_eq!(
                    texts.get(row),
                    cells[column],
                    "{} {name} {row}",
                    file.display()
                );
            }
        }
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}
