//! Every fault of a table is an error that names the file, and the row or the column.

use banach_data::{ColumnType, Field, Schema};
use banach_io::{ReadError, ReadOptions, TableReader, read_table};

use crate::support::{gzip, read_bytes};

struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    message: &'static str,
}

fn case(name: &'static str, bytes: impl AsRef<[u8]>, message: &'static str) -> Case {
    Case {
        name,
        bytes: bytes.as_ref().to_vec(),
        message,
    }
}

#[test]
fn faults_of_a_file_are_named() {
    let cases = [
        case("t.csv", "", "t.csv is empty: expected a header line"),
        case(
            "t.csv",
            "\n\r\n\n",
            "t.csv is empty: expected a header line",
        ),
        case(
            "t.csv",
            "\u{feff}",
            "t.csv is empty: expected a header line",
        ),
        case(
            "t.csv.gz",
            gzip(b""),
            "t.csv.gz is empty: expected a header line",
        ),
        case("t.csv", "a,b", "t.csv has a header but no rows"),
        case("t.csv", "a,b\r\n\r\n", "t.csv has a header but no rows"),
        case(
            "t.csv",
            "a,b,a,c,b\n1,2,3,4,5\n",
            "t.csv has several columns named \"a\", \"b\"; rename them",
        ),
        case(
            "t.csv",
            "a, a\n1,2\n",
            "t.csv has several columns named \"a\"",
        ),
        case(
            "t.csv",
            "a,b\n1,2\n\"3\n3\",4\n5\n",
            "t.csv, row 3 (line 5) has 1 value, but the table has 2 columns; it is the last line: remove it if it is no row",
        ),
        case(
            "t.csv",
            "a,b\n1,2\n3,4,5\n",
            "t.csv, row 2 (line 3) has 3 values, but the table has 2 columns; quote values that contain the delimiter ','",
        ),
        case(
            "t.tsv",
            "a\tb\n1\t2\t3\n",
            "t.tsv, row 1 (line 2) has 3 values",
        ),
        case(
            "t.csv",
            "a,b\n1,2\n\"3,4\n5,6\n",
            "t.csv, row 2 (line 3): a quote opens a value that does not end",
        ),
        case(
            "t.csv",
            b"\xFF\xFE\0\0a\0\0\0",
            "t.csv is UTF-32LE text; convert it",
        ),
        case(
            "t.csv",
            b"\xFF\xFEa\0\0\xD8,\0",
            "t.csv: byte 4 is not UTF-16LE text",
        ),
        case(
            "t.csv",
            b"a\0\x01\0b\0\0\x02c",
            "t.csv is a binary file of an unknown kind, which is not read",
        ),
        case(
            "t.csv",
            b"PK\x03\x04rest",
            "t.csv is a zip archive, which is not read; unzip it first",
        ),
        case(
            "t.xlsx",
            b"any",
            "t.xlsx is a spreadsheet, which is not read; save the table as CSV or Parquet",
        ),
        case(
            "t.csv.gz",
            &gzip(&b"a,b\n1,2\n".repeat(99))[..30],
            "t.csv.gz is not a whole gzip file: it is damaged or cut off",
        ),
        case(
            "t.parquet",
            "a,b\n1,2\n",
            "t.parquet is not a whole Parquet file",
        ),
        case(
            "t.arrow",
            "a,b\n1,2\n",
            "t.arrow is not a whole Arrow IPC file",
        ),
    ];
    for Case {
        name,
        bytes,
        message,
    } in cases
    {
        let error = match read_bytes(name, &bytes, &ReadOptions::default()) {
            Ok(_) => panic!("{name} {:?} was read", String::from_utf8_lossy(&bytes)),
            Err(error) => error.to_string(),
        };
        assert!(error.starts_with(message), "got  {error}\nwant {message}");
    }
}

