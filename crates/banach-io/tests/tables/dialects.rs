//! Text files that are not as most are: what is found in them, what is said of it, what can be set.

use banach_data::{Delimiter, Dialect, FileNotice, Header, Mark};
use banach_io::{RaggedCause, ReadError, ReadOptions, TableReader};

use crate::support::{gzip, keys, names, read_bytes};

/// The columns of a text, each as its name and its cells, and the notices.
fn read(text: impl AsRef<[u8]>, dialect: Dialect) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let options = ReadOptions {
        dialect,
        ..ReadOptions::default()
    };
    let table = match read_bytes("t.csv", text.as_ref(), &options) {
        Ok(table) => table,
        Err(error) => panic!("{error}: {:?}", String::from_utf8_lossy(text.as_ref())),
    };
    let columns = table.columns().iter();
    let columns = columns.map(|column| (column.name().to_owned(), keys(column)));
    let notices = table.file_notices().iter().map(ToString::to_string);
    (columns.collect(), notices.collect())
}

/// A table of three columns and eight rows in some dialect is that table, with these notices.
fn check(text: impl AsRef<[u8]>, dialect: Dialect, expected_names: [&str; 3], notices: &[&str]) {
    let text = text.as_ref();
    let shown = String::from_utf8_lossy(text);
    let (columns, got) = read(text, dialect);
    let expected = [
        (
            expected_names[0],
            vec!["1", "2", "3", "4", "5", "6", "7", "8"],
        ),
        (
            expected_names[1],
            vec!["1.5", "-0.5", "2.5", "0.25", "1.75", "2.25", "-1.5", "0.5"],
        ),
        (
            expected_names[2],
            vec!["yes", "no", "no", "yes", "no", "yes", "yes", "no"],
        ),
    ];
    let columns: Vec<(&str, Vec<&str>)> = columns
        .iter()
        .map(|(name, cells)| (name.as_str(), cells.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(columns, expected, "{shown}");
    assert_eq!(got.len(), notices.len(), "{shown}: {got:?}");
    for (got, expected) in got.iter().zip(notices) {
        assert!(got.contains(expected), "{got}\nis not about\n{expected}");
    }
}

const ROWS: &str =
    "1,1.5,yes\n2,-0.5,no\n3,2.5,no\n4,0.25,yes\n5,1.75,no\n6,2.25,yes\n7,-1.5,yes\n8,0.5,no\n";

/// The rows, each changed in some way.
fn rows(change: impl Fn(&str) -> String) -> String {
    ROWS.lines().map(|row| change(row) + "\n").collect()
}

const NAMES: [&str; 3] = ["n", "x", "y"];

#[test]
fn what_is_certain_is_found_and_said() {
    let cases: Vec<(String, [&str; 3], Vec<&str>)> = vec![
        (format!("n,x,y\n{ROWS}"), NAMES, vec![]),
        // Quotes after blanks and blanks after quotes.
        (
            format!(
                "n, x, y\n{}",
                rows(|row| format!("\"{}\"", row.replace(',', "\", \"")))
            ),
            NAMES,
            vec![],
        ),
        (
            format!(
                "n,x,y\n{}",
                rows(|row| format!("\"{}\" ", row.replace(',', "\" ,\"")))
            ),
            NAMES,
            vec![],
        ),
        // Files joined by cat, with a mark at the beginning of each.
        (
            format!(
                "\u{feff}n,x,y\n{}\u{feff}n,x,y\n{}",
                &ROWS[..20],
                &ROWS[20..]
            ),
            NAMES,
            vec!["line 4 repeats the header"],
        ),
        (
            format!(
                "\"n\",\"x\",\"y\"\n{}n,x,y\n\"n\",\"x\",\"y\"\n{}",
                &ROWS[..20],
                &ROWS[20..]
            ),
            NAMES,
            vec!["lines 4 and 5 repeat the header"],
        ),
        // Lines above the header.
        (
            format!("# logger 4, site north\n# tool 2.1\n\nn,x,y\n{ROWS}"),
            NAMES,
            vec!["the first 3 lines are above the table and not read, beginning with \"# logger 4"],
        ),
        (
            format!("Report of 2020\n\nsite: north\nn,x,y\n{ROWS}"),
            NAMES,
            vec!["the first 3 lines are above the table"],
        ),
        (
            format!("n,x,y\n{}# gap, in, power\n{}", &ROWS[..20], &ROWS[20..]),
            NAMES,
            vec!["line 4 begins with '#'"],
        ),
        // Spreadsheets name the delimiter.
        (
            format!("sep=;\r\nn;x;y\n{}", ROWS.replace(',', ";")),
            NAMES,
            vec![],
        ),
        // Names of rows as R writes them.
        (
            format!(
                "\"x\",\"y\"\n{}",
                rows(|row| format!("\"{}", row.replacen(',', "\",", 1)))
            ),
            ["row.names", "x", "y"],
            vec!["as R writes row names; the first column is named \"row.names\""],
        ),
        (
            format!("x y\n{}", ROWS.replace(',', " ")),
            ["row.names", "x", "y"],
            vec!["separated by blanks", "as R writes row names"],
        ),
        // A delimiter after every row, also after the header.
        (
            format!("n;x;y\n{}", rows(|row| row.replace(',', ";") + ";")),
            NAMES,
            vec!["every row ends with ';'"],
        ),
        (
            format!("n,x,y,\n{}", rows(|row| format!("{row},"))),
            NAMES,
            vec!["every row ends with ','"],
        ),
        // Delimiters.
        (format!("n|x|y\n{}", ROWS.replace(',', "|")), NAMES, vec![]),
        (
            format!("n\tx\ty\n{}", ROWS.replace(',', "\t")),
            NAMES,
            vec![],
        ),
        (
            format!(
                "n     x     y\n{}",
                rows(|row| format!("   {}  ", row.replace(',', "   ")))
            ),
            NAMES,
            vec!["separated by blanks"],
        ),
        (
            format!("n^x^y\n{}", ROWS.replace(',', "^")),
            NAMES,
            vec!["separated by '^'"],
        ),
        (
            format!("n:x:y\n{}", ROWS.replace(',', ":")),
            NAMES,
            vec!["separated by ':'"],
        ),
        (
            format!("n\u{1}x\u{1}y\n{}", ROWS.replace(',', "\u{1}")),
            NAMES,
            vec!["separated by '\\u{1}'"],
        ),
        // Quotes.
        (
            format!(
                "n,x,y\n{}",
                rows(|row| format!("'{}'", row.replace(',', "','")))
            ),
            NAMES,
            vec!["quoted with '\\''"],
        ),
        // No header.
        (
            ROWS.to_owned(),
            ["c0", "c1", "c2"],
            vec![
                "no header, as its first row looks like the others (\"1\", \"1.5\", \"yes\"); its columns are named c0 to c2",
            ],
        ),
        // Blanks, zeros and end-of-file marks at the end.
        (format!("n,x,y\n{ROWS}   \n\t\n"), NAMES, vec![]),
        (format!("n,x,y\n{ROWS}\u{1A}"), NAMES, vec![]),
        (
            format!("n,x,y\n{}\u{1A}\u{1A}\n", ROWS.trim_end()),
            NAMES,
            vec![],
        ),
        (
            format!("n,x,y\n{ROWS}{}", "\0".repeat(100_000)),
            NAMES,
            vec![],
        ),
        (format!("n,x,y\n{ROWS}\u{1A}\r\n"), NAMES, vec![]),
        // Line ends.
        (
            format!("n,x,y\r\n{}", ROWS.replacen('\n', "\r", 3)),
            NAMES,
            vec![],
        ),
        (format!("n,x,y\n{ROWS}").replace('\n', "\r"), NAMES, vec![]),
        // A last line that counts the rows.
        (
            format!("n,x,y\n{ROWS}\n(8 rows)\n"),
            NAMES,
            vec!["the last line (11) is no row and not read: \"(8 rows)\""],
        ),
    ];
    for (text, expected, notices) in cases {
        check(text, Dialect::default(), expected, &notices);
    }
}

#[test]
fn every_option_settles_what_it_names() {
    let dialect = Dialect::default;
    let cases: Vec<(String, Dialect, [&str; 3])> = vec![
        (
            format!("n%x%y\n{}", ROWS.replace(',', "%")),
            Dialect {
                delimiter: Some(Delimiter::Character(b'%')),
                ..dialect()
            },
            NAMES,
        ),
        (
            format!(
                "n,x,y\n{}",
                rows(|row| format!("%{}%", row.replace(',', "%,%")))
            ),
            Dialect {
                quote: Some(Mark::Character(b'%')),
                ..dialect()
            },
            NAMES,
        ),
        (
            format!("! a, b, c\nn,x,y\n{}! 1,2,3\n", ROWS),
            Dialect {
                comment: Some(Mark::Character(b'!')),
                ..dialect()
            },
            NAMES,
        ),
        (
            format!("a,b,c\nd,e,f\nn,x,y\n{ROWS}"),
            Dialect {
                skip_lines: Some(2),
                ..dialect()
            },
            NAMES,
        ),
        (
            ROWS.to_owned(),
            Dialect {
                header: Some(Header::Absent),
                ..dialect()
            },
            ["c0", "c1", "c2"],
        ),
        (
            format!("0,7.5,no\n{ROWS}"),
            Dialect {
                header: Some(Header::Present),
                ..dialect()
            },
            ["0", "7.5", "no"],
        ),
    ];
    for (text, dialect, names) in cases {
        let said = match text.starts_with('!') {
            true => vec!["line 11 begins with '!'"],
            false => vec![],
        };
        check(text, dialect, names, &said);
    }
    let (columns, _) = read(
        "a,b\n\"x\",1\n\"y\",2\n",
        Dialect {
            quote: Some(Mark::Absent),
            ..dialect()
        },
    );
    assert_eq!(columns[0].1, ["\"x\"", "\"y\""]);
    let (columns, _) = read(
        "a b;c\n1 2;3\n",
        Dialect {
            delimiter: Some(Delimiter::Absent),
            ..dialect()
        },
    );
    assert_eq!(columns, [("a b;c".to_owned(), vec!["1 2;3".to_owned()])]);
    let (columns, _) = read(
        "a,b\nx~,y,1\nz,2\n",
        Dialect {
            escape: Some(Mark::Character(b'~')),
            ..dialect()
        },
    );
    assert_eq!(columns[0].1, ["x,y", "z"]);
}

#[test]
fn escaped_quotes_and_delimiters_are_part_of_the_value() {
    let (columns, notices) = read(
        "note,a\n\"size 5\\\" pipe, lot 0\",1\n\"back\\\\slash\",2\n\"C:\\dir\",3\n",
        Dialect::default(),
    );
    assert_eq!(
        columns[0].1,
        ["size 5\" pipe, lot 0", "back\\slash", "C:\\dir"]
    );
    assert_eq!(notices.len(), 1, "{notices:?}");
}

#[test]
fn text_of_other_encodings_is_decoded() {
    let text = "Straße;Größe\nMüllerstraße;1,5\nÉtoile – Ü;2,5\n";
    let utf16 = |pair: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        format!("{mark}{text}")
            .encode_utf16()
            .flat_map(pair)
            .collect()
    };
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let cases = [
        (text.as_bytes().to_vec(), 0),
        (utf16(u16::to_le_bytes, "\u{feff}"), 1),
        (utf16(u16::to_be_bytes, "\u{feff}"), 1),
        (utf16(u16::to_le_bytes, ""), 1),
        (utf16(u16::to_be_bytes, ""), 1),
        (windows.into_owned(), 1),
    ];
    for (bytes, notices) in cases {
        let (columns, got) = read(&bytes, Dialect::default());
        assert_eq!(columns[0].0, "Straße");
        assert_eq!(columns[1].0, "Größe");
        assert_eq!(columns[0].1, ["Müllerstraße", "Étoile – Ü"]);
        assert_eq!(got.len(), notices, "{got:?}");
    }
    let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode("名前,x\n東京,1\n大阪,2\n");
    let shift_jis = Dialect {
        encoding: Some("Shift_JIS".to_owned()),
        ..Dialect::default()
    };
    let (columns, notices) = read(&bytes, shift_jis);
    assert_eq!(columns[0].1, ["東京", "大阪"]);
    assert!(notices.is_empty());
    let unknown = ReadOptions {
        dialect: Dialect {
            encoding: Some("klingon".to_owned()),
            ..Dialect::default()
        },
        ..ReadOptions::default()
    };
    let error = read_bytes("t.csv", b"a\n1\n", &unknown).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("there is no encoding \"klingon\"")
    );
}

