//! Opens a table file: finds its compression and format from its content and its ending.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use banach_data::Delimiter;

use crate::csv::{CsvReader, TextOptions};
use crate::error::ReadError;
use crate::foreign;
use crate::input::Input;
#[cfg(feature = "ipc")]
use crate::ipc_source;
#[cfg(feature = "parquet")]
use crate::parquet_source;
#[cfg(feature = "arrow")]
use crate::record_batches::RecordBatchSource;

/// An open table file: its column names are known, its rows are still to come.
pub(crate) enum Source {
    Text(Box<CsvReader>),
    #[cfg(feature = "arrow")]
    Arrow(RecordBatchSource),
}

impl Source {
    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path, text: &TextOptions) -> Result<Self, ReadError> {
        if path == Path::new("-") {
            return Self::from_reader("-", Box::new(io::stdin()), text);
        }
        let name = path.display().to_string();
        let read_error = |source| ReadError::Read {
            file: name.clone(),
            source,
        };
        let file = File::open(path).map_err(read_error)?;
        let seekable = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let again = seekable.then(|| file.try_clone()).transpose();
        let again = again.map_err(read_error)?;
        Self::from_input(Input::new(&name, Box::new(file)), again, text)
    }

    /// Opens bytes; `name` stands for the file in messages, and its ending is looked at.
    pub(crate) fn from_reader(
        name: &str,
        reader: Box<dyn Read + Send>,
        text: &TextOptions,
    ) -> Result<Self, ReadError> {
        Self::from_input(Input::new(name, reader), None, text)
    }

    /// `file` is the same file, for formats that need to seek.
    fn from_input(input: Input, file: Option<File>, text: &TextOptions) -> Result<Self, ReadError> {
        let mut input = input.decompressed()?;
        let ending = ending(&input.name);
        let head = input.peek(foreign::HEAD_BYTES)?;
        // Text in an encoding that somebody names may look like anything.
        if text.dialect.encoding.is_none() {
            foreign::check(&input.name, &ending, &head)?;
        }
        if head.starts_with(b"PAR1") || matches!(ending.as_str(), "parquet" | "parq" | "pq") {
            return open_parquet(input, file);
        }
        if head.starts_with(b"ARROW1") {
            return open_ipc_file(input, file);
        }
        let stream = head.starts_with(&[0xFF; 4]) && head.len() >= 8;
        if stream || matches!(ending.as_str(), "arrow" | "feather" | "ipc" | "arrows") {
            return open_ipc_stream(input);
        }
        let mut text = text.clone();
        if matches!(ending.as_str(), "tsv" | "tab") {
            let tab = Delimiter::Character(b'\t');
            text.dialect.delimiter.get_or_insert(tab);
        }
        let reader = CsvReader::open(input, &text)?;
        Ok(Self::Text(Box::new(reader)))
    }

    /// What its format is called, with its article.
    #[cfg(feature = "arrow")]
    pub(crate) fn format(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Arrow(source) => source.format(),
        }
    }
}

#[cfg(feature = "parquet")]
fn open_parquet(mut input: Input, file: Option<File>) -> Result<Source, ReadError> {
    let source = match file.filter(|_| !input.is_compressed()) {
        Some(file) => parquet_source::open(input.name, file),
        None => {
            let bytes = bytes::Bytes::from(input.read_to_end()?);
            parquet_source::open(input.name, bytes)
        }
    };
    source.map(Source::Arrow)
}

#[cfg(not(feature = "parquet"))]
fn open_parquet(input: Input, _: Option<File>) -> Result<Source, ReadError> {
    Err(ReadError::FormatNotBuilt {
        file: input.name,
        format: "a Parquet file",
        feature: "parquet",
    })
}

