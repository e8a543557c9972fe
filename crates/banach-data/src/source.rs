//! Opens a table file: finds its compression and format from its content and its ending.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use crate::arrow_source::ArrowSource;
use crate::csv::CsvReader;
use crate::error::DataError;

/// Bytes that are being read, their name, and the compression they come out of.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) reader: Box<dyn Read + Send>,
    compression: Option<&'static str>,
}

impl Input {
    pub(crate) fn new(name: &str, reader: Box<dyn Read + Send>) -> Self {
        Self {
            name: name.to_owned(),
            reader,
            compression: None,
        }
    }

    /// The error for a failed read: a damaged file when it is compressed.
    pub(crate) fn read_error(&self, source: io::Error) -> DataError {
        let file = self.name.clone();
        match self.compression {
            Some(format) => DataError::Corrupt {
                file,
                format,
                source: Box::new(source),
            },
            None => DataError::Read { file, source },
        }
    }

    /// Reads up to `limit` bytes and puts them back.
    fn peek(&mut self, limit: usize) -> Result<Vec<u8>, DataError> {
        let mut head = Vec::new();
        let got = self
            .reader
            .by_ref()
            .take(limit as u64)
            .read_to_end(&mut head);
        got.map_err(|source| self.read_error(source))?;
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.reader = Box::new(Cursor::new(head.clone()).chain(rest));
        Ok(head)
    }

    fn read_to_end(&mut self) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        let got = self.reader.read_to_end(&mut bytes);
        got.map_err(|source| self.read_error(source))?;
        Ok(bytes)
    }

    /// Unpacks gzip and Zstandard, known by their first bytes.
    fn decompressed(mut self) -> Result<Self, DataError> {
        let head = self.peek(4)?;
        let (format, reader): (_, Box<dyn Read + Send>) = if head.starts_with(&[0x1F, 0x8B]) {
            let packed = BufReader::with_capacity(1 << 16, self.reader);
            (
                "gzip",
                Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            )
        } else if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
            match zstd::stream::read::Decoder::new(self.reader) {
                Ok(decoder) => ("Zstandard", Box::new(decoder)),
                Err(source) => {
                    return Err(DataError::Corrupt {
                        file: self.name,
                        format: "Zstandard",
                        source: Box::new(source),
                    });
                }
            }
        } else {
            return Ok(self);
        };
        Ok(Self {
            name: self.name,
            reader,
            compression: Some(format),
        })
    }
}

/// An open table file: its column names are known, its rows are still to come.
pub(crate) enum Source {
    Text(Box<CsvReader>),
    Arrow(ArrowSource),
}

impl Source {
    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        if path == Path::new("-") {
            return Self::from_reader("-", Box::new(io::stdin()));
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| DataError::Read {
            file: name.clone(),
            source,
        })?;
        let seekable = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let again = seekable.then(|| file.try_clone());
        let input = Input::new(&name, Box::new(file));
        match again {
            Some(Ok(file)) => Self::from_input(input, Some(file)),
            Some(Err(source)) => Err(DataError::Read { file: name, source }),
            None => Self::from_input(input, None),
        }
    }

    /// Opens bytes; `name` stands for the file in messages, and its ending is looked at.
    pub(crate) fn from_reader(name: &str, reader: Box<dyn Read + Send>) -> Result<Self, DataError> {
        Self::from_input(Input::new(name, reader), None)
    }

    /// `file` is the same file, for formats that need to seek.
    fn from_input(input: Input, file: Option<File>) -> Result<Self, DataError> {
        let mut input = input.decompressed()?;
        let ending = ending(&input.name);
        let head = input.peek(8)?;
        let file = file.filter(|_| input.compression.is_none());
        if head.starts_with(b"PAR1") || ending == "parquet" {
            return match file {
                Some(file) => ArrowSource::parquet(input.name, file),
                None => {
                    let bytes = bytes::Bytes::from(input.read_to_end()?);
                    ArrowSource::parquet(input.name, bytes)
                }
            }
            .map(Self::Arrow);
        }
        if head.starts_with(b"ARROW1") {
            return match file {
                Some(file) => ArrowSource::ipc_file(input.name, BufReader::new(file)),
                None => {
                    let bytes = input.read_to_end()?;
                    ArrowSource::ipc_file(input.name, Cursor::new(bytes))
                }
            }
            .map(Self::Arrow);
        }
        let stream = head.starts_with(&[0xFF; 4]) && head.len() == 8;
        if stream || matches!(ending.as_str(), "arrow" | "feather" | "ipc" | "arrows") {
            let reader = BufReader::with_capacity(1 << 16, input.reader);
            return ArrowSource::ipc_stream(input.name, reader).map(Self::Arrow);
        }
        if let Some(found) = foreign_format(&ending, &head) {
            return Err(DataError::UnsupportedFormat {
                file: input.name,
                found,
            });
        }
        let delimiter = (ending == "tsv").then_some(b'\t');
        let reader = CsvReader::open(input, delimiter)?;
        Ok(Self::Text(Box::new(reader)))
    }

    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Text(reader) => reader.names(),
            Self::Arrow(source) => source.names(),
        }
    }
}

/// The ending of a file name in lower case, without a compression ending.
fn ending(name: &str) -> String {
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

/// What a file is, when it is known not to be a table that is read here.
fn foreign_format(ending: &str, head: &[u8]) -> Option<String> {
    const ENDINGS: [&str; 20] = [
        "xlsx",
        "xls",
        "ods",
        "json",
        "jsonl",
        "ndjson",
        "npy",
        "npz",
        "pkl",
        "pickle",
        "h5",
        "hdf5",
        "sav",
        "dta",
        "sas7bdat",
        "orc",
        "avro",
        "sqlite",
        "safetensors",
        "xml",
    ];
    if ENDINGS.contains(&ending) {
        return Some(format!("a .{ending} file"));
    }
    let by_content = match head {
        [b'P', b'K', 3, 4, ..] => "a zip archive or spreadsheet",
        [b'F', b'E', b'A', b'1', ..] => "a Feather version 1 file",
        [b'%', b'P', b'D', b'F', ..] => "a PDF file",
        [0x89, b'P', b'N', b'G', ..] => "a PNG image",
        [b'B', b'Z', b'h', ..] => "a bzip2 file",
        [0xFD, b'7', b'z', b'X', b'Z', ..] => "an xz file",
        // UTF-16 text holds NULs too, but has a mark and a message of its own.
        _ if head.contains(&0) && !matches!(head, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) => {
            "a binary file of an unknown kind"
        }
        _ => return None,
    };
    Some(by_content.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let Err(error) = Source::from_reader(name, Box::new(Cursor::new(bytes.to_vec())))
            else {
                panic!("{name} was read")
            };
            assert!(
                matches!(error, DataError::UnsupportedFormat { .. }),
                "{name}: {error}"
            );
        }
    }

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
            let opened = Source::from_reader(name, Box::new(Cursor::new(bytes.to_vec())));
            let error = match opened {
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
                matches!(error, DataError::Corrupt { .. }),
                "{name}: {error}"
            );
        }
    }
}