#[test]
fn a_late_character_decides_the_encoding() {
    let mut text = b"n,town\n".to_vec();
    for row in 0..40_000 {
        text.extend(format!("{row},Ulm\n").bytes());
    }
    let latin = [&text[..], b"1,K\xF6ln\n"].concat();
    let table = read_bytes("t.csv", &latin, &ReadOptions::default()).unwrap();
    assert_eq!(
        table.column("town").unwrap().key(40_000).as_deref(),
        Some("Köln")
    );
    let expected = FileNotice::Encoding {
        file: "t.csv".to_owned(),
        encoding: "windows-1252",
        line: Some(40_002),
    };
    assert_eq!(table.file_notices(), [expected]);
    let utf8 = [&text[..], "1,Köln\n".as_bytes()].concat();
    let table = read_bytes("t.csv", &utf8, &ReadOptions::default()).unwrap();
    assert_eq!(
        table.column("town").unwrap().key(40_000).as_deref(),
        Some("Köln")
    );
    assert!(table.file_notices().is_empty());
}

#[test]
fn rows_of_another_length_are_named_with_a_cause() {
    type Cause = fn(&RaggedCause) -> bool;
    let comma = |text: &str| format!("n,x,y\n{ROWS}{text}\n{ROWS}");
    let cases: Vec<(String, u64, Cause)> = vec![
        (comma("9,1,5,yes"), 10, |cause| {
            matches!(cause, RaggedCause::UnquotedDelimiter { .. })
        }),
        (comma("9;1.5;yes"), 10, |cause| {
            let semicolon = Delimiter::Character(b';');
            matches!(cause, RaggedCause::OtherDelimiter { delimiter } if *delimiter == semicolon)
        }),
        (comma("9,1.5,non,x,y"), 10, |cause| {
            matches!(cause, RaggedCause::JoinedFiles)
        }),
        (comma("9,1.5"), 10, |cause| {
            matches!(cause, RaggedCause::MissingValues)
        }),
        (comma("9,1.5,\"no\nx\",1"), 10, |cause| {
            matches!(cause, RaggedCause::OpenQuote { lines: 2 })
        }),
        (format!("n,x,y\n{ROWS}9,1."), 10, |cause| {
            matches!(cause, RaggedCause::LastLine)
        }),
        (
            format!("n,x\n{}", rows(|row| row.replace(',', ", "))),
            2,
            |cause| {
                matches!(
                    cause,
                    RaggedCause::OtherHeader { .. } | RaggedCause::UnquotedDelimiter { .. }
                )
            },
        ),
    ];
    for (text, line, expected) in cases {
        match read_bytes("t.csv", text.as_bytes(), &ReadOptions::default()) {
            Err(ReadError::RaggedRow { at, cause, .. }) => {
                assert_eq!(at.line, Some(line), "{text}");
                assert!(expected(&cause), "{cause:?}: {text}");
            }
            other => panic!("{:?}: {text}", other.map(|table| names(&table))),
        }
    }
}

