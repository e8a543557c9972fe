//! Files of typed columns, as a stream of record batches.
//!
//! The decoders are not ours, and some damaged files make them panic. Every call to them is guarded,
//! so that such a file is an error like any other damaged file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use crate::error::ReadError;

pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// What to open batches with, once the needed columns are known.
type Open = Box<dyn FnOnce(Vec<usize>) -> Result<Batches, ReadError> + Send>;

/// An open file of typed columns.
pub(crate) struct RecordBatchSource {
    file: String,
    format: &'static str,
    schema: SchemaRef,
    open: Open,
}

impl RecordBatchSource {
    /// `open` gives the batches of the columns at some positions, in ascending order.
    pub(crate) fn new(
        file: String,
        format: &'static str,
        schema: SchemaRef,
        open: impl FnOnce(Vec<usize>) -> Result<Batches, ReadError> + Send + 'static,
    ) -> Self {
        Self {
            file,
            format,
            schema,
            open: Box::new(open),
        }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The batches of the columns at these positions, which are in ascending order.
    pub(crate) fn into_batches(
        self,
        positions: Vec<usize>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, ReadError>> + Send + use<>, ReadError>
    {
        let mut batches = (self.open)(positions)?;
        let (file, format) = (self.file, self.format);
        Ok(std::iter::from_fn(move || {
            guarded(&file, format, || batches.next().transpose()).transpose()
        }))
    }
}

/// What a decoder gives; its errors and panics are those of a damaged file.
pub(crate) fn guarded<T, E: std::error::Error + Send + Sync + 'static>(
    file: &str,
    format: &'static str,
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, ReadError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        // A build without Zstandard has decoders without it, which say so in no other way.
        Ok(Err(source)) if !cfg!(feature = "zstd") && source.to_string().contains("zstd") => {
            Err(ReadError::FormatNotBuilt {
                file: file.to_owned(),
                format: "a file packed with Zstandard",
                feature: "zstd",
            })
        }
        Ok(Err(source)) => Err(corrupt(file, format, source)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(corrupt(file, format, text.unwrap_or("its decoder failed")))
        }
    }
}

fn corrupt(
    file: &str,
    format: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ReadError {
    ReadError::Corrupt {
        file: file.to_owned(),
        format,
        source: source.into(),
    }
}
