//! Parquet files.

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

use crate::error::ReadError;
use crate::record_batches::{Batches, RecordBatchSource, guarded};

/// Rows decoded at once.
const BATCH_ROWS: usize = 8192;

const FORMAT: &str = "Parquet";

/// Opens a file by its columns' names.
pub(crate) fn open(
    file: String,
    reader: impl ChunkReader + 'static,
) -> Result<RecordBatchSource, ReadError> {
    let builder = guarded(&file, FORMAT, || {
        ParquetRecordBatchReaderBuilder::try_new(reader)
    })?;
    check_compression(&file, builder.metadata())?;
    let (name, schema) = (file.clone(), builder.schema().clone());
    Ok(RecordBatchSource::new(
        file,
        FORMAT,
        schema,
        move |positions| {
            let mask = ProjectionMask::roots(builder.parquet_schema(), positions);
            let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
            let batches = guarded(&name, FORMAT, || builder.build())?;
            Ok(Box::new(batches) as Batches)
        },
    ))
}

/// Refuses a file whose pages are packed in a way that is not read.
fn check_compression(file: &str, metadata: &ParquetMetaData) -> Result<(), ReadError> {
    let columns = metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns());
    for column in columns {
        match column.compression() {
            Compression::ZSTD(_) if !cfg!(feature = "zstd") => {
                return Err(ReadError::FormatNotBuilt {
                    file: file.to_owned(),
                    format: "a Parquet file packed with Zstandard",
                    feature: "zstd",
                });
            }
            Compression::BROTLI(_) | Compression::LZO => {
                return Err(ReadError::UnsupportedFormat {
                    file: file.to_owned(),
                    found: "a Parquet file packed with Brotli or LZO".to_owned(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}
