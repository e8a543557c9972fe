//! Several files as one table.

use std::fs;
use std::path::PathBuf;

use banach_data::Table;
use banach_io::{
    OutputColumn, OutputType, OutputValues, ReadError, ReadOptions, TableReader, TableWriter,
};
use tempfile::TempDir;

use crate::support::{keys, names};

struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if name.ends_with(".parquet") {
                write_parquet(&path, text);
            } else {
                fs::write(path, text).unwrap();
            }
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, names: &[&str]) -> Result<Table, ReadError> {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        TableReader::open_all(&paths, &ReadOptions::default())?.read()
    }

    /// A message without the path of the folder.
    fn message(&self, error: &ReadError) -> String {
        error
            .to_string()
            .replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// The columns of a CSV text as text.
fn write_parquet(path: &std::path::Path, text: &str) {
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let columns = names.iter().map(|name| OutputColumn {
        name: (*name).to_owned(),
        output_type: OutputType::Text,
    });
    let values =
        (0..names.len()).map(|at| OutputValues::Text(rows.iter().map(|row| row[at]).collect()));
    let mut writer = TableWriter::create(path, columns.collect()).unwrap();
    writer.write(&values.collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
}

fn column(table: &Table, name: &str) -> Vec<String> {
    keys(table.column(name).unwrap())
}

#[test]
fn parts_are_one_table_in_natural_order_with_columns_by_name() {
    for ending in ["csv", "parquet"] {
        let name = |name: &str| format!("v/{name}.{ending}");
        let files = [
            (name("part-10"), "y,a\nno,3\n"),
            (name("part-2"), "a,y\n2,yes\n"),
            (name("part-1"), "a,y\n1,yes\n"),
            ("v/_SUCCESS".to_owned(), ""),
            ("v/empty.csv".to_owned(), ""),
        ];
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), *text))
            .collect();
        let folder = Folder::new(&files);
        let pattern = format!("v/part-*.{ending}");
        for paths in [
            &["v"][..],
            &[&pattern],
            &[&name("part-1"), &name("part-2"), &name("part-10")],
        ] {
            let table = folder.read(paths).unwrap();
            assert_eq!(names(&table), ["a", "y"], "{paths:?}");
            assert_eq!(column(&table, "a"), ["1", "2", "3"]);
            assert_eq!(column(&table, "y"), ["yes", "yes", "no"]);
            assert!(
                table.file().ends_with("and 2 more files"),
                "{}",
                table.file()
            );
            let at = table.location(2);
            assert!(at.file.ends_with(&format!("part-10.{ending}")), "{at}");
            assert_eq!(at.row, 1);
        }
    }
}

#[test]
fn folders_with_values_give_columns() {
    for ending in ["csv", "parquet"] {
        let name = |name: &str| format!("v/{name}.{ending}");
        let files = [
            (
                name("year=2020/town=S%C3%A3o%20Paulo/a"),
                "x,y\n1,yes\n2,no\n",
            ),
            (
                name("year=2021/town=__HIVE_DEFAULT_PARTITION__/a"),
                "y,x\nyes,3\n",
            ),
        ];
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), *text))
            .collect();
        let folder = Folder::new(&files);
        let table = folder.read(&["v"]).unwrap();
        assert_eq!(names(&table), ["x", "y", "year", "town"]);
        assert_eq!(column(&table, "x"), ["1", "2", "3"]);
        assert_eq!(column(&table, "year"), ["2020", "2020", "2021"]);
        assert_eq!(column(&table, "town"), ["São Paulo", "São Paulo", ""]);
        assert_eq!(table.file_notices().len(), 2);
        // One file alone has the column only when it is asked for.
        let one = folder.path(files[0].0);
        let alone = banach_io::read_table(&one, &ReadOptions::default()).unwrap();
        assert_eq!(names(&alone), ["x", "y"]);
        let options = ReadOptions {
            columns: Some(vec!["year".to_owned(), "x".to_owned()]),
            ..ReadOptions::default()
        };
        let asked = banach_io::read_table(&one, &options).unwrap();
        assert_eq!(column(&asked, "year"), ["2020", "2020"]);
    }
}

#[test]
fn files_that_do_not_fit_are_named() {
    let folder = Folder::new(&[
        ("a.csv", "age,y\n1,yes\n"),
        ("b.csv", "agee,y,z\n1,yes,2\n"),
        ("c.csv", "age,y\n1,yes\n2\n3,no\n"),
        ("d.parquet", "age,y\n1,yes\n"),
        ("v/a.csv", "age,y\n1,yes\n"),
        ("v/notes.md", "notes"),
    ]);
    let message = |names: &[&str]| folder.message(&folder.read(names).unwrap_err());
    assert_eq!(
        message(&["a.csv", "b.csv"]),
        "b.csv has not the columns of a.csv: it lacks \"age\" (is it \"agee\"?); it has \"agee\", \"z\" besides"
    );
    assert!(message(&["a.csv", "c.csv"]).starts_with("c.csv, row 2 (line 3) has 1 value"));
    assert!(
        message(&["a.csv", "d.parquet"])
            .starts_with("d.parquet is a Parquet file, but a.csv is text")
    );
    assert!(message(&["v"]).starts_with("v/notes.md is no table by its ending"));
    assert!(message(&["a.csv", "absent.csv"]).starts_with("cannot read absent.csv"));
    assert!(message(&["x*.csv"]).starts_with("x*.csv: there are no table files of such a name"));
    let options = ReadOptions {
        numeric: vec!["age".to_owned()],
        ..ReadOptions::default()
    };
    fs::write(folder.path("e.csv"), "age,y\n1,no\nold,no\n").unwrap();
    let paths = [folder.path("a.csv"), folder.path("e.csv")];
    let error = TableReader::open_all(&paths, &options)
        .unwrap()
        .read()
        .unwrap_err();
    let text = folder.message(&error);
    assert!(
        text.starts_with("e.csv, row 2 (line 3), column \"age\": \"old\""),
        "{text}"
    );
}

#[test]
fn files_without_a_header_go_on_without() {
    let rows = "1.5,yes\n2.5,no\n0.5,no\n1.25,yes\n";
    let folder = Folder::new(&[("v/x0", rows), ("v/x1", "7.5,no\n")]);
    let table = folder.read(&["v"]).unwrap();
    assert_eq!(names(&table), ["c0", "c1"]);
    assert_eq!(table.n_rows(), 5);
}
