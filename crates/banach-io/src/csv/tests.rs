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
        ragged
            .starts_with("t.csv, row 2 (line 5) has 3 values, but the table has 2 columns; quote"),
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

/// How a table is written.
#[derive(Debug, Clone)]
struct Written {
    delimiter: &'static str,
    quote: char,
    escape: bool,
    quote_all: bool,
    blank_before: bool,
    line_break: &'static str,
    trailing: bool,
    header: bool,
    above: usize,
    comments: bool,
    encoding: usize,
    end: &'static str,
}

fn written() -> impl Strategy<Value = Written> {
    let layout = (
        prop::sample::select(vec![",", ";", "\t", "|", "  ", "\u{1}"]),
        prop::sample::select(vec!['"', '\'']),
        any::<[bool; 6]>(),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
    );
    let around = (
        0_usize..4,
        0_usize..6,
        prop::sample::select(vec!["", "\n", "\r\n \r\n", "\n\x1A", "\n\0\0\0"]),
    );
    (layout, around).prop_map(
        |((delimiter, quote, flags, line_break), (above, encoding, end))| {
            let [escape, quote_all, blank_before, trailing, header, comments] = flags;
            let blanks = delimiter == "  ";
            Written {
                delimiter,
                quote,
                escape,
                quote_all,
                // A blank before a tab would be another tab in a text editor, and of no use anywhere else.
                blank_before: blank_before && matches!(delimiter, "," | ";"),
                line_break,
                trailing: trailing && !blanks,
                header,
                above: if blanks { 0 } else { above },
                comments: comments && !blanks,
                encoding,
                end: if line_break == "\r" { "" } else { end },
            }
        },
    )
}

impl Written {
    fn cell(&self, cell: &str) -> String {
        let special = |c: char| {
            self.delimiter.contains(c)
                || c == self.quote
                || "\r\n\\".contains(c) && (c != '\\' || self.escape)
        };
        let number = cell.parse::<f64>().is_ok();
        let must = cell.contains(special) || cell.is_empty() && self.delimiter == "  ";
        if !must && (number || !self.quote_all) {
            return cell.to_owned();
        }
        let quote = self.quote.to_string();
        let inner = if self.escape {
            cell.replace('\\', "\\\\")
                .replace(&quote, &format!("\\{quote}"))
        } else {
            cell.replace(&quote, &quote.repeat(2))
        };
        format!("{quote}{inner}{quote}")
    }

    fn row(&self, cells: &[String]) -> String {
        let blank = if self.blank_before { " " } else { "" };
        let cells: Vec<String> = cells.iter().map(|cell| self.cell(cell)).collect();
        let end = if self.trailing { self.delimiter } else { "" };
        cells.join(&format!("{}{blank}", self.delimiter)) + end
    }

    fn text(&self, names: &[String], rows: &[Vec<String>]) -> String {
        let above = ["# logger 4", "Report of 2020", ""];
        let mut lines: Vec<String> = above[3 - self.above.min(3)..]
            .iter()
            .map(|&line| line.to_owned())
            .collect();
        if self.header {
            lines.push(self.row(names));
        }
        for (at, row) in rows.iter().enumerate() {
            if self.comments && at % 7 == 3 {
                lines.push("# a comment".to_owned());
            }
            lines.push(self.row(row));
        }
        lines.join(self.line_break) + self.end
    }

    fn bytes(&self, names: &[String], rows: &[Vec<String>]) -> Vec<u8> {
        let text = self.text(names, rows);
        let utf16 = |text: &str, pair: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(pair).collect()
        };
        match self.encoding {
            0 | 1 => text.into_bytes(),
            2 => format!("\u{feff}{text}").into_bytes(),
            3 => utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
            4 => utf16(&text, u16::to_be_bytes),
            _ => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_table_of_any_dialect_is_read_back(
        written in written(),
        texts in prop::collection::vec("[a-f][a-fé ,;|\"'0]{0,6}[a-f]", 12..40),
        step in 1_usize..50,
    ) {
        let names = ["id", "x", "note", "class"].map(str::to_owned);
        let rows: Vec<Vec<String>> = texts
            .iter()
            .enumerate()
            .map(|(at, text)| {
                let x = format!("{}.{}", at * 7 % 31, at % 10 + 1);
                let class = ["yes", "no", "yes"][at % 3].to_owned();
                vec![(at * 3 + 5).to_string(), x, text.clone(), class]
            })
            .collect();
        let bytes = written.bytes(&names, &rows);
        let input = Input::new("t.csv", Box::new(Slow { bytes: Cursor::new(bytes), step }));
        let reader = CsvReader::open(input, &TextOptions::default());
        let shown = written.text(&names, &rows);
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{written:?}\n{shown}"))),
        };
        let expected: Vec<String> = if written.header {
            names.to_vec()
        } else {
            (0..4).map(|at| format!("c{at}")).collect()
        };
        prop_assert_eq!(reader.names(), &expected[..], "{:?}\n{}", written, shown);
        let mut got = Vec::new();
        loop {
            let batch = match reader.next_batch() {
                Ok(batch) => batch,
                Err(error) => return Err(TestCaseError::fail(format!("{error}\n{written:?}\n{shown}"))),
            };
            let Some(batch) = batch else { break };
            for row in 0..batch.n_rows() {
                let cells = (0..4).map(|column| {
                    let cell = batch.cell(row, column).trim_ascii();
                    String::from_utf8_lossy(cell).into_owned()
                });
                got.push(cells.collect::<Vec<_>>());
            }
        }
        prop_assert_eq!(got, rows, "{:?}\n{}", written, shown);
    }
}
