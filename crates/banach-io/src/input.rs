//! The bytes of a file, unpacked.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use banach_data::FileNotice;

use crate::encoding::NotText;
use crate::error::ReadError;
#[cfg(feature = "gzip")]
use crate::gzip::Gunzip;

/// Bytes that are being read, their name, and the compression they come out of.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) reader: Box<dyn Read + Send>,
    compression: Option<&'static str>,
    /// Whether bytes were left out that follow the packed data.
    trailing_bytes: Arc<AtomicBool>,
}

impl Input {
    pub(crate) fn new(name: &str, reader: Box<dyn Read + Send>) -> Self {
        Self {
            name: name.to_owned(),
            reader,
            compression: None,
            trailing_bytes: Arc::default(),
        }
    }

    /// What was found since the last call.
    pub(crate) fn take_notices(&mut self) -> Option<FileNotice> {
        let found = self.trailing_bytes.swap(false, Ordering::Relaxed);
        found.then(|| FileNotice::TrailingBytes {
            file: self.name.clone(),
            format: self.compression.unwrap_or_default(),
        })
    }

    /// Whether the bytes are not those of the file itself.
    #[cfg(feature = "arrow")]
    pub(crate) fn is_compressed(&self) -> bool {
        self.compression.is_some()
    }

    /// The error for a failed read: a damaged file when it is compressed.
    pub(crate) fn read_error(&self, source: io::Error) -> ReadError {
        let file = self.name.clone();
        let cause = source.get_ref().and_then(|cause| cause.downcast_ref());
        if let Some(&NotText { encoding, offset }) = cause {
            return ReadError::NotText {
                file,
                encoding,
                byte: offset,
            };
        }
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
        let trailing_bytes = Arc::clone(&self.trailing_bytes);
        Ok(Self {
            reader: Box::new(Gunzip::new(self.reader, trailing_bytes)),
            compression: Some("gzip"),
            ..self
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
                trailing_bytes: self.trailing_bytes,
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
