//! The bytes of a file, unpacked.

use std::io::{self, Cursor, Read};

use crate::error::ReadError;

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

    /// Whether the bytes are not those of the file itself.
    #[cfg(feature = "arrow")]
    pub(crate) fn is_compressed(&self) -> bool {
        self.compression.is_some()
    }

    /// The error for a failed read: a damaged file when it is compressed.
    pub(crate) fn read_error(&self, source: io::Error) -> ReadError {
        let file = self.name.clone();
        match self.compression {
            Some(format) => ReadError::Corrupt {
                file,
                format,
                source: Box::new(source),
            },
            None => ReadError::Read { file, source },
        }
    }

    /// Reads up to `limit` bytes and puts them back.
    pub(crate) fn peek(&mut self, limit: usize) -> Result<Vec<u8>, ReadError> {
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

    #[cfg(feature = "arrow")]
    pub(crate) fn read_to_end(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        let got = self.reader.read_to_end(&mut bytes);
        got.map_err(|source| self.read_error(source))?;
        Ok(bytes)
    }

    /// Unpacks gzip and Zstandard, known by their first bytes.
    pub(crate) fn decompressed(mut self) -> Result<Self, ReadError> {
        let head = self.peek(4)?;
        if head.starts_with(&[0x1F, 0x8B]) {
            self.gunzipped()
        } else if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
            self.unzstd()
        } else {
            Ok(self)
        }
    }

    #[cfg(feature = "gzip")]
    fn gunzipped(self) -> Result<Self, ReadError> {
        let packed = std::io::BufReader::with_capacity(1 << 16, self.reader);
        Ok(Self {
            name: self.name,
            reader: Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            compression: Some("gzip"),
        })
    }

    #[cfg(not(feature = "gzip"))]
    fn gunzipped(self) -> Result<Self, ReadError> {
        Err(ReadError::FormatNotBuilt {
            file: self.name,
            format: "a file packed with gzip",
            feature: "gzip",
        })
    }

    #[cfg(feature = "zstd")]
    fn unzstd(self) -> Result<Self, ReadError> {
        let format = "Zstandard";
        match zstd::stream::read::Decoder::new(self.reader) {
            Ok(decoder) => Ok(Self {
                name: self.name,
                reader: Box::new(decoder),
                compression: Some(format),
            }),
            Err(source) => Err(ReadError::Corrupt {
                file: self.name,
                format,
                source: Box::new(source),
            }),
        }
    }

    #[cfg(not(feature = "zstd"))]
    fn unzstd(self) -> Result<Self, ReadError> {
        Err(ReadError::FormatNotBuilt {
            file: self.name,
            format: "a file packed with Zstandard",
            feature: "zstd",
        })
    }
}
