//! No bytes make a reader panic, hang or take memory without bound.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray};
use banach_io::{ReadOptions, TableReader};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

use crate::support::{gzip, zstandard};

/// Reads to the end or to the first error; any panic fails the test.
fn read(name: &str, bytes: &[u8]) {
    let input = Box::new(Cursor::new(bytes.to_vec()));
    let options = ReadOptions::default();
    let Ok(mut reader) = TableReader::from_reader(name, input, &options) else {
        return;
    };
    loop {
        match reader.next_table(1000) {
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(error) => {
                let source = std::error::Error::source(&error).map(|source| source.to_string());
                assert_ne!(source.as_deref(), Some("its reader broke off"));
                return;
            }
        }
    }
}

const NAMES: [&str; 6] = ["t.csv", "t.tsv", "t.parquet", "t.arrow", "t.csv.gz", "-"];

/// Beginnings that lead a reader further in.
const BEGINNINGS: [&[u8]; 8] = [
    b"",
    b"a,b\n1,2\n",
    b"\xEF\xBB\xBF\"a\"\t\"b\"\r\n",
    b"PAR1",
    b"ARROW1\0\0",
    b"\xFF\xFF\xFF\xFF\x80\0\0\0",
    b"\x1F\x8B\x08\0\0\0\0\0\0\x03",
    b"\x28\xB5\x2F\xFD\x04\x58",
];

fn sample() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "x",
            Arc::new(Float64Array::from(vec![
                Some(0.5),
                None,
                Some(2.0),
                Some(9.0),
            ])),
        ),
        (
            "c",
            Arc::new(StringArray::from(vec!["red", "green", "red", "blue"])),
        ),
        (
            "b",
            Arc::new(BooleanArray::from(vec![
                Some(true),
                Some(false),
                None,
                Some(true),
            ])),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The same small table in every format, with its name.
fn whole_files() -> Vec<(&'static str, Vec<u8>)> {
    let batch = sample();
    let mut parquet = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut parquet, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut file = Vec::new();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut file, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let mut stream = Vec::new();
    let mut writer =
        arrow_ipc::writer::StreamWriter::try_new(&mut stream, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let text = b"x,c,b\n0.5,red,true\n,green,false\n2,\"re\"\"d\",\n9,blue,true\n".to_vec();
    vec![
        ("t.csv.gz", gzip(&text)),
        ("t.csv.zst", zstandard(&text)),
        ("t.csv", text),
        ("t.parquet", parquet),
        ("file.arrow", file),
        ("stream.arrow", stream),
    ]
}

#[test]
fn files_cut_off_anywhere_are_read_or_refused() {
    for (name, bytes) in whole_files() {
        for length in 0..=bytes.len() {
            read(name, &bytes[..length]);
        }
    }
}

#[test]
fn files_with_any_one_byte_changed_are_read_or_refused() {
    for (name, bytes) in whole_files() {
        for at in 0..bytes.len() {
            for change in [0x01, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                read(name, &changed);
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_are_read_or_refused(
        beginning in prop::sample::select(BEGINNINGS.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        name in prop::sample::select(NAMES.to_vec()),
    ) {
        read(name, &[beginning, &bytes].concat());
    }

    #[test]
    fn files_with_some_bytes_changed_are_read_or_refused(
        which in 0_usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (name, mut bytes) = whole_files().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        read(name, &bytes);
    }
}
