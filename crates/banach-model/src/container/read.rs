//! Reading a container from bytes that nobody vouches for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::header::{Allowed, Header, LENGTH_BYTES, VALUE_BYTES};
use super::{CHUNK_VALUES, Container, FormatError, MAX_HEADER_BYTES, Tensor};

impl Container {
    /// Reads a container from the bytes of a file.
    ///
    /// Allocates a small multiple of the length of `bytes`, whatever they say.
    ///
    /// # Errors
    /// Any variant of [`FormatError`] that concerns the bytes; never panics.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        read(bytes, bytes.len() as u64)
    }

    /// Reads a container from a file, holding the header and the values in memory, not the file's bytes too.
    ///
    /// # Errors
    /// [`FormatError::File`], which names the file and holds the cause.
    pub fn read_file(path: &Path) -> Result<Self, FormatError> {
        let read = open(path).and_then(|(file, file_bytes)| read(file, file_bytes));
        read.map_err(|error| error.in_file(path))
    }
}

/// A regular file and its length.
pub(super) fn open(path: &Path) -> Result<(File, u64), FormatError> {
    let action = "open";
    let file = File::open(path).map_err(|source| FormatError::Io { action, source })?;
    let found = file
        .metadata()
        .map_err(|source| FormatError::Io { action, source })?;
    // The length of a folder, a pipe or a device says nothing about what can be read from it.
    if !found.is_file() {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        return Err(FormatError::Io { action, source });
    }
    Ok((file, found.len()))
}

/// `file_bytes` is the real length of what `reader` gives; nothing longer is ever allocated.
pub(super) fn read(mut reader: impl Read, file_bytes: u64) -> Result<Container, FormatError> {
    let header = read_header(&mut reader, file_bytes, Allowed::OnlyF32)?;
    let mut tensors = BTreeMap::new();
    for place in header.tensors {
        let data = read_values(&mut reader, place.n_values, header.data_bytes)?;
        let shape = place.shape;
        tensors.insert(place.name, Tensor { shape, data });
    }
    Ok(Container {
        metadata: header.metadata,
        tensors,
    })
}

/// The header, held against the length of the file; what follows it are the values.
pub(super) fn read_header(
    reader: &mut impl Read,
    file_bytes: u64,
    allowed: Allowed,
) -> Result<Header, FormatError> {
    let needs = |expected: u64| {
        if expected > file_bytes {
            Err(FormatError::Truncated {
                expected,
                got: file_bytes,
            })
        } else {
            Ok(())
        }
    };
    needs(LENGTH_BYTES)?;
    let mut length = [0; LENGTH_BYTES as usize];
    fill(reader, &mut length)?;
    let header_bytes = u64::from_le_bytes(length);
    if header_bytes > MAX_HEADER_BYTES {
        return Err(FormatError::HeaderTooLarge {
            got: header_bytes,
            limit: MAX_HEADER_BYTES,
        });
    }
    needs(LENGTH_BYTES + header_bytes)?;

    let mut text = reserve(header_bytes as usize, header_bytes)?;
    text.resize(header_bytes as usize, 0);
    fill(reader, &mut text)?;
    let header = Header::parse(&text, allowed)?;
    drop(text);

    let expected = header
        .data_bytes
        .saturating_add(LENGTH_BYTES + header_bytes);
    needs(expected)?;
    if expected < file_bytes {
        return Err(FormatError::TrailingBytes {
            expected,
            got: file_bytes,
        });
    }
    Ok(header)
}

/// Reads little-endian values; `data_bytes` is what all tensors need, for the message.
fn read_values(
    reader: &mut impl Read,
    n_values: usize,
    data_bytes: u64,
) -> Result<Vec<f32>, FormatError> {
    let mut data = reserve(n_values, data_bytes)?;
    let mut chunk = [0; CHUNK_VALUES * VALUE_BYTES as usize];
    let mut left = n_values;
    while left > 0 {
        let n = left.min(CHUNK_VALUES);
        let bytes = &mut chunk[..n * VALUE_BYTES as usize];
        fill(reader, bytes)?;
        let (values, _) = bytes.as_chunks();
        data.extend(values.iter().map(|&value| f32::from_le_bytes(value)));
        left -= n;
    }
    Ok(data)
}

/// Fills the buffer. Lengths have been checked, so an early end means that the file shrank meanwhile.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<(), FormatError> {
    let action = "read";
    reader
        .read_exact(buffer)
        .map_err(|source| FormatError::Io { action, source })
}

/// Room for `n` items, or an error that names `bytes`, the size of the part of the file they come from.
pub(super) fn reserve<T>(n: usize, bytes: u64) -> Result<Vec<T>, FormatError> {
    let mut room = Vec::new();
    match room.try_reserve_exact(n) {
        Ok(()) => Ok(room),
        Err(_) => Err(FormatError::OutOfMemory { bytes }),
    }
}
