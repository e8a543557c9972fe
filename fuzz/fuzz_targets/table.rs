//! A text table from a stranger is refused, or read with the same cells whole and piece by piece.
#![no_main]

use std::io::Cursor;

use banach_data::{Column, Field, Schema};
use banach_io::{ReadError, ReadOptions, TableReader};
use libfuzzer_sys::fuzz_target;

/// What other readers would take over: gzip, Zstandard, Parquet, Arrow.
const FOREIGN: [&[u8]; 5] = [
    b"\x1F\x8B",
    b"\x28\xB5\x2F\xFD",
    b"PAR1",
    b"ARROW1",
    b"\xFF\xFF\xFF\xFF",
];

fn open(bytes: &[u8], options: &ReadOptions) -> Result<TableReader, ReadError> {
    TableReader::from_reader("table.csv", Box::new(Cursor::new(bytes.to_vec())), options)
}

fuzz_target!(|bytes: &[u8]| {
    if FOREIGN.iter().any(|start| bytes.starts_with(start)) {
        return;
    }
    let whole = open(bytes, &ReadOptions::default()).and_then(TableReader::read);
    let Ok(whole) = whole else { return };
    let field = |column: &Column| Field {
        name: column.name().to_owned(),
        column_type: column.column_type(),
    };
    let fields = whole.columns().iter().map(field).collect();
    let options = ReadOptions {
        schema: Some(Schema { fields }),
        ..ReadOptions::default()
    };
    let mut reader = open(bytes, &options).expect("the columns have been read before");
    let mut at = 0;
    while let Some(piece) = reader
        .next_table(1)
        .expect("the cells have been read before")
    {
        for (column, expected) in piece.columns().iter().zip(whole.columns()) {
            for row in 0..piece.n_rows() {
                assert_eq!(column.key(row), expected.key(at + row), "{}", column.name());
            }
        }
        at += piece.n_rows();
    }
    assert_eq!(at, whole.n_rows());
});
