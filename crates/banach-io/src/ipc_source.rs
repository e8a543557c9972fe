//! Arrow IPC files and streams.

use std::io::{Read, Seek};

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::ArrowError;

use crate::error::ReadError;
use crate::record_batches::{Batches, RecordBatchSource, guarded};

const FORMAT: &str = "Arrow IPC";

/// Opens a file of the random access format.
pub(crate) fn open_file(
    file: String,
    mut reader: impl Read + Seek + Send + 'static,
) -> Result<RecordBatchSource, ReadError> {
    let name = file.clone();
    let schema = guarded(&file, FORMAT, || FileReader::try_new(&mut reader, None))?.schema();
    reader.rewind().map_err(|source| ReadError::Read {
        file: file.clone(),
        source,
    })?;
    Ok(RecordBatchSource::new(
        file,
        FORMAT,
        schema,
        move |positions| {
            let batches = guarded(&name, FORMAT, || {
                FileReader::try_new(reader, Some(positions))
            })?;
            Ok(Box::new(batches) as Batches)
        },
    ))
}

/// Opens a stream.
pub(crate) fn open_stream(
    file: String,
    reader: impl Read + Send + 'static,
) -> Result<RecordBatchSource, ReadError> {
    let batches = guarded(&file, FORMAT, || StreamReader::try_new(reader, None))?;
    let schema = batches.schema();
    Ok(RecordBatchSource::new(
        file,
        FORMAT,
        schema,
        move |positions| {
            let project = move |batch: Result<RecordBatch, ArrowError>| batch?.project(&positions);
            Ok(Box::new(batches.map(project)) as Batches)
        },
    ))
}
