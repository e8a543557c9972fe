//! What several of these tests need.

use std::io::{Cursor, Write};

use banach_data::{Column, ColumnType, Table};
use banach_io::{ReadError, ReadOptions, TableReader};

pub(crate) fn read_bytes(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<Table, ReadError> {
    TableReader::from_reader(name, Box::new(Cursor::new(bytes.to_vec())), options)?.read()
}

pub(crate) fn names(table: &Table) -> Vec<String> {
    let each = table.columns().iter();
    each.map(|column| column.name().to_owned()).collect()
}

pub(crate) fn types(table: &Table) -> Vec<(&str, ColumnType)> {
    let each = table.columns().iter();
    each.map(|column| (column.name(), column.column_type()))
        .collect()
}

/// The canonical texts of a column, empty where missing.
pub(crate) fn keys(column: &Column) -> Vec<String> {
    let key = |row| column.key(row).unwrap_or_default().into_owned();
    (0..column.n_rows()).map(key).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}