#[test]
fn the_names_that_are_expected_tell_a_header_from_a_row() {
    // One row tells nothing by itself.
    let options = |name: &str| ReadOptions {
        columns: Some(vec![name.to_owned()]),
        ..ReadOptions::default()
    };
    let table = read_bytes("t.csv", b"1.5,2.5,yes\n", &options("c1")).unwrap();
    assert_eq!(keys(table.column("c1").unwrap()), ["2.5"]);
    let text = format!("1.5,x,y\n{}", rows(|row| row.to_owned()));
    let table = read_bytes("t.csv", text.as_bytes(), &options("1.5")).unwrap();
    assert_eq!(table.n_rows(), 8);
    // Years make good names, and it is said that they are taken for such.
    let (columns, notices) = read(
        "country,2019,2020,2021\nDE,1.5,2.5,3.5\nFR,1.2,2.2,3.2\nIT,1.1,2.1,3.1\n",
        Dialect::default(),
    );
    assert_eq!(columns[1].0, "2019");
    assert!(
        notices[0].contains("although its names are numbers"),
        "{notices:?}"
    );
}

#[test]
fn a_dialect_of_one_character_for_two_things_is_refused() {
    let options = ReadOptions {
        dialect: Dialect {
            delimiter: Some(Delimiter::Character(b';')),
            quote: Some(Mark::Character(b';')),
            ..Dialect::default()
        },
        ..ReadOptions::default()
    };
    let error = read_bytes("t.csv", b"a;b\n1;2\n", &options).unwrap_err();
    assert_eq!(error.to_string(), "';' cannot be both delimiter and quote");
}

#[test]
fn gzip_padding_is_left_out_and_other_bytes_are_said() {
    let packed = gzip(format!("n,x,y\n{ROWS}").as_bytes());
    let padded = [&packed[..], &[0; 1000]].concat();
    let table = read_bytes("t.csv.gz", &padded, &ReadOptions::default()).unwrap();
    assert_eq!((table.n_rows(), table.file_notices().len()), (8, 0));
    let garbage = [&packed[..], b"more"].concat();
    let table = read_bytes("t.csv.gz", &garbage, &ReadOptions::default()).unwrap();
    let notice = FileNotice::TrailingBytes {
        file: "t.csv.gz".to_owned(),
        format: "gzip",
    };
    assert_eq!((table.n_rows(), table.file_notices()), (8, &[notice][..]));
}

#[test]
fn notices_come_with_pieces_too() {
    let text = format!("n,x,y\n{ROWS}n,x,y\n{ROWS}");
    let bytes = std::io::Cursor::new(text.into_bytes());
    let mut reader =
        TableReader::from_reader("t.csv", Box::new(bytes), &ReadOptions::default()).unwrap();
    while reader.next_table(1).unwrap().is_some() {}
    assert_eq!(reader.file_notices().len(), 1);
}
