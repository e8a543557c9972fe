//! A build without a format says so of every file of that format.
#![cfg(not(all(
    feature = "gzip",
    feature = "ipc",
    feature = "parquet",
    feature = "zstd"
)))]

use std::io::Cursor;

use banach_io::{ReadError, ReadOptions, TableReader};

/// The message for a file, unless the build reads its format.
fn message(name: &str, bytes: &[u8]) -> Option<String> {
    let bytes = Box::new(Cursor::new(bytes.to_vec()));
    match TableReader::from_reader(name, bytes, &ReadOptions::default()) {
        Err(error @ ReadError::FormatNotBuilt { .. }) => Some(error.to_string()),
        _ => None,
    }
}

#[test]
fn files_of_formats_that_were_left_out_are_named() {
    let gzip: (&[u8], _, _) = (b"\x1F\x8B\x08\0", "a file packed with gzip", "gzip");
    let zstd: (&[u8], _, _) = (b"\x28\xB5\x2F\xFD", "a file packed with Zstandard", "zstd");
    let parquet: (&[u8], _, _) = (b"PAR1", "a Parquet file", "parquet");
    let file: (&[u8], _, _) = (b"ARROW1\0\0", "an Arrow IPC file", "ipc");
    let stream: (&[u8], _, _) = (b"\xFF\xFF\xFF\xFF\x10\0\0\0", "an Arrow IPC file", "ipc");
    for (bytes, format, feature) in [gzip, zstd, parquet, file, stream] {
        let built = match feature {
            "gzip" => cfg!(feature = "gzip"),
            "zstd" => cfg!(feature = "zstd"),
            "parquet" => cfg!(feature = "parquet"),
            _ => cfg!(feature = "ipc"),
        };
        let expected = format!(
            "t.bin is {format}, which this build does not read: it was made without the feature `{feature}`"
        );
        assert_eq!(message("t.bin", bytes), (!built).then_some(expected));
    }
    if !cfg!(feature = "parquet") {
        assert!(message("t.parquet", b"a,b\n1,2\n").is_some());
    }
    if !cfg!(feature = "ipc") {
        assert!(message("t.feather", b"a,b\n1,2\n").is_some());
    }
}

#[cfg(not(feature = "zstd"))]
#[test]
fn columns_packed_in_a_way_that_was_left_out_are_named() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packed");
    for (name, built) in [
        ("zstd.parquet", cfg!(feature = "parquet")),
        ("zstd.arrow", cfg!(feature = "ipc")),
    ] {
        let read = banach_io::read_table(format!("{folder}/{name}"), &ReadOptions::default());
        let Err(ReadError::FormatNotBuilt { feature, .. }) = read else {
            panic!("{name}: {read:?}")
        };
        assert_eq!(feature == "zstd", built, "{name}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn formats_that_were_left_out_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.parquet");
    let Err(error) = banach_io::TableWriter::create(&path, vec![]) else {
        panic!("a Parquet file was begun")
    };
    assert_eq!(
        error.to_string(),
        format!(
            "cannot write {}: it would be a Parquet file, which this build does not write: it was made without the feature `parquet`",
            path.display()
        )
    );
    assert!(!path.exists());
}