#[cfg(feature = "ipc")]
fn open_ipc_file(mut input: Input, file: Option<File>) -> Result<Source, ReadError> {
    let source = match file.filter(|_| !input.is_compressed()) {
        Some(file) => ipc_source::open_file(input.name, io::BufReader::new(file)),
        None => {
            let bytes = input.read_to_end()?;
            ipc_source::open_file(input.name, io::Cursor::new(bytes))
        }
    };
    source.map(Source::Arrow)
}

#[cfg(feature = "ipc")]
fn open_ipc_stream(input: Input) -> Result<Source, ReadError> {
    let reader = io::BufReader::with_capacity(1 << 16, input.reader);
    ipc_source::open_stream(input.name, reader).map(Source::Arrow)
}

#[cfg(not(feature = "ipc"))]
fn open_ipc_file(input: Input, _: Option<File>) -> Result<Source, ReadError> {
    open_ipc_stream(input)
}

#[cfg(not(feature = "ipc"))]
fn open_ipc_stream(input: Input) -> Result<Source, ReadError> {
    Err(ReadError::FormatNotBuilt {
        file: input.name,
        format: "an Arrow IPC file",
        feature: "ipc",
    })
}

/// The ending of a file name in lower case, without a compression ending.
pub(crate) fn ending(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = [".gz", ".zst"]
        .iter()
        .find_map(|packed| name.strip_suffix(packed))
        .unwrap_or(&name);
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.rsplit_once('.')
        .map(|(_, ending)| ending.to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn open(name: &str, bytes: &[u8]) -> Result<Source, ReadError> {
        let bytes = Box::new(Cursor::new(bytes.to_vec()));
        Source::from_reader(name, bytes, &TextOptions::default())
    }

    #[test]
    fn endings_are_found_under_compression() {
        let cases = [
            ("a.csv", "csv"),
            ("dir.x/a.TSV.gz", "tsv"),
            ("a.parquet.zst", "parquet"),
            ("dir.x/a", ""),
            ("-", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(ending(name), expected, "{name}");
        }
    }

    #[test]
    fn foreign_files_are_named() {
        for (name, bytes) in [
            ("a.xlsx", &b"PK\x03\x04"[..]),
            ("a.json", b"[{}]"),
            ("a", b"PK\x03\x04...."),
            ("a.dat", b"\x01\x00\x02\x00"),
        ] {
            let Err(error) = open(name, bytes) else {
                panic!("{name} was read")
            };
            assert!(
                matches!(error, ReadError::UnsupportedFormat { .. }),
                "{name}: {error}"
            );
        }
    }

    #[cfg(all(
        feature = "gzip",
        feature = "ipc",
        feature = "parquet",
        feature = "zstd"
    ))]
    #[test]
    fn cut_off_and_false_files_are_damaged_files() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut gzip, &b"a,b\n1,2\n".repeat(1000)).unwrap();
        let gzip = gzip.finish().unwrap();
        let zstd = zstd::encode_all(&b"a,b\n1,2\n".repeat(1000)[..], 3).unwrap();
        for (name, bytes) in [
            ("a.csv.gz", &gzip[..gzip.len() / 2]),
            ("a.csv.zst", &zstd[..zstd.len() / 2]),
            ("a.parquet", b"PAR1 and no more"),
            ("b.parquet", b"a,b\n1,2\n"),
            ("a.arrow", b"ARROW1\0\0 and no more"),
            ("b.arrow", b"a,b\n1,2\n"),
            (
                "c.arrow",
                &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0],
            ),
        ] {
            let error = match open(name, bytes) {
                Ok(Source::Text(mut reader)) => loop {
                    match reader.next_batch() {
                        Ok(Some(_)) => {}
                        Ok(None) => panic!("{name} was read to its end"),
                        Err(error) => break error,
                    }
                },
                Ok(Source::Arrow(_)) => panic!("{name} was opened"),
                Err(error) => error,
            };
            assert!(
                matches!(error, ReadError::Corrupt { .. }),
                "{name}: {error}"
            );
        }
    }
}
