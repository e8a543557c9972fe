//! What can be wrong with a model file.

use std::io;
use std::path::{Path, PathBuf};

/// Why a container cannot be read, written or used as what it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Something is wrong with a file; `source` says what.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<FormatError>,
    },
    /// The operating system refused to open, read or write.
    #[error("cannot {action}: {source}")]
    Io {
        /// "open", "read" or "write".
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// The content does not start like a safetensors file.
    #[error("this is not a safetensors file: its header does not start with '{{'")]
    NotSafetensors,
    /// The file ends before what its header promises.
    #[error("the file is truncated: {expected} bytes are needed, it has {got}")]
    Truncated {
        /// Bytes that the part read so far asks for.
        expected: u64,
        /// Bytes of the file.
        got: u64,
    },
    /// The file goes on after its last tensor.
    #[error("the file is damaged: its tensors end after {expected} bytes, it has {got}")]
    TrailingBytes {
        /// Bytes that the header accounts for.
        expected: u64,
        /// Bytes of the file.
        got: u64,
    },
    /// The header is larger than any reader of safetensors accepts.
    #[error(
        "the header would have {got} bytes, at most {limit} are allowed: this is not a safetensors file, or it is damaged"
    )]
    HeaderTooLarge {
        /// Bytes of the header.
        got: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The header is not the JSON that safetensors prescribes.
    #[error("the header is not valid: {source}")]
    BadHeader {
        /// What is wrong, with line and column in the header.
        source: serde_json::Error,
    },
    /// More texts than any model has.
    #[error("the header has {got} metadata entries, at most {limit} are allowed")]
    TooManyMetadata {
        /// Number of entries.
        got: usize,
        /// Number allowed.
        limit: usize,
    },
    /// Two entries have the same name.
    #[error("the name {name:?} appears twice")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A tensor cannot have the name under which safetensors keeps the metadata.
    #[error("a tensor cannot be named {name:?}: safetensors keeps the metadata under this name")]
    ReservedName {
        /// The name.
        name: String,
    },
    /// A tensor with more dimensions than any network has.
    #[error("tensor {name:?} has {got} dimensions, at most {limit} are allowed")]
    TensorRank {
        /// Name of the tensor.
        name: String,
        /// Number of dimensions.
        got: usize,
        /// Number allowed.
        limit: usize,
    },
    /// A tensor that does not hold 32-bit floats.
    #[error("tensor {name:?} holds {got:?}, only \"F32\" (32-bit float) is allowed")]
    TensorDtype {
        /// Name of the tensor.
        name: String,
        /// The type it holds.
        got: String,
    },
    /// A tensor's bytes do not fit its shape.
    #[error(
        "tensor {name:?}: shape {shape:?} of {value_bytes}-byte values does not fit its {bytes} bytes"
    )]
    TensorSize {
        /// Name of the tensor.
        name: String,
        /// Its shape.
        shape: Vec<u64>,
        /// Bytes of one value; 0 where that is not known.
        value_bytes: u64,
        /// Its bytes.
        bytes: u64,
    },
    /// A tensor leaves a gap after, or overlaps with, the one before it.
    #[error(
        "tensor {name:?} lies at bytes {start}..{end} of the data, it must start at {expected_start} and not end before it starts"
    )]
    TensorOffsets {
        /// Name of the tensor.
        name: String,
        /// Where it starts.
        start: u64,
        /// Where it ends.
        end: u64,
        /// Where the tensor before it ends.
        expected_start: u64,
    },
    /// The values do not fit into memory.
    #[error("there is not enough memory for {bytes} bytes of the file")]
    OutOfMemory {
        /// Bytes that were asked for.
        bytes: u64,
    },
    /// A text that must be there is not.
    #[error(
        "metadata entry {key:?} is missing: this file was not written by banach, or is damaged"
    )]
    MissingMetadata {
        /// The key.
        key: String,
    },
    /// A text does not say what it must.
    #[error("metadata entry {key:?} cannot be used: {source}")]
    BadMetadata {
        /// The key.
        key: String,
        /// What is wrong, with line and column in the text.
        source: serde_json::Error,
    },
    /// The file is of a version that this program does not read.
    #[error(
        "the file has format version {got:?}, this program reads version {}: use the version of banach that wrote it",
        one_of(supported)
    )]
    UnsupportedVersion {
        /// The file's version.
        got: String,
        /// The versions that can be read.
        supported: &'static [&'static str],
    },
    /// A tensor that must be there is not.
    #[error("tensor {name:?} is missing")]
    TensorMissing {
        /// Name of the tensor.
        name: String,
    },
    /// A tensor does not have the shape that the network asks for.
    #[error("tensor {name:?} must have shape {expected:?}, got {got:?}")]
    TensorShape {
        /// Name of the tensor.
        name: String,
        /// The shape that the network asks for.
        expected: Vec<usize>,
        /// The shape in the file.
        got: Vec<usize>,
    },
    /// A parameter that is NaN or infinite.
    #[error("tensor {name:?} must be finite, value {} is {value}", index + 1)]
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// Which value, counted row by row from 0; messages count from 1.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A negative value where there must be none, such as a variance.
    #[error("tensor {name:?} must be at least 0, value {} is {value}", index + 1)]
    Negative {
        /// Name of the tensor.
        name: String,
        /// Which value, counted row by row from 0; messages count from 1.
        index: usize,
        /// The value.
        value: f32,
    },
    /// The content is not the one that was written.
    #[error(
        "the file is damaged: its content has the checksum {got}, {expected} was written with it"
    )]
    Checksum {
        /// The checksum in the file.
        expected: String,
        /// The checksum of what is there.
        got: String,
    },
    /// A tensor that no part of the network asks for.
    #[error("tensor {name:?} does not belong to the network that the file describes")]
    UnknownTensor {
        /// Name of the tensor.
        name: String,
    },
}

/// `"1", "2" or "3"`.
fn one_of(versions: &[&str]) -> String {
    let quoted: Vec<String> = versions.iter().map(|v| format!("{v:?}")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

impl FormatError {
    /// The same error, naming the file; one that names a file already stays as it is.
    pub fn in_file(self, path: &Path) -> Self {
        match self {
            FormatError::File { .. } => self,
            source => FormatError::File {
                path: path.to_owned(),
                source: Box::new(source),
            },
        }
    }

    /// What is wrong, without the file's name.
    pub fn cause(&self) -> &FormatError {
        match self {
            FormatError::File { source, .. } => source.cause(),
            cause => cause,
        }
    }
}