#[test]
fn a_value_that_is_not_utf8_is_named_with_its_column() {
    let text = "a,b\n1,caf\u{e9}\n2,na\u{ef}ve\n".as_bytes();
    let error = read_bytes(
        "t.csv",
        &[text, b"3, caf\xE9 \n"].concat(),
        &ReadOptions::default(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv, row 3 (line 4), column \"b\": \"caf\u{fffd}\" is not UTF-8 text; convert the file, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
    );
}

#[test]
fn a_file_that_is_not_there_or_is_an_empty_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.csv");
    let error = read_table(&absent, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::Read { .. }), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    let name = absent.display().to_string();
    assert!(error.to_string().contains(&name), "{error}");
    let error = read_table(folder.path(), &ReadOptions::default()).unwrap_err();
    let name = folder.path().display();
    assert_eq!(
        error.to_string(),
        format!("{name}: there are no table files in this folder")
    );
}

#[test]
fn names_of_columns_are_checked_and_near_ones_suggested() {
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    let options = ReadOptions::default;
    for (options, message) in [
        (
            ReadOptions {
                categorical: names(&["colr"]),
                ..options()
            },
            "t.csv has no column \"colr\" (did you mean \"color\"?) (named in categorical)",
        ),
        (
            ReadOptions {
                numeric: names(&["age", "x"]),
                ..options()
            },
            "t.csv has no column \"x\" (named in numeric)",
        ),
        (
            ReadOptions {
                columns: Some(names(&["Age"])),
                ..options()
            },
            "t.csv has no column \"Age\" (did you mean \"age\"?) (named in columns)",
        ),
        (
            ReadOptions {
                passthrough: names(&["id"]),
                ..options()
            },
            "t.csv has no column \"id\" (named in passthrough)",
        ),
        (
            ReadOptions {
                categorical: names(&["age"]),
                numeric: names(&["age"]),
                ..options()
            },
            "column \"age\" is named in categorical and in numeric; it can have one role only",
        ),
    ] {
        let error = read_bytes("t.csv", b"age,color\n1,red\n", &options).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_schema_is_kept_to() {
    let field = |name: &str, column_type| Field::new(name, column_type);
    let fields = vec![
        field("age", ColumnType::Number),
        field("flag", ColumnType::Boolean),
        field("day", ColumnType::DateTime),
    ];
    let options = ReadOptions {
        schema: Some(Schema { fields }),
        ..ReadOptions::default()
    };
    let read = |text: &str| read_bytes("t.csv", text.as_bytes(), &options);
    let table = read("other,day,flag,age\nx,2020-01-01,1,true\ny,,,NA\n").unwrap();
    let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["age", "flag", "day"]);
    for (text, message) in [
        (
            "agee,day\n1,2\n",
            "t.csv lacks columns that the model was trained on: \"age\" (did you mean \"agee\"?), \"flag\"",
        ),
        (
            "age,flag,day\n1,1,2020-01-01\nold,1,2020-01-01\n",
            "t.csv, row 2 (line 3), column \"age\": \"old\" is not a number; correct it, or write a missing value as an empty cell or NA",
        ),
        (
            "age,flag,day\n1,2,2020-01-01\n",
            "t.csv, row 1 (line 2), column \"flag\": \"2\" is not a boolean (true, false, 1 or 0)",
        ),
        (
            "age,flag,day\n1,1,1.1.2020\n",
            "t.csv, row 1 (line 2), column \"day\": \"1.1.2020\" is not a date or time;",
        ),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn rows_before_a_bad_one_are_given_and_the_error_follows() {
    let mut text = "x,y\n".to_owned();
    for i in 0..100_000 {
        text += &format!("{i},1\n");
    }
    text += "1,2,3\n";
    let bytes = std::io::Cursor::new(text.into_bytes());
    let mut reader =
        TableReader::from_reader("t.csv", Box::new(bytes), &ReadOptions::default()).unwrap();
    let mut rows = 0;
    let error = loop {
        match reader.next_table(1000) {
            Ok(Some(table)) => rows += table.n_rows(),
            Ok(None) => panic!("the ragged row was read"),
            Err(error) => break error,
        }
    };
    assert!(rows > 1000, "{rows}");
    let ReadError::RaggedRow { at, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((at.row, at.line), (100_001, Some(100_002)));
}
