use std::io::{Cursor, Read};

use proptest::prelude::*;

use super::*;

/// Gives at most `step` bytes for each call, so that rows straddle reads.
struct Slow {
    bytes: Cursor<Vec<u8>>,
    step: usize,
}

impl Read for Slow {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = out.len().min(self.step);
        self.bytes.read(&mut out[..length])
    }
}

type Rows = Vec<Vec<String>>;

fn read_all(text: &[u8], step: usize) -> Result<(Vec<String>, Rows), ReadError> {
    let bytes = Cursor::new(text.to_vec());
    let input = Input::new("t.csv", Box::new(Slow { bytes, step }));
    let mut reader = CsvReader::open(input, &TextOptions::default())?;
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        for row in 0..batch.n_rows() {
            let cells = (0..batch.n_columns).map(|column| batch.cell(row, column));
            rows.push(
                cells
                    .map(|cell| String::from_utf8_lossy(cell).into_owned())
                    .collect(),
            );
        }
    }
    Ok((reader.names, rows))
}

fn rows_of(text: &str) -> Rows {
    read_all(text.as_bytes(), 3).unwrap().1
}

#[test]
fn every_line_break_ends_a_row() {
    let expected = vec![vec!["1", "2"], vec!["3", "4"]];
    for text in [
        "a,b\n1,2\n3,4\n",
        "a,b\r\n1,2\r\n3,4",
        "a,b\r1,2\r3,4\r",
        "\n\na,b\n\n1,2\r\n\r\n3,4\n\n",
    ] {
        assert_eq!(rows_of(text), expected, "{text:?}");
    }
}

#[test]
fn quotes_protect_delimiters_line_breaks_and_quotes() {
    let rows = rows_of("a,b\n\"1,\n2\",\"say \"\"hi\"\"\"\n\"\",\"x\"y\"\n5\",\"\"\"\"\n");
    assert_eq!(
        rows,
        vec![
            vec!["1,\n2", "say \"hi\""],
            vec!["", "xy\""],
            vec!["5\"", "\""]
        ]
    );
}

#[test]
fn names_are_trimmed_and_the_byte_order_mark_is_dropped() {
    let (names, _) = read_all(b"\xEF\xBB\xBF a ,\" b\",,d\n1,2,3,4\n", 1).unwrap();
    assert_eq!(names, ["a", "b", "Unnamed: 2", "d"]);
}

#[test]
fn the_delimiter_is_found() {
    let cases = [
        ("a;b;c\n1,5;2;3\n", 3),
        ("a\tb\n1\t2\n", 2),
        ("a|b\n1,1|2\n", 2),
        ("a,b\n\"x;y;z\",2\n", 2),
        ("a\n1\n", 1),
        ("a,b;c\n1,2;3\n1,2\n4,5\n", 2),
    ];
    for (text, columns) in cases {
        let Ok((names, _)) = read_all(text.as_bytes(), 7) else {
            panic!("{text:?}")
        };
        assert_eq!(names.len(), columns, "{text:?}");
    }
}

#[test]
fn bad_rows_are_named_with_row_and_line() {
    let error = |text: &[u8]| read_all(text, 5).unwrap_err().to_string();
    let ragged = error(b"a,b\n\"x\ny\",1\n\n1,2,3\n");
    assert!(
        ragged.starts_with("t.csv, row 2 (line 5) has 3 values, but the table has 2 columns; quote"),
        "{ragged}"
    );
    let open = error(b"a,b\n1,2\n\"3,4\n5,6\n");
    assert!(
        open.starts_with("t.csv, row 2 (line 3): a quote opens"),
        "{open}"
    );
    assert!(error(b"").starts_with("t.csv is empty"));
    assert!(error(b"\n\r\n").starts_with("t.csv is empty"));
    assert!(error(b"\xFF\xFE\0\0a\0\0\0").contains("UTF-32LE"));
}

#[test]
fn a_quote_left_open_stops_at_the_row_limit() {
    let mut text = b"a,b\n1,2\n\"".to_vec();
    text.resize(MAX_ROW_BYTES + 100, b'x');
    let error = read_all(&text, 1 << 20).unwrap_err();
    assert!(
        matches!(error, ReadError::RowTooLong { ref at, .. } if at.row == 2),
        "{error}"
    );
}

/// A cell of any text, quoted when it must be.
fn quoted(cell: &str, delimiter: char) -> String {
    let special = |c: char| c == delimiter || matches!(c, '"' | '\n' | '\r');
    if cell.is_empty() || cell.contains(special) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// The usual dialect, without a look at the file.
fn usual() -> TextOptions {
    let dialect = Dialect {
        delimiter: Some(Delimiter::Character(b',')),
        quote: Some(Mark::Character(b'"')),
        escape: Some(Mark::Absent),
        comment: Some(Mark::Absent),
        skip_lines: Some(0),
        header: Some(banach_data::Header::Present),
        encoding: Some("utf-8".to_owned()),
    };
    TextOptions {
        dialect,
        ..TextOptions::default()
    }
}

proptest! {
    #[test]
    fn what_is_quoted_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("[ab,;\t|\"\n\r é]{0,6}", 3), 1..20),
        step in 1_usize..9,
        line_break in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        end in any::<bool>(),
    ) {
        let lines: Vec<String> = rows
            .iter()
            .map(|row| row.iter().map(|cell| quoted(cell, ',')).collect::<Vec<_>>().join(","))
            .collect();
        let text = format!("x,y,z{line_break}{}{}", lines.join(line_break), if end { line_break } else { "" });
        let input = Input::new("t.csv", Box::new(Slow { bytes: Cursor::new(text.clone().into_bytes()), step }));
        let mut reader = CsvReader::open(input, &usual()).unwrap();
        let mut got = Vec::new();
        while let Some(batch) = reader.next_batch().unwrap() {
            for row in 0..batch.n_rows() {
                let cells = (0..3).map(|column| String::from_utf8(batch.cell(row, column).to_vec()).unwrap());
                got.push(cells.collect::<Vec<_>>());
            }
        }
        prop_assert_eq!(got, rows, "{:?}", text);
    }

    #[test]
    fn any_bytes_give_rows_or_an_error(bytes in prop::collection::vec(prop::sample::select(b"a1,;\"\n\r\xFF ".to_vec()), 0..200), step in 1_usize..20) {
        let small = read_all(&bytes, step);
        let whole = read_all(&bytes, 1 << 20);
        prop_assert_eq!(format!("{small:?}"), format!("{whole:?}"));
    }
}
