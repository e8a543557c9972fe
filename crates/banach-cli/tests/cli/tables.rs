//! Tables made for the tests.

use std::fmt::Write;
use std::path::Path;

use banach_io::{OutputColumn, OutputType, OutputValues, TableWriter};

/// Numbers, a category, missing cells, a weight and a target of each kind, all functions of the row.
pub(crate) fn mixed(n: usize) -> String {
    let mut csv = "a,b,colour,w,g,class,value,l1,l2\n".to_owned();
    for i in 0..n {
        let (a, b) = numbers(i);
        let colour = ["red", "green", "blue"][i % 3];
        let class = if a + b > 0.3 {
            "yes"
        } else if a - b > 0.2 {
            "maybe"
        } else {
            "no"
        };
        let value = 100.0 + 10.0 * a - 5.0 * b * b;
        let weight = 1 + i % 4;
        let group = i / 8;
        let l1 = u8::from(a > 0.0);
        let l2 = if i % 5 == 0 {
            String::new()
        } else {
            u8::from(b > a).to_string()
        };
        let a = if i % 11 == 0 {
            String::new()
        } else {
            a.to_string()
        };
        writeln!(
            csv,
            "{a},{b},{colour},{weight},g{group},{class},{value},{l1},{l2}"
        )
        .unwrap();
    }
    csv
}

fn numbers(i: usize) -> (f64, f64) {
    let a = ((i * 37) % 101) as f64 / 50.0 - 1.0;
    let b = ((i * 53) % 89) as f64 / 44.0 - 1.0;
    (a, b)
}

/// The same rows with two classes only: `a,b,class`.
pub(crate) fn binary(n: usize) -> String {
    let mut csv = "a,b,class\n".to_owned();
    for i in 0..n {
        let (a, b) = numbers(i);
        let class = if a > b * b - 0.3 { "in" } else { "out" };
        writeln!(csv, "{a},{b},{class}").unwrap();
    }
    csv
}

/// Writes the columns of a CSV text as Parquet: numbers in 64 bits, everything else as text.
pub(crate) fn to_parquet(csv: &str, path: &Path, numbers: &[&str]) {
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let (names, rows) = rows.split_first().unwrap();
    let column = |name: &&str| OutputColumn {
        name: (*name).to_owned(),
        output_type: if numbers.contains(name) {
            OutputType::F64
        } else {
            OutputType::Text
        },
    };
    let columns: Vec<OutputColumn> = names.iter().map(column).collect();
    let values = columns.iter().enumerate().map(|(at, column)| {
        let cells = rows.iter().map(|row| row[at]);
        match column.output_type {
            OutputType::F64 => {
                let number = |cell: &str| {
                    if cell.is_empty() {
                        f64::NAN
                    } else {
                        cell.parse().unwrap()
                    }
                };
                OutputValues::F64(cells.map(number).collect::<Vec<f64>>().into())
            }
            _ => OutputValues::Text(cells.collect()),
        }
    });
    let values: Vec<OutputValues<'_>> = values.collect();
    let mut writer = TableWriter::create(path, columns.clone()).unwrap();
    writer.write(&values).unwrap();
    writer.finish().unwrap();
}
